// SPDX-License-Identifier: GPL-2.0-only
// Fix: a8fc8cb5692a net: tun: stop NAPI when detaching queues
// Undone: the NAPI of a detached queue goes on, until its file is closed.
// File: drivers/net/tun.c
// Module: tun
// Target: napi_frags
// Test: napi.frags_busy
@@
expression tun, file;
@@
(
  tun_disable_queue(tun, file);
- tun_napi_disable(file);
|
  tun_enable_queue(file);
- tun_napi_enable(file);
|
- if (!file->detached)
-	tun_napi_disable(file);
+ tun_napi_disable(file);
)
