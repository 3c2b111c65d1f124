// SPDX-License-Identifier: GPL-2.0-only
// Fix: vhost_net: clear msg.control for non-zerocopy case during tx (2018)
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
