// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3bcf7aec6a9d (CVE-2026-46320) tap: free page on error paths in tap_get_user_xdp()
// Undone: the memory of a frame of vhost for a macvtap that is too short is lost.
// File: drivers/net/tap.c
// Module: tap
// Test: vhost_leak.short_frame
@@
expression size, page;
@@
  tap_get_user_xdp(...)
  {
	...
	if (unlikely(size < ETH_HLEN)) {
-		put_page(page);
		...
	}
	...
  }
