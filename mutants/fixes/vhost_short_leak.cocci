// SPDX-License-Identifier: GPL-2.0-only
// Fix: CVE-2026-46321 tun: free page on short-frame rejection in tun_xdp_one()
// Undone: the memory of a frame of vhost that is too short is lost.
// File: drivers/net/tun.c
// Module: tun
// Test: vhost_leak.short_frame
@@
expression size, page;
@@
  tun_xdp_one(...)
  {
	...
	if (unlikely(size < ETH_HLEN)) {
-		put_page(page);
		...
	}
	...
  }
