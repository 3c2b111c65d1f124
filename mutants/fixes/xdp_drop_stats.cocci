// SPDX-License-Identifier: GPL-2.0-only
// Fix: 5744ba05e7c4 tun: fix missing dropped counter in tun_xdp_act
// Undone: a frame that XDP could not send is not counted as dropped.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_verdict.nowhere
@@
expression dev, error;
@@
  tun_xdp_act(...)
  {
	<+...
-	dev_core_stats_rx_dropped_inc(dev);
	return error;
	...+>
  }
