// SPDX-License-Identifier: GPL-2.0-only
// Fix: net: check for underlength tap writes (2008)
// Undone: a frame may be shorter than an Ethernet header.
// File: drivers/net/tun.c
// Module: tun
// Target: frame_write
// Test: write.shortest
@@
expression length, rest;
@@
- length < ETH_HLEN || rest
+ rest
