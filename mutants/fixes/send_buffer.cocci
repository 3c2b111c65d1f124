// SPDX-License-Identifier: GPL-2.0-only
// Fix: 93161922c658 tun/tap: sanitize TUNSETSNDBUF input
// Undone: TUNSETSNDBUF takes 0 and less, with which no write of a blocking file ever ends.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: sndbuf.values
@@
identifier sndbuf;
@@
  __tun_chr_ioctl(...)
  {
	<+...
- sndbuf <= 0
+ 0
	...+>
  }
