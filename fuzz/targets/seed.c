// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/seed.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "harness/harness.h"

/* What the frames are made of. */
static const struct {
	const char *name;
	uint16_t type;
	uint8_t proto;
	uint16_t payload;
	bool vlan;
	uint8_t ext; /* IPv6 extension header, 0 for none */
} frames[] = {
	{ "ip4_udp", ETH_P_IP, IPPROTO_UDP, 32, false, 0 },
	{ "ip4_tcp", ETH_P_IP, IPPROTO_TCP, 64, false, 0 },
	{ "ip4_tcp_long", ETH_P_IP, IPPROTO_TCP, 1400, false, 0 },
	{ "ip4_icmp", ETH_P_IP, IPPROTO_ICMP, 32, false, 0 },
	{ "ip6_udp", ETH_P_IPV6, IPPROTO_UDP, 32, false, 0 },
	{ "ip6_tcp", ETH_P_IPV6, IPPROTO_TCP, 64, false, 0 },
	{ "ip6_icmp", ETH_P_IPV6, IPPROTO_ICMPV6, 32, false, 0 },
	{ "ip6_hopopts_udp", ETH_P_IPV6, IPPROTO_UDP, 32, false, IPPROTO_HOPOPTS },
	{ "ip6_fragment_tcp", ETH_P_IPV6, IPPROTO_TCP, 64, false, IPPROTO_FRAGMENT },
	{ "ip4_gre", ETH_P_IP, IPPROTO_GRE, 64, false, 0 },
	{ "ip4_ipip", ETH_P_IP, IPPROTO_IPIP, 64, false, 0 },
	{ "ip4_esp", ETH_P_IP, IPPROTO_ESP, 64, false, 0 },
	{ "vlan_ip4_udp", ETH_P_IP, IPPROTO_UDP, 32, true, 0 },
};

static void build_l4(struct frame *f, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_UDP:
		frame_udp(f, 4000, 7);
		break;
	case IPPROTO_TCP:
		frame_tcp(f, 4000, 7, 1000, 0, TH_ACK);
		break;
	case IPPROTO_ICMP:
		frame_icmp(f, 8, 0, 1, 1);
		break;
	case IPPROTO_ICMPV6:
		frame_icmp(f, 128, 0, 1, 1);
		break;
	case IPPROTO_IPIP:
		frame_ipv4(f, "10.8.0.2", "10.8.0.1", IPPROTO_UDP);
		frame_udp(f, 4000, 7);
	}
}

bool seed_frame(unsigned int n, bool tap, struct seed *seed)
{
	static const uint8_t to[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
			     from[6] = { 2, 0, 0, 0, 0, 2 };
	struct frame *f = &seed->frame;

	if (n >= ARRAY_SIZE(frames))
		return false;
	seed->name = frames[n].name;
	seed->type = frames[n].type;
	frame_start(f);
	if (tap)
		frame_eth(f, to, from, frames[n].type);
	if (tap && frames[n].vlan)
		frame_vlan(f, ETH_P_8021Q, 7);
	if (frames[n].type == ETH_P_IP)
		frame_ipv4(f, "10.9.0.2", "10.9.0.1", frames[n].proto);
	else
		frame_ipv6(f, "fd09::2", "fd09::1", frames[n].proto);
	if (frames[n].ext)
		frame_ipv6_ext(f, frames[n].ext, 8);
	build_l4(f, frames[n].proto);
	frame_pattern(f, frames[n].payload, n);
	frame_finish(f);
	return true;
}

struct vnet seed_header(struct seed *seed, uint16_t gso_size)
{
	struct frame *f = &seed->frame;

	if (f->l4 < 0 || (f->l4_proto != IPPROTO_TCP && f->l4_proto != IPPROTO_UDP))
		return (struct vnet){ 0 };
	return gso_size ? frame_finish_gso(f, gso_size) : frame_finish_partial(f);
}
