// SPDX-License-Identifier: GPL-2.0-only
// Fix: 49d14b54a527 net: test for not too small csum_start in virtio_net_hdr_to_skb()
// Undone: a checksum may start where the IP header still is.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: vnethdr.checksum_in_ip_header
@@
expression skb, least;
@@
- if (skb_transport_offset(skb) < least)
-	return -EINVAL;
