// SPDX-License-Identifier: GPL-2.0-only
// Fix: tuntap: add missing xdp flush (2018)
// Undone: a frame that XDP redirects waits for another one.
// File: drivers/net/tun.c
// Module: tun
// Target: filters
// Test: xdp_redirect.arrives
@@
expression verdict;
@@
- if (verdict == XDP_REDIRECT)
-	xdp_do_flush();
