// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: Fix TUN_PKT_STRIP setting (2014)
// Undone: a packet that is cut by no more than its headers are long has no TUN_PKT_STRIP.
// File: drivers/net/tun.c
// Module: tun
// Target: tx_read
// Test: pi.truncated
@@
expression iter;
identifier skb, total, pi;
@@
  tun_put_user(..., struct sk_buff *skb, ...)
  {
	<+...
-	if (iov_iter_count(iter) < total)
+	if (iov_iter_count(iter) - sizeof(pi) < skb->len)
	{
		pi.flags |= TUN_PKT_STRIP;
	}
	...+>
  }
