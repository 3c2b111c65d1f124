// SPDX-License-Identifier: GPL-2.0-only
/* Queues of an IFF_MULTI_QUEUE device: TUNSETQUEUE, limits, order, and what a detached queue does.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define TIMEOUT_MS 2000
#define MAX_QUEUES 256
#define PAYLOAD	   64
#define PORT	   7000

/* One more queue for the device of @t. */
static struct tun add_queue(const struct tun *t)
{
	return tun_create(t->name, t->flags);
}

/* A datagram from the kernel to port @dport of the peer, its payload pattern @dport. */
static ssize_t kernel_send(int fd, uint16_t dport)
{
	return udp_send_pattern(fd, PAYLOAD, dport, PEER_IP4, dport);
}

/* The port of the next datagram on @q if its payload is the one sent there, otherwise -1. */
static int recv_port(const struct tun *q, int timeout_ms)
{
	struct tun_packet packet;
	struct parsed p;

	if (!tun_recv_proto(q, &packet, IPPROTO_UDP, timeout_ms, &p))
		return -1;
	if (p.payload_len != PAYLOAD ||
	    pattern_check(packet.data + p.payload, PAYLOAD, p.dport) != -1)
		return -1;
	return p.dport;
}

/* Writes a datagram to the kernel's PORT into @q: what the write gave. */
static ssize_t peer_send(const struct tun *q, uint16_t sport)
{
	struct frame f;

	peer_udp(q, &f, sport, PORT, PAYLOAD, sport);
	return tun_send(q, NULL, &f);
}

/* True if @fd gets the datagram that peer_send() wrote with @sport. */
static bool kernel_got(int fd, uint16_t sport)
{
	return udp_recv_pattern(fd, sport, TIMEOUT_MS) == PAYLOAD;
}

static short poll_now(int fd)
{
	return sock_wait(fd, POLLIN | POLLOUT, 0);
}

static void expect_counts(struct __test_metadata *_metadata, const char *name, int enabled,
			  int disabled)
{
	struct link link;

	ASSERT_OK(link_get(name, &link));
	EXPECT_EQ(enabled, link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(disabled, link.data[TUN_LINK_NUM_DISABLED_QUEUES]);
}

FIXTURE(queue)
{
	struct tun q; /* the first one of a device with the kernel's address, up */
	int udp;      /* the kernel's, at PORT */
};

FIXTURE_VARIANT(queue)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(queue, tun) { .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(queue, tap) { .flags = IFF_TAP };

FIXTURE_SETUP(queue)
{
	self->q = peer_create("mq", variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(queue)
{
	tun_close(&self->q);
	close(self->udp);
}

TEST_F(queue, detach_and_attach,
       .title = "a queue can be detached and attached again, the device keeps its flags",
       .behaviours = { 203, 217 }, .needs = { "multi_queue" })
{
	struct tun second = add_queue(&self->q);
	unsigned int flags = tun_iff_flags(self->q.fd);

	expect_counts(_metadata, "mq", 2, 0);
	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	expect_counts(_metadata, "mq", 1, 1);
	/* The bit belongs to the file: the other one's answer is as before. */
	EXPECT_EQ(flags | IFF_DETACH_QUEUE, tun_iff_flags(second.fd));
	EXPECT_EQ(flags, tun_iff_flags(self->q.fd));

	ASSERT_OK(tun_set_queue(second.fd, IFF_ATTACH_QUEUE));
	expect_counts(_metadata, "mq", 2, 0);
	EXPECT_EQ(flags, tun_iff_flags(second.fd));
}

TEST_F(queue, counts_in_ip, .title = "ip shows the numbers of enabled and detached queues",
       .behaviours = { 203, 215, 217 }, .needs = { "multi_queue", "iproute2" })
{
	struct tun second = add_queue(&self->q), third = add_queue(&self->q);
	json_t *ip;

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	ip = tool_ip_link("mq");
	EXPECT_EQ(2, tool_get_int(ip, "linkinfo.info_data.numqueues"));
	EXPECT_EQ(1, tool_get_int(ip, "linkinfo.info_data.numdisabled"));
	EXPECT_EQ(MAX_QUEUES, tool_get_int(ip, "num_tx_queues"));
	json_decref(ip);
	tun_close(&second);
	tun_close(&third);
	ip = tool_ip_link("mq");
	EXPECT_EQ(1, tool_get_int(ip, "linkinfo.info_data.numqueues"));
	EXPECT_EQ(0, tool_get_int(ip, "linkinfo.info_data.numdisabled"));
	json_decref(ip);
}

TEST(single_queue, .title = "TUNSETQUEUE is refused on a device without IFF_MULTI_QUEUE",
     .behaviours = { 204 })
{
	struct tun t = tun_create("sq", IFF_TAP | IFF_NO_PI);
	struct link link;

	EXPECT_ERRNO(EINVAL, tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	ASSERT_OK(link_get("sq", &link));
	EXPECT_FALSE(link.has_data[TUN_LINK_NUM_QUEUES]);
	EXPECT_FALSE(link.has_data[TUN_LINK_NUM_DISABLED_QUEUES]);
}

TEST_F(queue, redundant, .title = "a redundant attach or detach gives EINVAL and changes nothing",
       .behaviours = { 205 }, .needs = { "multi_queue" })
{
	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	expect_counts(_metadata, "mq", 1, 0);
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	expect_counts(_metadata, "mq", 0, 1);
}

TEST_F(queue, bad_arguments,
       .title = "TUNSETQUEUE needs one of its two bits, a device and a readable argument",
       .behaviours = { 205 }, .needs = { "multi_queue" })
{
	int unattached = tun_open();

	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, 0));
	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, IFF_TAP | IFF_MULTI_QUEUE));
	EXPECT_ERRNO(EFAULT, ioctl(self->q.fd, TUNSETQUEUE, NULL));
	EXPECT_ERRNO(EINVAL, tun_set_queue(unattached, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(unattached, IFF_ATTACH_QUEUE));
	expect_counts(_metadata, "mq", 1, 0);
	close(unattached);
}

TEST_F(queue, both_bits, .title = "with both bits set TUNSETQUEUE attaches", .behaviours = { 206 },
       .needs = { "multi_queue" })
{
	const unsigned int both = IFF_ATTACH_QUEUE | IFF_DETACH_QUEUE;

	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, both));
	expect_counts(_metadata, "mq", 1, 0);
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	EXPECT_OK(tun_set_queue(self->q.fd, both));
	expect_counts(_metadata, "mq", 1, 0);
}

