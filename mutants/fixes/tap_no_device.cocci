// SPDX-License-Identifier: GPL-2.0-only
// Fix: 4f61f133f354 net: tap: NULL pointer derefence in dev_parse_header_protocol when skb->dev is null
// Undone: the vnet header of a write to a macvtap is looked at before the frame has a device.
// File: drivers/net/tap.c
// Module: tap
// Target: macvtap
// Test: macvtap_gso.refused
@@
identifier skb, tap;
expression length;
statement S;
@@
  tap_get_user(...)
  {
	<...
-	skb->dev = tap->dev;
	if (length) S
+	skb->dev = tap->dev;
	...>
  }
