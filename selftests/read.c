// SPDX-License-Identifier: GPL-2.0-only
/* read(): one packet at a time, what happens to what does not fit, and who waits for how long. */
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/memory.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define WAIT_MS	   2000
#define PORT	   7
#define TPID_8021Q 0x8100

FIXTURE(read)
{
	struct tun t;
	int udp; /* the kernel's socket at KERNEL_IP4:PORT */
};

FIXTURE_VARIANT(read)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(read, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(read, tap){ IFF_TAP };

FIXTURE_SETUP(read)
{
	self->t = peer_create("t0", variant->type | IFF_NO_PI);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(read)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(read, empty, .title = "read with nothing queued gives EAGAIN with O_NONBLOCK",
       .behaviours = { 357 })
{
	uint8_t buf[64];

	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
	ASSERT_OK(link_down(self->t.name));
	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
}

TEST_F(read, sets_position,
       .title = "a read leaves its own length as the file's position, to be seen in fdinfo alone",
       .behaviours = { 372 })
{
	uint8_t buf[256];

	EXPECT_EQ(0, file_position(self->t.fd));
	for (int i = 0; i < 2; i++) {
		kernel_udp(self->udp, 4000, 100, i);
		ASSERT_EQ(90, tun_read(&self->t, buf, 90, WAIT_MS));
		EXPECT_EQ(90, file_position(self->t.fd));
	}
	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, read(self->t.fd, buf, 0));
	EXPECT_EQ(90, file_position(self->t.fd));
	/* With a position of its own a read leaves the file's alone. */
	kernel_udp(self->udp, 4000, 100, 2);
	EXPECT_EQ(80, pread(self->t.fd, buf, 80, 5));
	EXPECT_EQ(90, file_position(self->t.fd));
}

TEST_F(read, nowait,
       .title = "RWF_NOWAIT gives EAGAIN on a blocking file, or a packet that is there",
       .behaviours = { 357 }, .needs = { "nowait" })
{
	uint8_t buf[256];
	struct iovec iov = { buf, sizeof(buf) };
	ssize_t len;

	tun_set_blocking(self->t.fd);
	EXPECT_ERRNO(EAGAIN, preadv2(self->t.fd, &iov, 1, -1, RWF_NOWAIT));
	kernel_udp(self->udp, 4000, 10, 1);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	len = preadv2(self->t.fd, &iov, 1, -1, RWF_NOWAIT);
	ASSERT_EQ(peer_udp_size(&self->t, 10), len);
	EXPECT_EQ(-1, pattern_check(buf + len - 10, 10, 1));
}

TEST_F(read, zero_count, .title = "read of 0 bytes gives 0 and leaves the packet where it is",
       .behaviours = { 359, 360 })
{
	char byte;
	struct iovec nothing[2] = { { &byte, 0 }, { &byte, 0 } };

	EXPECT_EQ(0, read(self->t.fd, &byte, 0));
	kernel_udp(self->udp, 4000, 10, 1);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	EXPECT_EQ(0, read(self->t.fd, &byte, 0));
	EXPECT_EQ(0, readv(self->t.fd, nothing, 2));
	EXPECT_EQ(0, link_stats(self->t.name).tx_packets);
	EXPECT_EQ(10, peer_recv_udp(&self->t, 1, WAIT_MS));
}

TEST_F(read, truncated,
       .title = "a packet larger than the buffer is cut without a sign, and the rest of it is lost",
       .behaviours = { 361, 364 })
{
	size_t total = peer_udp_size(&self->t, 20), ip = tun_l2_size(&self->t);
	uint8_t whole[256], buf[256];

	kernel_udp(self->udp, 4000, 20, 1);
	ASSERT_EQ(total, tun_read(&self->t, whole, sizeof(whole), WAIT_MS));
	for (size_t size = 1; size <= total + 1; size++) {
		size_t len = size < total ? size : total;

		/* Two packets: the second shows that the first is gone. */
		kernel_udp(self->udp, 4000, 20, 1);
		kernel_udp(self->udp, 4000, 21, size);
		memset(buf, 0xaa, sizeof(buf));
		ASSERT_EQ(len, tun_read(&self->t, buf, size, WAIT_MS));
		/* Always the same packet but for its id and with that its IP checksum. */
		memcpy(whole + ip + 4, buf + ip + 4, 2);
		memcpy(whole + ip + 10, buf + ip + 10, 2);
		EXPECT_EQ(0, memcmp(whole, buf, len))
		{
			TH_LOG("buffer of %zu bytes", size);
		}
		for (size_t i = len; i < sizeof(buf); i++)
			ASSERT_EQ(0xaa, buf[i]);
		ASSERT_EQ(21, peer_recv_udp(&self->t, size, WAIT_MS));
	}
}

TEST_F(read, scattered, .title = "readv fills many pieces, empty ones among them, with one packet",
       .behaviours = { 364 })
{
	struct iovec iov[400] = { 0 };
	uint8_t buf[200];

	for (size_t i = 0; i < sizeof(buf); i++) {
		iov[2 * i] = (struct iovec){ buf, 0 };
		iov[2 * i + 1] = (struct iovec){ buf + i, 1 };
	}
	kernel_udp(self->udp, 4000, 100, 1);
	kernel_udp(self->udp, 4000, 50, 2);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	ASSERT_EQ(peer_udp_size(&self->t, 100), readv(self->t.fd, iov, 400));
	EXPECT_EQ(-1, pattern_check(buf + peer_udp_size(&self->t, 0), 100, 1));
	EXPECT_EQ(50, peer_recv_udp(&self->t, 2, WAIT_MS));
}

TEST_F(read, order, .title = "packets are read in the order they were sent", .behaviours = { 370 })
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			kernel_udp(self->udp, 4000, 10 + i, i);
		for (int i = 0; i < 100; i++)
			ASSERT_EQ(10 + i, peer_recv_udp(&self->t, i, WAIT_MS));
	}
}

