// SPDX-License-Identifier: GPL-2.0-only
// Fix: 1118b2049d77 net: tun: Fix memory leaks of napi_get_frags
// Undone: a frame of IFF_NAPI_FRAGS waits in GRO until seven more have come.
// File: drivers/net/tun.c
// Module: tun
// Target: napi_frags
// Test: napi.one_frame
@@
expression napi;
@@
- if (likely(napi_schedule_prep(napi))) {
-	local_bh_disable();
-	napi_gro_frags(napi);
-	napi_complete(napi);
-	local_bh_enable();
- } else {
-	...
- }
+ local_bh_disable();
+ napi_gro_frags(napi);
+ local_bh_enable();
