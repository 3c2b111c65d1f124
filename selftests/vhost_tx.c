// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vhost-net hands to a TAP, on both of its ways: with a send buffer that is never full it
 * copies small frames itself and passes them on 64 at a time (tun_xdp_one() in drivers/net/tun.c),
 * otherwise each frame goes the way of a write().
 */
#include <limits.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define SOON_MS	   1000 /* for what is known not to come */
#define PORT	   7000

FIXTURE(vhost_tx)
{
	struct vhost v;
	struct tun t;
	int seen; /* a packet socket that takes ETH_P_LOCAL from the device */
};

FIXTURE_VARIANT(vhost_tx)
{
	int sndbuf;
};

FIXTURE_VARIANT_ADD(vhost_tx, batch) { .sndbuf = INT_MAX };
FIXTURE_VARIANT_ADD(vhost_tx, single) { .sndbuf = INT_MAX - 1 };

FIXTURE_SETUP(vhost_tx)
{
	self->t = vhost_peer(&self->v, 0, 0);
	ASSERT_OK(tun_set_sndbuf(self->t.fd, variant->sndbuf));
	self->seen = packet_open("v0", ETH_P_LOCAL, 0);
}

FIXTURE_TEARDOWN(vhost_tx)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->seen);
}

/* A frame of @len bytes with pattern @seed, added but not kicked. */
static void put(FIXTURE_DATA(vhost_tx) *self, const struct vnet *vnet, size_t len, uint32_t seed)
{
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_LOCAL);
	if (len > f.len)
		frame_pattern(&f, len - f.len, seed);
	vhost_put(&self->v, vnet, f.data, len);
}

/* Kicks: true if all of @n chains come back. */
static bool take(FIXTURE_DATA(vhost_tx) *self, int n)
{
	vhost_kick(&self->v, VHOST_TX);
	return vhost_used(&self->v, VHOST_TX, n, TIMEOUT_MS) == n;
}

/* True if the next frame that the kernel received is that of put(). */
static bool arrives(FIXTURE_DATA(vhost_tx) *self, size_t len, uint32_t seed)
{
	uint8_t buf[FRAME_MAX];

	return packet_recv(self->seen, buf, sizeof(buf), TIMEOUT_MS, NULL) == len &&
	       pattern_check(buf + ETH_HLEN, len - ETH_HLEN, seed) == -1;
}

static bool nothing_more(FIXTURE_DATA(vhost_tx) *self)
{
	return sock_wait(self->seen, POLLIN, 0) == 0;
}

TEST_F(vhost_tx, short_frame,
       .title = "a frame shorter than an Ethernet header is dropped, and its buffer comes back",
       .behaviours = { 449, 545 }, .needs = { "vhost" },
       .guards = { "049584807f1d", "CVE-2024-41091" })
{
	struct rtnl_link_stats64 before = link_stats("v0");

	for (int len = 0; len < ETH_HLEN; len++) {
		put(self, NULL, len, len);
		ASSERT_TRUE(take(self, 1));
	}
	EXPECT_EQ(0, link_stats_since("v0", &before).rx_packets);
	put(self, NULL, ETH_HLEN, 1);
	ASSERT_TRUE(take(self, 1));
	EXPECT_TRUE(arrives(self, ETH_HLEN, 1));
	EXPECT_TRUE(nothing_more(self));
	EXPECT_EQ(1, link_stats_since("v0", &before).rx_packets);
}

TEST_F(vhost_tx, bad_among_good,
       .title = "a frame that is refused does not disturb those sent with it: all buffers come back",
       .behaviours = { 545 }, .needs = { "vhost" })
{
	const struct vnet unknown_gso = { .gso_type = 0x3f, .gso_size = 100 };
	struct rtnl_link_stats64 before = link_stats("v0");

	put(self, NULL, 60, 1);
	put(self, NULL, ETH_HLEN - 1, 2);
	put(self, NULL, 61, 3);
	put(self, &unknown_gso, 600, 4);
	put(self, NULL, 62, 5);
	ASSERT_TRUE(take(self, 5));
	EXPECT_TRUE(arrives(self, 60, 1));
	EXPECT_TRUE(arrives(self, 61, 3));
	EXPECT_TRUE(arrives(self, 62, 5));
	EXPECT_TRUE(nothing_more(self));
	EXPECT_EQ(3, link_stats_since("v0", &before).rx_packets);
}

