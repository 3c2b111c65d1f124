// SPDX-License-Identifier: GPL-2.0-only
// Fix: CVE-2026-99281 tun: Require CAP_NET_ADMIN to attach to an ownerless device
// Undone: everybody may attach to a device that has neither owner nor group.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: permission.ownerless
@@
expression owner, group, of_owner, of_group;
@@
- (uid_valid(owner) || gid_valid(group)) && of_owner && of_group
+ of_owner && of_group
