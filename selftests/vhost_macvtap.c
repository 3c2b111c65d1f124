// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-net with a macvtap, whose driver (drivers/net/tap.c) has the two ways of a TAP's:
 *
 *	guest == vhost-net == m0 on "lower" == "world", where a packet socket plays the network
 */
#include <limits.h>
#include <net/ethernet.h>
#include <poll.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define FRAMES	   100 /* more than a batch */

FIXTURE(vhost_macvtap)
{
	struct vhost v;
	struct tun t;
	int world;
};

FIXTURE_VARIANT(vhost_macvtap)
{
	uint64_t features;
	int sndbuf;
};

FIXTURE_VARIANT_ADD(vhost_macvtap, batch) { 0, INT_MAX };
FIXTURE_VARIANT_ADD(vhost_macvtap, single) { 0, INT_MAX - 1 };
FIXTURE_VARIANT_ADD(vhost_macvtap, mergeable) { VHOST_MRG_RXBUF, INT_MAX };

FIXTURE_SETUP(vhost_macvtap)
{
	self->t = macvtap_bridge("m0");
	self->v = vhost_open(variant->features);
	ASSERT_OK(tun_set_vnet_hdr_sz(&self->t, self->v.header));
	ASSERT_OK(tun_set_sndbuf(self->t.fd, variant->sndbuf));
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	self->world = packet_open(MACVTAP_WORLD, MACVTAP_ETHERTYPE, 0);
}

FIXTURE_TEARDOWN(vhost_macvtap)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->world);
}

/* A frame of @len bytes for the network, added but not kicked. */
static void put(FIXTURE_DATA(vhost_macvtap) *self, const struct vnet *vnet, size_t len,
		uint32_t seed)
{
	struct frame f;

	macvtap_frame(&f, peer_mac, peer_mac, len < ETH_HLEN ? ETH_HLEN : len, seed);
	vhost_put(&self->v, vnet, f.data, len);
}

/* Kicks: true if all of @n chains come back. */
static bool take(FIXTURE_DATA(vhost_macvtap) *self, int n)
{
	vhost_kick(&self->v, VHOST_TX);
	return vhost_used(&self->v, VHOST_TX, n, TIMEOUT_MS) == n;
}

/* True if the next frame in the network is that of put(). */
static bool arrives(FIXTURE_DATA(vhost_macvtap) *self, size_t len, uint32_t seed)
{
	uint8_t buf[FRAME_MAX];

	return packet_recv(self->world, buf, sizeof(buf), TIMEOUT_MS, NULL) == len &&
	       pattern_check(buf + ETH_HLEN, len - ETH_HLEN, seed) == -1;
}

TEST_F(vhost_macvtap, sent, .title = "frames sent through vhost all leave, in order and unchanged",
       .behaviours = { 545, 550 }, .needs = { "vhost", "macvtap", "packet_socket" })
{
	for (int i = 0; i < FRAMES; i++)
		put(self, NULL, ETH_HLEN + 1 + i * 7, i);
	ASSERT_TRUE(take(self, FRAMES));
	for (int i = 0; i < FRAMES; i++)
		ASSERT_TRUE(arrives(self, ETH_HLEN + 1 + i * 7, i));
}

TEST_F(vhost_macvtap, tagged,
       .title = "the network header of a frame sent through vhost is where it is, behind the tags",
       .behaviours = { 590 }, .needs = { "vhost", "macvtap", "packet_socket" })
{
	int out = macvtap_open_network("m0");
	struct frame f;

	for (int tags = 0; tags <= 2; tags++) {
		macvtap_frame(&f, peer_mac, peer_mac, 64, tags);
		macvtap_tag(&f, tags);
		vhost_put(&self->v, NULL, f.data, f.len);
		ASSERT_TRUE(take(self, 1));
		EXPECT_TRUE(macvtap_network_recv(out, 64 - ETH_HLEN, tags, TIMEOUT_MS))
		{
			TH_LOG("%d tags", tags);
		}
	}
	close(out);
}

TEST_F(vhost_macvtap, received, .title = "frames for the macvtap come through vhost, in order and unchanged",
       .behaviours = { 544, 550 }, .needs = { "vhost", "macvtap", "packet_socket" })
{
	struct tun_packet p;
	struct frame f;
	uint8_t mac[6];

	macvtap_mac("m0", mac);
	vhost_post(&self->v, FRAMES, 2000);
	for (int i = 0; i < FRAMES; i++) {
		macvtap_frame(&f, mac, peer_mac, 60 + i * 7, i);
		ASSERT_EQ(f.len, packet_send(self->world, f.data, f.len));
	}
	for (int i = 0; i < FRAMES; i++) {
		ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
		ASSERT_EQ(60 + i * 7, p.len);
		EXPECT_EQ(-1, pattern_check(p.data + ETH_HLEN, p.len - ETH_HLEN, i));
		EXPECT_EQ(self->v.mergeable, p.vnet.num_buffers);
	}
}

TEST_F(vhost_macvtap, short_frame,
       .title = "a frame shorter than an Ethernet header is dropped and counted, its buffer comes back",
       .behaviours = { 545 }, .needs = { "vhost", "macvtap", "packet_socket" },
       .guards = { "ed7f2afdd0e0", "CVE-2024-41090" })
{
	struct rtnl_link_stats64 before = link_stats("m0");

	for (int len = 0; len < ETH_HLEN; len++) {
		put(self, NULL, len, 0);
		ASSERT_TRUE(take(self, 1));
	}
	EXPECT_EQ(ETH_HLEN, link_stats_since("m0", &before).tx_dropped);
	put(self, NULL, ETH_HLEN + 1, 1);
	ASSERT_TRUE(take(self, 1));
	EXPECT_TRUE(arrives(self, ETH_HLEN + 1, 1));
	EXPECT_EQ(0, sock_wait(self->world, POLLIN, 0));
}

TEST_F(vhost_macvtap, no_protocol,
       .title = "segments of a frame whose Ethertype is 0 are dropped and counted",
       .behaviours = { 545 }, .needs = { "vhost", "macvtap", "packet_socket" },
       .guards = { "3874892dd27d", "CVE-2026-74684" })
{
	/* The parser of the header then asks the device for the protocol. */
	const struct vnet segments = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 100 };
	struct rtnl_link_stats64 before = link_stats("m0");
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, 0);
	frame_pattern(&f, 200, 1);
	vhost_put(&self->v, &segments, f.data, f.len);
	ASSERT_TRUE(take(self, 1));
	EXPECT_EQ(1, link_stats_since("m0", &before).tx_dropped);
	put(self, NULL, 60, 1);
	ASSERT_TRUE(take(self, 1));
	EXPECT_TRUE(arrives(self, 60, 1));
}

TEST_F(vhost_macvtap, deleted,
       .title = "frames for a macvtap that was deleted are dropped, their buffers come back",
       .behaviours = { 549 }, .needs = { "vhost", "macvtap" })
{
	struct tun_packet p;

	vhost_post(&self->v, 1, 2000);
	ASSERT_OK(link_del("m0"));
	for (int i = 0; i < FRAMES; i++)
		put(self, NULL, 60, i);
	EXPECT_TRUE(take(self, FRAMES));
	EXPECT_FALSE(vhost_recv(&self->v, &p, 0));
	EXPECT_OK(vhost_detach(&self->v));
	/* Unlike that of a TAP the file reports no error. */
	EXPECT_OK(vhost_attach(&self->v, self->t.fd));
}
