/* SPDX-License-Identifier: GPL-2.0-only */
/* What a device can do with XDP, by the generic netlink family "netdev" (since 6.3). */
#ifndef NETNS_NETDEV_H
#define NETNS_NETDEV_H

#include <stdint.h>

/* The bits of <linux/netdev.h>, which older systems have not. */
#define NETDEV_XDP_BASIC	(1 << 0)
#define NETDEV_XDP_REDIRECT	(1 << 1)
#define NETDEV_XDP_NDO_XMIT	(1 << 2)
#define NETDEV_XDP_XSK_ZEROCOPY (1 << 3)
#define NETDEV_XDP_HW_OFFLOAD	(1 << 4)
#define NETDEV_XDP_RX_SG	(1 << 5)
#define NETDEV_XDP_NDO_XMIT_SG	(1 << 6)

/* 0, or -1 and the kernel's errno: ENOENT if it does not have the family. */
int netdev_xdp_features(const char *link, uint64_t *features);

#endif /* NETNS_NETDEV_H */
