// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transmit ring between the stack and a reader: its length, what happens when it is full, and
 * the qdisc in front of it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define TIMEOUT_MS    2000
#define PAYLOAD	      32
#define PORT	      5000
#define CONSUME_BATCH 16 /* the reader gives entries back to the writer in batches */

FIXTURE(ring)
{
	struct tun t;
	int udp;
	uint32_t sent, received;
};

FIXTURE_VARIANT(ring)
{
	unsigned int flags;
	uint32_t length; /* the default */
};

FIXTURE_VARIANT_ADD(ring, tun) { .flags = IFF_TUN, .length = 500 };
FIXTURE_VARIANT_ADD(ring, tap) { .flags = IFF_TAP, .length = 1000 };

FIXTURE_SETUP(ring)
{
	self->t = peer_create("r0", variant->flags | IFF_NO_PI);
	self->udp = udp_open(KERNEL_IP4, 0);
}

FIXTURE_TEARDOWN(ring)
{
	tun_close(&self->t);
	close(self->udp);
}

/* One datagram whose payload is pattern @seed. True if the sender saw no error. */
static bool send_one(int udp, uint32_t seed)
{
	return udp_send_pattern(udp, PAYLOAD, seed, PEER_IP4, PORT) == PAYLOAD;
}

/* Sends those numbered @first to @first + @n - 1: how many the socket took. */
static int send_many(int udp, uint32_t first, int n)
{
	int taken = 0;

	for (int i = 0; i < n; i++)
		taken += send_one(udp, first + i);
	return taken;
}

/* True if the next packet, here already, is number @seed. */
static bool recv_one(const struct tun *t, uint32_t seed)
{
	struct tun_packet packet;
	struct parsed p;

	return tun_recv_proto(t, &packet, IPPROTO_UDP, 0, &p) && p.payload_len == PAYLOAD &&
	       pattern_check(packet.data + p.payload, PAYLOAD, seed) == -1;
}

/* Reads as long as the numbers go on from @first, up to @max: how many. */
static int recv_many(const struct tun *t, uint32_t first, int max)
{
	int n = 0;

	while (n < max && recv_one(t, first + n))
		n++;
	return n;
}

static bool is_empty(const struct tun *t)
{
	char buf[2048];

	return read(t->fd, buf, sizeof(buf)) == -1 && errno == EAGAIN;
}

/*
 * On kernels where IFF_BACKPRESSURE is not asked for. (For some weeks before it existed the kernel
 * under development stopped the queue for everybody.)
 */
TEST_F(ring, tail_drop,
       .title = "a full ring keeps the oldest packets, drops the rest and the sender sees no error",
       .behaviours = { 404, 405, 410, 396 })
{
	const int length = variant->length, total = 3 * length;

	EXPECT_EQ(total, send_many(self->udp, 0, total));
	EXPECT_EQ(total - length, link_stats("r0").tx_dropped);
	/* What waits in the ring is not sent yet. */
	EXPECT_EQ(0, link_stats("r0").tx_packets);

	EXPECT_EQ(length, recv_many(&self->t, 0, total));
	EXPECT_TRUE(is_empty(&self->t));
	EXPECT_EQ(length, link_stats("r0").tx_packets);
	EXPECT_EQ(total - length, link_stats("r0").tx_dropped);
}

TEST_F(ring, full_receives,
       .title = "a full ring does not keep the device from receiving, poll gives both directions",
       .behaviours = { 405 })
{
	struct pollfd p = { .fd = self->t.fd, .events = POLLIN | POLLOUT };
	int server = udp_open(KERNEL_IP4, 7000);
	struct frame f;

	ASSERT_OK(link_set_txqueuelen("r0", 2));
	send_many(self->udp, 0, 5);
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, p.revents);
	peer_udp(&self->t, &f, 4000, 7000, PAYLOAD, 9);
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(server, 9, TIMEOUT_MS));
	close(server);
}

TEST_F(ring, partly_read,
       .title = "reading makes room for new packets, up to a batch less than was read",
       .behaviours = { 404 })
{
	const int length = variant->length, taken = length / 2;
	int refilled;

	send_many(self->udp, 0, length);
	ASSERT_EQ(taken, recv_many(&self->t, 0, taken));
	ASSERT_EQ(0, link_stats("r0").tx_dropped);
	send_many(self->udp, length, length);
	refilled = length - (int)link_stats("r0").tx_dropped;
	EXPECT_GE(taken, refilled);
	EXPECT_LT(taken - CONSUME_BATCH, refilled);
	/* Whatever was let in, it comes in order. */
	EXPECT_EQ(length - taken + refilled, recv_many(&self->t, taken, 2 * length));
	EXPECT_TRUE(is_empty(&self->t));
}

