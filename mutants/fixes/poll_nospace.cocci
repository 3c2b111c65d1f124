// SPDX-License-Identifier: GPL-2.0-only
// Fix: 2f3ab6221e4c tuntap: correctly set SOCKWQ_ASYNC_NOSPACE
// Undone: a poll() of a device that is down does not ask to be woken.
// File: drivers/net/tun.c
// Module: tun
// Test: poll.up_wakes
@@
expression tun, file, asked;
@@
- tun_sock_writeable(tun, file) || asked
+ (tun->dev->flags & IFF_UP) && (tun_sock_writeable(tun, file) || asked)
