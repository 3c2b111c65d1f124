// SPDX-License-Identifier: GPL-2.0-only
// Fix: 762c330d670e tuntap: add missing xdp flush
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
