// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a macvtap dropped a packet.
 *
 *	file == t0 (TAP) -- m0 (macvtap) == file
 *
 * What is written to t0 comes to m0 within the same call, so that it is in the writer's trace.
 */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "device/memory.h"
#include "device/peer.h"
#include "harness/harness.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/trace.h"

#define SIZE	 60
#define SEGMENT	 500
#define SEGMENTS 4
#define PORT	 4001
#define MANY	 1000 /* more allocations than a write makes */

FIXTURE(macvtap_drop)
{
	struct tun lower, t;
	struct trace *trace;
	struct frame f; /* to m0 */
	struct vnet v;
	uint8_t mac[6];
};

FIXTURE_VARIANT(macvtap_drop)
{
	const char *reason;
	int drops; /* 0: one or more, all of which the link counts */
	void (*prepare)(FIXTURE_DATA(macvtap_drop) *self);
	bool (*drop)(FIXTURE_DATA(macvtap_drop) *self); /* true if the calls did as they should */
};

static void done(const char *what, int ret)
{
	if (ret)
		TH_BAIL("%s: %s", what, strerror(errno));
}

static void plain(FIXTURE_DATA(macvtap_drop) *self)
{
	macvtap_frame(&self->f, self->mac, peer_mac, SIZE, 1);
	self->v = (struct vnet){ 0 };
}

static void super_frame(FIXTURE_DATA(macvtap_drop) *self)
{
	frame_start(&self->f);
	frame_eth(&self->f, self->mac, peer_mac, ETHERTYPE_IP);
	frame_ipv4(&self->f, "192.0.2.1", "192.0.2.2", IPPROTO_TCP);
	frame_tcp(&self->f, 4000, 4000, 1, 1, TH_ACK);
	frame_pattern(&self->f, SEGMENTS * SEGMENT, 1);
	self->v = frame_finish_gso(&self->f, SEGMENT);
}

static bool from_below(FIXTURE_DATA(macvtap_drop) *self)
{
	return tun_send(&self->lower, &self->v, &self->f) == VNET_SIZE_LEGACY + self->f.len;
}

/* Leaves no room, and a plain frame as the next one. */
static void full_ring(FIXTURE_DATA(macvtap_drop) *self)
{
	plain(self);
	done("txqueuelen", link_set_txqueuelen("m0", 1));
	done("the frame that fills the ring", !from_below(self));
}

/* The file takes super-frames as they are. */
static void full_ring_whole(FIXTURE_DATA(macvtap_drop) *self)
{
	full_ring(self);
	super_frame(self);
}

static void no_offloads(FIXTURE_DATA(macvtap_drop) *self)
{
	done("TUNSETOFFLOAD", tun_set_offload(self->t.fd, 0));
}

static void full_ring_cut(FIXTURE_DATA(macvtap_drop) *self)
{
	no_offloads(self);
	full_ring(self);
	super_frame(self);
}

/* Of no protocol that could be cut. */
static void uncut(FIXTURE_DATA(macvtap_drop) *self)
{
	no_offloads(self);
	super_frame(self);
	self->f.data[12] = MACVTAP_ETHERTYPE >> 8;
	self->f.data[13] = MACVTAP_ETHERTYPE & 0xff;
}

/* A checksum that m0 has to make, in bytes that are the packet socket's too: that takes a copy. */
static void unfinished(FIXTURE_DATA(macvtap_drop) *self)
{
	no_offloads(self);
	frame_start(&self->f);
	frame_eth(&self->f, self->mac, peer_mac, ETHERTYPE_IP);
	frame_ipv4(&self->f, "192.0.2.1", "192.0.2.2", IPPROTO_UDP);
	frame_udp(&self->f, 4000, 4000);
	frame_pattern(&self->f, SIZE, 1);
	self->v = frame_finish_partial(&self->f);
	packet_open("t0", ETH_P_ALL, 0);
}

static long call_from_below(void *self)
{
	return from_below(self) ? 0 : -1;
}

/* Of the allocations that fail one is for the copy, or more: the slab may need a page. */
static bool from_below_failing(FIXTURE_DATA(macvtap_drop) *self)
{
	struct fault_result r;
	unsigned int n = 1;

	while (n < MANY && fault_nth(n, call_from_below, self, &r))
		n++;
	return n < MANY && !r.ret;
}

static bool write_fault(FIXTURE_DATA(macvtap_drop) *self)
{
	void *cut = cut_memory(self->f.data, SIZE - 10);

	return tun_send_hdr(&self->t, NULL, NULL, cut, SIZE) == -1 && errno == EFAULT;
}

static bool write_bad_header(FIXTURE_DATA(macvtap_drop) *self)
{
	self->v.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	return tun_send(&self->t, &self->v, &self->f) == -1 && errno == EINVAL;
}

FIXTURE_VARIANT_ADD(macvtap_drop, full_ring){ "FULL_RING", 1, full_ring, from_below };
FIXTURE_VARIANT_ADD(macvtap_drop, whole){ "FULL_RING", 1, full_ring_whole, from_below };
FIXTURE_VARIANT_ADD(macvtap_drop, cut){ "FULL_RING", SEGMENTS, full_ring_cut, from_below };
FIXTURE_VARIANT_ADD(macvtap_drop, uncut){ "SKB_GSO_SEG", 1, uncut, from_below };
FIXTURE_VARIANT_ADD(macvtap_drop, checksum)
{ "SKB_CSUM", 0, unfinished, from_below_failing };
FIXTURE_VARIANT_ADD(macvtap_drop, write_fault){ "SKB_UCOPY_FAULT", 1, plain, write_fault };
FIXTURE_VARIANT_ADD(macvtap_drop, write_vnet){ "DEV_HDR", 1, plain, write_bad_header };

FIXTURE_SETUP(macvtap_drop)
{
	if (variant->drop == from_below_failing && !harness_feature("fault_injection"))
		SKIP(return, "%s", harness_feature_reason("fault_injection"));
	self->lower = tun_create("t0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	done("t0", link_up("t0"));
	done("m0", link_add_on("macvtap", "m0", "t0", MACVLAN_MODE_BRIDGE) ?: link_up("m0"));
	self->t = macvtap_attach("m0");
	macvtap_mac("m0", self->mac);
	self->trace = trace_open("skb/kfree_skb");
	if (!self->trace)
		TH_BAIL("tracefs: %s", strerror(errno));
}

FIXTURE_TEARDOWN(macvtap_drop)
{
	trace_close(self->trace);
	tun_close(&self->t);
	tun_close(&self->lower);
}

TEST_F(macvtap_drop, macvtap,
       .title = "each packet that a macvtap drops is traced once, with the reason",
       .behaviours = { 600 }, .needs = { "tap", "macvtap", "tracefs", "packet_socket" })
{
	char text[64];
	int drops;

	variant->prepare(self);
	snprintf(text, sizeof(text), "reason: %s", variant->reason);
	trace_count(self->trace, text);
	EXPECT_TRUE(variant->drop(self)) {
		TH_LOG("the call gave %s", strerror(errno));
	}
	drops = variant->drops ?: link_stats("m0").rx_dropped;
	EXPECT_LT(0, drops);
	EXPECT_EQ(drops, trace_count(self->trace, text));
}
