// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: Fix csum_start with VLAN acceleration (2014)
// Undone: the csum_start that a reader gets does not count the VLAN tag, which stands in the frame again.
// File: include/linux/virtio_net.h
// Module: tun
// Target: tx_read
// Test: gso.bridge_vlan
@@
identifier skb, vlan;
@@
- skb_checksum_start_offset(skb) + vlan
+ skb_checksum_start_offset(skb)
