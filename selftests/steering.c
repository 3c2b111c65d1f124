// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which queue of a multi-queue device a packet goes to: the flow's hash, or what the flow table
 * learned from the packets written. (The BPF program that can choose instead has an area of its
 * own.)
 *
 * The key of the hash is random for each boot, so a test may only say where a flow goes after the
 * device learned it, or that the same flow always goes to the same place.
 */
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/klog.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/sysfs.h"

#define TIMEOUT_MS 2000
#define PAYLOAD	   32
#define PORT	   7000 /* the kernel's end of the flows here; the peer's tells them apart */
#define QUEUES	   4
#define MAX_FLOWS  4096 /* of the driver's table, MAX_TAP_FLOWS */
/* A flow is forgotten so long after its last packet was written, or up to a second later. */
#define FLOW_LIFE_MS 2900 /* 3 s, less what the ticks of two clocks may differ */
#define NO_QUEUE   (-1)
/* <linux/netdevice.h> is the kernel's own. */
#define NETIF_MSG_TX_QUEUED 0x100

FIXTURE(steering)
{
	struct tun q[QUEUES];
	int udp; /* the kernel's, at PORT */
};

FIXTURE_VARIANT(steering)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(steering, tun) { .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(steering, tap) { .flags = IFF_TAP };

FIXTURE_SETUP(steering)
{
	const unsigned int flags = variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE;

	self->q[0] = peer_create("mq", flags);
	for (int i = 1; i < QUEUES; i++)
		self->q[i] = tun_create("mq", flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(steering)
{
	/* At once; closing them one by one takes a grace period each. */
	link_del("mq");
	for (int i = 0; i < QUEUES; i++)
		tun_close(&self->q[i]);
	close(self->udp);
}

/* The first of @n queues with a packet, NO_QUEUE if none gets one. */
static int readable(const struct tun *q, int n, int timeout_ms)
{
	struct pollfd p[QUEUES];

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = q[i].fd, .events = POLLIN };
	if (poll(p, n, timeout_ms) <= 0)
		return NO_QUEUE;
	for (int i = 0; i < n; i++) {
		if (p[i].revents & POLLIN)
			return i;
	}
	return NO_QUEUE;
}

/* The kernel sends to @port of the peer: the queue the datagram goes to, of @n. */
static int queue_of(const struct tun *q, int n, int udp, uint16_t port)
{
	struct tun_packet packet;
	struct parsed p;
	int at;

	kernel_udp(udp, port, PAYLOAD, port);
	at = readable(q, n, TIMEOUT_MS);
	if (at == NO_QUEUE || !tun_recv_proto(&q[at], &packet, IPPROTO_UDP, 0, &p) ||
	    p.dport != port || pattern_check(packet.data + p.payload, PAYLOAD, port) != -1)
		return NO_QUEUE;
	return at;
}

/* The peer sends from @port through @q, and the kernel gets it. False if it does not. */
static bool write_flow(const struct tun *q, int udp, uint16_t port)
{
	struct frame f;

	peer_udp(q, &f, port, PORT, PAYLOAD, port);
	return tun_send(q, NULL, &f) == f.len &&
	       udp_recv_pattern(udp, port, TIMEOUT_MS) == PAYLOAD;
}

TEST_F(steering, spreads,
       .title = "flows spread over all queues, and each always goes to the same one",
       .behaviours = { 418 }, .needs = { "multi_queue" })
{
	int flows[QUEUES] = { 0 }, first, again;

	for (int i = 0; i < 200; i++) {
		first = queue_of(self->q, QUEUES, self->udp, 10000 + i);
		again = queue_of(self->q, QUEUES, self->udp, 10000 + i);
		ASSERT_NE(NO_QUEUE, first);
		EXPECT_EQ(first, again)
		{
			TH_LOG("port %d", 10000 + i);
		}
		flows[first]++;
	}
	/* Missing one of four by chance has odds of 1 to 10^24. */
	for (int i = 0; i < QUEUES; i++) {
		EXPECT_LT(0, flows[i])
		{
			TH_LOG("queue %d", i);
		}
	}
}

TEST_F(steering, all_is_readable,
       .title = "what one queue does not get another does: reading all of them misses nothing",
       .behaviours = { 418, 430 }, .needs = { "multi_queue" })
{
	const int total = 64;
	struct tun_packet packet;
	int seen[64] = { 0 }, on_first = 0, at;
	uint8_t payload[PAYLOAD] = { 0 };
	struct parsed p;

	for (int i = 0; i < total; i++) {
		ASSERT_EQ(PAYLOAD, udp_send(self->udp, payload, PAYLOAD, PEER_IP4, 10000 + i));
	}
	while ((at = readable(self->q, QUEUES, 0)) != NO_QUEUE) {
		ASSERT_TRUE(tun_recv_proto(&self->q[at], &packet, IPPROTO_UDP, 0, &p));
		ASSERT_LE(10000, p.dport);
		ASSERT_GT(10000 + total, p.dport);
		seen[p.dport - 10000]++;
		on_first += at == 0;
	}
	for (int i = 0; i < total; i++) {
		EXPECT_EQ(1, seen[i])
		{
			TH_LOG("port %d", 10000 + i);
		}
	}
	EXPECT_GT(total, on_first);
}

/* Sends a UDP frame on the device itself, from @sport to @dport: the queue it goes to. */
static int queue_of_frame(const struct tun *q, int ps, bool backwards, uint16_t port)
{
	struct tun_packet packet;
	struct frame f;
	int at;

	frame_start(&f);
	if (tun_is_tap(q))
		frame_eth(&f, peer_mac, peer_mac, ETH_P_IP);
	frame_ipv4(&f, backwards ? PEER_IP4 : KERNEL_IP4, backwards ? KERNEL_IP4 : PEER_IP4,
		   IPPROTO_UDP);
	frame_udp(&f, backwards ? port : PORT, backwards ? PORT : port);
	frame_pattern(&f, PAYLOAD, port);
	frame_finish(&f);
	if (packet_sendto(ps, f.data, f.len, ETH_P_IP) != f.len)
		TH_BAIL("cannot send on %s: %s", q->name, strerror(errno));
	at = readable(q, QUEUES, TIMEOUT_MS);
	if (at == NO_QUEUE || !tun_recv(&q[at], &packet, 0) || packet.len != f.len ||
	    memcmp(packet.data, f.data, f.len))
		return NO_QUEUE;
	return at;
}

TEST_F(steering, symmetric, .title = "both directions of a flow have the same hash",
       .behaviours = { 419 }, .needs = { "multi_queue", "packet_socket" })
{
	int ps = packet_open("mq", 0, 0), there, back;

	for (int i = 0; i < 64; i++) {
		there = queue_of_frame(self->q, ps, false, 10000 + i);
		back = queue_of_frame(self->q, ps, true, 10000 + i);
		ASSERT_NE(NO_QUEUE, there);
		EXPECT_EQ(there, back)
		{
			TH_LOG("port %d", 10000 + i);
		}
	}
	close(ps);
}

TEST_F(steering, learns,
       .title = "the answer to a flow goes to the queue the flow was last written to",
       .behaviours = { 420, 421 }, .needs = { "multi_queue" })
{
	/* One flow over all queues and back: the hash alone can give one of them only. */
	static const int order[] = { 2, 0, 3, 1, 0 };

	for (int i = 0; i < ARRAY_SIZE(order); i++) {
		ASSERT_TRUE(write_flow(&self->q[order[i]], self->udp, 9000));
		EXPECT_EQ(order[i], queue_of(self->q, QUEUES, self->udp, 9000));
	}
}

TEST_F(steering, learns_many, .title = "each of many flows is remembered with its own queue",
       .behaviours = { 420, 421 }, .needs = { "multi_queue" })
{
	int64_t start = clock_ms();
	int to;

	for (int i = 0; i < 64; i++) {
		ASSERT_TRUE(write_flow(&self->q[i % QUEUES], self->udp, 9000 + i));
	}
	for (int i = 0; i < 64; i++) {
		to = queue_of(self->q, QUEUES, self->udp, 9000 + i);
		if (clock_ms() - start > FLOW_LIFE_MS)
			SKIP(return, "this machine is too slow to see flows before they are forgotten");
		EXPECT_EQ(i % QUEUES, to)
		{
			TH_LOG("flow %d", i);
		}
	}
	/* Moving one leaves the others. */
	ASSERT_TRUE(write_flow(&self->q[1], self->udp, 9000));
	EXPECT_EQ(1, queue_of(self->q, QUEUES, self->udp, 9000));
	EXPECT_EQ(2, queue_of(self->q, QUEUES, self->udp, 9002));
}

/* Sends @text on the connection: true if its segment comes to @q. */
static bool segment_on(const struct tun *q, const struct peer_tcp *c, const char *text)
{
	struct tun_packet packet;
	struct parsed p;
	size_t len = strlen(text);

	return send(c->fd, text, len, 0) == len &&
	       tun_recv_proto(q, &packet, IPPROTO_TCP, TIMEOUT_MS, &p) && p.payload_len == len &&
	       !memcmp(packet.data + p.payload, text, len);
}

TEST(tcp, .title = "a TCP connection's segments go to the queue that its last one came from",
     .behaviours = { 420, 421 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags) };
	struct peer_tcp c;
	struct frame f;

	/*
	 * With one queue first: the device learns a flow after the stack received the packet, so
	 * the SYN-ACK to a flow's first packet goes by the hash still.
	 */
	c = peer_tcp_connect(&q[0], 80, false, 0);
	q[1] = tun_create("mq", flags);
	for (int i = 0; i < 4; i++) {
		peer_tcp_segment(&q[0], &f, &c, 0);
		frame_finish(&f);
		ASSERT_EQ(f.len, tun_send(&q[i % 2], NULL, &f));
		EXPECT_TRUE(segment_on(&q[i % 2], &c, "hello"));
		c.ack += 5;
	}
	close(c.fd);
}

TEST(single_queue_learns_nothing, .title = "a device with one queue learns no flows",
     .behaviours = { 422 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags) };
	int udp = udp_open(KERNEL_IP4, PORT), on_second = 0;

	for (int i = 0; i < 64; i++) {
		ASSERT_TRUE(write_flow(&q[0], udp, 9000 + i));
	}
	q[1] = tun_create("mq", flags);
	/* Had they been learned, all would go to the first. */
	for (int i = 0; i < 64; i++)
		on_second += queue_of(q, 2, udp, 9000 + i) == 1;
	EXPECT_LT(0, on_second);
}

