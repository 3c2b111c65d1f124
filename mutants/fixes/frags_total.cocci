// SPDX-License-Identifier: GPL-2.0-only
// Fix: 363a5328f4b0 (CVE-2023-3812) net: tun: fix bugs for oversize packet when napi frags enabled
// Undone: a frame of IFF_NAPI_FRAGS may be longer than 64 KiB.
// File: drivers/net/tun.c
// Module: tun
// Target: napi_frags
// Test: napi.total
@@
expression pieces, length;
@@
- pieces || length > (ETH_MAX_MTU - NET_SKB_PAD - NET_IP_ALIGN)
+ pieces
