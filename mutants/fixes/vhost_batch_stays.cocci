// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3c4cea8fa7f7 vhost_net: fix OoB on sendmsg() failure.
// Undone: a batch that could not be sent is not emptied, and grows past its end.
// File: drivers/vhost/net.c
// Module: vhost_net
// Target: vhost
// Test: vhost_backend.deleted_in_traffic
@@
expression queue;
@@
- queue->batched_xdp = 0;
- queue->done_idx = 0;
  return;
