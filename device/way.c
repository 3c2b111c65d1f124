// SPDX-License-Identifier: GPL-2.0-only
/* A way on which frames can be held up. */
#include <net/ethernet.h>

#include "device/peer.h"
#include "device/way.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/qdisc.h"

void way_make(struct way *w, unsigned int in_flags)
{
	static const uint8_t nobody[1][6] = { { 2, 0, 0, 0, 0, 9 } };

	w->in = tun_create("in", IFF_TAP | IFF_NO_PI | in_flags);
	w->out = tun_create("out", IFF_TAP | IFF_NO_PI);
	/* The bridge has things of its own to say, which would wake waiters on the files. */
	if (tun_set_tx_filter(w->in.fd, 0, 1, nobody) != 1 ||
	    tun_set_tx_filter(w->out.fd, 0, 1, nobody) != 1)
		TH_BAIL("TUNSETTXFILTER: %s", strerror(errno));
	if (link_add("bridge", "br") || link_up("br") || link_set_master("in", "br") ||
	    link_set_master("out", "br") || link_up("in") || link_up("out"))
		TH_BAIL("bridge: %s", strerror(errno));
	way_hold(true);
	frame_start(&w->f);
	frame_eth(&w->f, nobody[0], peer_mac, 0x88b5);
	frame_pattern(&w->f, WAY_FRAME - ETH_HLEN, 1);
	if (tun_set_sndbuf(w->in.fd, WAY_SNDBUF))
		TH_BAIL("TUNSETSNDBUF: %s", strerror(errno));
}

void way_close(struct way *w)
{
	tun_close(&w->out);
	tun_close(&w->in);
}

void way_hold(bool on)
{
	if (on ? qdisc_add_tbf("out", 1, 2000, 1 << 20) : qdisc_del("out"))
		TH_BAIL("tbf on out: %s", strerror(errno));
}

int way_fill(const struct way *w)
{
	int n = 0;

	while (n < WAY_LIMIT && tun_send(&w->in, NULL, &w->f) == w->f.len)
		n++;
	return n;
}