TEST_F(ring, recovers, .title = "a ring that was full works as before once it is read empty",
       .behaviours = { 404, 405 })
{
	ASSERT_OK(link_set_txqueuelen("r0", 4));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(7, send_many(self->udp, 10 * i, 7));
		ASSERT_EQ(4, recv_many(&self->t, 10 * i, 7));
		ASSERT_TRUE(is_empty(&self->t));
	}
	EXPECT_EQ(20 * 3, link_stats("r0").tx_dropped);
	EXPECT_EQ(20 * 4, link_stats("r0").tx_packets);
}

TEST_F(ring, full_without_qdisc, .title = "past the qdisc a sender sees ENOBUFS from a full ring",
       .behaviours = { 405 }, .needs = { "packet_socket" })
{
	int ps = packet_open("r0", 0, PACKET_BYPASS);
	struct frame f;

	ASSERT_OK(link_set_txqueuelen("r0", 2));
	peer_udp(&self->t, &f, 4000, 4001, PAYLOAD, 1);
	EXPECT_EQ(f.len, packet_sendto(ps, f.data, f.len, ETH_P_IP));
	EXPECT_EQ(f.len, packet_sendto(ps, f.data, f.len, ETH_P_IP));
	EXPECT_ERRNO(ENOBUFS, packet_sendto(ps, f.data, f.len, ETH_P_IP));
	EXPECT_ERRNO(ENOBUFS, packet_sendto(ps, f.data, f.len, ETH_P_IP));
	EXPECT_EQ(2, link_stats("r0").tx_dropped);
	close(ps);
}

TEST_F(ring, shorter,
       .title = "a shorter txqueuelen keeps the oldest packets and does not count the others",
       .behaviours = { 406 })
{
	send_many(self->udp, 0, 20);
	ASSERT_OK(link_set_txqueuelen("r0", 5));
	EXPECT_EQ(0, link_stats("r0").tx_dropped);
	EXPECT_EQ(5, recv_many(&self->t, 0, 20));
	EXPECT_TRUE(is_empty(&self->t));
	EXPECT_EQ(5, link_stats("r0").tx_packets);

	send_many(self->udp, 100, 20);
	EXPECT_EQ(15, link_stats("r0").tx_dropped);
	EXPECT_EQ(5, recv_many(&self->t, 100, 20));
}

TEST_F(ring, longer, .title = "a longer txqueuelen keeps all packets and their order",
       .behaviours = { 406 })
{
	ASSERT_OK(link_set_txqueuelen("r0", 5));
	send_many(self->udp, 0, 5);
	ASSERT_OK(link_set_txqueuelen("r0", 12));
	send_many(self->udp, 5, 20);
	EXPECT_EQ(13, link_stats("r0").tx_dropped);
	EXPECT_EQ(12, recv_many(&self->t, 0, 25));
	EXPECT_TRUE(is_empty(&self->t));
}

TEST(every_queue, .title = "txqueuelen resizes the ring of every queue", .behaviours = { 406 },
     .needs = { "multi_queue", "packet_socket" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[3] = { peer_create("r0", flags) };
	int udp = udp_open(KERNEL_IP4, 0), total = 0;
	char buf[2048];

	for (int i = 1; i < 3; i++)
		q[i] = tun_create("r0", flags);
	/* To many ports, so that every queue gets more than it can hold. */
	ASSERT_OK(link_set_txqueuelen("r0", 4));
	for (int i = 0; i < 300; i++)
		udp_send(udp, buf, 1, PEER_IP4, PORT + i);
	for (int i = 0; i < 3; i++) {
		while (read(q[i].fd, buf, sizeof(buf)) > 0)
			total++;
	}
	EXPECT_EQ(3 * 4, total);
	EXPECT_EQ(300 - total, link_stats("r0").tx_dropped);
	for (int i = 1; i < 3; i++)
		tun_close(&q[i]);
}

TEST_F(ring, zero,
       .title = "with txqueuelen 0 every packet is dropped, a length afterwards restores the ring",
       .behaviours = { 407 })
{
	ASSERT_OK(link_set_txqueuelen("r0", 0));
	EXPECT_EQ(5, send_many(self->udp, 0, 5));
	EXPECT_EQ(5, link_stats("r0").tx_dropped);
	EXPECT_TRUE(is_empty(&self->t));

	ASSERT_OK(link_set_txqueuelen("r0", 500));
	send_many(self->udp, 100, 5);
	EXPECT_EQ(5, link_stats("r0").tx_dropped);
	EXPECT_EQ(5, recv_many(&self->t, 100, 10));
}

TEST_F(ring, kept_by_device,
       .title = "a file attached later gets a ring of the length the device has then",
       .behaviours = { 404 })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(link_set_txqueuelen("r0", 3));
	tun_close(&self->t);
	self->t = tun_create("r0", variant->flags | IFF_NO_PI);
	ASSERT_TRUE(link_wait_running("r0", true, TIMEOUT_MS));
	send_many(self->udp, 0, 10);
	EXPECT_EQ(3, recv_many(&self->t, 0, 10));
	EXPECT_TRUE(is_empty(&self->t));
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
}

