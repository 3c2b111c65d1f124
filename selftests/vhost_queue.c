// SPDX-License-Identifier: GPL-2.0-only
/* vhost-net with one queue of several: which queue the device answers on, and detached ones. */
#include <limits.h>
#include <net/ethernet.h>
#include <poll.h>
#include <unistd.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000
#define PAYLOAD	   100
#define ROOM	   200 /* bytes that a program may put in front, and vhost has only for it */

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

/* What a frame through vhost is charged for: the room that vhost leaves in front of it, too. */
static uint32_t charge(FIXTURE_DATA(vhost_queue) *self, int packet, uint16_t sport)
{
	uint8_t buf[2 * PAYLOAD];
	uint32_t charged;

	if (!send_udp(self, sport) || !sock_wait(packet, POLLIN, TIMEOUT_MS))
		TH_BAIL("a frame through vhost does not arrive");
	charged = packet_charged(packet);
	packet_recv(packet, buf, sizeof(buf), 0, NULL);
	return charged;
}

TEST_F(vhost_queue, program_while_detached,
       .title = "a program that comes while the queue is detached has its headroom there, and when it "
		"goes the room goes too",
       .behaviours = { 443, 444, 449 }, .needs = { "vhost", "xdp", "packet_socket" })
{
	int packet = packet_open("v0", ETHERTYPE_IP, 0);
	uint32_t before = charge(self, packet, 4000);
	struct program p;

	program_start(&p, BPF_PROG_TYPE_XDP);
	p.shared[0] = -ROOM;
	program_call(&p, BPF_FUNC_xdp_adjust_head, 0);
	program_see_result(&p, 1);
	program_count(&p, 2);
	p.shared[1] = 1;

	ASSERT_OK(tun_set_queue(self->second.fd, IFF_DETACH_QUEUE));
	xdp_attach(&self->second, program_return(&p, XDP_DROP), XDP_IN_DRIVER);
	EXPECT_TRUE(send_udp(self, 4001));
	EXPECT_EQ(1, p.shared[2]);
	EXPECT_EQ(0, p.shared[1]);

	ASSERT_OK(link_set_xdp("v0", -1, XDP_FLAGS_DRV_MODE));
	ASSERT_OK(tun_set_queue(self->second.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(before, charge(self, packet, 4002));
	program_close(&p);
	close(packet);
}
