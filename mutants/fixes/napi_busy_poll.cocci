// SPDX-License-Identifier: GPL-2.0-only
// Fix: c39e342a050a tun: fix data-race in gro_normal_list()
// Undone: sockets busy-poll the NAPI of a queue, which is not meant for that.
// File: drivers/net/tun.c
// Module: tun
// Test: napi.no_napi_id
@@
@@
- netif_napi_add_tx
+ netif_napi_add
  (...)
