// SPDX-License-Identifier: GPL-2.0-only
// Fix: macvtap: limit head length of skb allocated (2013)
// Undone: the linear part of a frame that is written to a macvtap is as long as its vnet header says.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap_gso.linear_part
@@
expression linear;
identifier size;
@@
- linear = clamp(size, ETH_HLEN, ...);
+ linear = max(size, ETH_HLEN);
