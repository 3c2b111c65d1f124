// SPDX-License-Identifier: GPL-2.0-only
// Fix: tap: honor IOCB_NOWAIT (no fix identified)
// Undone: a read or write of a macvtap with RWF_NOWAIT waits.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap_read.nowait
@@
expression flags;
@@
- flags || (... & IOCB_NOWAIT)
+ flags
