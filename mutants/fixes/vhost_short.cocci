// SPDX-License-Identifier: GPL-2.0-only
// Fix: 049584807f1d (CVE-2024-41091) tun: add missing verification for short frame
// Undone: a frame in a batch of vhost may be shorter than an Ethernet header.
// File: drivers/net/tun.c
// Module: tun
// Target: vhost
// Test: vhost_tx.short_frame
@@
identifier size;
@@
  tun_xdp_one(...)
  {
	...
-	if (unlikely(size < ETH_HLEN)) { ... }
	...
  }
