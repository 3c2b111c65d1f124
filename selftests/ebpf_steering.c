// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETSTEERINGEBPF: a program in place of the flow table (see steering.c) chooses the queue. */
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"
#include "netns/sock.h"

#define PORT	   7000
#define PAYLOAD	   32
#define TIMEOUT_MS 2000
#define QUEUES	   3
#define FLOWS	   30

FIXTURE(ebpf_steering)
{
	struct tun q[QUEUES];
	int udp; /* the kernel's, at PORT */
	struct program p; /* counts in shared[0], returns shared[1] */
};

FIXTURE_VARIANT(ebpf_steering)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(ebpf_steering, tun) { IFF_TUN };
FIXTURE_VARIANT_ADD(ebpf_steering, tap) { IFF_TAP };

FIXTURE_SETUP(ebpf_steering)
{
	const unsigned int flags = variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE;

	self->q[0] = peer_create("mq", flags);
	for (int i = 1; i < QUEUES; i++)
		self->q[i] = tun_create("mq", flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
	program_start(&self->p, BPF_PROG_TYPE_SOCKET_FILTER);
	program_count(&self->p, 0);
	program_see(&self->p, 2, PROGRAM_FIELD(struct __sk_buff, len));
	program_see_bytes(&self->p, 3, variant->flags == IFF_TAP ? 12 : 0, 1);
	program_see(&self->p, 4, PROGRAM_FIELD(struct __sk_buff, queue_mapping));
	if (program_return_shared(&self->p, 1) < 0 ||
	    tun_set_steering_ebpf(self->q[0].fd, self->p.fd))
		TH_BAIL("steering: %s", strerror(errno));
}

FIXTURE_TEARDOWN(ebpf_steering)
{
	link_del("mq");
	for (int i = 0; i < QUEUES; i++)
		tun_close(&self->q[i]);
	close(self->udp);
	program_close(&self->p);
}

/* The kernel sends to the peer's @port: the queue that gets it, -1 if none. */
static int queue_of(FIXTURE_DATA(ebpf_steering) *self, uint16_t port)
{
	uint8_t buf[256];

	kernel_udp(self->udp, port, PAYLOAD, port);
	for (int i = 0; i < QUEUES; i++) {
		if (tun_read(&self->q[i], buf, sizeof(buf), 0) > 0)
			return i;
	}
	return -1;
}

/* The peer sends a packet of flow @i through queue @index. */
static void write_flow(FIXTURE_DATA(ebpf_steering) *self, int i, int index)
{
	struct frame f;

	peer_udp(&self->q[index], &f, 8000 + i, PORT, PAYLOAD, i);
	if (tun_send(&self->q[index], NULL, &f) != f.len)
		TH_BAIL("write: %s", strerror(errno));
}

TEST_F(ebpf_steering, result,
       .title = "the queue is the program's result, its lower 16 bits modulo the queues in use",
       .behaviours = { 231, 237 }, .needs = { "multi_queue", "bpf" })
{
	const int64_t results[] = { 0, 1, 2, 3, 4, 65535, 0x10000, 0x10001, 0x7fffffff, -1, -3 };
	struct rtnl_link_stats64 before = link_stats("mq");

	close(self->p.fd);
	self->p.fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		self->p.shared[1] = results[i];
		EXPECT_EQ((uint16_t)results[i] % QUEUES, queue_of(self, 8000)) {
			TH_LOG("result %#jx", results[i]);
		}
	}
	/* A queue that is not in use does not count. */
	ASSERT_OK(tun_set_queue(self->q[2].fd, IFF_DETACH_QUEUE));
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		self->p.shared[1] = results[i];
		EXPECT_EQ((uint16_t)results[i] % 2, queue_of(self, 8000)) {
			TH_LOG("result %#jx", results[i]);
		}
	}
	EXPECT_EQ(0, link_stats_since("mq", &before).tx_dropped);
}

TEST_F(ebpf_steering, sees,
       .title = "the program sees the packet as it is read, before it has a queue",
       .behaviours = { 235 }, .needs = { "multi_queue", "bpf" })
{
	self->p.shared[1] = 2;
	self->p.shared[4] = -1;
	EXPECT_EQ(2, queue_of(self, 8000));
	EXPECT_EQ(1, self->p.shared[0]);
	EXPECT_EQ(peer_udp_size(&self->q[0], PAYLOAD), self->p.shared[2]);
	/* The high byte of the type, or the IP version. */
	EXPECT_EQ(tun_is_tap(&self->q[0]) ? 0x08 : 0x45, self->p.shared[3]);
	EXPECT_EQ(0, self->p.shared[4]);
}