TEST_F(steering, detached_learns_nothing,
       .title = "what is written to a detached queue moves no flow", .behaviours = { 422 },
       .needs = { "multi_queue" })
{
	const int flows = 32;
	int before[32];

	ASSERT_OK(tun_set_queue(self->q[3].fd, IFF_DETACH_QUEUE));
	for (int i = 0; i < flows; i++) {
		before[i] = queue_of(self->q, 3, self->udp, 9000 + i);
		ASSERT_NE(NO_QUEUE, before[i]);
	}
	for (int i = 0; i < flows; i++) {
		ASSERT_TRUE(write_flow(&self->q[3], self->udp, 9000 + i));
	}
	for (int i = 0; i < flows; i++) {
		EXPECT_EQ(before[i], queue_of(self->q, 3, self->udp, 9000 + i));
	}
}

TEST_F(steering, detached_flow,
       .title = "the flow of a queue that was detached goes to the first queue",
       .behaviours = { 425, 213 }, .needs = { "multi_queue" })
{
	ASSERT_TRUE(write_flow(&self->q[3], self->udp, 9000));
	ASSERT_EQ(3, queue_of(self->q, QUEUES, self->udp, 9000));
	/* The entry stays, its number is above those in use, and the stack takes 0 in its place. */
	ASSERT_OK(tun_set_queue(self->q[3].fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(0, queue_of(self->q, QUEUES, self->udp, 9000));
	/* Back again, it has the same number as before. */
	ASSERT_OK(tun_set_queue(self->q[3].fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(3, queue_of(self->q, QUEUES, self->udp, 9000));
}

TEST_F(steering, only_attached, .title = "with one queue left attached every flow goes there",
       .behaviours = { 418, 430 }, .needs = { "multi_queue" })
{
	for (int i = 0; i < QUEUES; i++) {
		if (i == 2)
			continue;
		ASSERT_OK(tun_set_queue(self->q[i].fd, IFF_DETACH_QUEUE));
	}
	for (int i = 0; i < 64; i++) {
		EXPECT_EQ(2, queue_of(self->q, QUEUES, self->udp, 10000 + i));
	}
}

/* Writes a datagram from @port that no socket waits for: for another host, if it is a TAP. */
static bool write_only(const struct tun *q, uint16_t port)
{
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_IP);
	frame_ipv4(&f, PEER_IP4, KERNEL_IP4, IPPROTO_UDP);
	frame_udp(&f, port, PORT);
	frame_finish(&f);
	return tun_send(q, NULL, &f) == f.len;
}

TEST(table_full, .title = "beyond 4096 flows no further one is learned, those known still move",
     .behaviours = { 424 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags), tun_create("mq", flags) };
	int udp = udp_open(KERNEL_IP4, PORT), on_first = 0, known = 0, moved = 0;
	int64_t start = clock_ms();

	for (int i = 0; i < MAX_FLOWS; i++) {
		ASSERT_TRUE(write_only(&q[0], 20000 + i));
	}
	/* Learned, all of these would go to the second; by their hash only half of them do. */
	for (int i = 0; i < 64; i++) {
		ASSERT_TRUE(write_only(&q[1], 9000 + i));
		on_first += queue_of(q, 2, udp, 9000 + i) == 0;
	}
	for (int i = 0; i < 16; i++) {
		known += queue_of(q, 2, udp, 20000 + 17 * i) == 0;
		ASSERT_TRUE(write_only(&q[1], 20000 + 17 * i));
		moved += queue_of(q, 2, udp, 20000 + 17 * i) == 1;
	}
	/* By then the first may have made room again. */
	if (clock_ms() - start > FLOW_LIFE_MS)
		SKIP(return, "this machine is too slow to fill the table before flows are forgotten");
	EXPECT_LT(0, on_first);
	EXPECT_EQ(16, known);
	EXPECT_EQ(16, moved);
}

TEST(table_not_full, .title = "4000 flows are all learned", .behaviours = { 424 },
     .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags), tun_create("mq", flags) };
	int udp = udp_open(KERNEL_IP4, PORT);

	for (int i = 0; i < 4000; i++) {
		ASSERT_TRUE(write_only(&q[i % 2], 20000 + i));
	}
	for (int i = 3900; i < 4000; i++) {
		EXPECT_EQ(i % 2, queue_of(q, 2, udp, 20000 + i))
		{
			TH_LOG("flow %d", i);
		}
	}
}

