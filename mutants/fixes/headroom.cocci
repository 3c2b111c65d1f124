// SPDX-License-Identifier: GPL-2.0-only
// Fix: 447c9303942c (CVE-2026-81000) net: tun: bound receive headroom
// Undone: whoever is above the device may ask for any headroom, more than a page too.
// File: drivers/net/tun.c
// Module: tun
// Test: headroom.of_bridge
@@
expression room, limit;
@@
- clamp_t(int, room, NET_SKB_PAD, limit)
+ max_t(int, room, NET_SKB_PAD)
