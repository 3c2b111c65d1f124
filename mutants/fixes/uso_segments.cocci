// SPDX-License-Identifier: GPL-2.0-only
// Fix: 1382e3b6a350 net: change maximum number of UDP segments to 128
// Undone: UDP may be cut into 64 datagrams at most.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: vnethdr.uso_segments
@@
expression size;
@@
- size * UDP_MAX_SEGMENTS
+ size * (UDP_MAX_SEGMENTS / 2)
