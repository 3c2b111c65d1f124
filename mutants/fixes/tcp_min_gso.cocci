// SPDX-License-Identifier: GPL-2.0-only
// Fix: virtio-net: Ensure that TCP packets don't overflow gso_segs
// Undone: TCP may be cut into segments of one byte, more than can be counted.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: sweep_vnet.tcp_min_gso
@@
expression size;
@@
- size = max(size, TCP_MIN_GSO_SIZE);
