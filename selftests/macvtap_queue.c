// SPDX-License-Identifier: GPL-2.0-only
/* The queues of a macvtap: which of them gets a frame, how many fit, and what if there is none. */
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000
#define QUEUES	   4

FIXTURE(macvtap_queue)
{
	struct tun q[QUEUES]; /* of "m0" */
	int world;	      /* sends */
	uint8_t to[6];
};

FIXTURE_SETUP(macvtap_queue)
{
	self->q[0] = macvtap_bridge("m0");
	for (int i = 1; i < QUEUES; i++)
		self->q[i] = macvtap_attach("m0");
	self->world = packet_open(MACVTAP_WORLD, 0, 0);
	macvtap_mac("m0", self->to);
}

FIXTURE_TEARDOWN(macvtap_queue)
{
	close(self->world);
	for (int i = 0; i < QUEUES; i++)
		tun_close(&self->q[i]);
}

static const uint8_t world_mac[6] = { 2, 0, 0, 0, 0, 9 };

static void make_frame(struct frame *f, const uint8_t to[6], uint32_t seed)
{
	macvtap_frame(f, to, world_mac, 64, seed);
}

/* A datagram of flow @flow. */
static void make_flow(struct frame *f, const uint8_t to[6], uint16_t flow)
{
	frame_start(f);
	frame_eth(f, to, world_mac, 0x0800);
	frame_ipv4(f, "10.9.0.9", "10.9.0.1", IPPROTO_UDP);
	frame_udp(f, 4000 + flow, 7);
	frame_pattern(f, 30, flow);
	frame_finish(f);
}

static void send_frame(int world, const struct frame *f)
{
	if (packet_send(world, f->data, f->len) != f->len)
		TH_BAIL("cannot send: %s", strerror(errno));
}

/* Which queue has a packet, which is read; -1 if none gets one. */
static int queue_of_next(const struct tun q[QUEUES])
{
	struct pollfd p[QUEUES];
	uint8_t buf[2048];

	for (int i = 0; i < QUEUES; i++)
		p[i] = (struct pollfd){ .fd = q[i].fd, .events = POLLIN };
	if (poll(p, QUEUES, TIMEOUT_MS) != 1)
		return -1;
	for (int i = 0; i < QUEUES; i++) {
		if (p[i].revents & POLLIN && read(q[i].fd, buf, sizeof(buf)) > 0)
			return i;
	}
	return -1;
}

/* The queue that a datagram of @flow comes to. */
static int queue_of_flow(const FIXTURE_DATA(macvtap_queue) *self, uint16_t flow)
{
	struct frame f;

	make_flow(&f, self->to, flow);
	send_frame(self->world, &f);
	return queue_of_next(self->q);
}

TEST_F(macvtap_queue, set_queue,
       .title = "TUNSETQUEUE detaches what is attached and attaches what is not, otherwise EINVAL",
       .behaviours = { 527 }, .needs = { "macvtap" })
{
	/* No IFF_MULTI_QUEUE has been asked for: a TAP would not take it without. */
	int fd = self->q[1].fd;

	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, 0));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_ATTACH_QUEUE | IFF_DETACH_QUEUE));
	EXPECT_OK(tun_set_queue(fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, 0));
	/* Attaching is looked at first. */
	EXPECT_OK(tun_set_queue(fd, IFF_ATTACH_QUEUE | IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(fd, IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETQUEUE, NULL));
}

TEST_F(macvtap_queue, choice,
       .title = "the flow's hash chooses the queue: always the same for a flow, several for many",
       .behaviours = { 529 }, .needs = { "macvtap", "packet_socket" })
{
	unsigned int used = 0;

	for (int flow = 0; flow < 64; flow++) {
		int queue = queue_of_flow(self, flow);

		ASSERT_NE(-1, queue);
		EXPECT_EQ(queue, queue_of_flow(self, flow));
		used |= 1 << queue;
	}
	EXPECT_EQ((1 << QUEUES) - 1, used);
}

