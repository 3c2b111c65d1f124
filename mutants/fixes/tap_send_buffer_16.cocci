// SPDX-License-Identifier: GPL-2.0-only
// Fix: 3ea79249e81e macvtap: Fix TUNSETSNDBUF values > 64k
// Undone: of the send buffer of a macvtap only 16 bits count.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap_ioctl.sndbuf
@@
expression queue, size;
@@
- queue->sk.sk_sndbuf = size;
+ queue->sk.sk_sndbuf = (unsigned short)size;
