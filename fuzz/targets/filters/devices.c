// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/devices.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"

struct tun filtered, queues[QUEUES];
int to_filtered, to_queues;
struct port ports[SORTS];
int packet;
struct bpf_slot slot;

const char *const device_names[SORTS] = { "c0", "c0", "s0", "x0", "x1", "x2", "x3", "x4" };

bool device_has(enum sort s)
{
	return s != FRAGS || fuzz_abi.init_net_admin;
}

const char *device_flags(enum sort s)
{
	return s == GENERIC_TUN ? "IFF_TUN" :
	       s == FRAGS	? "IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS" :
				  "IFF_TAP";
}

bool device_in_driver(enum sort s)
{
	return s < GENERIC || s == FRAGS;
}

static int sender(const char *name)
{
	if (link_up(name))
		TH_BAIL("%s does not come up: %s", name, strerror(errno));
	/* Protocol 0: it only sends. */
	return packet_open(name, 0, PACKET_BYPASS);
}

static void open_port(enum sort s)
{
	struct port *p = &ports[s];

	port_create_flags(p, device_names[s],
			  IFF_NO_PI | (s == GENERIC_TUN ? IFF_TUN : IFF_TAP) |
				  (s == FRAGS ? IFF_NAPI | IFF_NAPI_FRAGS : 0),
			  0);
	p->model.watched = true;
	port_up(p);
	/* With a send buffer that can be full, a frame is an skb before it meets XDP. */
	if (s == AS_SKB && tun_set_sndbuf(p->t.fd, INT_MAX - 1))
		TH_BAIL("TUNSETSNDBUF on %s: %s", device_names[s], strerror(errno));
	if (link_set_xdp(device_names[s], slot.program,
			 device_in_driver(s) ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE))
		TH_BAIL("XDP program on %s: %s", device_names[s], strerror(errno));
}

void devices_begin(void)
{
	filtered = tun_create(device_names[CLASSIC], IFF_TAP | IFF_NO_PI);
	to_filtered = sender(device_names[CLASSIC]);
	for (int i = 0; i < QUEUES; i++)
		queues[i] =
			tun_create(device_names[STEERING], IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	to_queues = sender(device_names[STEERING]);
	slot = bpf_slot_xdp();
	for (enum sort s = IN_DRIVER; s < SORTS; s++) {
		if (device_has(s))
			open_port(s);
	}
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

void devices_check(void)
{
	for (enum sort s = IN_DRIVER; s < SORTS; s++) {
		if (device_has(s))
			port_check(&ports[s]);
	}
}

void devices_end(void)
{
	close(packet);
	close(slot.program);
	close(slot.map);
	close(to_filtered);
	close(to_queues);
	tun_close(&filtered);
	for (int i = 0; i < QUEUES; i++)
		tun_close(&queues[i]);
	for (enum sort s = IN_DRIVER; s < SORTS; s++) {
		if (device_has(s))
			tun_close(&ports[s].t);
	}
}
