// SPDX-License-Identifier: GPL-2.0-only
// Fix: ed7f2afdd0e0 (CVE-2024-41090) tap: add missing verification for short frame
// Undone: a frame in a batch of vhost for a macvtap may be shorter than an Ethernet header.
// File: drivers/net/tap.c
// Module: tap
// Test: vhost_macvtap.short_frame
@@
expression size;
@@
  tap_get_user_xdp(...)
  {
	...
-	if (unlikely(size < ETH_HLEN)) { ... }
	...
  }
