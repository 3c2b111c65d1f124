// SPDX-License-Identifier: GPL-2.0-only
// Fix: 96f8d9ecf227 tuntap: limit head length of skb allocated
// Undone: the linear part of a frame is as long as its vnet header says.
// File: drivers/net/tun.c
// Module: tun
// Target: vnet_write
// Test: vnethdr.linear_part
@@
expression linear, limit, size;
@@
  tun_get_user(...)
  {
	<+...
-	if (size > limit)
-		linear = limit;
-	else
-		linear = size;
+	linear = size;
	...+>
  }
