// SPDX-License-Identifier: GPL-2.0-only
// Fix: 5aac0390a63b tun: honor IOCB_NOWAIT flag (the part for reads)
// Undone: a read with RWF_NOWAIT waits for a packet.
// File: drivers/net/tun.c
// Module: tun
// Test: read.nowait
@@
expression flags;
@@
  tun_chr_read_iter(...)
  {
	<+...
- flags || (... & IOCB_NOWAIT)
+ flags
	...+>
  }
