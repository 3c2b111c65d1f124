// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3ce9b20f1971 macvtap: Fix csum_start when VLAN tags are present
// Undone: the csum_start that a reader of a macvtap gets does not count the VLAN tag.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap_gso.partial
@@
expression skb;
@@
- skb_vlan_tag_present(skb) ? VLAN_HLEN : 0
+ 0