TEST_F(macvtap_queue, no_learning,
       .title = "writing frames of a flow to a queue does not bring the flow there, as on a TAP",
       .behaviours = { 529 }, .needs = { "macvtap", "packet_socket" })
{
	int queue = queue_of_flow(self, 1);
	struct frame f;

	ASSERT_NE(-1, queue);
	frame_start(&f);
	frame_eth(&f, world_mac, self->to, 0x0800);
	frame_ipv4(&f, "10.9.0.1", "10.9.0.9", IPPROTO_UDP);
	frame_udp(&f, 7, 4001);
	frame_pattern(&f, 30, 1);
	frame_finish(&f);
	for (int i = 0; i < QUEUES; i++) {
		ASSERT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&self->q[i], NULL, &f));
		EXPECT_EQ(queue, queue_of_flow(self, 1));
	}
}

TEST_F(macvtap_queue, detached_unused,
       .title = "a detached queue gets nothing, the last one takes its place; attached it is the last",
       .behaviours = { 527, 529 }, .needs = { "macvtap", "packet_socket" })
{
	int before[64], moved = -1;

	for (int flow = 0; flow < 64; flow++)
		before[flow] = queue_of_flow(self, flow);
	ASSERT_OK(tun_set_queue(self->q[0].fd, IFF_DETACH_QUEUE));
	for (int flow = 0; flow < 64; flow++) {
		ASSERT_LT(0, queue_of_flow(self, flow));
	}
	ASSERT_OK(tun_set_queue(self->q[0].fd, IFF_ATTACH_QUEUE));
	for (int flow = 0; flow < 64; flow++) {
		moved = before[flow] == 0 ? 3 : before[flow] == 3 ? 0 : before[flow];
		EXPECT_EQ(moved, queue_of_flow(self, flow));
	}
}

TEST_F(macvtap_queue, detached_keeps,
       .title = "what is in a queue when it is detached can still be read there",
       .behaviours = { 527 }, .needs = { "macvtap", "packet_socket" })
{
	struct frame f;

	for (int i = 1; i < QUEUES; i++)
		ASSERT_OK(tun_set_queue(self->q[i].fd, IFF_DETACH_QUEUE));
	make_frame(&f, self->to, 1);
	send_frame(self->world, &f);
	ASSERT_EQ(POLLIN, sock_wait(self->q[0].fd, POLLIN, TIMEOUT_MS));
	ASSERT_OK(tun_set_queue(self->q[0].fd, IFF_DETACH_QUEUE));
	EXPECT_TRUE(macvtap_recv_same(&self->q[0], &f, 0));
}

TEST_F(macvtap_queue, none_attached,
       .title = "with all queues detached the link's own stack gets the frames, otherwise it does not",
       .behaviours = { 528 }, .needs = { "macvtap", "packet_socket" })
{
	/* One for all protocols looks on before the queues take the frame. */
	int own = packet_open("m0", MACVTAP_ETHERTYPE, 0);
	struct frame first, second;
	uint8_t buf[256];

	make_frame(&first, self->to, 1);
	make_frame(&second, self->to, 2);
	send_frame(self->world, &first);
	EXPECT_LE(0, queue_of_next(self->q));
	for (int i = 0; i < QUEUES; i++)
		ASSERT_OK(tun_set_queue(self->q[i].fd, IFF_DETACH_QUEUE));
	send_frame(self->world, &second);
	ASSERT_EQ(64, packet_recv(own, buf, sizeof(buf), TIMEOUT_MS, NULL));
	EXPECT_EQ(0, memcmp(second.data, buf, 64));
	EXPECT_EQ(0, link_stats("m0").rx_dropped);
	for (int i = 0; i < QUEUES; i++) {
		EXPECT_EQ(0, sock_wait(self->q[i].fd, POLLIN, 0));
	}
	close(own);
}

FIXTURE(macvtap_ring)
{
	struct macvtap_pair p;
};

FIXTURE_VARIANT(macvtap_ring)
{
	int length; /* of the ring, -1 for what it is at first */
	bool detached; /* while the length changes */
};

