// SPDX-License-Identifier: GPL-2.0-only
// Fix: a096ccca6e50 (CVE-2023-1076) tun: tun_chr_open(): correctly initialize socket uid
// Undone: the socket of a file belongs to whomever the memory beside it says.
// File: drivers/net/tun.c
// Module: tun
// Test: tc.uid
@@
expression socket, sk;
@@
- sock_init_data_uid(socket, sk, current_fsuid())
+ sock_init_data(socket, sk)
