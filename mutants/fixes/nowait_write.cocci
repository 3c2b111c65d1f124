// SPDX-License-Identifier: GPL-2.0-only
// Fix: 5aac0390a63b tun: honor IOCB_NOWAIT flag (the part for writes)
// Undone: a write with RWF_NOWAIT waits for the send buffer.
// File: drivers/net/tun.c
// Module: tun
// Test: sndbuf.nowait
@@
expression flags;
@@
  tun_chr_write_iter(...)
  {
	<+...
- flags || (... & IOCB_NOWAIT)
+ flags
	...+>
  }
