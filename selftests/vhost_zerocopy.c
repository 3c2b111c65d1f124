// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-net with the module's option experimental_zcopytx: frames of 256 bytes and more are not
 * copied, and the guest has its buffer back when the last who uses it is done. On the way
 *
 *	guest == vhost-net == in (TAP) -- bridge -- out (TAP, tbf) == file
 *
 * it takes as long as the qdisc wants.
 */
#include <linux/ethtool.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "device/way.h"
#include "harness/harness.h"
#include "netns/ethtool.h"
#include "netns/link.h"
#include "netns/qdisc.h"

#define TIMEOUT_MS 10000
#define SOON_MS	   300 /* for what is not to come */

FIXTURE(vhost_zerocopy)
{
	struct vhost v;
	struct way w;
};

FIXTURE_SETUP(vhost_zerocopy)
{
	if (!harness_feature("bridge") || !harness_feature("tbf"))
		SKIP(return, "kernel has no bridge device or no tbf qdisc");
	way_make(&self->w, IFF_VNET_HDR);
	/* What the qdisc lets pass at first: from now on it keeps what comes. */
	for (int i = 0; i < 4; i++)
		ASSERT_LT(0, tun_send(&self->w.in, NULL, &self->w.f));
	while (tun_recv(&self->w.out, &(struct tun_packet){ 0 }, 0))
		;
	self->v = vhost_open(0);
	ASSERT_OK(vhost_attach(&self->v, self->w.in.fd));
}

FIXTURE_TEARDOWN(vhost_zerocopy)
{
	/* What is kept would keep vhost too. */
	qdisc_del("out");
	vhost_close(&self->v);
	way_close(&self->w);
}

static int used(FIXTURE_DATA(vhost_zerocopy) *self, int n, int timeout_ms)
{
	return vhost_used(&self->v, VHOST_TX, n, timeout_ms);
}

/* Sends the first @len bytes of the frame. */
static void send_frame(FIXTURE_DATA(vhost_zerocopy) *self, const struct vnet *vnet, size_t len)
{
	vhost_send(&self->v, vnet, self->w.f.data, len);
}

TEST_F(vhost_zerocopy, kept,
       .title = "the buffer of a frame of 256 bytes with its header comes back when the frame is freed",
       .behaviours = { 546, 551 }, .needs = { "vhost_zerocopy" })
{
	send_frame(self, NULL, 256 - self->v.header);
	send_frame(self, NULL, WAY_FRAME);
	EXPECT_EQ(0, used(self, 1, SOON_MS));
	way_hold(false);
	EXPECT_EQ(2, used(self, 2, TIMEOUT_MS));
}

TEST_F(vhost_zerocopy, small, .title = "a smaller frame is copied, its buffer comes back at once",
       .behaviours = { 546 }, .needs = { "vhost_zerocopy" })
{
	send_frame(self, NULL, 255 - self->v.header);
	EXPECT_EQ(1, used(self, 1, TIMEOUT_MS));
}

TEST_F(vhost_zerocopy, pieces,
       .title = "a frame in more pieces than an skb has fragments is copied",
       .behaviours = { 341 }, .needs = { "vhost_zerocopy" })
{
	/* 18 of 20 hold what is behind the first 128 bytes: one more than MAX_SKB_FRAGS. */
	self->v.piece = 52;
	send_frame(self, NULL, WAY_FRAME);
	EXPECT_EQ(1, used(self, 1, TIMEOUT_MS));
}

TEST_F(vhost_zerocopy, most_pieces,
       .title = "a frame in as many pieces as an skb has fragments is not copied",
       .behaviours = { 341 }, .needs = { "vhost_zerocopy" })
{
	struct rtnl_link_stats64 before = link_stats("in");

	/* 17 of 19. */
	self->v.piece = 55;
	send_frame(self, NULL, WAY_FRAME);
	/* The qdisc has it. */
	ASSERT_TRUE(link_gains("in", &before, &before.rx_packets, 1, TIMEOUT_MS));
	EXPECT_EQ(0, used(self, 1, SOON_MS));
	way_hold(false);
	EXPECT_EQ(1, used(self, 1, TIMEOUT_MS));
}

TEST_F(vhost_zerocopy, head,
       .title = "the first 128 bytes of a frame are copied, what follows is read when it leaves",
       .behaviours = { 660 }, .needs = { "vhost_zerocopy" })
{
	struct rtnl_link_stats64 before = link_stats("in");
	uint8_t *memory = self->v.queue[VHOST_TX].memory + self->v.header;
	struct tun_packet p;
	size_t copied = 0;

	send_frame(self, NULL, WAY_FRAME);
	/* The qdisc has it. */
	ASSERT_TRUE(link_gains("in", &before, &before.rx_packets, 1, TIMEOUT_MS));
	for (int i = 0; i < WAY_FRAME; i++)
		memory[i] ^= 0xff;
	/* With one more, all that is held passes. Ours is the first that is not as before. */
	ASSERT_OK(qdisc_change_tbf("out", 1, 1 << 20, 1 << 20));
	ASSERT_LT(0, tun_send(&self->w.in, NULL, &self->w.f));
	do
		ASSERT_TRUE(tun_recv(&self->w.out, &p, TIMEOUT_MS));
	while (p.len == WAY_FRAME && !memcmp(p.data, self->w.f.data, WAY_FRAME));
	ASSERT_EQ(WAY_FRAME, p.len);
	while (copied < WAY_FRAME && p.data[copied] == self->w.f.data[copied])
		copied++;
	EXPECT_EQ(128, copied);
	EXPECT_EQ(0, memcmp(p.data + copied, memory + copied, WAY_FRAME - copied));
}

