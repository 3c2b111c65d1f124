// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: orphan frags on xmit (2012)
// Undone: the memory of a sender with MSG_ZEROCOPY waits in the ring.
// File: drivers/net/tun.c
// Module: tun
// Test: ring.zero_copy
@@
expression skb;
statement S;
@@
- if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC))) S
