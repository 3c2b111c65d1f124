// SPDX-License-Identifier: GPL-2.0-only
// Fix: 4b663366246b tun: mark small packets as owned by the tap sock
// Undone: short packets belong to no socket.
// File: drivers/net/tun.c
// Module: tun
// Test: tc.owner
@@
expression skb, sk;
@@
- skb_set_owner_w(skb, sk);