TEST_F(ebpf_steering, cleared,
       .title = "what the steering program leaves in the control block the filter does not see",
       .behaviours = { 235 }, .needs = { "multi_queue", "bpf" })
{
	struct program steering, filter;

	program_start(&steering, BPF_PROG_TYPE_SOCKET_FILTER);
	program_start(&filter, BPF_PROG_TYPE_SOCKET_FILTER);
	for (int i = 0; i < 5; i++) {
		program_set(&steering, i, offsetof(struct __sk_buff, cb[i]), 4);
		program_see(&filter, i, offsetof(struct __sk_buff, cb[i]), 4);
		steering.shared[i] = filter.shared[i] = 1 + i;
	}
	ASSERT_LE(0, program_return(&steering, 1));
	ASSERT_LE(0, program_return(&filter, -1));
	ASSERT_OK(tun_set_steering_ebpf(self->q[0].fd, steering.fd));
	ASSERT_OK(tun_set_filter_ebpf(self->q[0].fd, filter.fd));
	EXPECT_EQ(1, queue_of(self, 8000));
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(0, filter.shared[i]);
	program_close(&steering);
	program_close(&filter);
}

TEST_F(ebpf_steering, disabled_asks,
       .title = "a disabled queue's file sets and removes the program of the device",
       .behaviours = { 230 }, .needs = { "multi_queue", "bpf" })
{
	int fd = self->q[2].fd;

	ASSERT_OK(tun_set_queue(fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_steering_ebpf(fd, -1));
	queue_of(self, 8000);
	EXPECT_EQ(0, self->p.shared[0]);
	ASSERT_OK(tun_set_steering_ebpf(fd, self->p.fd));
	self->p.shared[1] = 1;
	EXPECT_EQ(1, queue_of(self, 8000));
	EXPECT_EQ(1, self->p.shared[0]);
}

TEST_F(ebpf_steering, not_learned,
       .title = "with a program the flow table learns nothing",
       .behaviours = { 232 }, .needs = { "multi_queue", "bpf" })
{
	int there = 0;

	for (int i = 0; i < FLOWS; i++)
		write_flow(self, i, 1);
	ASSERT_OK(tun_set_steering_ebpf(self->q[0].fd, -1));
	for (int i = 0; i < FLOWS; i++)
		there += queue_of(self, 8000 + i) == 1;
	/* By hash; that all of them go there has odds of 1 to 10^14. */
	EXPECT_GT(FLOWS, there);
	/* One by one, as a flow is forgotten after three seconds. */
	for (int i = 0; i < FLOWS; i++) {
		write_flow(self, i, 1);
		EXPECT_EQ(1, queue_of(self, 8000 + i));
	}
}

TEST_F(ebpf_steering, not_used,
       .title = "with a program the flow table is not asked; without it, it is as it was",
       .behaviours = { 232 }, .needs = { "multi_queue", "bpf" })
{
	self->p.shared[1] = 2;
	for (int i = 0; i < FLOWS; i++) {
		ASSERT_OK(tun_set_steering_ebpf(self->q[0].fd, -1));
		write_flow(self, i, 1);
		ASSERT_OK(tun_set_steering_ebpf(self->q[0].fd, self->p.fd));
		EXPECT_EQ(2, queue_of(self, 8000 + i));
		ASSERT_OK(tun_set_steering_ebpf(self->q[0].fd, -1));
		EXPECT_EQ(1, queue_of(self, 8000 + i));
	}
}

TEST_F(ebpf_steering, one_queue,
       .title = "with one queue the program is not asked, except for PACKET_QDISC_BYPASS",
       .behaviours = { 233 }, .needs = { "multi_queue", "bpf", "packet_socket" })
{
	int bypass = packet_open("mq", 0, PACKET_BYPASS);
	struct frame f;

	ASSERT_OK(tun_set_queue(self->q[1].fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_queue(self->q[2].fd, IFF_DETACH_QUEUE));
	self->p.shared[1] = 1;
	EXPECT_EQ(0, queue_of(self, 8000));
	EXPECT_EQ(0, self->p.shared[0]);
	peer_udp(&self->q[0], &f, 8000, PORT, PAYLOAD, 1);
	EXPECT_EQ(f.len, packet_sendto(bypass, f.data, f.len, ETH_P_IP));
	EXPECT_EQ(1, self->p.shared[0]);
	EXPECT_EQ(f.len, tun_read(&self->q[0], f.data, sizeof(f.data), 0));
	close(bypass);
}

TEST_F(ebpf_steering, no_queue,
       .title = "without a queue in use the program is not asked, and the packet is dropped",
       .behaviours = { 233, 231 }, .needs = { "multi_queue", "bpf", "packet_socket" },
       .guards = { "a35d310f03a6" })
{
	int bypass = packet_open("mq", 0, PACKET_BYPASS);
	struct rtnl_link_stats64 before;
	struct frame f;

	/* The queue is chosen before it is seen that there is no carrier. */
	peer_udp(&self->q[0], &f, 8000, PORT, PAYLOAD, 1);
	for (int i = 0; i < QUEUES; i++)
		ASSERT_OK(tun_set_queue(self->q[i].fd, IFF_DETACH_QUEUE));
	before = link_stats("mq");
	packet_sendto(bypass, f.data, f.len, ETH_P_IP);
	EXPECT_EQ(0, self->p.shared[0]);
	EXPECT_EQ(1, link_stats_since("mq", &before).tx_dropped);
	ASSERT_OK(tun_set_queue(self->q[1].fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(f.len, packet_sendto(bypass, f.data, f.len, ETH_P_IP));
	EXPECT_EQ(f.len, tun_read(&self->q[1], f.data, sizeof(f.data), TIMEOUT_MS));
	close(bypass);
}