TEST_F(queue, second_attach,
       .title = "TUNSETIFF gives EEXIST on an attached file, also while its queue is detached",
       .behaviours = { 205 }, .needs = { "multi_queue" })
{
	EXPECT_ERRNO(EEXIST, tun_set_iff(self->q.fd, "mq", self->q.flags));
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EEXIST, tun_set_iff(self->q.fd, "mq", self->q.flags));
	EXPECT_ERRNO(EEXIST, tun_set_iff(self->q.fd, "other", self->q.flags));
	EXPECT_FALSE(link_exists("other"));
}

TEST_F(queue, detach_drops_packets,
       .title =
	       "detaching drops the queue's packets, reads then give EAGAIN and poll POLLOUT alone",
       .behaviours = { 207 }, .needs = { "multi_queue" })
{
	char buf[2048];

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5000 + i));
	}
	ASSERT_EQ(POLLIN | POLLOUT, poll_now(self->q.fd));

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(POLLOUT, poll_now(self->q.fd));
	EXPECT_ERRNO(EAGAIN, read(self->q.fd, buf, sizeof(buf)));

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EAGAIN, read(self->q.fd, buf, sizeof(buf)));
	/* What comes now is the packet sent now. */
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5100));
	EXPECT_EQ(5100, recv_port(&self->q, TIMEOUT_MS));
}

TEST_F(queue, down_not_writable,
       .title = "a detached queue of a device that is down is not POLLOUT", .behaviours = { 207 },
       .needs = { "multi_queue" })
{
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(link_down("mq"));
	EXPECT_EQ(0, poll_now(self->q.fd));
	EXPECT_ERRNO(EIO, peer_send(&self->q, 4000));
}

TEST_F(queue, write_detached, .title = "the kernel receives what is written to a detached queue",
       .behaviours = { 208 }, .needs = { "multi_queue" })
{
	struct tun second = add_queue(&self->q);
	struct rtnl_link_stats64 before;
	struct frame f;

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	before = link_stats("mq");
	peer_udp(&second, &f, 4000, PORT, PAYLOAD, 4000);
	EXPECT_EQ(f.len, tun_send(&second, NULL, &f));
	EXPECT_TRUE(kernel_got(self->udp, 4000));
	EXPECT_EQ(before.rx_packets + 1, link_stats("mq").rx_packets);
	EXPECT_EQ(before.rx_bytes + f.len, link_stats("mq").rx_bytes);
	EXPECT_EQ(before.rx_dropped, link_stats("mq").rx_dropped);
}

