// SPDX-License-Identifier: GPL-2.0-only
// Fix: a39ee449f96a (CVE-2014-0055) vhost: validate vhost_get_vq_desc return value
// Undone: a packet goes into the first part of a buffer whose rest cannot be had.
// File: drivers/vhost/net.c
// Module: vhost_net
// Target: vhost
// Test: vhost_ring.bad_piece
@@
identifier error, out;
@@
  get_rx_bufs(...)
  {
	<+...
-	if (unlikely(error < 0))
-		goto out;
	...+>
  }
