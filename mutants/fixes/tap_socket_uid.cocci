// SPDX-License-Identifier: GPL-2.0-only
// Fix: 66b2c338adce tap: tap_open(): correctly initialize socket uid
// Undone: the socket of a macvtap's file belongs to whomever the memory beside it says.
// File: drivers/net/tap.c
// Module: tap
// Test: tc.macvtap_uid
@@
expression socket, sk;
@@
- sock_init_data_uid(socket, sk, current_fsuid())
+ sock_init_data(socket, sk)