/* A frame of a protocol for local experiments (0x88b5). */
static void build_unknown(struct frame *f, uint32_t seed)
{
	frame_start(f);
	frame_eth(f, peer_mac, peer_mac, 0x88b5);
	frame_pattern(f, 46, seed);
}

/* Milliseconds from the last packet of the flow that was written until it is back; at most 15 s. */
static int64_t life_ms(struct tun q[2], int udp, int by_hash)
{
	int64_t written = clock_ms(), passed;

	/* What the kernel sends does not keep the entry. */
	do {
		usleep(50000);
		passed = clock_ms() - written;
	} while (queue_of(q, 2, udp, 9000) != by_hash && passed < 15000);
	return passed;
}

TEST(forgets,
     .title = "three seconds after its last packet was written a flow is back on its hash's queue",
     .behaviours = { 423 }, .needs = { "multi_queue" }, .waits = true)
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags), tun_create("mq", flags) };
	int udp = udp_open(KERNEL_IP4, PORT), by_hash = queue_of(q, 2, udp, 9000);
	int64_t passed;

	ASSERT_NE(NO_QUEUE, by_hash);
	ASSERT_TRUE(write_flow(&q[!by_hash], udp, 9000));
	EXPECT_EQ(!by_hash, queue_of(q, 2, udp, 9000));
	passed = life_ms(q, udp, by_hash);
	EXPECT_LE(FLOW_LIFE_MS, passed);
	EXPECT_GE(8000, passed);
	close(udp);
	tun_close(&q[0]);
	tun_close(&q[1]);
}

