// SPDX-License-Identifier: GPL-2.0-only
// Fix: 59eeb2329405 drivers: net: prevent tun_build_skb() to exceed the packet size limit
// Undone: a frame may take more than a page with what XDP wants in front of it.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_path.length
@@
expression length;
@@
- length + TUN_RX_PAD + XDP_PACKET_HEADROOM
+ length + TUN_RX_PAD
