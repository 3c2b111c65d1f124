// SPDX-License-Identifier: GPL-2.0-only
// Fix: 2f1d8b9e8afa macvtap: fix network header pointer for VLAN tagged pkts
// Undone: a tagged frame that is written to a macvtap has its IP header where its tag is.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap_write.TODO
@@
expression skb, proto;
statement S;
@@
- if (eth_type_vlan(proto) && ...) S
