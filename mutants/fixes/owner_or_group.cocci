// SPDX-License-Identifier: GPL-2.0-only
// Fix: a70c7b3cbc06 tun: revert fix group permission check
// Undone: of a device that has both an owner and a group, either may attach.
// File: drivers/net/tun.c
// Module: tun
// Target: ioctl_sequence
// Test: permission.attach
@@
expression set, owner, group, id;
@@
- set && (!uid_valid(owner) || uid_eq(id, owner)) && (!gid_valid(group) || in_egroup_p(group))
+ set && ((uid_valid(owner) && uid_eq(id, owner)) || (gid_valid(group) && in_egroup_p(group)))
