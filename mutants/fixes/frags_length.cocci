// SPDX-License-Identifier: GPL-2.0-only
// Fix: 429fde2d81bc net: tun: fix tun_napi_alloc_frags()
// Undone: with IFF_NAPI_FRAGS each fragment gets the length of the write's first piece.
// File: drivers/net/tun.c
// Module: tun
// Target: napi_frags
// Test: napi.pieces
@@
expression from, i;
@@
- iter_iov(from) + i
+ iter_iov(from)