TEST_F(read, bad_buffer,
       .title = "without headers a bad buffer gives the full length, and the packet is lost",
       .behaviours = { 362 })
{
	size_t total = peer_udp_size(&self->t, 20);
	struct rtnl_link_stats64 stats;

	/* The driver does not look at what became of the copy. */
	kernel_udp(self->udp, 4000, 20, 1);
	EXPECT_EQ(total, tun_read(&self->t, cut_memory(NULL, 0), 200, WAIT_MS));
	kernel_udp(self->udp, 4000, 20, 2);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	EXPECT_EQ(total, read(self->t.fd, cut_memory(NULL, 10), 200));
	kernel_udp(self->udp, 4000, 20, 3);
	EXPECT_EQ(20, peer_recv_udp(&self->t, 3, WAIT_MS));
	stats = link_stats(self->t.name);
	EXPECT_EQ(3, stats.tx_packets);
	EXPECT_EQ(3 * total, stats.tx_bytes);
}

TEST_F(read, queued_at_down,
       .title = "what was queued before the link went down can still be read, with no POLLOUT",
       .behaviours = { 365, 376 })
{
	struct pollfd p = { .fd = self->t.fd, .events = POLLIN | POLLOUT };
	uint8_t buf[64];

	kernel_udp(self->udp, 4000, 10, 1);
	kernel_udp(self->udp, 4000, 20, 2);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	ASSERT_OK(link_down(self->t.name));
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(10, peer_recv_udp(&self->t, 1, WAIT_MS));
	EXPECT_EQ(20, peer_recv_udp(&self->t, 2, WAIT_MS));
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
}