FIXTURE(queue_napi)
{
	struct tun q;
	int udp;
};

FIXTURE_VARIANT(queue_napi)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(queue_napi, tun) { .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(queue_napi, tap) { .flags = IFF_TAP };

FIXTURE_SETUP(queue_napi)
{
	self->q = peer_create("mq", variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(queue_napi)
{
	tun_close(&self->q);
	close(self->udp);
}

TEST_F(queue_napi, napi_write_detached,
       .title = "a write to a detached IFF_NAPI queue gives EBUSY, frees the frame and counts "
		"nothing",
       .behaviours = { 209 }, .needs = { "multi_queue", "napi" },
       .guards = { "CVE-2023-53685", "82b2bc279467" })
{
	struct tun second = add_queue(&self->q);
	struct rtnl_link_stats64 before, after;
	uint8_t buf[PAYLOAD + 1];

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	before = link_stats("mq");
	for (int i = 0; i < 3; i++) {
		EXPECT_ERRNO(EBUSY, peer_send(&second, 4000 + i));
	}
	after = link_stats("mq");
	EXPECT_EQ(before.rx_packets, after.rx_packets);
	EXPECT_EQ(before.rx_dropped, after.rx_dropped);

	/* Nothing of it waits for the queue to come back: the marker is all that arrives. */
	ASSERT_OK(tun_set_queue(second.fd, IFF_ATTACH_QUEUE));
	ASSERT_LT(0, peer_send(&second, 4100));
	EXPECT_TRUE(kernel_got(self->udp, 4100));
	EXPECT_ERRNO(EAGAIN, udp_recv(self->udp, buf, sizeof(buf), 0));
}

TEST_F(queue_napi, napi_short_write_detached,
       .title = "a write of a few bytes to a detached IFF_NAPI queue fails without a leak",
       .behaviours = { 209 }, .needs = { "multi_queue", "napi" }, .guards = { "CVE-2023-53685" })
{
	const uint8_t bytes[4] = { 0x45 };

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	/* A TAP frame without its header is refused before the queue is looked at. */
	EXPECT_ERRNO(tun_is_tap(&self->q) ? EINVAL : EBUSY,
		     write(self->q.fd, bytes, sizeof(bytes)));
}

TEST_F(queue_napi, napi_cycles,
       .title = "an IFF_NAPI queue receives after any number of detach and attach",
       .behaviours = { 221, 203 }, .needs = { "multi_queue", "napi" })
{
	for (int i = 0; i < 10; i++) {
		ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
		EXPECT_ERRNO(EBUSY, peer_send(&self->q, 4000));
		ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
		ASSERT_LT(0, peer_send(&self->q, 4100 + i));
		ASSERT_TRUE(kernel_got(self->udp, 4100 + i));
	}
}

TEST_F(queue, all_detached,
       .title = "with every queue detached the device stays up and drops what is transmitted",
       .behaviours = { 210 }, .needs = { "multi_queue" }, .guards = { "9871a9e47a26" })
{
	struct rtnl_link_stats64 before;
	struct link link;
	char buf[2048];

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	before = link_stats("mq");
	/* The sender does not notice. */
	EXPECT_EQ(PAYLOAD, kernel_send(self->udp, 5000));
	ASSERT_OK(link_get("mq", &link));
	EXPECT_TRUE(link.carrier);
	EXPECT_TRUE(link.flags & IFF_UP);
	EXPECT_EQ(before.tx_dropped + 1, link.stats.tx_dropped);
	EXPECT_ERRNO(EAGAIN, read(self->q.fd, buf, sizeof(buf)));

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5001));
	EXPECT_EQ(5001, recv_port(&self->q, TIMEOUT_MS));
}

TEST_F(queue, packet_socket_all_detached,
       .title = "a frame for a device whose queues are all detached reaches no queue",
       .behaviours = { 210 }, .needs = { "multi_queue", "packet_socket" },
       .guards = { "9871a9e47a26" })
{
	int ps = packet_open("mq", 0, 0);
	struct rtnl_link_stats64 before;
	struct frame f;
	char buf[2048];

	peer_udp(&self->q, &f, 4000, 4001, PAYLOAD, 1);
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	before = link_stats("mq");
	ASSERT_EQ(f.len, packet_sendto(ps, f.data, f.len, ETH_P_IP));
	EXPECT_EQ(before.tx_dropped + 1, link_stats("mq").tx_dropped);
	EXPECT_ERRNO(EAGAIN, read(self->q.fd, buf, sizeof(buf)));
	close(ps);
}

TEST_F(queue, close_last_enabled,
       .title = "after the last enabled queue closed the device stays for the detached one, and "
		"drops",
       .behaviours = { 210, 216 }, .needs = { "multi_queue" }, .guards = { "9871a9e47a26" })
{
	struct tun second = add_queue(&self->q);
	struct rtnl_link_stats64 before;

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	tun_close(&second);
	expect_counts(_metadata, "mq", 0, 1);
	before = link_stats("mq");
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(PAYLOAD, kernel_send(self->udp, 5000 + i));
	}
	EXPECT_EQ(before.tx_dropped + 4, link_stats("mq").tx_dropped);

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5100));
	EXPECT_EQ(5100, recv_port(&self->q, TIMEOUT_MS));
}

