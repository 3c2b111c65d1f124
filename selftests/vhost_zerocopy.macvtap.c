// SPDX-License-Identifier: GPL-2.0-only
/* Frames that vhost-net hands to a macvtap, or to a TAP that never waits, without a copy. */
#include <limits.h>
#include <net/ethernet.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/ethtool.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/qdisc.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define SOON_MS	   300 /* for what is not to come */
#define SIZE	   1000

static const struct vnet bad[] = {
	{ .gso_type = 0x3f, .gso_size = 100 },
	{ .hdr_len = 5000 },
};

/* Sends the frame: true if its buffer comes back. */
static bool send_frame(struct vhost *v, const struct vnet *vnet, const struct frame *f)
{
	vhost_send(v, vnet, f->data, f->len);
	return vhost_used(v, VHOST_TX, 1, TIMEOUT_MS) == 1;
}

static bool seen(int ps, size_t len, uint32_t seed)
{
	uint8_t buf[FRAME_MAX];

	return packet_recv(ps, buf, sizeof(buf), TIMEOUT_MS, NULL) == len &&
	       pattern_check(buf + ETH_HLEN, len - ETH_HLEN, seed) == -1;
}

TEST(macvtap,
     .title =
	     "a macvtap's frames arrive unchanged, in few pieces or many, and each buffer comes back once",
     .behaviours = { 341, 546, 551 }, .needs = { "vhost_zerocopy", "macvtap", "packet_socket" })
{
	static const size_t pieces[] = { 0, 300, 20 };
	struct tun t = macvtap_bridge("m0");
	struct vhost v = vhost_open(0);
	int world = packet_open(MACVTAP_WORLD, MACVTAP_ETHERTYPE, 0);
	struct frame f;

	ASSERT_OK(tun_set_vnet_hdr_sz(&t, v.header));
	ASSERT_OK(vhost_attach(&v, t.fd));
	for (int i = 0; i < ARRAY_SIZE(pieces); i++) {
		/* Behind hdr_len bytes, which are copied. */
		for (int hdr_len = 0; hdr_len <= 600; hdr_len += 300) {
			v.piece = pieces[i];
			macvtap_frame(&f, peer_mac, peer_mac, SIZE, i);
			EXPECT_TRUE(send_frame(&v, &(struct vnet){ .hdr_len = hdr_len }, &f));
			EXPECT_TRUE(seen(world, SIZE, i));
		}
	}
	for (int i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_TRUE(send_frame(&v, &bad[i], &f));
	/* It would wait for ever if one were counted twice. */
	EXPECT_OK(vhost_detach(&v));
	vhost_close(&v);
	tun_close(&t);
	close(world);
}

/* The lower device lets pass so much, and then keeps what comes. */
static int hold(const struct tun *t, int world)
{
	struct frame f;

	if (qdisc_add_tbf(MACVTAP_LOWER, 1, 2 * SIZE, 1 << 20))
		return -1;
	for (int i = 0; i < 2; i++) {
		macvtap_frame(&f, peer_mac, peer_mac, SIZE, i);
		if (tun_send(t, NULL, &f) < 0)
			return -1;
	}
	return seen(world, SIZE, 0) ? 0 : -1;
}

TEST(macvtap_head,
     .title =
	     "a macvtap copies hdr_len bytes of a frame, 14 or more, 128 if it says nothing; the others are read when it leaves",
     .behaviours = { 551, 660 }, .needs = { "vhost_zerocopy", "macvtap", "packet_socket", "tbf" })
{
	static const struct {
		uint16_t hdr_len;
		size_t copied;
	} heads[] = { { 0, 128 }, { 1, ETH_HLEN }, { 100, 100 }, { 600, 600 } };
	struct tun t = macvtap_bridge("m0");
	int world = packet_open(MACVTAP_WORLD, MACVTAP_ETHERTYPE, 0);
	struct frame f;

	for (int i = 0; i < ARRAY_SIZE(heads); i++) {
		struct vhost v = vhost_open(0);
		uint8_t *memory = v.queue[VHOST_TX].memory + v.header;
		struct rtnl_link_stats64 before;
		uint8_t buf[FRAME_MAX];
		size_t copied = 0;

		ASSERT_OK(tun_set_vnet_hdr_sz(&t, v.header));
		ASSERT_OK(hold(&t, world));
		before = link_stats("m0");
		ASSERT_OK(vhost_attach(&v, t.fd));
		macvtap_frame(&f, peer_mac, peer_mac, SIZE, 2);
		vhost_send(&v, &(struct vnet){ .hdr_len = heads[i].hdr_len }, f.data, f.len);
		/* The qdisc of the lower device has it. */
		ASSERT_TRUE(link_gains("m0", &before, &before.tx_packets, 1, TIMEOUT_MS));
		EXPECT_EQ(0, vhost_used(&v, VHOST_TX, 1, SOON_MS));
		for (size_t at = 0; at < SIZE; at++)
			memory[at] ^= 0xff;
		/* With one more, all that is held passes. */
		ASSERT_OK(qdisc_change_tbf(MACVTAP_LOWER, 1, 1 << 20, 1 << 20));
		ASSERT_LT(0, tun_send(&t, NULL, &f));
		do
			ASSERT_EQ(SIZE, packet_recv(world, buf, sizeof(buf), TIMEOUT_MS, NULL));
		while (pattern_check(buf + ETH_HLEN, SIZE - ETH_HLEN, 1) == -1);
		while (copied < SIZE && buf[copied] == f.data[copied])
			copied++;
		EXPECT_EQ(heads[i].copied, copied) TH_LOG("hdr_len %u", heads[i].hdr_len);
		EXPECT_EQ(0, memcmp(buf + copied, memory + copied, SIZE - copied));
		EXPECT_EQ(1, vhost_used(&v, VHOST_TX, 1, TIMEOUT_MS));
		ASSERT_TRUE(seen(world, SIZE, 2));
		ASSERT_OK(qdisc_del(MACVTAP_LOWER));
		vhost_close(&v);
	}
	tun_close(&t);
	close(world);
}

TEST(macvtap_copied,
     .title = "a macvtap on a device that does not reach high memory copies",
     .behaviours = { 551 }, .needs = { "vhost_zerocopy", "macvtap", "packet_socket", "tbf" })
{
	struct vhost v = vhost_open(0);
	struct frame f;
	struct tun t;
	int world;

	ASSERT_OK(macvtap_add_lower());
	ASSERT_OK(ethtool_set_feature(MACVTAP_LOWER, "highdma", false));
	t = macvtap_bridge("m0");
	world = packet_open(MACVTAP_WORLD, MACVTAP_ETHERTYPE, 0);
	ASSERT_OK(tun_set_vnet_hdr_sz(&t, v.header));
	ASSERT_OK(hold(&t, world));
	ASSERT_OK(vhost_attach(&v, t.fd));
	macvtap_frame(&f, peer_mac, peer_mac, SIZE, 2);
	EXPECT_TRUE(send_frame(&v, NULL, &f));
	ASSERT_OK(qdisc_del(MACVTAP_LOWER));
	vhost_close(&v);
	tun_close(&t);
	close(world);
}

TEST(unlimited,
     .title =
	     "with a send buffer without limit, too, frames of a TAP arrive and their buffers come back",
     .behaviours = { 341, 546 }, .needs = { "vhost_zerocopy", "packet_socket" })
{
	struct vhost v;
	struct tun t = vhost_peer(&v, 0, 0);
	int ps = packet_open(t.name, MACVTAP_ETHERTYPE, 0);
	struct frame f;

	ASSERT_OK(tun_set_sndbuf(t.fd, INT_MAX));
	for (int i = 0; i < 20; i++) {
		macvtap_frame(&f, peer_mac, peer_mac, SIZE, i);
		EXPECT_TRUE(send_frame(&v, NULL, &f));
		EXPECT_TRUE(seen(ps, SIZE, i));
	}
	vhost_close(&v);
	tun_close(&t);
	close(ps);
}

TEST(long_header,
     .title = "a header that is longer than what the kernel copies in one piece does no harm",
     .behaviours = { 341, 546 }, .needs = { "vhost_zerocopy", "packet_socket" })
{
	const struct vnet v10000 = { .hdr_len = 10000 };
	struct vhost v;
	struct tun t = vhost_peer(&v, 0, 0);
	int ps = packet_open(t.name, MACVTAP_ETHERTYPE, 0);
	struct frame f;

	macvtap_frame(&f, peer_mac, peer_mac, 20000, 1);
	EXPECT_TRUE(send_frame(&v, &v10000, &f));
	EXPECT_TRUE(seen(ps, 20000, 1));
	vhost_close(&v);
	tun_close(&t);
	close(ps);
}
