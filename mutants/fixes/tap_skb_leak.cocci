// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3bcf7aec6a9d (CVE-2026-46320) tap: free page on error paths in tap_get_user_xdp()
// Undone: the memory of a frame of vhost for a macvtap for which there is no skb is lost.
// File: drivers/net/tap.c
// Module: tap
// Test: vhost_leak.no_skb
@@
expression skb, page;
@@
  tap_get_user_xdp(...)
  {
	<+...
	if (!skb) {
-		put_page(page);
		...
	}
	...+>
  }
