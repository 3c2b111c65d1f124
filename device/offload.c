// SPDX-License-Identifier: GPL-2.0-only
#include "device/offload.h"

#include "device/uapi.h"
#include "netns/ethtool.h"

const struct offload_feature offload_features[OFFLOAD_FEATURES] = {
	{ TUN_F_CSUM, "tx-checksum-ip-generic" },
	{ TUN_F_TSO4, "tx-tcp-segmentation" },
	{ TUN_F_TSO6, "tx-tcp6-segmentation" },
	{ TUN_F_TSO_ECN, "tx-tcp-ecn-segmentation" },
	{ TUN_F_USO4 | TUN_F_USO6, "tx-udp-segmentation" },
	{ TUN_F_UDP_TUNNEL_GSO, "tx-udp_tnl-segmentation" },
	{ TUN_F_UDP_TUNNEL_GSO_CSUM, "tx-udp_tnl-csum-segmentation" },
};

static unsigned int mask_of(const char *name, bool requested)
{
	struct ethtool_feature feature;
	unsigned int mask = 0;

	for (int i = 0; i < OFFLOAD_FEATURES; i++) {
		feature = ethtool_get_feature(name, offload_features[i].name);
		if (requested ? feature.requested : feature.on)
			mask |= offload_features[i].bits;
	}
	return mask;
}

unsigned int offload_active(const char *name)
{
	return mask_of(name, false);
}

unsigned int offload_requested(const char *name)
{
	return mask_of(name, true);
}
