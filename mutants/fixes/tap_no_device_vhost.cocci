// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3874892dd27d (CVE-2026-74684) net: tap: set skb->dev before parsing virtio net header in
// tap_get_user_xdp()
// Undone: the vnet header of a frame in a batch of vhost for a macvtap is looked at before the frame has a
// device.
// File: drivers/net/tap.c
// Module: tap
// Test: vhost_macvtap.no_protocol
@@
identifier skb, tap;
expression length;
statement S;
@@
  tap_get_user_xdp(...)
  {
	<...
-	skb->dev = tap->dev;
	if (length) S
+	skb->dev = tap->dev;
	...>
  }
