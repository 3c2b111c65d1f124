// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3b9bc84d3111 net: tun: unlink NAPI from device on destruction
// Undone: a device that is deleted keeps the NAPI of detached queues, which their files free.
// File: drivers/net/tun.c
// Module: tun
// Test: race_attach.reused_while_deleted
@@
expression file;
@@
- tun_napi_del(file);
  tun_enable_queue(file);