TEST(forgets_later,
     .title =
	     "a flow that was in use when the kernel looked for old ones is forgotten at a later look",
     .behaviours = { 423 }, .needs = { "multi_queue" }, .waits = true)
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags), tun_create("mq", flags) };
	int udp = udp_open(KERNEL_IP4, PORT), by_hash = queue_of(q, 2, udp, 9000);
	/* The first look is at the next whole second. */
	int64_t until = clock_ms() + FLOW_LIFE_MS + 1500;

	ASSERT_NE(NO_QUEUE, by_hash);
	while (clock_left(until)) {
		ASSERT_TRUE(write_flow(&q[!by_hash], udp, 9000));
		usleep(FLOW_LIFE_MS * 1000 / 10);
	}
	EXPECT_GE(8000, life_ms(q, udp, by_hash));
	close(udp);
	tun_close(&q[0]);
	tun_close(&q[1]);
}

TEST(remembers,
     .title = "a flow that is written to now and then is not forgotten, whenever the kernel looks for old ones",
     .behaviours = { 420, 423 }, .needs = { "multi_queue" }, .waits = true)
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags), tun_create("mq", flags) };
	int udp = udp_open(KERNEL_IP4, PORT), by_hash = queue_of(q, 2, udp, 9000);
	int64_t until = clock_ms() + 2 * FLOW_LIFE_MS;

	ASSERT_NE(NO_QUEUE, by_hash);
	/* The first look comes meanwhile, and with nothing there is none after it. */
	while (clock_left(until))
		usleep(50000);
	until += 3 * FLOW_LIFE_MS;
	while (clock_left(until)) {
		ASSERT_TRUE(write_flow(&q[!by_hash], udp, 9000));
		ASSERT_EQ(!by_hash, queue_of(q, 2, udp, 9000));
		usleep(FLOW_LIFE_MS * 1000 / 10);
	}
	close(udp);
	tun_close(&q[0]);
	tun_close(&q[1]);
}

