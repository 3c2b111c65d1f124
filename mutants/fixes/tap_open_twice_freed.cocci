// SPDX-License-Identifier: GPL-2.0-only
// Fix: tap: double-free in error path in tap_open() (2017)
// Undone: the ring of a macvtap's queue that is one too many is freed twice.
// File: drivers/net/tap.c
// Module: tap
// Test: macvtap.queue_limit
@@
expression error, tap, file, queue;
identifier out;
@@
  error = tap_set_queue(tap, file, queue);
- if (error) {
+ if (error) {
+	ptr_ring_cleanup(&queue->ring, NULL);
	goto out;
  }
