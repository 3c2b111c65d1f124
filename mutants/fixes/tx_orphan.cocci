// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: orphan an skb on tx (2010)
// Undone: packets that nobody reads use up the send buffer of the socket that sent them.
// File: drivers/net/tun.c
// Module: tun
// Test: ring.sender_not_blocked
@@
expression skb;
@@
- skb_orphan(skb);
