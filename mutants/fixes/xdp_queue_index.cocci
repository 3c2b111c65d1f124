// SPDX-License-Identifier: GPL-2.0-only
// Fix: 2a770cdc4382 tun: Fix xdp_rxq_info's queue_index when detaching
// Undone: XDP sees the number that a queue had before another one left.
// File: drivers/net/tun.c
// Module: tun
// Test: xdp.queue_index
@@
expression file, index;
@@
  __tun_detach(...)
  {
	<+...
-	file->xdp_rxq.queue_index = index;
	...+>
  }
