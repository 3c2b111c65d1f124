// SPDX-License-Identifier: GPL-2.0-only
// Fix: f1084c427f55 tun: add missing rx stats accounting in tun_xdp_act
// Undone: a frame that XDP sends back or elsewhere was never received.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_verdict.tx
@@
expression dev, length;
@@
  tun_xdp_act(...)
  {
	<+...
-	dev_sw_netstats_rx_add(dev, length);
	...+>
  }
