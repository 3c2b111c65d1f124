// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/devices.h"

#include <errno.h>
#include <fcntl.h>
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
uint64_t lost[SORTS];
struct place places[TO_PLACES] = { [TO_TAP] = { .name = "t0" },
				   [TO_VNET] = { .name = "t1" },
				   [TO_NO_FILE] = { .name = "t2" },
				   [TO_DOWN] = { .name = "t3" },
				   [TO_MISSING] = { .name = "t4" } };
const uint8_t devices_filler[FILLER_LEN] = { 2, [12] = 0x88, [13] = 0xb5 };
static int to_any;
int other_queue, programs[XDP_PASS + 1];

const char *const device_names[SORTS] = {
	"c0", "c0", "s0", "x0", "x1", "x2", "x3", "x4", "c0", "a0"
};

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

const struct tun *device_receiver(const struct plan *plan)
{
	const struct ebpf_xdp *x = &plan->xdp;

	if (x->verdict == XDP_TX)
		return &ports[plan->sort].t;
	return x->verdict == XDP_REDIRECT && (x->to == TO_TAP || x->to == TO_VNET) ?
		       &places[x->to].t :
		       NULL;
}

static int sender(const char *name)
{
	if (link_up(name))
		TH_BAIL("%s does not come up: %s", name, strerror(errno));
	/* Protocol 0: it only sends. */
	return packet_open(name, 0, PACKET_BYPASS);
}

static void short_ring(const char *name)
{
	if (link_set_txqueuelen(name, 1))
		TH_BAIL("length of the ring of %s: %s", name, strerror(errno));
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
	short_ring(device_names[s]);
	/* With a send buffer that can be full, a frame is an skb before it meets XDP. */
	if (s == AS_SKB && tun_set_sndbuf(p->t.fd, INT_MAX - 1))
		TH_BAIL("TUNSETSNDBUF on %s: %s", device_names[s], strerror(errno));
	if (link_set_xdp(device_names[s], slot.program,
			 device_in_driver(s) ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE))
		TH_BAIL("XDP program on %s: %s", device_names[s], strerror(errno));
}

static void open_place(enum ebpf_to to)
{
	struct place *p = &places[to];

	p->got = p->lost = 0;
	p->t = tun_create(p->name, IFF_TAP | IFF_NO_PI | (to == TO_VNET ? IFF_VNET_HDR : 0));
	/* Nobody gets the signal that its reader asks for. */
	if (to == TO_VNET &&
	    (fcntl(p->t.fd, F_SETFL, O_NONBLOCK | O_ASYNC) || fcntl(p->t.fd, F_SETOWN, 0)))
		TH_BAIL("O_ASYNC on %s: %s", p->name, strerror(errno));
	p->ifindex = if_nametoindex(p->name);
	short_ring(p->name);
	if (to != TO_DOWN && link_up(p->name))
		TH_BAIL("%s does not come up: %s", p->name, strerror(errno));
	if (to == TO_NO_FILE) {
		tun_set_persist(p->t.fd, 1);
		tun_close(&p->t);
	}
}

static void open_attaching(void)
{
	struct port *p = &ports[ATTACHING];
	unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;

	port_create_flags(p, device_names[ATTACHING], flags, 0);
	p->model.watched = true;
	other_queue = tun_create(device_names[ATTACHING], flags).fd;
	port_up(p);
	for (int value = XDP_DROP; value <= XDP_PASS; value++) {
		programs[value] = bpf_load_return(BPF_PROG_TYPE_XDP, value);
		if (programs[value] < 0)
			TH_BAIL("an XDP program: %s", strerror(errno));
	}
}

void devices_fill(int ifindex)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = ifindex };

	if (sendto(to_any, devices_filler, FILLER_LEN, 0, (void *)&to, sizeof(to)) != FILLER_LEN)
		TH_BAIL("a frame to fill a ring: %s", strerror(errno));
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
	for (enum sort s = IN_DRIVER; s < XDP_SORTS; s++) {
		if (device_has(s))
			open_port(s);
	}
	for (enum ebpf_to to = TO_TAP; to <= TO_DOWN; to++)
		open_place(to);
	open_attaching();
	memset(lost, 0, sizeof(lost));
	places[TO_MISSING].ifindex = 99999;
	to_any = packet_open(NULL, 0, PACKET_BYPASS);
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

static void check_tx(const char *name, const char *counter, uint64_t expected, uint64_t seen)
{
	if (expected != seen)
		fuzz_wrong("%s of %s: model %llu, kernel %llu", counter, name,
			   (unsigned long long)expected, (unsigned long long)seen);
}

void devices_check(void)
{
	for (enum sort s = IN_DRIVER; s < XDP_SORTS; s++) {
		if (device_has(s)) {
			port_check(&ports[s]);
			check_tx(device_names[s], "tx_dropped", lost[s],
				 link_stats(device_names[s]).tx_dropped);
		}
	}
	port_check(&ports[ATTACHING]);
	for (enum ebpf_to to = TO_TAP; to <= TO_DOWN; to++) {
		struct rtnl_link_stats64 s = link_stats(places[to].name);

		check_tx(places[to].name, "tx_packets", places[to].got, s.tx_packets);
		check_tx(places[to].name, "tx_dropped", places[to].lost, s.tx_dropped);
	}
}

void devices_end(void)
{
	close(packet);
	close(to_any);
	tun_close(&ports[ATTACHING].t);
	close(other_queue);
	for (int value = XDP_DROP; value <= XDP_PASS; value++)
		close(programs[value]);
	for (enum ebpf_to to = TO_TAP; to <= TO_DOWN; to++) {
		if (to != TO_NO_FILE)
			tun_close(&places[to].t);
	}
	close(slot.program);
	close(slot.map);
	close(to_filtered);
	close(to_queues);
	tun_close(&filtered);
	for (int i = 0; i < QUEUES; i++)
		tun_close(&queues[i]);
	for (enum sort s = IN_DRIVER; s < XDP_SORTS; s++) {
		if (device_has(s))
			tun_close(&ports[s].t);
	}
}
