// SPDX-License-Identifier: GPL-2.0-only
// Fix: 1efba987c486 tun: add mutex_unlock() call and napi.skb clearing in tun_get_user()
// Undone: with IFF_NAPI_FRAGS a frame that XDP does not pass leaves a lock held and a pointer to what is freed.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_verdict.drop
@@
identifier total;
@@
  tun_get_user(...)
  {
	...
	size_t total = iov_iter_count(...);
	<+...
-	goto unlock_frags;
+	return total;
	...+>
  }

@@
@@
- unlock_frags:
