// SPDX-License-Identifier: GPL-2.0-only
// Fix: cca8ea3b05c9 net: tun: set tun->dev->addr_len during TUNSETLINK processing
// Undone: after TUNSETLINK addresses are as long as those of the type before.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: linktype.address_length
@@
expression dev;
@@
- dev->addr_len = tun_get_addr_len(dev->type);
