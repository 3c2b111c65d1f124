// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs on a device. */
#include <limits.h>
#include <linux/if_link.h>

#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/link.h"

void xdp_attach(const struct tun *t, int program, enum xdp_way way)
{
	uint32_t mode = way == XDP_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;

	if (program < 0 || link_set_xdp(t->name, program, mode))
		TH_BAIL("XDP program on %s: %s", t->name, strerror(errno));
	if (way == XDP_AS_SKB && tun_set_sndbuf(t->fd, INT_MAX - 1))
		TH_BAIL("TUNSETSNDBUF on %s: %s", t->name, strerror(errno));
}
