// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive headroom: how much room a bridge asks a TAP to leave in front of each frame, for the
 * headers of a tunnel that might be put there.
 *
 *	lo - vxlan .. vxlan - bridge - veth = veth - vxlan .. vxlan - bridge - ... - bridge - TAPs
 *
 * Each tunnel wants the room of the device below it and 64 bytes of its own. Devices can be stacked
 * no higher than eight, but a pair of veths carries the sum on to the next stack.
 */
#include <stdio.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "device/frame.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"

#define WAIT_MS	  2000
#define PER_STACK 6  /* tunnels, the highest stack that fits below a bridge */
#define ETHERTYPE 0x88b5
#define PAGE	  4096
#define MTU	  65521

/* To whom all frames are sent. */
static const uint8_t nobody[1][6] = { { 2, 0, 0, 0, 0, 9 } };

FIXTURE(headroom)
{
	struct tun in, out;
};

FIXTURE_VARIANT(headroom)
{
	int stacks; /* of 384 bytes each */
};

FIXTURE_VARIANT_ADD(headroom, small) { .stacks = 1 };
/*
 * 3840 bytes: with the frame's own structures more than a page, with the shortest frame alone
 * less.
 */
FIXTURE_VARIANT_ADD(headroom, page) { .stacks = 10 };

/* A stack of tunnels on @lower in bridge "brN": gives the bridge's name. */
static void add_stack(int n, const char *lower, char bridge[IFNAMSIZ])
{
	char name[IFNAMSIZ], below[IFNAMSIZ];

	snprintf(below, sizeof(below), "%s", lower);
	for (int i = 0; i < PER_STACK; i++) {
		snprintf(name, sizeof(name), "vx%d.%d", n, i);
		if (link_add_on("vxlan", name, below, n * PER_STACK + i + 1))
			TH_BAIL("%s on %s: %s", name, below, strerror(errno));
		memcpy(below, name, sizeof(below));
	}
	snprintf(bridge, IFNAMSIZ, "br%d", n);
	if (link_add("bridge", bridge) || link_set_master(below, bridge))
		TH_BAIL("%s in %s: %s", below, bridge, strerror(errno));
}

static struct tun add_port(const char *name, const char *bridge)
{
	struct tun t = tun_create(name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	/* The bridge has things of its own to say. */
	if (tun_set_tx_filter(t.fd, 0, 1, nobody) != 1 || link_set_master(name, bridge) ||
	    link_set_mtu(name, MTU) || link_up(name))
		TH_BAIL("%s in %s: %s", name, bridge, strerror(errno));
	return t;
}

FIXTURE_SETUP(headroom)
{
	char lower[IFNAMSIZ] = "lo", bridge[IFNAMSIZ], port[IFNAMSIZ];

	for (int i = 0; i < variant->stacks; i++) {
		add_stack(i, lower, bridge);
		if (i == variant->stacks - 1)
			break;
		snprintf(lower, sizeof(lower), "up%d", i);
		snprintf(port, sizeof(port), "down%d", i);
		if (link_add_veth(lower, port) || link_set_master(port, bridge))
			TH_BAIL("%s: %s", lower, strerror(errno));
	}
	if (link_up(bridge))
		TH_BAIL("%s: %s", bridge, strerror(errno));
	self->in = add_port("in0", bridge);
	self->out = add_port("out0", bridge);
	/* Small frames of a file that does not block are put together elsewhere. */
	tun_set_blocking(self->in.fd);
}

static void start_frame(struct frame *f, size_t len)
{
	frame_start(f);
	frame_eth(f, nobody[0], peer_mac, ETHERTYPE);
	frame_pattern(f, len - f->len, len);
}

/*
 * Without the bound the driver reckons with a negative room for the frame and writes beside it. The
 * shortest frame is spared that, and shows by its size whether there is a bound: it fits into one
 * page, or the test ends before any harm is done.
 */
TEST_F(headroom, of_bridge,
       .title = "whatever headroom a bridge asks for, a short frame takes one page, and frames of "
		"all lengths and header lengths arrive",
       .behaviours = { 277, 340, 555 }, .needs = { "bridge", "veth", "vxlan", "packet_socket" },
       .guards = { "447c9303942c", "CVE-2026-81000" })
{
	static const size_t lens[] = { 14, 15, 60, 200, 300, 336, 1514, 3700, 4096, 4110, 4111,
				       9000, MTU + 14 };
	int packet = packet_open("in0", ETH_P_ALL, 0);
	static struct tun_packet seen;
	static struct frame f;

	start_frame(&f, 14);
	ASSERT_EQ(tun_header_size(&self->in) + 14, tun_send(&self->in, NULL, &f));
	ASSERT_TRUE(tun_recv(&self->out, &seen, WAIT_MS));
	ASSERT_LT(0, packet_charged(packet));
	ASSERT_GT(2 * PAGE, packet_charged(packet));
	close(packet);

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		const uint16_t hdr_lens[] = { 0, 14, 100, 3000, 3762, 3776, 4096, 0xffff };

		start_frame(&f, lens[i]);
		for (size_t j = 0; j < ARRAY_SIZE(hdr_lens); j++) {
			struct vnet v = { .hdr_len = hdr_lens[j] };

			if (v.hdr_len > f.len)
				v.hdr_len = f.len;
			ASSERT_LT(0, tun_send(&self->in, &v, &f));
			ASSERT_TRUE(tun_recv(&self->out, &seen, WAIT_MS))
			{
				TH_LOG("%zu bytes, hdr_len %u", f.len, v.hdr_len);
			}
			ASSERT_EQ(f.len, seen.len);
			EXPECT_EQ(0, memcmp(f.data, seen.data, f.len));
		}
	}
}
