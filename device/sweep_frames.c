// SPDX-License-Identifier: GPL-2.0-only
/* The frames of a sweep, and the ways to cut a write into iovecs. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_ether.h>

#include "device/sweep.h"
#include "harness/harness.h"
#include "netns/sock.h"

#define UNKNOWN_TYPE 0x88b5 /* "local experimental" */
#define VXLAN_PORT   4789
#define TAG	     0x2005 /* priority 1, VLAN 5 */

static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
static const uint8_t somebody[6] = { 0x02, 0, 0, 0, 0, 0x99 };
static const uint8_t source[6] = { 0x02, 0, 0, 0, 0, 0x01 };

static const struct {
	const char *name;
	const uint8_t *to; /* NULL: the device */
	uint16_t type;
	uint8_t l4; /* over IP, if that is the type */
} kinds[SWEEP_TAP_FRAMES] = {
	[SWEEP_TCP4] = { "TCP4", NULL, ETH_P_IP, IPPROTO_TCP },
	[SWEEP_UDP4] = { "UDP4", everyone, ETH_P_IP, IPPROTO_UDP },
	[SWEEP_TCP6] = { "TCP6", group, ETH_P_IPV6, IPPROTO_TCP },
	[SWEEP_UDP6] = { "UDP6", somebody, ETH_P_IPV6, IPPROTO_UDP },
	[SWEEP_OTHER4] = { "OTHER4", NULL, ETH_P_IP, 253 },
	[SWEEP_UNKNOWN] = { "UNKNOWN", NULL, UNKNOWN_TYPE, 0 },
	[SWEEP_TUNNEL44] = { "TUNNEL44", NULL, ETH_P_IP, IPPROTO_UDP },
	[SWEEP_TUNNEL66] = { "TUNNEL66", NULL, ETH_P_IPV6, IPPROTO_UDP },
	[SWEEP_VLAN] = { "VLAN", NULL, ETH_P_IP, IPPROTO_UDP },
	[SWEEP_VLAN_UNKNOWN] = { "VLAN_UNKNOWN", NULL, UNKNOWN_TYPE, 0 },
	[SWEEP_QINQ] = { "QINQ", everyone, ETH_P_IP, IPPROTO_UDP },
	[SWEEP_IPX] = { "IPX", NULL, 46, 0 },
	[SWEEP_LLC] = { "LLC", everyone, 0x5ff, 0 },
	[SWEEP_FIRST_TYPE] = { "FIRST_TYPE", NULL, 0x600, 0 },
};

const char *sweep_frame_name(enum sweep_frame frame)
{
	return kinds[frame].name;
}

static void build_l4(struct frame *f, uint8_t l4)
{
	if (l4 == IPPROTO_TCP)
		frame_tcp(f, 4000, 4001, 1000, 1, TH_ACK);
	else if (l4 == IPPROTO_UDP)
		frame_udp(f, 4000, 4001);
}

static void build_ip(struct frame *f, uint16_t type, uint8_t l4)
{
	if (type == ETH_P_IP)
		frame_ipv4(f, "192.0.2.2", "192.0.2.1", l4);
	else if (type == ETH_P_IPV6)
		frame_ipv6(f, "2001:db8::2", "2001:db8::1", l4);
}

/* What the frames have behind their first IP header that is out of the ordinary. */
static void build_payload(struct frame *f, enum sweep_frame frame)
{
	static const uint8_t vxlan[8] = { 0x08 }, ipx[2] = { 0xff, 0xff }, zeros[16] = { 0 };

	switch (frame) {
	case SWEEP_TUNNEL44:
		frame_payload(f, vxlan, sizeof(vxlan));
		frame_eth(f, somebody, source, ETH_P_IP);
		build_ip(f, ETH_P_IP, IPPROTO_TCP);
		build_l4(f, IPPROTO_TCP);
		break;
	case SWEEP_TUNNEL66:
		frame_payload(f, vxlan, sizeof(vxlan));
		build_ip(f, ETH_P_IPV6, IPPROTO_UDP);
		build_l4(f, IPPROTO_UDP);
		break;
	case SWEEP_IPX:
		frame_payload(f, ipx, sizeof(ipx));
		break;
	case SWEEP_UNKNOWN:
		frame_payload(f, zeros, sizeof(zeros));
		break;
	default:
		break;
	}
}

static void build(struct sweep *s, struct frame *f, enum sweep_frame frame)
{
	const uint8_t *to = kinds[frame].to ? kinds[frame].to : s->port.mac;

	frame_start(f);
	if (s->port.tap)
		frame_eth(f, to, source, kinds[frame].type);
	if (frame == SWEEP_QINQ)
		frame_vlan(f, ETH_P_8021AD, TAG + 1);
	if (frame == SWEEP_VLAN || frame == SWEEP_VLAN_UNKNOWN || frame == SWEEP_QINQ)
		frame_vlan(f, ETH_P_8021Q, TAG);
	build_ip(f, kinds[frame].type, kinds[frame].l4);
	build_l4(f, kinds[frame].l4);
	build_payload(f, frame);
}

void sweep_build_frames(struct sweep *s)
{
	static struct frame f;
	int n = s->port.tap ? SWEEP_TAP_FRAMES : SWEEP_TUN_FRAMES;

	for (int i = 0; i < n; i++) {
		s->frames[i] = malloc(SWEEP_LEN_MAX);
		pattern_fill(s->frames[i], SWEEP_LEN_MAX, i + 1);
		build(s, &f, i);
		memcpy(s->frames[i], f.data, f.len);
	}
}

/*
 * Lengths of iovecs; the one behind the last given takes the rest. REPEAT goes on with the last
 * length to the end, NOTHING is an empty one.
 */
#define REPEAT	0xffff
#define NOTHING 0xfffe
static const uint16_t shapes[SWEEP_SHAPES][6] = {
	{ 0 },
	{ 1, 4, 10 },	/* in the middle of headers */
	{ 4, 10, 14 },	/* at their ends */
	{ 24, 13, 1 },
	{ 10, 3, 4096 },
	{ 40, 4096 },
	{ 40, 4097 },	/* a page is the limit of a fragment */
	{ 38, 1, REPEAT },
	{ 68, 4, REPEAT },
	{ 64, 5, REPEAT },
	{ NOTHING, 10, NOTHING, 24 },
	{ 4, NOTHING, 34, NOTHING },
};

void sweep_cut(struct sweep *s, unsigned int shape, size_t len)
{
	const uint16_t *cut = shapes[shape];
	uint8_t *at = s->buffer;
	size_t left = len, part;

	s->iovcnt = 0;
	while (left && *cut && s->iovcnt < ARRAY_SIZE(s->iov) - 1) {
		if (*cut == REPEAT)
			cut--;
		part = *cut == NOTHING ? 0 : *cut < left ? *cut : left;
		s->iov[s->iovcnt++] = (struct iovec){ at, part };
		at += part;
		left -= part;
		cut++;
	}
	if (left || !s->iovcnt)
		s->iov[s->iovcnt++] = (struct iovec){ at, left };
}
