// SPDX-License-Identifier: GPL-2.0-only
// Fix: aa8963fdce66 (CVE-2026-46322) tun: free page on build_skb failure in tun_xdp_one()
// Undone: the memory of a frame of vhost for which there is no skb is lost.
// File: drivers/net/tun.c
// Module: tun
// Test: vhost_leak.no_skb
@@
expression skb, page;
@@
  tun_xdp_one(...)
  {
	<+...
	if (!skb) {
-		put_page(page);
		...
	}
	...+>
  }
