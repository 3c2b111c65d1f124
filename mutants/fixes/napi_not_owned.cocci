// SPDX-License-Identifier: GPL-2.0-only
// Fix: 07d120aa33cc net: tun: call napi_schedule_prep() to ensure we own a napi
// Undone: a write with IFF_NAPI_FRAGS completes a NAPI that it has not scheduled.
// File: drivers/net/tun.c
// Module: tun
// Target: napi_frags
// Test: napi.one_frame
@@
expression napi;
@@
- napi_schedule_prep(napi)
+ 1