TEST_F(queue, close_all, .title = "the device goes with its last queue, enabled or detached",
       .behaviours = { 215, 216 }, .needs = { "multi_queue" })
{
	struct tun second = add_queue(&self->q), third = add_queue(&self->q);

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_queue(third.fd, IFF_DETACH_QUEUE));
	expect_counts(_metadata, "mq", 1, 2);
	tun_close(&second);
	expect_counts(_metadata, "mq", 1, 1);
	tun_close(&self->q);
	expect_counts(_metadata, "mq", 0, 1);
	tun_close(&third);
	EXPECT_FALSE(link_exists("mq"));
}

TEST_F(queue, detached_file_controls,
       .title = "a detached queue's file still controls the device, its own send buffer excepted",
       .behaviours = { 215 }, .needs = { "multi_queue" })
{
	struct tun second = add_queue(&self->q);
	struct ifreq ifr = { 0 };
	struct link link;
	int own, other;

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_get_iff(second.fd, &ifr));
	EXPECT_STREQ("mq", ifr.ifr_name);
	EXPECT_OK(tun_set_offload(second.fd, TUN_F_CSUM));
	EXPECT_OK(tun_set_persist(second.fd, 1));
	EXPECT_OK(tun_set_owner(second.fd, 0));
	ASSERT_OK(link_get("mq", &link));
	EXPECT_EQ(1, link.data[TUN_LINK_PERSIST]);
	EXPECT_TRUE(link.has_data[TUN_LINK_OWNER]);
	EXPECT_OK(tun_set_persist(second.fd, 0));

	/* The driver hands a new limit to the enabled queues only. */
	EXPECT_OK(tun_set_sndbuf(second.fd, 123456));
	ASSERT_OK(tun_get_sndbuf(second.fd, &own));
	ASSERT_OK(tun_get_sndbuf(self->q.fd, &other));
	EXPECT_EQ(INT32_MAX, own);
	EXPECT_EQ(123456, other);
}

/* Teaches the device that the flow of kernel_send(PORT -> @port) belongs to @q. */
static void learn(struct __test_metadata *_metadata, const struct tun *q, int udp, uint16_t port)
{
	ASSERT_LT(0, peer_send(q, port));
	ASSERT_TRUE(kernel_got(udp, port));
}

/*
 * The flow table keeps queue numbers, not files, so it tells who sits in a slot. The driver means
 * to forget the flows of a queue that leaves, but names a number that is never in use (numqueues +
 * 1 after the decrement): the entries stay.
 */
TEST_F(queue, swap_with_last,
       .title = "when a queue leaves the last one takes its number, and with it the flows learned "
		"there",
       .behaviours = { 211, 213, 425 }, .needs = { "multi_queue" })
{
	struct tun q[4] = { self->q };

	for (int i = 1; i < 4; i++)
		q[i] = add_queue(&q[0]);
	learn(_metadata, &q[1], self->udp, 5001);
	learn(_metadata, &q[3], self->udp, 5003);
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5001));
	EXPECT_EQ(5001, recv_port(&q[1], TIMEOUT_MS));
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5003));
	EXPECT_EQ(5003, recv_port(&q[3], TIMEOUT_MS));

	tun_close(&q[1]);
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5001));
	EXPECT_EQ(5001, recv_port(&q[3], TIMEOUT_MS));
	/* Number 3 is not in use any more: the stack falls back to the first queue. */
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5003));
	EXPECT_EQ(5003, recv_port(&q[0], TIMEOUT_MS));
	for (int i = 2; i < 4; i++)
		tun_close(&q[i]);
}

