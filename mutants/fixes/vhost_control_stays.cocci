// SPDX-License-Identifier: GPL-2.0-only
// Fix: 4477138fa0ae vhost_net: clear msg.control for non-zerocopy case during tx
// Undone: a frame that is too long for a batch is sent with the control data of the batch before it.
// File: drivers/vhost/net.c
// Module: vhost_net
// Target: vhost
// Test: vhost_tx.sizes
@@
identifier msg;
@@
  handle_tx_copy(...)
  {
	<+...
-	msg.msg_control = NULL;
	...+>
  }
