// SPDX-License-Identifier: GPL-2.0-only
/* Whether the stack counts as dropped what nobody takes. */
#include "device/untaken.h"

#include <errno.h>
#include <string.h>

#include "device/peer.h"
#include "harness/harness.h"
#include "netns/link.h"

bool untaken_is_dropped(const struct tun *t)
{
	struct rtnl_link_stats64 before = link_stats(t->name);
	static struct frame f;
	uint8_t mac[6];

	peer_kernel_mac(t, mac);
	frame_start(&f);
	frame_eth(&f, mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(&f, 40, 1);
	frame_finish(&f);
	if (tun_send(t, NULL, &f) != (ssize_t)f.len)
		TH_BAIL("write to %s: %s", t->name, strerror(errno));
	return link_stats_since(t->name, &before).rx_dropped == 1;
}
