// SPDX-License-Identifier: GPL-2.0-only
/* What vhost-net does when the guest breaks its rings. It says so through the error eventfd. */
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PAYLOAD	   100
#define PORT	   7000

FIXTURE(vhost_ring)
{
	struct vhost v;
	struct tun t;
	int udp;
};

FIXTURE_SETUP(vhost_ring)
{
	self->t = vhost_peer(&self->v, 0, 0);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost_ring)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

TEST_F(vhost_ring, bad_address,
       .title = "vhost stops at a buffer whose address is not the guest's, and goes on once it is",
       .behaviours = { 545 }, .needs = { "vhost" })
{
	struct vring_desc *desc = vhost_next_desc(&self->v, VHOST_TX);
	struct frame f;
	uint64_t good;

	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	vhost_put(&self->v, NULL, f.data, f.len);
	good = desc->addr;
	desc->addr = 0;
	vhost_kick(&self->v, VHOST_TX);
	ASSERT_TRUE(vhost_error(&self->v, VHOST_TX, TIMEOUT_MS));
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_TX, 1, 0));

	desc->addr = good;
	vhost_kick(&self->v, VHOST_TX);
	ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));
}

TEST_F(vhost_ring, loop, .title = "a chain that ends in itself is refused, and does no harm",
       .behaviours = { 545 }, .needs = { "vhost" })
{
	struct vring_desc *desc = vhost_next_desc(&self->v, VHOST_TX);
	struct tun_packet p;

	vhost_add(&self->v, VHOST_TX, 100);
	desc->flags |= VRING_DESC_F_NEXT;
	desc->next = 0;
	vhost_kick(&self->v, VHOST_TX);
	ASSERT_TRUE(vhost_error(&self->v, VHOST_TX, TIMEOUT_MS));
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_TX, 1, 0));

	/* The other queue is not concerned. */
	vhost_post(&self->v, 1, 2000);
	kernel_udp(self->udp, 9, PAYLOAD, 1);
	EXPECT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
}

TEST_F(vhost_ring, wrong_direction,
       .title = "a buffer of the wrong direction is refused, and the packet for it stays in the file",
       .behaviours = { 545, 548 }, .needs = { "vhost" })
{
	struct vring_desc *tx = vhost_next_desc(&self->v, VHOST_TX),
			  *rx = vhost_next_desc(&self->v, VHOST_RX);

	vhost_add(&self->v, VHOST_TX, 100);
	tx->flags |= VRING_DESC_F_WRITE;
	vhost_kick(&self->v, VHOST_TX);
	EXPECT_TRUE(vhost_error(&self->v, VHOST_TX, TIMEOUT_MS));
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_TX, 1, 0));

	vhost_add(&self->v, VHOST_RX, 2000);
	rx->flags &= ~VRING_DESC_F_WRITE;
	vhost_kick(&self->v, VHOST_RX);
	kernel_udp(self->udp, 9, PAYLOAD, 1);
	EXPECT_TRUE(vhost_error(&self->v, VHOST_RX, TIMEOUT_MS));
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_RX, 1, 0));
	ASSERT_OK(vhost_detach(&self->v));
	EXPECT_EQ(PAYLOAD, peer_recv_udp(&self->t, 1, TIMEOUT_MS));
}

TEST_F(vhost_ring, bad_piece,
       .title = "a packet does not go into a buffer of which a piece is not the guest's",
       .behaviours = { 544 }, .needs = { "vhost" }, .guards = { "a39ee449f96a", "CVE-2014-0055" })
{
	struct vring_desc *first = vhost_next_desc(&self->v, VHOST_RX), *second = first + 1;
	struct tun_packet p;
	uint64_t good;

	/* The first piece alone has room for it. */
	self->v.piece = 1000;
	vhost_add(&self->v, VHOST_RX, 2000);
	good = second->addr;
	second->addr = 0;
	vhost_kick(&self->v, VHOST_RX);
	kernel_udp(self->udp, 9, PAYLOAD, 1);
	ASSERT_TRUE(vhost_error(&self->v, VHOST_RX, TIMEOUT_MS));
	EXPECT_EQ(0, vhost_used(&self->v, VHOST_RX, 1, 0));

	second->addr = good;
	vhost_kick(&self->v, VHOST_RX);
	ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	EXPECT_EQ(-1, pattern_check(p.data + p.len - PAYLOAD, PAYLOAD, 1));
}
