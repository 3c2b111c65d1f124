// SPDX-License-Identifier: GPL-2.0-only
// Fix: 82b2bc279467 tun: Fix memory leak for detached NAPI queue. (the part for vhost)
// Undone: a batch of vhost for a detached file with IFF_NAPI puts its frames where nobody takes them from.
// File: drivers/net/tun.c
// Module: tun
// Target: vhost
// Test: vhost_queue.detached
@@
expression file, queue;
@@
- if (unlikely(file->detached)) {
-	spin_unlock(&queue->lock);
-	...
- }
