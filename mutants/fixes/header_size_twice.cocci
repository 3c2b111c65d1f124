// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: read vnet_hdr_sz once (2017)
// Undone: a write that is under way takes notice of a new size of the vnet header.
// File: drivers/net/tun.c
// Module: tun
// Target: queues
// Test: race_vnethdr.size_changes_in_write
@@
identifier size;
expression tun;
@@
  int size = READ_ONCE(tun->vnet_hdr_sz);
  <+...
- size
+ READ_ONCE(tun->vnet_hdr_sz)
  ...+>