TEST(page_fragments, .title = "a packet that the kernel holds in pages is read whole",
     .behaviours = { 369 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	static struct tun_packet packet;
	static uint8_t frame[60000];
	int fd;

	if (link_set_mtu("t0", 65521) || link_up("t0"))
		TH_BAIL("t0: %s", strerror(errno));
	fd = packet_open("t0", 0, 0);
	pattern_fill(frame, sizeof(frame), 1);
	/* On Ethernet AF_PACKET keeps no more than the link-layer header in the linear part. */
	ASSERT_EQ(sizeof(frame), packet_sendto(fd, frame, sizeof(frame), ETH_P_LOCAL));
	ASSERT_TRUE(tun_recv(&t, &packet, WAIT_MS));
	ASSERT_EQ(sizeof(frame), packet.len);
	EXPECT_EQ(-1, pattern_check(packet.data, sizeof(frame), 1));
	close(fd);
	tun_close(&t);
}

/* With a header in front, the driver does look whether that could be written. */
FIXTURE(header)
{
	struct tun t;
	int udp;
	size_t size; /* of the headers in front */
};

FIXTURE_VARIANT(header)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(header, pi){ IFF_TUN };
FIXTURE_VARIANT_ADD(header, vnet){ IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(header, pi_vnet){ IFF_TAP | IFF_VNET_HDR };

FIXTURE_SETUP(header)
{
	self->t = peer_create("t0", variant->flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
	self->size = tun_header_size(&self->t);
}

FIXTURE_TEARDOWN(header)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(header, bad_buffer_header,
       .title = "a header that cannot be written gives EFAULT; the packet is lost and not counted",
       .behaviours = { 362, 363 })
{
	size_t total = self->size + peer_udp_size(&self->t, 20);

	for (size_t good = 0; good < self->size; good++) {
		kernel_udp(self->udp, 4000, 20, 1);
		EXPECT_ERRNO(EFAULT, tun_read(&self->t, cut_memory(NULL, good), 200, WAIT_MS))
		{
			TH_LOG("%zu good bytes", good);
		}
	}
	EXPECT_EQ(0, link_stats(self->t.name).tx_packets);
	EXPECT_EQ(0, link_stats(self->t.name).tx_dropped);

	/* From there on as without headers. */
	kernel_udp(self->udp, 4000, 20, 2);
	ASSERT_EQ(POLLIN, sock_wait(self->t.fd, POLLIN, WAIT_MS));
	EXPECT_EQ(total, read(self->t.fd, cut_memory(NULL, self->size), 200));
	EXPECT_EQ(1, link_stats(self->t.name).tx_packets);
	kernel_udp(self->udp, 4000, 20, 3);
	EXPECT_EQ(20, peer_recv_udp(&self->t, 3, WAIT_MS));
}

/* The length of the payload that the read got if it is of pattern @seed, otherwise -1. */
static ssize_t got(const struct tun *t, const struct blocked *b, uint32_t seed)
{
	ssize_t headers = peer_udp_size(t, 0), len = b->ret - headers;

	return len >= 0 && pattern_check(b->buf + headers, len, seed) == -1 ? len : -1;
}

TEST_F(read, waits, .title = "a blocking read waits until a packet comes and then gives it",
       .behaviours = { 364 })
{
	struct blocked r;

	tun_set_blocking(self->t.fd);
	ASSERT_TRUE(blocked_read(&r, self->t.fd));
	kernel_udp(self->udp, 4000, 30, 1);
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(30, got(&self->t, &r, 1));
}

static atomic_int signals;

static void count_signal(int sig __UNUSED)
{
	signals++;
}

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = count_signal, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

TEST(signal, .title = "a signal ends a blocking read with EINTR", .behaviours = { 358 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	struct blocked r;

	handle(SIGUSR1, 0);
	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&r, t.fd));
	pthread_kill(r.thread, SIGUSR1);
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(-1, r.ret);
	EXPECT_EQ(EINTR, r.err);
	EXPECT_EQ(1, atomic_load(&signals));
	tun_close(&t);
}

TEST(signal_restart, .title = "a signal with SA_RESTART lets a blocking read go on",
     .behaviours = { 358 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);
	int64_t deadline = clock_ms() + WAIT_MS;
	struct blocked r;

	handle(SIGUSR1, SA_RESTART);
	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&r, t.fd));
	pthread_kill(r.thread, SIGUSR1);
	while (!signals && clock_left(deadline))
		usleep(500);
	ASSERT_EQ(1, atomic_load(&signals));
	EXPECT_TRUE(blocked_sleeps_within(&r, WAIT_MS));
	kernel_udp(udp, 4000, 30, 1);
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(30, got(&t, &r, 1));
	tun_close(&t);
}

