// SPDX-License-Identifier: GPL-2.0-only
// Fix: fc8b2a619469 net: more strict VIRTIO_NET_HDR_GSO_UDP_L4 validation
// Undone: UDP to be segmented needs no partial checksum, nor is it looked at whether that is UDP's, how many
// packets it becomes, and whether it has the ECN bit.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: vnethdr.uso
@@
identifier hdr, skb, type, front, size;
@@
- if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
-	return -EINVAL;
- if (skb->csum_offset != offsetof(struct udphdr, check))
-	return -EINVAL;
- if (skb->len - front > size * UDP_MAX_SEGMENTS)
-	return -EINVAL;
- if (type != SKB_GSO_UDP_L4)
-	return -EINVAL;