TEST_F(ring, long_length, .title = "txqueuelen 32767 gives a ring of that length",
       .behaviours = { 408 })
{
	const int total = 3000;
	struct link link;

	ASSERT_OK(link_set_txqueuelen("r0", 32767));
	ASSERT_OK(link_get("r0", &link));
	EXPECT_EQ(32767, link.txqueuelen);
	EXPECT_EQ(total, send_many(self->udp, 0, total));
	EXPECT_EQ(0, link_stats("r0").tx_dropped);
	EXPECT_EQ(total, recv_many(&self->t, 0, total));
}

TEST_F(ring, longer_still, .title = "txqueuelen 40000 is taken, or refused and the old length kept",
       .behaviours = { 408 })
{
	struct link link;
	bool taken = !link_set_txqueuelen("r0", 40000);

	if (!taken) {
		EXPECT_EQ(ERANGE, errno);
	}
	ASSERT_OK(link_get("r0", &link));
	EXPECT_EQ(taken ? 40000 : variant->length, link.txqueuelen);
}

/* The driver cannot allocate such a ring, whatever memory there is: one allocation has a limit. */
TEST_F(ring, too_long,
       .title = "a txqueuelen that cannot be had is refused, length and packets stay",
       .behaviours = { 409 })
{
	struct link link;

	send_many(self->udp, 0, 5);
	EXPECT_EQ(-1, link_set_txqueuelen("r0", 0x7fffffff));
	ASSERT_OK(link_get("r0", &link));
	EXPECT_EQ(variant->length, link.txqueuelen);
	EXPECT_EQ(5, recv_many(&self->t, 0, 10));
	send_many(self->udp, 100, 5);
	EXPECT_EQ(5, recv_many(&self->t, 100, 10));
}

TEST_F(ring, witnesses, .title = "ip and sysfs set and show the ring's length",
       .behaviours = { 406, 407 }, .needs = { "iproute2", "sysfs" })
{
	json_t *ip = tool_ip_link("r0");

	EXPECT_EQ(variant->length, tool_get_int(ip, "txqlen"));
	json_decref(ip);
	tool_must("ip link set r0 txqueuelen 7");
	EXPECT_EQ(7, sysfs_number("r0", "tx_queue_len"));
	send_many(self->udp, 0, 20);
	EXPECT_EQ(7, recv_many(&self->t, 0, 20));
}

/*
 * The kernel releases a packet from its sender before it is queued, since nobody knows when it
 * will be read. Once it did not, and a socket with a small buffer stood still.
 */