TEST_F(vhost_tx, sizes, .title = "frames of all sizes arrive in the order they were sent",
       .behaviours = { 545, 550 }, .needs = { "vhost" })
{
	/* What does not fit into a page is no part of a batch. */
	static const size_t sizes[] = { 60, 3000, 4096, 61, 9000, 65000, 62, 14, 5000 };

	for (int i = 0; i < ARRAY_SIZE(sizes); i++)
		put(self, NULL, sizes[i], i);
	ASSERT_TRUE(take(self, ARRAY_SIZE(sizes)));
	for (int i = 0; i < ARRAY_SIZE(sizes); i++)
		EXPECT_TRUE(arrives(self, sizes[i], i));
}

/* TCP segments of @n * @mss bytes as one frame through vhost: true if the socket reads them. */
static bool tcp_arrives(FIXTURE_DATA(vhost_tx) *self, struct peer_tcp *c, uint16_t mss, int n)
{
	uint8_t buf[FRAME_MAX];
	size_t got = 0, len = n * mss;
	struct frame f;
	struct vnet v;
	ssize_t more;

	peer_tcp_segment(&self->t, &f, c, 0);
	frame_pattern(&f, len, n);
	v = frame_finish_gso(&f, mss);
	vhost_put(&self->v, &v, f.data, f.len);
	if (!take(self, 1))
		return false;
	c->seq += len;
	while (got < len && sock_wait(c->fd, POLLIN, TIMEOUT_MS) & POLLIN) {
		more = recv(c->fd, buf + got, len - got, 0);
		if (more <= 0)
			return false;
		got += more;
	}
	return got == len && pattern_check(buf, len, n) == -1;
}

TEST_F(vhost_tx, gso, .title = "TCP segments that are sent as one frame arrive, in a batch or not",
       .behaviours = { 449, 545 }, .needs = { "vhost" })
{
	struct peer_tcp c;

	/* The connection is made through the file. */
	ASSERT_OK(vhost_set_backend(self->v.fd, VHOST_RX, -1));
	c = peer_tcp_connect(&self->t, PORT, false, 1460);
	EXPECT_TRUE(tcp_arrives(self, &c, 500, 3));
	EXPECT_TRUE(tcp_arrives(self, &c, 1400, 10));
	EXPECT_TRUE(tcp_arrives(self, &c, 100, 20));
	EXPECT_TRUE(tcp_arrives(self, &c, 1000, 40));
	close(c.fd);
}

/* A second TAP, up: a datagram for its address may come in through any device. */
static int other_address(struct tun *other)
{
	*other = tun_create("other", IFF_TAP | IFF_NO_PI);
	if (link_up("other") || addr_add("other", "10.9.1.1/24"))
		TH_BAIL("second TAP: %s", strerror(errno));
	return udp_open("10.9.1.1", PORT);
}

TEST_F(vhost_tx, down,
       .title = "a device that is down takes no frame: its buffer comes back, and nobody gets it",
       .behaviours = { 545 }, .needs = { "vhost" })
{
	struct tun other;
	int udp = other_address(&other);
	struct frame f;
	uint8_t mac[6];

	peer_kernel_mac(&self->t, mac);
	frame_start(&f);
	frame_eth(&f, mac, peer_mac, ETHERTYPE_IP);
	frame_ipv4(&f, PEER_IP4, "10.9.1.1", IPPROTO_UDP);
	frame_udp(&f, 4000, PORT);
	frame_pattern(&f, 100, 1);
	frame_finish(&f);
	vhost_put(&self->v, NULL, f.data, f.len);
	ASSERT_TRUE(take(self, 1));
	ASSERT_EQ(100, udp_recv_pattern(udp, 1, TIMEOUT_MS));

	ASSERT_OK(link_down("v0"));
	vhost_put(&self->v, NULL, f.data, f.len);
	ASSERT_TRUE(take(self, 1));
	EXPECT_ERRNO(EAGAIN, udp_recv_pattern(udp, 1, 0));
	close(udp);
	tun_close(&other);
}

XFAIL_ADD(vhost_tx, batch, down, "a batch is not held against IFF_UP (docs/findings.md)");

TEST_F(vhost_tx, gone,
       .title = "buffers come back from a device that was deleted while vhost had it",
       .behaviours = { 549 }, .needs = { "vhost" })
{
	ASSERT_OK(link_del("v0"));
	put(self, NULL, 60, 1);
	put(self, NULL, 61, 2);
	vhost_kick(&self->v, VHOST_TX);
	EXPECT_EQ(2, vhost_used(&self->v, VHOST_TX, 2, SOON_MS));
}

XFAIL_ADD(vhost_tx, batch, gone, "what is lost with a batch does not come back (docs/findings.md)");
