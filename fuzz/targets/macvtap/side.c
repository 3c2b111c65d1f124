// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/macvtap/side.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "device/tun.h"
#include "device/uapi.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/packet.h"

struct side sides[SIDES] = {
	{ .kind = "macvtap",
	  .link = "tap0",
	  .lower = "lower0",
	  .world = "world0",
	  .ip = "10.77.0.1",
	  .peer_ip = "10.77.0.2",
	  .world_mac = { 2, 0, 0, 0, 1, 0 } },
	{ .kind = "ipvtap",
	  .link = "tap1",
	  .lower = "lower1",
	  .world = "world1",
	  .ip = "10.77.1.1",
	  .peer_ip = "10.77.1.2",
	  .world_mac = { 2, 0, 0, 0, 1, 1 } },
};
size_t num_sides;
static int lo;

static void cannot(const char *what, const struct side *s)
{
	TH_BAIL("%s of %s: %s", what, s->link, strerror(errno));
}

/* On the pair; false if the kernel has not got this kind of link. */
static bool make_link(struct side *s)
{
	int i = s - sides;
	uint8_t mac[6] = { 2, 0, 0, 0, 3, i };
	/* Every frame that is written goes out to the wire. */
	uint32_t mode = i ? 0 : MACVLAN_MODE_VEPA;
	char cidr[32];

	if (link_add_on(s->kind, s->link, s->lower, mode))
		return false;
	if (!i && link_set_address(s->link, mac, 6))
		cannot("address", s);
	memcpy(s->mac, mac, 6);
	s->mac[4] -= i;
	if (link_up(s->link))
		cannot("start", s);
	/*
	 * An ipvtap has the address of the link below, and gets frames by their IP address. To
	 * others there is no route, so that nobody answers.
	 */
	snprintf(cidr, sizeof(cidr), "%s/32", s->ip);
	if (i && addr_add(s->link, cidr))
		cannot("address", s);
	return true;
}

/* False if the kernel has not got this kind of link. */
static bool make_links(struct side *s, unsigned int i)
{
	uint8_t lower_mac[6] = { 2, 0, 0, 0, 2, i };

	if (link_add_veth(s->lower, s->world) || link_set_address(s->lower, lower_mac, 6) ||
	    link_set_address(s->world, s->world_mac, 6) || link_up(s->lower) || link_up(s->world))
		cannot("veth pair", s);
	return make_link(s);
}

static void set_defaults(struct side *s)
{
	for (int i = 0; i < QUEUES; i++)
		s->q[i] = TAP_QUEUE_NEW;
	s->offload = 0;
	s->mtu = MTU;
	s->up = s->lower_up = true;
}

static void open_files(struct side *s)
{
	for (int i = 0; i < QUEUES; i++) {
		s->fd[i] = macvtap_open_unmounted(s->link);
		if (s->fd[i] < 0)
			cannot("file", s);
	}
	set_defaults(s);
	/* From the start a link has the offloads of the one below. */
	if (tun_set_offload(s->fd[0], 0))
		cannot("TUNSETOFFLOAD", s);
}

void sides_settle(void)
{
	if (!packet_settle(lo, 10000))
		TH_BAIL("a frame does not come through lo: %s", strerror(errno));
}

void sides_begin(void)
{
	lo = packet_open("lo", PACKET_SETTLE, 0);
	for (num_sides = 0; num_sides < ARRAY_SIZE(sides); num_sides++) {
		struct side *s = &sides[num_sides];

		if (!make_links(s, num_sides))
			break;
		s->packet = packet_open(s->world, ETH_P_ALL, PACKET_VNET);
		open_files(s);
	}
	if (num_sides)
		return;
	fprintf(stderr, "macvtap: this kernel has no macvtap: %s\n", strerror(errno));
	exit(2);
}

void sides_end(void)
{
	close(lo);
	for (struct side *s = sides; s < sides + num_sides; s++) {
		for (int i = 0; i < QUEUES; i++)
			close(s->fd[i]);
		close(s->packet);
	}
}

bool side_open(const struct side *s)
{
	return s->up && s->lower_up;
}

/* A link that goes down takes milliseconds, so what is so already is left alone. */
int side_set_link(const struct side *was, bool up, bool lower_up, unsigned int mtu)
{
	if (mtu != was->mtu && link_set_mtu(was->world, mtu))
		return -1;
	if (up != was->up && (up ? link_up(was->link) : link_down(was->link)))
		return -1;
	if (lower_up == was->lower_up)
		return 0;
	if (lower_up ? link_up(was->lower) : link_down(was->lower))
		return -1;
	if (!link_wait_running(was->world, lower_up, 3000) ||
	    (up && !link_wait_running(was->link, lower_up, 3000)))
		cannot("carrier", was);
	return 0;
}

void side_restore(struct side *s)
{
	if (s->gone) {
		for (int i = 0; i < QUEUES; i++)
			close(s->fd[i]);
		/* What is left of the settings of the pair. */
		if (side_set_link(s, false, true, MTU) || !make_link(s))
			cannot("new link", s);
		open_files(s);
		s->gone = false;
		return;
	}
	if (!side_open(s) || s->mtu != MTU) {
		if (side_set_link(s, true, true, MTU))
			cannot("link", s);
	}
	if (s->offload)
		tun_set_offload(s->fd[0], 0);
	for (int i = 0; i < QUEUES; i++) {
		struct tap_queue *q = &s->q[i];
		int size = VNET_SIZE_LEGACY;

		if (!q->vnet_hdr || q->multi)
			tun_set_iff(s->fd[i], s->link, FLAGS | IFF_VNET_HDR);
		if (q->vnet_size != size)
			ioctl(s->fd[i], TUNSETVNETHDRSZ, &size);
		if (q->le)
			tun_set_vnet_le(s->fd[i], 0);
		if (q->be)
			tun_set_vnet_be(s->fd[i], 0);
		if (!q->enabled)
			tun_set_queue(s->fd[i], IFF_ATTACH_QUEUE);
	}
	set_defaults(s);
}
