// SPDX-License-Identifier: GPL-2.0-only
/* Frames through vhost-net and a TAP, with each of the headers that vhost-net knows. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000
#define PAYLOAD	   100
#define FRAME	   (ETH_HLEN + 20 + 8 + PAYLOAD)

FIXTURE(vhost)
{
	struct vhost v;
	struct tun t;
	int udp; /* the kernel's, at PORT */
};

FIXTURE_VARIANT(vhost)
{
	uint64_t features;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(vhost, legacy) { .features = 0 };
FIXTURE_VARIANT_ADD(vhost, version_1) { .features = VHOST_VERSION_1 };
FIXTURE_VARIANT_ADD(vhost, mergeable) { .features = VHOST_MRG_RXBUF };
FIXTURE_VARIANT_ADD(vhost, own_header) { .features = VHOST_OWN_HEADER };
FIXTURE_VARIANT_ADD(vhost, own_mergeable) { .features = VHOST_OWN_HEADER | VHOST_MRG_RXBUF };
FIXTURE_VARIANT_ADD(vhost, napi) { .flags = IFF_NAPI };

FIXTURE_SETUP(vhost)
{
	self->t = vhost_peer(&self->v, variant->features, variant->flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

TEST_F(vhost, transmit, .title = "a frame that vhost sends is received on the TAP, without its header",
       .behaviours = { 540, 545 }, .needs = { "vhost" })
{
	struct rtnl_link_stats64 before = link_stats("v0"), d;
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	vhost_send(&self->v, NULL, f.data, f.len);
	ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));
	d = link_stats_since("v0", &before);
	EXPECT_EQ(1, d.rx_packets);
	EXPECT_EQ(FRAME, d.rx_bytes);
}

/* True if packet @p is the datagram of pattern @seed. */
static bool holds(const struct tun_packet *p, uint32_t seed)
{
	struct parsed parsed;

	return p->len == FRAME && frame_parse(p->data, p->len, true, &parsed) &&
	       parsed.l4_proto == IPPROTO_UDP && parsed.payload_len == PAYLOAD &&
	       pattern_check(p->data + parsed.payload, PAYLOAD, seed) == -1;
}

TEST_F(vhost, receive,
       .title = "a frame to the TAP is put behind a header of zeros, with the number of buffers if "
		"they are mergeable",
       .behaviours = { 540, 544 }, .needs = { "vhost" })
{
	struct tun_packet p;

	vhost_post(&self->v, 1, 2000);
	kernel_udp(self->udp, 9, PAYLOAD, 1);
	ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	EXPECT_TRUE(holds(&p, 1));
	for (int i = 0; i < VNET_SIZE_LEGACY; i++)
		EXPECT_EQ(0, p.raw[i]);
	if (variant->features & VHOST_MRG_RXBUF)
		EXPECT_EQ(1, p.vnet.num_buffers);
}

TEST_F(vhost, in_pieces, .title = "header and frame may lie in any number of descriptors",
       .behaviours = { 540, 550 }, .needs = { "vhost" })
{
	struct tun_packet p;
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	for (self->v.piece = 1; self->v.piece < 20; self->v.piece += 3) {
		vhost_send(&self->v, NULL, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
		EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));

		vhost_post(&self->v, 1, self->v.header + FRAME);
		kernel_udp(self->udp, 9, PAYLOAD, self->v.piece);
		ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
		EXPECT_TRUE(holds(&p, self->v.piece));
	}
}

FIXTURE(vhost_many)
{
	struct vhost v;
	struct tun t;
	int udp;
};

FIXTURE_VARIANT(vhost_many)
{
	uint64_t features;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(vhost_many, legacy) { .flags = 0 };
FIXTURE_VARIANT_ADD(vhost_many, mergeable) { .features = VHOST_MRG_RXBUF };
FIXTURE_VARIANT_ADD(vhost_many, napi) { .flags = IFF_NAPI };

FIXTURE_SETUP(vhost_many)
{
	self->t = vhost_peer(&self->v, variant->features, variant->flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost_many)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

#define PACKETS 10000
#define BURST	100

TEST_F(vhost_many, many_sent,
       .title = "10,000 frames sent through vhost all arrive, in order and unchanged",
       .behaviours = { 545, 550 }, .needs = { "vhost" }, .waits = true)
{
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 0);
	/* The payload changes: no checksum. */
	f.data[f.l4 + 6] = f.data[f.l4 + 7] = 0;
	for (int sent = 0; sent < PACKETS; sent += BURST) {
		for (int i = sent; i < sent + BURST; i++) {
			pattern_fill(f.data + f.payload, PAYLOAD, i);
			vhost_put(&self->v, NULL, f.data, f.len);
		}
		vhost_kick(&self->v, VHOST_TX);
		ASSERT_EQ(BURST, vhost_used(&self->v, VHOST_TX, BURST, TIMEOUT_MS));
		for (int i = sent; i < sent + BURST; i++)
			ASSERT_EQ(PAYLOAD, udp_recv_pattern(self->udp, i, TIMEOUT_MS));
	}
}

TEST_F(vhost_many, many_received,
       .title = "10,000 frames to the TAP all come through vhost, in order and unchanged",
       .behaviours = { 544, 550 }, .needs = { "vhost" }, .waits = true)
{
	struct tun_packet p;

	for (int sent = 0; sent < PACKETS; sent += BURST) {
		vhost_post(&self->v, BURST, 300);
		for (int i = sent; i < sent + BURST; i++)
			kernel_udp(self->udp, 9, PAYLOAD, i);
		for (int i = sent; i < sent + BURST; i++) {
			ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
			ASSERT_TRUE(holds(&p, i));
		}
	}
}