TEST(two_readers, .title = "of two waiting readers each packet goes to one", .behaviours = { 364 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);
	int64_t deadline;
	struct blocked r[2];
	uint8_t seen = 0;

	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&r[0], t.fd));
	ASSERT_TRUE(blocked_read(&r[1], t.fd));
	/* Both have to end with a packet, so neither can have ended for the other's. */
	kernel_udp(udp, 4000, 31, 1);
	deadline = clock_ms() + WAIT_MS;
	while (blocked_sleeps(&r[0]) && blocked_sleeps(&r[1]) && clock_left(deadline))
		usleep(500);
	kernel_udp(udp, 4000, 32, 2);
	for (int i = 0; i < 2; i++) {
		int seed;

		ASSERT_TRUE(blocked_ended(&r[i], WAIT_MS));
		seed = r[i].ret - peer_udp_size(&t, 30);
		ASSERT_TRUE(seed == 1 || seed == 2);
		EXPECT_EQ(30 + seed, got(&t, &r[i], seed));
		seen |= seed;
	}
	EXPECT_EQ(3, seen);
	tun_close(&t);
}

TEST(link_down_under_reader,
     .title = "link down does not wake a blocked reader; it goes on with the next packet after up",
     .behaviours = { 366 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct blocked r;

	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&r, t.fd));
	ASSERT_OK(link_down(t.name));
	ASSERT_OK(link_up(t.name));
	/* Had it returned on the way it would not have this packet. */
	kernel_udp(udp, 4000, 30, 1);
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(30, got(&t, &r, 1));
	tun_close(&t);
}

TEST(deleted_under_reader,
     .title = "deletion of the device ends a blocked read with EFAULT, later reads give EBADFD",
     .behaviours = { 80, 366 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	uint8_t buf[64];
	struct blocked r;

	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&r, t.fd));
	ASSERT_OK(link_del(t.name));
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(-1, r.ret);
	EXPECT_EQ(EFAULT, r.err);
	EXPECT_ERRNO(EBADFD, read(t.fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EBADFD, write(t.fd, buf, sizeof(buf)));
	close(t.fd);
}

TEST(moved_under_reader,
     .title = "a read that waits while the device changes namespace gets packets from there",
     .behaviours = { 367 }, .needs = { "net_namespaces" })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int netns = netns_new(), udp;
	struct blocked r;

	tun_set_blocking(t.fd);
	ASSERT_TRUE(blocked_read(&r, t.fd));
	ASSERT_OK(link_set_netns(t.name, netns));
	netns_enter(netns);
	peer_configure(&t);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_udp(udp, 4000, 30, 1);
	ASSERT_TRUE(blocked_ended(&r, WAIT_MS));
	EXPECT_EQ(30, got(&t, &r, 1));
	close(udp);
	tun_close(&t);
}

/*
 *	in (TAP) -- br0 -- out (TAP)
 *
 * The kernel takes the tag off what is written to "in" and keeps it beside the frame; the bridge
 * hands both to "out", whose read puts the tag back.
 */
FIXTURE(vlan)
{
	struct tun in, out;
	struct frame tagged;
};

FIXTURE_VARIANT(vlan)
{
	uint16_t tpid, tci;
};

FIXTURE_VARIANT_ADD(vlan, customer){ TPID_8021Q, 5 << 13 | 42 };
FIXTURE_VARIANT_ADD(vlan, service){ 0x88a8, 100 };

FIXTURE_SETUP(vlan)
{
	static const uint8_t everyone[1][6] = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

	self->in = tun_create("in", IFF_TAP | IFF_NO_PI);
	self->out = tun_create("out", IFF_TAP | IFF_NO_PI);
	/* The bridge itself sends IGMP some time after up: broadcasts only. */
	if (tun_set_tx_filter(self->out.fd, 0, 1, everyone) < 0)
		TH_BAIL("TUNSETTXFILTER: %s", strerror(errno));
	if (link_add("bridge", "br0") || link_set_master("in", "br0") ||
	    link_set_master("out", "br0") || link_up("br0") || link_up("in") || link_up("out"))
		TH_BAIL("bridge: %s", strerror(errno));
	frame_start(&self->tagged);
	frame_eth(&self->tagged, everyone[0], peer_mac, ETH_P_LOCAL);
	frame_vlan(&self->tagged, variant->tpid, variant->tci);
	frame_pattern(&self->tagged, 60, 1);
	frame_finish(&self->tagged);
}

