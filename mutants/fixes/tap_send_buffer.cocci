// SPDX-License-Identifier: GPL-2.0-only
// Fix: 93161922c658 tun/tap: sanitize TUNSETSNDBUF input
// Undone: TUNSETSNDBUF of a macvtap takes 0 and less.
// File: drivers/net/tap.c
// Module: tap
// Target: macvtap
// Test: macvtap_ioctl.sndbuf
@@
identifier size;
@@
  tap_ioctl(...)
  {
	<+...
-	if (size <= 0)
-		return -EINVAL;
	...+>
  }