TEST_F(queue, reattach_is_last, .title = "a queue that is attached again becomes the last one",
       .behaviours = { 211 }, .needs = { "multi_queue" })
{
	struct tun q[3] = { self->q };

	for (int i = 1; i < 3; i++)
		q[i] = add_queue(&q[0]);
	learn(_metadata, &q[2], self->udp, 5002);
	/* q0 leaves: q2 becomes number 0; q0 returns as number 2, where the flow is. */
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_ATTACH_QUEUE));
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5002));
	EXPECT_EQ(5002, recv_port(&q[0], TIMEOUT_MS));
	for (int i = 1; i < 3; i++)
		tun_close(&q[i]);
}

TEST_F(queue, real_number,
       .title = "sysfs has a directory for each enabled queue, and keeps the last one",
       .behaviours = { 212, 487 }, .needs = { "multi_queue", "sysfs" })
{
	struct tun second = add_queue(&self->q), third = add_queue(&self->q);
	const bool rx = harness_feature("rps");

	EXPECT_EQ(3, sysfs_queues("mq", "tx-"));
	EXPECT_EQ(rx ? 3 : 0, sysfs_queues("mq", "rx-"));
	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(2, sysfs_queues("mq", "tx-"));
	EXPECT_EQ(rx ? 2 : 0, sysfs_queues("mq", "rx-"));
	ASSERT_OK(tun_set_queue(second.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(3, sysfs_queues("mq", "tx-"));
	tun_close(&second);
	tun_close(&third);
	EXPECT_EQ(1, sysfs_queues("mq", "tx-"));
	/* A device cannot have 0 queues, so the number stays where it was. */
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(1, sysfs_queues("mq", "tx-"));
	EXPECT_EQ(rx ? 1 : 0, sysfs_queues("mq", "rx-"));
}

/* Room for one descriptor for each queue. */
static void allow_files(rlim_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		TH_BAIL("RLIMIT_NOFILE: %s", strerror(errno));
	if (limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		TH_BAIL("RLIMIT_NOFILE %lu: %s", (unsigned long)n, strerror(errno));
}

TEST(limit,
     .title = "256 queues, enabled and detached together, are the limit: one more gives E2BIG",
     .behaviours = { 214 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun first = tun_create("mq", flags);
	int fds[MAX_QUEUES] = { first.fd }, spare;

	allow_files(MAX_QUEUES + 64);
	/* Short rings: this is about their number. */
	ASSERT_OK(link_set_txqueuelen("mq", 2));
	for (int i = 1; i < MAX_QUEUES; i++) {
		fds[i] = tun_open();
		ASSERT_OK(tun_set_iff(fds[i], "mq", flags))
		{
			TH_LOG("queue %d", i);
		}
	}
	expect_counts(_metadata, "mq", MAX_QUEUES, 0);
	spare = tun_open();
	EXPECT_ERRNO(E2BIG, tun_set_iff(spare, "mq", flags));

	ASSERT_OK(tun_set_queue(fds[100], IFF_DETACH_QUEUE));
	expect_counts(_metadata, "mq", MAX_QUEUES - 1, 1);
	EXPECT_ERRNO(E2BIG, tun_set_iff(spare, "mq", flags));
	EXPECT_OK(tun_set_queue(fds[100], IFF_ATTACH_QUEUE));

	/* One gone makes room for one. */
	close(fds[100]);
	EXPECT_OK(tun_set_iff(spare, "mq", flags));
	expect_counts(_metadata, "mq", MAX_QUEUES, 0);
	/* All at once: closing them one by one takes a grace period each. */
	EXPECT_OK(link_del("mq"));
}

TEST_F(queue, events, .title = "one link event for each attach and detach of a device that is up",
       .behaviours = { 217 }, .needs = { "multi_queue" })
{
	struct tun second = add_queue(&self->q);
	struct link_watch *watch = link_watch_open();
	struct link_event event;

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(1, link_watch_count(watch, "mq", 0));
	ASSERT_TRUE(link_watch_next(watch, "mq", 0, &event));
	EXPECT_EQ(RTM_NEWLINK, event.type);
	EXPECT_EQ(1, event.link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(1, event.link.data[TUN_LINK_NUM_DISABLED_QUEUES]);

	ASSERT_OK(tun_set_queue(second.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(2, link_watch_count(watch, "mq", 0));
	ASSERT_TRUE(link_watch_next(watch, "mq", 0, &event));
	EXPECT_EQ(2, event.link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(0, event.link.data[TUN_LINK_NUM_DISABLED_QUEUES]);

	tun_close(&second);
	EXPECT_EQ(3, link_watch_count(watch, "mq", 0));
	link_watch_close(watch);
}

TEST_F(queue, no_events,
       .title = "no link event for a refused TUNSETQUEUE or a device that is down",
       .behaviours = { 217 }, .needs = { "multi_queue" })
{
	struct link_watch *watch = link_watch_open();

	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, 0));
	EXPECT_EQ(0, link_watch_count(watch, "mq", 0));
	link_watch_close(watch);

	ASSERT_OK(link_down("mq"));
	watch = link_watch_open();
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(0, link_watch_count(watch, "mq", 0));
	link_watch_close(watch);
}

TEST_F(queue, reader_outlives_detach,
       .title = "a blocked read outlasts detach and attach and gets the next packet",
       .behaviours = { 219 }, .needs = { "multi_queue" })
{
	struct blocked r;

	tun_set_blocking(self->q.fd);
	ASSERT_TRUE(blocked_read(&r, self->q.fd));
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	/* This one is dropped, the read does not see it. */
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5000));
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	ASSERT_EQ(PAYLOAD, kernel_send(self->udp, 5001));
	ASSERT_TRUE(blocked_ended(&r, TIMEOUT_MS));
	ASSERT_LT(PAYLOAD, r.ret);
	EXPECT_EQ(-1, pattern_check(r.buf + r.ret - PAYLOAD, PAYLOAD, 5001));
}

TEST_F(queue, reader_of_deleted,
       .title = "a read blocked on a detached queue ends with EFAULT when the device is deleted",
       .behaviours = { 219 }, .needs = { "multi_queue" })
{
	struct blocked r;

	tun_set_blocking(self->q.fd);
	ASSERT_TRUE(blocked_read(&r, self->q.fd));
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(link_del("mq"));
	ASSERT_TRUE(blocked_ended(&r, TIMEOUT_MS));
	EXPECT_EQ(-1, r.ret);
	EXPECT_EQ(EFAULT, r.err);
	EXPECT_EQ(POLLERR, poll_now(self->q.fd));
	EXPECT_ERRNO(EINVAL, tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
}

TEST_F(queue, resized_while_detached,
       .title = "a queue attached again has the ring size that was set while it was detached",
       .behaviours = { 220, 406 }, .needs = { "multi_queue" })
{
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(link_set_txqueuelen("mq", 3));
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	for (int i = 0; i < 10; i++)
		kernel_send(self->udp, 5000 + i);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(5000 + i, recv_port(&self->q, TIMEOUT_MS));
	}
	EXPECT_EQ(-1, recv_port(&self->q, 0));
}

TEST_F(queue, carrier_needs_queue,
       .title = "carrier cannot be turned on without an enabled queue, off it always can",
       .behaviours = { 239, 244 }, .needs = { "multi_queue" })
{
	struct link link;

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EPERM, tun_set_carrier(self->q.fd, 1));
	EXPECT_ERRNO(EPERM, link_set_carrier("mq", true));
	EXPECT_OK(tun_set_carrier(self->q.fd, 0));
	EXPECT_ERRNO(EPERM, tun_set_carrier(self->q.fd, 1));
	ASSERT_OK(link_get("mq", &link));
	EXPECT_FALSE(link.carrier);

	/* Attaching it again is not TUNSETIFF: the carrier is left as it is. */
	ASSERT_OK(tun_set_queue(self->q.fd, IFF_ATTACH_QUEUE));
	ASSERT_OK(link_get("mq", &link));
	EXPECT_FALSE(link.carrier);
	EXPECT_OK(tun_set_carrier(self->q.fd, 1));
	ASSERT_OK(link_get("mq", &link));
	EXPECT_TRUE(link.carrier);
}

TEST_F(queue, carrier_of_new_queue,
       .title = "a new queue on a device whose queues are all detached does not raise the carrier",
       .behaviours = { 244 }, .needs = { "multi_queue" })
{
	struct tun second;
	struct link link;

	ASSERT_OK(tun_set_queue(self->q.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_carrier(self->q.fd, 0));
	second = add_queue(&self->q);
	ASSERT_OK(link_get("mq", &link));
	EXPECT_FALSE(link.carrier);
	tun_close(&second);
}