FIXTURE_VARIANT_ADD(macvtap_ring, initial) { .length = -1 };
FIXTURE_VARIANT_ADD(macvtap_ring, shorter) { .length = 3 };
FIXTURE_VARIANT_ADD(macvtap_ring, longer) { .length = 600 };
FIXTURE_VARIANT_ADD(macvtap_ring, empty) { .length = 0 };
FIXTURE_VARIANT_ADD(macvtap_ring, detached) { .length = 3, .detached = true };

FIXTURE_SETUP(macvtap_ring)
{
	self->p = macvtap_pair();
	/* Packets in a ring still count against the send buffer they came from. */
	if (tun_set_sndbuf(self->p.tx.fd, INT_MAX))
		TH_BAIL("TUNSETSNDBUF: %s", strerror(errno));
	if (variant->detached && tun_set_queue(self->p.rx.fd, IFF_DETACH_QUEUE))
		TH_BAIL("IFF_DETACH_QUEUE: %s", strerror(errno));
	if (variant->length >= 0 && link_set_txqueuelen("rx", variant->length))
		TH_BAIL("txqueuelen: %s", strerror(errno));
	if (variant->detached && tun_set_queue(self->p.rx.fd, IFF_ATTACH_QUEUE))
		TH_BAIL("IFF_ATTACH_QUEUE: %s", strerror(errno));
}

FIXTURE_TEARDOWN(macvtap_ring)
{
	macvtap_pair_close(&self->p);
}

/*
 * Waits until the link has received @n packets and its queue dropped @dropped of them, which count
 * as both.
 */
static bool wait_for_received(const char *link, uint64_t n, uint64_t dropped)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	struct rtnl_link_stats64 stats = link_stats(link);

	while (stats.rx_packets < n || stats.rx_dropped < dropped) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
		stats = link_stats(link);
	}
	return true;
}

TEST_F(macvtap_ring, room,
       .title = "a queue has room for as many packets as txqueuelen says, 500 at first; others are "
		"dropped",
       .behaviours = { 530 }, .needs = { "macvtap" })
{
	int room = variant->length < 0 ? 500 : variant->length;
	struct rtnl_link_stats64 stats;
	struct frame f;

	for (int i = 0; i < room + 5; i++) {
		macvtap_pair_frame(&self->p, &f, 64, i);
		ASSERT_EQ(VNET_SIZE_LEGACY + 64, tun_send(&self->p.tx, NULL, &f));
	}
	ASSERT_TRUE(wait_for_received("rx", room + 5, 5));
	for (int i = 0; i < room; i++) {
		macvtap_pair_frame(&self->p, &f, 64, i);
		ASSERT_TRUE(macvtap_recv_same(&self->p.rx, &f, TIMEOUT_MS)) {
			TH_LOG("packet %d", i);
		}
	}
	EXPECT_ERRNO(EAGAIN, tun_read(&self->p.rx, f.data, sizeof(f.data), 0));
	stats = link_stats("rx");
	EXPECT_EQ(5, stats.rx_dropped);
	EXPECT_EQ(5, stats.rx_errors);
}

TEST_F(macvtap_queue, resize_keeps,
       .title = "a shorter ring keeps the packets that came first and frees the others",
       .behaviours = { 530 }, .needs = { "macvtap", "packet_socket" })
{
	struct frame f;

	for (int i = 1; i < QUEUES; i++)
		ASSERT_OK(tun_set_queue(self->q[i].fd, IFF_DETACH_QUEUE));
	for (int i = 0; i < 10; i++) {
		make_frame(&f, self->to, i);
		send_frame(self->world, &f);
	}
	ASSERT_TRUE(wait_for_received("m0", 10, 0));
	ASSERT_OK(link_set_txqueuelen("m0", 4));
	for (int i = 0; i < 4; i++) {
		make_frame(&f, self->to, i);
		EXPECT_TRUE(macvtap_recv_same(&self->q[0], &f, TIMEOUT_MS));
	}
	EXPECT_EQ(0, sock_wait(self->q[0].fd, POLLIN, 0));
}
