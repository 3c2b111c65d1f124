// SPDX-License-Identifier: GPL-2.0-only
// Fix: 9526f9a2b762 vhost/net: Clear the pending messages when the backend is removed
// Undone: questions for addresses outlive the backend that they were asked for.
// File: drivers/vhost/net.c
// Module: vhost_net
// Test: vhost_iotlb.forgotten
@@
expression device;
statement S;
@@
- if (...)
-	vhost_clear_msg(device);
