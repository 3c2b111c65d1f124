// SPDX-License-Identifier: GPL-2.0-only
// Fix: 1bd4978a88ac tun: honor IFF_UP in tun_get_user()
// Undone: a device that is down receives what is written to it.
// File: drivers/net/tun.c
// Module: tun
// Target: frame_write
// Test: write.down
@@
expression dev;
@@
  tun_get_user(...)
  {
	<+...
-	if (unlikely(!(dev->flags & IFF_UP))) { ... }
	...+>
  }
