// SPDX-License-Identifier: GPL-2.0-only
// Fix: b616be6b9768 net: do not allow gso_size to be set to GSO_BY_FRAGS
// Undone: a gso_size of 0xffff, by which the kernel means something else.
// File: include/linux/virtio_net.h
// Module: tun
// Target: vnet_write
// Test: vnethdr.gso_type
@@
expression size;
@@
- if (size == GSO_BY_FRAGS)
-	return -EINVAL;