TEST_F(vhost_zerocopy, in_ring,
       .title = "a frame that waits in the ring of a TAP is a copy, its buffer comes back",
       .behaviours = { 416 }, .needs = { "vhost_zerocopy" })
{
	struct tun_packet p;

	way_hold(false);
	send_frame(self, NULL, WAY_FRAME);
	ASSERT_EQ(1, used(self, 1, TIMEOUT_MS));
	memset(self->v.queue[VHOST_TX].memory, 0, WAY_FRAME);
	ASSERT_TRUE(tun_recv(&self->w.out, &p, TIMEOUT_MS));
	EXPECT_EQ(WAY_FRAME, p.len);
	EXPECT_EQ(0, memcmp(p.data, self->w.f.data, p.len));
}

TEST_F(vhost_zerocopy, refused,
       .title = "the buffer of a frame that is refused comes back once, whatever the reason",
       .behaviours = { 546 }, .needs = { "vhost_zerocopy" }, .guards = { "01e31bea7e62" })
{
	const struct vnet bad[] = {
		{ .gso_type = 0x3f, .gso_size = 100 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 5000 },
		{ .hdr_len = 5000 },
	};

	for (int i = 0; i < ARRAY_SIZE(bad); i++) {
		send_frame(self, &bad[i], WAY_FRAME);
		EXPECT_EQ(1, used(self, 1, TIMEOUT_MS));
	}
	/* A device that is down refuses late. */
	ASSERT_OK(link_down("in"));
	for (int i = 0; i < 3; i++) {
		send_frame(self, NULL, WAY_FRAME);
		EXPECT_EQ(1, used(self, 1, TIMEOUT_MS));
	}
	/* It would wait for ever if one were counted twice. */
	EXPECT_OK(vhost_detach(&self->v));
}

TEST_F(vhost_zerocopy, segments,
       .title = "a frame that is cut into segments is copied for that, its buffer comes back",
       .behaviours = { 546 }, .needs = { "vhost_zerocopy" }, .guards = { "1fd819ecb90c" })
{
	const int mss = 1000, n = 8;
	struct tun_packet p;
	struct parsed parsed;
	struct frame f;
	struct vnet v;

	frame_start(&f);
	frame_eth(&f, self->w.f.data, peer_mac, ETHERTYPE_IP);
	frame_ipv4(&f, PEER_IP4, "10.9.0.3", IPPROTO_TCP);
	frame_tcp(&f, 4000, 4000, 1, 1, TH_ACK);
	frame_pattern(&f, n * mss, 1);
	v = frame_finish_gso(&f, mss);
	way_hold(false);
	vhost_send(&self->v, &v, f.data, f.len);
	ASSERT_EQ(1, used(self, 1, TIMEOUT_MS));
	memset(self->v.queue[VHOST_TX].memory, 0, f.len);
	for (int i = 0; i < n; i++) {
		ASSERT_TRUE(tun_recv_proto(&self->w.out, &p, IPPROTO_TCP, TIMEOUT_MS, &parsed));
		EXPECT_EQ(mss, parsed.payload_len);
		EXPECT_EQ(0, memcmp(p.data + parsed.payload, f.data + f.payload + i * mss, mss));
	}
}

static void *detach(void *arg)
{
	FIXTURE_DATA(vhost_zerocopy) *self = arg;

	return (void *)(intptr_t)vhost_set_backend(self->v.fd, VHOST_TX, -1);
}

/* True if the thread ends within @timeout_ms. */
static bool ends(pthread_t thread, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1 + timeout_ms / 1000;
	return !pthread_timedjoin_np(thread, NULL, &until);
}

TEST_F(vhost_zerocopy, detach_waits,
       .title = "a backend is detached when the last of its frames is freed",
       .behaviours = { 546 }, .needs = { "vhost_zerocopy" }, .guards = { "dd54bcf86c91" })
{
	pthread_t thread;

	send_frame(self, NULL, WAY_FRAME);
	EXPECT_EQ(0, used(self, 1, SOON_MS));
	ASSERT_EQ(0, pthread_create(&thread, NULL, detach, self));
	EXPECT_FALSE(ends(thread, SOON_MS));
	way_hold(false);
	EXPECT_TRUE(ends(thread, TIMEOUT_MS));
	EXPECT_EQ(1, used(self, 1, TIMEOUT_MS));
}

TEST_F(vhost_zerocopy, held,
       .title =
	       "a frame that rx-frames holds keeps its buffer, and the backend, until another one comes",
       .behaviours = { 546, 547 }, .needs = { "vhost_zerocopy" })
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_SCOALESCE, .rx_max_coalesced_frames = 64 };
	const struct vnet bad = { .gso_type = 0x3f, .gso_size = 100 };
	pthread_t thread;

	way_hold(false);
	ASSERT_OK(ethtool_ioctl("in", &c));
	vhost_put(&self->v, NULL, self->w.f.data, WAY_FRAME);
	send_frame(self, &bad, WAY_FRAME);
	EXPECT_EQ(0, used(self, 1, SOON_MS));
	ASSERT_EQ(0, pthread_create(&thread, NULL, detach, self));
	EXPECT_FALSE(ends(thread, SOON_MS));
	ASSERT_LT(0, tun_send(&self->w.in, NULL, &self->w.f));
	EXPECT_TRUE(ends(thread, TIMEOUT_MS));
	EXPECT_EQ(2, used(self, 2, TIMEOUT_MS));
}
