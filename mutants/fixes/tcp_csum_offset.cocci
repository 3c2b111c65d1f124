// SPDX-License-Identifier: GPL-2.0-only
// Fix: 89add40066f9 net: drop bad gso csum_start and offset in virtio_net_hdr
// Undone: the checksum of TCP to be segmented may be anywhere, not only where TCP has it.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: vnethdr.tcp_gso
@@
identifier skb;
@@
- if (skb->ip_summed == CHECKSUM_PARTIAL &&
-     skb->csum_offset != offsetof(struct tcphdr, check))
-	return -EINVAL;
