// SPDX-License-Identifier: GPL-2.0-only
// Fix: no fix identified
// Undone: XDP frames that vhost gives back to a full ring are freed as packets.
// File: drivers/vhost/net.c
// Module: vhost_net
// Test: vhost_xdp.ring_of_frames
@@
expression ring, frames, count;
@@
- ptr_ring_unconsume(ring, frames, count, tun_ptr_free)
+ ptr_ring_unconsume(ring, frames, count, __skb_array_destroy_skb)
