// SPDX-License-Identifier: GPL-2.0-only
// Fix: 82b2bc279467 tun: Fix memory leak for detached NAPI queue.
// Undone: a write to a detached file with IFF_NAPI puts the frame where nobody takes it from.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: queue.napi_write_detached
@@
expression file, queue;
@@
- if (unlikely(file->detached)) {
-	spin_unlock_bh(&queue->lock);
-	...
- }
