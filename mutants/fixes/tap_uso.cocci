// SPDX-License-Identifier: GPL-2.0-only
// Fix: fac7973f004d tap: fix incorrect variable used for USO check in set_offload()
// Undone: a macvtap accepts the mask of UDP segmentation and sends segments all the same.
// File: drivers/net/tap.c
// Module: tap
// Target: macvtap
// Test: macvtap_gso.written
@set@
identifier features;
@@
  features |= RX_OFFLOADS;

@@
identifier set.features, wanted;
@@
- wanted |= NETIF_F_GSO_UDP_L4;
+ features |= NETIF_F_GSO_UDP_L4;
