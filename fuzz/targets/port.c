// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/port.h"

#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "harness/harness.h"
#include "netns/link.h"

void port_create(struct port *p, const char *name, bool tap, bool pi, int vnet_size)
{
	*p = (struct port){
		.model = {
			.attached = true,
			.tap = tap,
			.pi = pi,
			.vnet_hdr = vnet_size,
			.vnet_size = vnet_size,
			.up = true,
			.nonblock = true,
		},
	};
	p->t = tun_create(name, (tap ? IFF_TAP : IFF_TUN) | (pi ? 0 : IFF_NO_PI) |
				(vnet_size ? IFF_VNET_HDR : 0));
	if (vnet_size && tun_set_vnet_hdr_sz(&p->t, vnet_size))
		TH_BAIL("header of %d bytes on %s: %s", vnet_size, name, strerror(errno));
}

void port_up(struct port *p)
{
	struct link link;

	if (link_up(p->t.name) || link_get(p->t.name, &link))
		TH_BAIL("%s does not come up: %s", p->t.name, strerror(errno));
	memcpy(p->model.mac, link.address, sizeof(p->model.mac));
}

void port_close(struct port *p)
{
	tun_set_persist(p->t.fd, 1);
	tun_close(&p->t);
}

void port_count(struct port *p, const struct model_written *w)
{
	p->sum.rx_packets += w->rx_packets;
	p->sum.rx_bytes += w->rx_bytes;
	p->sum.rx_dropped += w->rx_dropped;
	p->sum.rx_frame_errors += w->rx_frame_errors;
}

static void compare(const struct port *p, const char *counter, uint64_t expected, uint64_t seen)
{
	if (expected != seen)
		fuzz_wrong("%s of %s: model %llu, kernel %llu", counter, p->t.name,
			   (unsigned long long)expected, (unsigned long long)seen);
}

void port_check(const struct port *p)
{
	struct rtnl_link_stats64 s = link_stats(p->t.name);

	compare(p, "rx_packets", p->sum.rx_packets, s.rx_packets);
	compare(p, "rx_bytes", p->sum.rx_bytes, s.rx_bytes);
	compare(p, "rx_dropped", p->sum.rx_dropped, s.rx_dropped);
	compare(p, "rx_frame_errors", p->sum.rx_frame_errors, s.rx_frame_errors);
}
