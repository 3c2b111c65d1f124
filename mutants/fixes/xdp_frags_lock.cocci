// SPDX-License-Identifier: GPL-2.0-only
// Fix: 1efba987c486 tun: add mutex_unlock() call and napi.skb clearing in tun_get_user()
// Undone: a frame of IFF_NAPI_FRAGS that XDP takes leaves its queue locked.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: napi.frags_xdp
@written@
identifier length;
@@
  size_t length = iov_iter_count(...);

@@
identifier written.length, out;
expression verdict;
@@
  verdict = do_xdp_generic(...);
  if (verdict != XDP_PASS) {
	...
	local_bh_enable();
-	goto out;
+	return length;
  }