TEST_F(ring, sender_not_blocked,
       .title = "packets that nobody reads do not use up the sender's buffer",
       .behaviours = { 410 })
{
	int small = 1;

	/* The kernel's minimum, a few packets; all sends would be EAGAIN after those. */
	ASSERT_OK(setsockopt(self->udp, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	EXPECT_EQ(200, send_many(self->udp, 0, 200));
	EXPECT_EQ(POLLOUT, sock_wait(self->udp, POLLOUT, 0));
	EXPECT_EQ(200, recv_many(&self->t, 0, 200));
}

TEST_F(ring, stamped_before_read,
       .title = "the sender has its TX time stamp before anybody reads the packet",
       .behaviours = { 411, 557 })
{
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		    SOF_TIMESTAMPING_OPT_TSONLY;
	struct timespec before, stamp = { 0 }, after;

	ASSERT_OK(setsockopt(self->udp, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)));
	clock_gettime(CLOCK_REALTIME, &before);
	ASSERT_TRUE(send_one(self->udp, 1));
	ASSERT_NE(0, sock_wait(self->udp, POLLERR, TIMEOUT_MS));
	/* The first of the three in it is the software's. */
	ASSERT_EQ(1, sock_recv_control(self->udp, MSG_ERRQUEUE, SOL_SOCKET, SCM_TIMESTAMPING,
				       &stamp, sizeof(stamp)));
	clock_gettime(CLOCK_REALTIME, &after);
	EXPECT_LE(before.tv_sec - 1, stamp.tv_sec);
	EXPECT_GE(after.tv_sec + 1, stamp.tv_sec);
	EXPECT_EQ(0, link_stats("r0").tx_packets);
	EXPECT_TRUE(recv_one(&self->t, 1));
}

TEST(zero_copy, .title = "the ring holds a copy of what was sent with MSG_ZEROCOPY: the sender has its "
			 "memory back before anybody reads",
     .behaviours = { 416 })
{
	struct tun t = peer_create("z0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	int udp = udp_open(KERNEL_IP4, 0), on = 1;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sock_extended_err err;
	static uint8_t payload[8000];

	if (setsockopt(udp, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		SKIP(return, "kernel has no SO_ZEROCOPY for UDP: %s", strerror(errno));
	/* Without checksum offload it would be copied to be summed. */
	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM));
	ASSERT_OK(link_set_mtu("z0", 9000));
	to.sin_addr.s_addr = inet_addr(PEER_IP4);
	pattern_fill(payload, sizeof(payload), 1);
	ASSERT_EQ(sizeof(payload), sendto(udp, payload, sizeof(payload), MSG_ZEROCOPY, (void *)&to,
					  sizeof(to)));
	ASSERT_NE(0, sock_wait(udp, POLLERR, TIMEOUT_MS));
	ASSERT_EQ(1, sock_recv_control(udp, MSG_ERRQUEUE, SOL_IP, IP_RECVERR, &err, sizeof(err)));
	EXPECT_EQ(SO_EE_ORIGIN_ZEROCOPY, err.ee_origin);
	EXPECT_EQ(SO_EE_CODE_ZEROCOPY_COPIED, err.ee_code);
	memset(payload, 0, sizeof(payload));
	EXPECT_EQ(sizeof(payload), peer_recv_udp(&t, 1, TIMEOUT_MS));
	close(udp);
	tun_close(&t);
}

#define SENDERS 4
#define EACH	200 /* all of them fit into the ring of a TAP */

struct sender {
	pthread_t thread;
	pthread_barrier_t *start;
	int packet, sent;
	struct frame f;
};

/* Sends numbered frames past the qdisc, which would let one at a time into the driver. */
static void *send_all(void *arg)
{
	struct sender *s = arg;

	pthread_barrier_wait(s->start);
	for (uint16_t i = 0; i < EACH; i++) {
		memcpy(s->f.data + s->f.payload + 2, &i, sizeof(i));
		s->sent += packet_send(s->packet, s->f.data, s->f.len) == s->f.len;
	}
	return NULL;
}

TEST(many_senders, .title = "frames that several CPUs send at once arrive whole, once each, in the order "
			    "of their sender",
     .behaviours = { 414 }, .needs = { "packet_socket" })
{
	struct tun t = peer_create("m0", IFF_TAP | IFF_NO_PI);
	static struct sender senders[SENDERS];
	pthread_barrier_t start;
	uint16_t next[SENDERS] = { 0 }, seen[2];
	uint8_t buf[256];
	struct frame *f;

	pthread_barrier_init(&start, NULL, SENDERS);
	for (uint16_t i = 0; i < SENDERS; i++) {
		senders[i].start = &start;
		senders[i].packet = packet_open("m0", 0, PACKET_BYPASS);
		f = &senders[i].f;
		frame_start(f);
		frame_eth(f, peer_mac, peer_mac, 0x88b5);
		frame_payload(f, &i, sizeof(i));
		frame_pattern(f, PAYLOAD, i);
		if (pthread_create(&senders[i].thread, NULL, send_all, &senders[i]))
			TH_BAIL("cannot start a thread");
	}
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		EXPECT_EQ(EACH, senders[i].sent);
	}
	for (int i = 0; i < SENDERS * EACH; i++) {
		ASSERT_EQ(senders[0].f.len, tun_read(&t, buf, sizeof(buf), 0));
		f = &senders[0].f;
		memcpy(seen, buf + f->payload, sizeof(seen));
		ASSERT_GT(SENDERS, seen[0]);
		f = &senders[seen[0]].f;
		ASSERT_EQ(next[seen[0]]++, seen[1]);
		EXPECT_EQ(0, memcmp(f->data, buf, f->payload));
		EXPECT_EQ(0, memcmp(f->data + f->payload + 4, buf + f->payload + 4,
				    f->len - f->payload - 4));
	}
	EXPECT_ERRNO(EAGAIN, read(t.fd, buf, sizeof(buf)));
	for (int i = 0; i < SENDERS; i++)
		close(senders[i].packet);
	tun_close(&t);
}

TEST_F(ring, down, .title = "packets in the ring outlive the device going down and up",
       .behaviours = { 413 })
{
	send_many(self->udp, 0, 6);
	ASSERT_OK(link_down("r0"));
	EXPECT_EQ(3, recv_many(&self->t, 0, 3));
	ASSERT_OK(link_up("r0"));
	EXPECT_EQ(3, recv_many(&self->t, 3, 10));
	EXPECT_TRUE(is_empty(&self->t));
}

TEST_F(ring, qdisc, .title = "a device that came up has a qdisc that queues, before it has none",
       .behaviours = { 412 })
{
	struct tun t = tun_create("r1", variant->flags | IFF_NO_PI);
	struct link link;

	ASSERT_OK(link_get("r1", &link));
	EXPECT_STREQ("noop", link.qdisc);
	ASSERT_OK(link_up("r1"));
	ASSERT_OK(link_get("r1", &link));
	/* Which one it is, the administrator says (net.core.default_qdisc). */
	EXPECT_STRNE("noop", link.qdisc);
	EXPECT_STRNE("noqueue", link.qdisc);
	EXPECT_STRNE("mq", link.qdisc);
	tun_close(&t);
}

/* The kind of the qdisc below "mq" on @name; "" if there is none. */
static void child_qdisc(const char *name, char *kind, size_t size)
{
	json_t *list = tool_json("tc -j qdisc show dev %s", name);
	char path[32];

	kind[0] = '\0';
	for (size_t i = 0; i < json_array_size(list); i++) {
		snprintf(path, sizeof(path), "%zu.parent", i);
		if (!tool_get(list, path))
			continue;
		snprintf(path, sizeof(path), "%zu.kind", i);
		snprintf(kind, size, "%s", tool_get_string(list, path));
	}
	json_decref(list);
}

TEST(multi_queue_qdisc,
     .title = "a multi-queue device has mq, and below it what a single-queue device has",
     .behaviours = { 412 }, .needs = { "multi_queue", "tc" })
{
	struct tun single = tun_create("r0", IFF_TAP | IFF_NO_PI);
	struct tun multi = tun_create("r1", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	struct link link;
	char child[32];

	ASSERT_OK(link_up("r0"));
	ASSERT_OK(link_up("r1"));
	ASSERT_OK(link_get("r1", &link));
	EXPECT_STREQ("mq", link.qdisc);
	ASSERT_OK(link_get("r0", &link));
	child_qdisc("r1", child, sizeof(child));
	EXPECT_STREQ(link.qdisc, child);
	tun_close(&single);
	tun_close(&multi);
}

/*
 * With IFF_BACKPRESSURE a full ring stops the queue and the qdisc holds what comes then, as long as
 * it has room itself; reading starts the queue again.
 */
TEST_F(ring, backpressure,
       .title = "with IFF_BACKPRESSURE a full ring drops nothing while the qdisc has room",
       .behaviours = { 405 }, .needs = { "backpressure" })
{
	struct tun t;

	tun_close(&self->t);
	t = peer_create("r0", variant->flags | IFF_NO_PI | IFF_BACKPRESSURE);
	ASSERT_OK(link_set_txqueuelen("r0", 8));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(12, send_many(self->udp, 100 * round, 12));
		for (int i = 0; i < 12; i++) {
			ASSERT_EQ(POLLIN, sock_wait(t.fd, POLLIN, TIMEOUT_MS));
			ASSERT_TRUE(recv_one(&t, 100 * round + i));
		}
	}
	EXPECT_EQ(0, link_stats("r0").tx_dropped);
	tun_close(&t);
}
