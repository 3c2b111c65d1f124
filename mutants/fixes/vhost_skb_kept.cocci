// SPDX-License-Identifier: GPL-2.0-only
// Fix: vhost: fix skb leak in handle_rx() (2018)
// Undone: a packet that is too long for a buffer is discarded, and taken once more.
// File: drivers/vhost/net.c
// Module: vhost_net
// Target: vhost
// Test: vhost_rx.too_long
@@
identifier msg, vq;
expression ring, queue, count;
@@
- if (ring)
-	msg.msg_control = vhost_net_buf_consume(queue);
  if (unlikely(count > UIO_MAXIOV)) { ... }
+ if (ring)
+	msg.msg_control = vhost_net_buf_consume(queue);
