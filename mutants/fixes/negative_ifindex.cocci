// SPDX-License-Identifier: GPL-2.0-only
// Fix: cbfbfe3aee71 tun: prevent negative ifindex
// Undone: TUNSETIFINDEX takes a negative number.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: ifindex.negative
@@
identifier index, out;
@@
  __tun_chr_ioctl(...)
  {
	<+...
-	if (index < 0)
-		goto out;
	...+>
  }
