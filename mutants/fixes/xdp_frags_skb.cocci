// SPDX-License-Identifier: GPL-2.0-only
// Fix: 1091860a16a8 (CVE-2025-39984) net: tun: Update napi->skb after XDP process
// Undone: NAPI goes on with the skb of IFF_NAPI_FRAGS that XDP has freed for another.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_verdict.pass
@@
expression frags, packet, napi;
@@
- if (frags && packet != napi.skb)
-	napi.skb = packet;