TEST(logs_flows, .title = "with NETIF_MSG_TX_QUEUED the log tells of each flow learned and forgotten",
     .behaviours = { 427 }, .needs = { "multi_queue", "kernel_log" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	int log = klog_open(), udp;
	char name[IFNAMSIZ];
	struct tun a, b;

	klog_link_name(name);
	a = peer_create(name, flags);
	b = tun_create(name, flags);
	udp = udp_open(KERNEL_IP4, PORT);
	ASSERT_TRUE(write_flow(&a, udp, 8999));
	EXPECT_EQ(0, klog_count(log, name, "create flow"));

	ASSERT_OK(tun_set_debug(a.fd, NETIF_MSG_TX_QUEUED));
	ASSERT_TRUE(write_flow(&a, udp, 9000));
	ASSERT_TRUE(write_flow(&b, udp, 9001));
	ASSERT_TRUE(write_flow(&b, udp, 9000));
	EXPECT_EQ(2, klog_count(log, name, "create flow"));
	ASSERT_OK(link_del(name));
	EXPECT_EQ(3, klog_count(log, name, "delete flow"));
	tun_close(&a);
	tun_close(&b);
	close(udp);
	close(log);
}

TEST(unknown_protocol,
     .title = "frames of a protocol the kernel cannot take apart are one flow, learned as any",
     .behaviours = { 426 }, .needs = { "multi_queue", "packet_socket" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[2] = { peer_create("mq", flags), tun_create("mq", flags) };
	int ps = packet_open("mq", 0, 0);
	struct tun_packet packet;
	struct frame f;

	for (int i = 0; i < 4; i++) {
		build_unknown(&f, i);
		ASSERT_EQ(f.len, tun_send(&q[i % 2], NULL, &f));
		/* Another payload: what counts is the protocol alone. */
		build_unknown(&f, 100 + i);
		ASSERT_EQ(f.len, packet_send(ps, f.data, f.len));
		ASSERT_EQ(i % 2, readable(q, 2, TIMEOUT_MS));
		ASSERT_TRUE(tun_recv(&q[i % 2], &packet, 0));
		EXPECT_EQ(f.len, packet.len);
		EXPECT_EQ(0, memcmp(f.data, packet.data, f.len));
	}
	close(ps);
}

TEST_F(steering, independent, .title = "a packet on one queue makes no other queue readable",
       .behaviours = { 430 }, .needs = { "multi_queue" })
{
	uint8_t buf[2048];
	struct pollfd p;

	for (int i = 0; i < QUEUES; i++) {
		ASSERT_TRUE(write_flow(&self->q[i], self->udp, 9000));
		kernel_udp(self->udp, 9000, PAYLOAD, i);
		for (int j = 0; j < QUEUES; j++) {
			p = (struct pollfd){ .fd = self->q[j].fd, .events = POLLIN | POLLOUT };
			ASSERT_EQ(1, poll(&p, 1, 0));
			EXPECT_EQ(j == i ? POLLIN | POLLOUT : POLLOUT, p.revents)
			{
				TH_LOG("packet on %d, poll on %d", i, j);
			}
		}
		for (int j = 0; j < QUEUES; j++) {
			if (j == i)
				continue;
			EXPECT_ERRNO(EAGAIN, read(self->q[j].fd, buf, sizeof(buf)));
		}
		ASSERT_LT(PAYLOAD, tun_read(&self->q[i], buf, sizeof(buf), 0));
	}
}

TEST_F(steering, full_queue, .title = "a full queue drops its own flows, the others' go on",
       .behaviours = { 430, 405 }, .needs = { "multi_queue" })
{
	uint8_t payload[PAYLOAD] = { 0 };

	ASSERT_TRUE(write_flow(&self->q[0], self->udp, 9000));
	ASSERT_TRUE(write_flow(&self->q[1], self->udp, 9001));
	ASSERT_OK(link_set_txqueuelen("mq", 2));
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(PAYLOAD, udp_send(self->udp, payload, PAYLOAD, PEER_IP4, 9000));
	}
	EXPECT_EQ(3, link_stats("mq").tx_dropped);
	EXPECT_EQ(NO_QUEUE, readable(self->q + 1, QUEUES - 1, 0));
	EXPECT_EQ(0, queue_of(self->q + 1, QUEUES - 1, self->udp, 9001));
	EXPECT_EQ(3, link_stats("mq").tx_dropped);
}

/* Lets transmissions of @cpus use queue 1 alone. */
static int set_xps(const char *cpus)
{
	return sysfs_set("mq", "queues/tx-1/xps_cpus", cpus);
}

TEST_F(steering, ignores_xps, .title = "the CPU's transmit queue (XPS) has no say",
       .behaviours = { 428 }, .needs = { "multi_queue", "sysfs" })
{
	int on_second = 0;

	if (set_xps("1") || set_xps("3"))
		SKIP(return, "xps_cpus of a queue cannot be written");
	for (int i = 0; i < 64; i++)
		on_second += queue_of(self->q, QUEUES, self->udp, 10000 + i) == 1;
	EXPECT_GT(64, on_second);
	ASSERT_TRUE(write_flow(&self->q[3], self->udp, 9000));
	EXPECT_EQ(3, queue_of(self->q, QUEUES, self->udp, 9000));
}
