// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: Fix unicast filter overflow (2009)
// Undone: with more addresses than are compared, a filter loses the unicast ones among the rest.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: txfilter.eighth_is_exact
@@
expression address;
@@
  update_filter(...)
  {
	<+...
-	if (!is_multicast_ether_addr(address)) { ... }
	...+>
  }