FIXTURE_TEARDOWN(vlan)
{
	tun_close(&self->in);
	tun_close(&self->out);
}

TEST_F(vlan, tag_put_back,
       .title = "read puts a VLAN tag the kernel holds beside the frame back behind the addresses",
       .behaviours = { 368, 393 }, .needs = { "bridge", "packet_socket" })
{
	int witness = packet_open("br0", ETH_P_ALL, 0);
	uint8_t seen[256];
	struct packet_info info;
	static struct tun_packet packet;

	ASSERT_EQ(self->tagged.len, tun_send(&self->in, NULL, &self->tagged));
	/* The tag really was taken off on the way. */
	ASSERT_EQ(self->tagged.len - 4, packet_recv(witness, seen, sizeof(seen), WAIT_MS, &info));
	ASSERT_TRUE(info.aux.tp_status & TP_STATUS_VLAN_VALID);
	EXPECT_EQ(variant->tci, info.aux.tp_vlan_tci);
	EXPECT_EQ(variant->tpid, info.aux.tp_vlan_tpid);

	ASSERT_TRUE(tun_recv(&self->out, &packet, WAIT_MS));
	ASSERT_EQ(self->tagged.len, packet.len);
	EXPECT_EQ(0, memcmp(self->tagged.data, packet.data, packet.len));
	EXPECT_EQ(self->tagged.len, link_stats("out").tx_bytes);
	close(witness);
}

TEST_F(vlan, tag_truncated,
       .title = "a tagged frame is cut anywhere, inside its tag too, with its full length counted",
       .behaviours = { 361, 368, 393 }, .needs = { "bridge" })
{
	size_t total = self->tagged.len;
	uint8_t buf[128];

	for (size_t size = 1; size <= total; size++) {
		ASSERT_EQ(total, tun_send(&self->in, NULL, &self->tagged));
		memset(buf, 0xaa, sizeof(buf));
		ASSERT_EQ(size, tun_read(&self->out, buf, size, WAIT_MS));
		EXPECT_EQ(0, memcmp(self->tagged.data, buf, size))
		{
			TH_LOG("%zu bytes", size);
		}
		for (size_t i = size; i < sizeof(buf); i++)
			ASSERT_EQ(0xaa, buf[i]);
	}
	EXPECT_EQ(total, link_stats("out").tx_packets);
	EXPECT_EQ(total * total, link_stats("out").tx_bytes);
}

/* IPv6 speaks as soon as a link is up. */
FIXTURE(speaks)
{
	struct tun t;
};

FIXTURE_VARIANT(speaks)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(speaks, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(speaks, tap){ IFF_TAP };

FIXTURE_SETUP(speaks)
{
}

FIXTURE_TEARDOWN(speaks)
{
	tun_close(&self->t);
}

TEST_F(speaks, ipv6_at_up,
       .title = "with IPv6 on, up makes the kernel send: a router solicitation can be read",
       .behaviours = { 374 }, .needs = { "ipv6", "sysctl" })
{
	static const char *const settings[][2] = {
		{ "disable_ipv6", "0" },
		{ "router_solicitation_delay", "0" },
		{ "dad_transmits", "0" },
	};
	static struct tun_packet packet;
	struct parsed p;
	char path[80];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "ipv6/conf/default/%s", settings[i][0]);
		if (netns_sysctl(path, settings[i][1]))
			TH_BAIL("%s: %s", path, strerror(errno));
	}
	self->t = tun_create("t0", variant->type | IFF_NO_PI);
	ASSERT_OK(link_up("t0"));
	do {
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_ICMPV6, WAIT_MS, &p));
	} while (p.icmp_type != ND_ROUTER_SOLICIT);
	EXPECT_STREQ("ff02::2", p.dst);
}

TEST_F(speaks, silent_without_ipv6,
       .title = "with IPv6 off, the first packet after up is the first one somebody sends",
       .behaviours = { 374 }, .needs = { "sysctl" })
{
	int udp;

	self->t = peer_create("t0", variant->type | IFF_NO_PI);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_udp(udp, 4000, 30, 1);
	EXPECT_EQ(30, peer_recv_udp(&self->t, 1, WAIT_MS));
	close(udp);
}
