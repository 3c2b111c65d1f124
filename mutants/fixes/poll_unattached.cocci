// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3c8a9c63d5fd (CVE-2009-1897) tun/tap: Fix crashes if open() /dev/net/tun and then poll() it.
// Undone: poll() of a file without a device looks at the device.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: open.poll_unattached
@@
identifier tun;
@@
  tun_chr_poll(...)
  {
	<+...
-	if (!tun)
-		return EPOLLERR;
	...+>
  }
