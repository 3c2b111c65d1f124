// SPDX-License-Identifier: GPL-2.0-only
// Fix: d8316f3991d2 (CVE-2014-0077) vhost: fix total length when packets are too short
// Undone: a packet goes into a buffer that is too short for it.
// File: drivers/vhost/net.c
// Module: vhost_net
// Target: vhost
// Test: vhost_rx.too_long
@@
identifier left, error;
@@
  get_rx_bufs(...)
  {
	<+...
-	if (unlikely(left > 0)) {
-		error = UIO_MAXIOV + 1;
-		...
-	}
	...+>
  }
