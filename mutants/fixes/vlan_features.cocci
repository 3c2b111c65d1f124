// SPDX-License-Identifier: GPL-2.0-only
// Fix: tun: remove bogus hardware vlan acceleration flags from vlan_features (2014)
// Undone: a VLAN device believes that the device below puts in the tags of a VLAN in it.
// File: drivers/net/tun.c
// Module: tun
// Test: vlan.features
@@
expression dev, tags;
@@
- dev->vlan_features = dev->features & ~tags;
+ dev->vlan_features = dev->features;
