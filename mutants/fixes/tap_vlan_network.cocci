// SPDX-License-Identifier: GPL-2.0-only
// Fix: macvtap: fix network header pointer for VLAN tagged pkts (2015)
// Undone: a tagged frame that is written to a macvtap has its IP header where its tag is.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap_write.tagged
@@
expression skb, proto;
statement S;
@@
- if (eth_type_vlan(proto) && ...) S
