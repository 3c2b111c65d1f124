// SPDX-License-Identifier: GPL-2.0-only
/* vhost-net with one queue of several: which queue the device answers on, and detached ones. */
#include <limits.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000
#define PAYLOAD	   100

FIXTURE(vhost_queue)
{
	struct vhost v; /* with the second queue */
	struct tun first, second;
	int udp;
};

FIXTURE_VARIANT(vhost_queue)
{
	unsigned int flags;
	int sndbuf;
};

FIXTURE_VARIANT_ADD(vhost_queue, batch) { 0, INT_MAX };
FIXTURE_VARIANT_ADD(vhost_queue, single) { 0, INT_MAX - 1 };
FIXTURE_VARIANT_ADD(vhost_queue, napi_batch) { IFF_NAPI, INT_MAX };
FIXTURE_VARIANT_ADD(vhost_queue, napi_single) { IFF_NAPI, INT_MAX - 1 };

FIXTURE_SETUP(vhost_queue)
{
	unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE | variant->flags;

	if (!harness_feature("multi_queue"))
		SKIP(return, "%s", harness_feature_reason("multi_queue"));
	self->first = peer_create("v0", flags);
	self->second = tun_create("v0", flags);
	ASSERT_OK(tun_set_sndbuf(self->second.fd, variant->sndbuf));
	self->v = vhost_open(0);
	ASSERT_OK(vhost_attach(&self->v, self->second.fd));
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost_queue)
{
	vhost_close(&self->v);
	tun_close(&self->first);
	tun_close(&self->second);
	close(self->udp);
}

/* A datagram through vhost: true if its buffer comes back. */
static bool send_udp(FIXTURE_DATA(vhost_queue) *self, uint16_t sport)
{
	struct frame f;

	peer_udp(&self->second, &f, sport, PORT, PAYLOAD, sport);
	vhost_send(&self->v, NULL, f.data, f.len);
	return vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS) == 1;
}

TEST_F(vhost_queue, answers, .title = "answers leave through the queue that vhost sent through",
       .behaviours = { 449, 544 }, .needs = { "vhost" })
{
	struct tun_packet p;

	vhost_post(&self->v, 8, 300);
	for (int i = 0; i < 8; i++) {
		ASSERT_TRUE(send_udp(self, 4000 + i));
		ASSERT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 4000 + i, TIMEOUT_MS));
		kernel_udp(self->udp, 4000 + i, PAYLOAD, i);
		ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
		EXPECT_EQ(peer_udp_size(&self->second, PAYLOAD), p.len);
	}
	EXPECT_FALSE(tun_recv(&self->first, &p, 0));
}

TEST_F(vhost_queue, detached,
       .title = "a detached queue sends what vhost gives it, but with NAPI it drops it",
       .behaviours = { 449, 545 }, .needs = { "vhost" }, .guards = { "82b2bc279467" })
{
	struct rtnl_link_stats64 before;
	bool napi = variant->flags & IFF_NAPI;

	ASSERT_OK(tun_set_queue(self->second.fd, IFF_DETACH_QUEUE));
	before = link_stats("v0");
	EXPECT_TRUE(send_udp(self, 4000));
	EXPECT_EQ(!napi, link_stats_since("v0", &before).rx_packets);
	if (!napi)
		EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 4000, TIMEOUT_MS));
	ASSERT_OK(tun_set_queue(self->second.fd, IFF_ATTACH_QUEUE));
	EXPECT_TRUE(send_udp(self, 4001));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 4001, TIMEOUT_MS));
}
