// SPDX-License-Identifier: GPL-2.0-only
// Fix: b46a0bf78ad7 (CVE-2018-16880) vhost: fix OOB in get_rx_bufs()
// Undone: buffers that wait to be told of take the room of those of the next packet.
// File: drivers/vhost/net.c
// Module: vhost_net
// Target: vhost
// Test: vhost_rx.many_merged
@@
@@
- UIO_MAXIOV + VHOST_NET_BATCH
+ UIO_MAXIOV
