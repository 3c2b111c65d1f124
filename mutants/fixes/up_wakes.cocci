// SPDX-License-Identifier: GPL-2.0-only
// Fix: 72b319dc08b4 tun: wake up waitqueues after IFF_UP is set
// Undone: who waits to write is not woken when the device comes up.
// File: drivers/net/tun.c
// Module: tun
// Test: poll.up_wakes
@@
expression sk;
@@
- sk->sk_write_space(sk);
