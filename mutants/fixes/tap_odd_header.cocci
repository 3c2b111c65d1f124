// SPDX-License-Identifier: GPL-2.0-only
// Fix: macvtap: always pass ethernet header in linear (2016)
// Undone: a macvtap looks for the Ethernet header where the vnet header says that nothing is.
// File: drivers/net/tap.c
// Module: tap
// Target: macvtap
// Test: macvtap_write.odd_hdr_len
@@
identifier linear, size, limit;
@@
- linear = clamp(size, ETH_HLEN, limit);
+ linear = min(size, limit);
