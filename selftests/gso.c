// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checksum and segmentation offload with real traffic: what the kernel's sockets get of
 * super-frames written to the device, and what a reader gets of theirs.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"
#include "selftests/gso.h"

FIXTURE(sockets)
{
	struct tun t;
	const char *kernel_ip, *peer_ip;
	size_t udp, tcp; /* where the transport's payload starts in a frame without options */
};

FIXTURE_VARIANT(sockets)
{
	unsigned int flags;
	int size;
	bool ipv6;
};

FIXTURE_VARIANT_ADD(sockets, tun) { .flags = IFF_TUN | IFF_NO_PI, .size = 10 };
FIXTURE_VARIANT_ADD(sockets, tap) { .flags = IFF_TAP | IFF_NO_PI, .size = 10 };
FIXTURE_VARIANT_ADD(sockets, tap_12) { .flags = IFF_TAP | IFF_NO_PI, .size = 12 };
FIXTURE_VARIANT_ADD(sockets, tun_pi_24) { .flags = IFF_TUN, .size = 24 };
FIXTURE_VARIANT_ADD(sockets, tun_ipv6) { .flags = IFF_TUN | IFF_NO_PI, .size = 10, .ipv6 = true };
FIXTURE_VARIANT_ADD(sockets, tap_ipv6) { .flags = IFF_TAP | IFF_NO_PI, .size = 12, .ipv6 = true };

FIXTURE_SETUP(sockets)
{
	size_t l4;

	if (variant->ipv6 && !harness_feature("ipv6"))
		SKIP(return, "%s", harness_feature_reason("ipv6"));
	if (variant->ipv6)
		netns_ipv6();
	self->t = peer_create("gso0", variant->flags | IFF_VNET_HDR);
	if (variant->ipv6)
		peer_configure_ipv6(&self->t);
	if (tun_set_vnet_hdr_sz(&self->t, variant->size))
		TH_BAIL("header size %d: %s", variant->size, strerror(errno));
	self->kernel_ip = variant->ipv6 ? KERNEL_IP6 : KERNEL_IP4;
	self->peer_ip = variant->ipv6 ? PEER_IP6 : PEER_IP4;
	l4 = (tun_is_tap(&self->t) ? 14 : 0) + (variant->ipv6 ? 40 : 20);
	self->udp = l4 + 8;
	self->tcp = l4 + 20;
}

FIXTURE_TEARDOWN(sockets)
{
	if (self->kernel_ip)
		tun_close(&self->t);
}

/* A datagram from the peer, still to be finished. */
static void start_udp(const struct tun *t, struct frame *f, bool ipv6, size_t len, uint32_t seed)
{
	if (ipv6)
		peer_ipv6(t, f, IPPROTO_UDP);
	else
		peer_ipv4(t, f, IPPROTO_UDP);
	frame_udp(f, PEER_PORT, PORT);
	frame_pattern(f, len, seed);
}

/*
 * An issue of LekKit/RVVM (84) says that a TAP cannot leave checksums to the kernel. It can: with
 * NEEDS_CSUM in the vnet header, while DATA_VALID is believed by nobody.
 */
TEST_F(sockets, write_partial_checksum,
       .title = "a checksum left to the kernel is right; DATA_VALID does not make a wrong one so",
       .behaviours = { 306, 313 })
{
	struct vnet data_valid = { .flags = DATA_VALID };
	int fd = udp_open(self->kernel_ip, PORT);
	struct frame f, finished;
	uint8_t buf[256];
	struct vnet v;

	start_udp(&self->t, &f, variant->ipv6, 100, 1);
	v = frame_finish_partial(&f);
	/* The sum of the pseudo-header alone is wrong for whoever is not told so. */
	EXPECT_LT(0, tun_send(&self->t, NULL, &f));
	EXPECT_LT(0, tun_send(&self->t, &data_valid, &f));
	EXPECT_LT(0, tun_send(&self->t, &v, &f));
	ASSERT_EQ(100, udp_recv_pattern(fd, 1, WAIT_MS));

	/* A whole checksum needs no flag. */
	start_udp(&self->t, &finished, variant->ipv6, 101, 2);
	frame_finish(&finished);
	EXPECT_LT(0, tun_send(&self->t, NULL, &finished));
	ASSERT_EQ(101, udp_recv_pattern(fd, 2, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(fd, buf, sizeof(buf), 0));
	close(fd);
}

TEST_F(sockets, write_tso,
       .title = "a TCP super-frame arrives at a socket as one packet with all its bytes",
       .behaviours = { 280, 317, 392 })
{
	static const struct {
		size_t len;
		uint16_t mss;
		uint8_t ecn;
	} writes[] = { { 2, 1, 0 },	   { 1461, 1460, 0 },  { 9000, 536, 0 },
		       { 30000, 1460, 0 }, { 30000, 8000, 0 }, { 5000, 1000, ECN } };
	struct peer_tcp c = peer_tcp_connect(&self->t, PORT, variant->ipv6, 0);
	static uint8_t buf[65536];

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		uint64_t packets = link_stats(self->t.name).rx_packets;
		struct tun_packet packet;
		struct frame f;
		struct parsed p;
		struct vnet v;

		peer_tcp_segment(&self->t, &f, &c, TH_PUSH);
		frame_pattern(&f, writes[i].len, i);
		v = frame_finish_gso(&f, writes[i].mss);
		v.gso_type |= writes[i].ecn;
		ASSERT_EQ(tun_header_size(&self->t) + f.len,
			  tun_send(&self->t, &v, &f));
		EXPECT_EQ(packets + 1, link_stats(self->t.name).rx_packets);
		c.seq += writes[i].len;
		ASSERT_EQ(POLLIN, sock_wait(c.fd, POLLIN, WAIT_MS));
		ASSERT_EQ(writes[i].len, recv(c.fd, buf, sizeof(buf), 0));
		EXPECT_EQ(-1, pattern_check(buf, writes[i].len, i));
		/* All of it is acknowledged, in one or more steps. */
		do {
			ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_TCP, WAIT_MS, &p));
			EXPECT_EQ(0, p.payload_len);
		} while (p.ack != c.seq);
	}
	close(c.fd);
}

TEST_F(sockets, write_uso,
       .title = "a UDP super-frame arrives at a socket as the datagrams it stands for",
       .behaviours = { 323, 324 }, .needs = { "usogso_write" })
{
	static const size_t lens[] = { 300, 300, 300, 100 };
	int fd = udp_open(self->kernel_ip, PORT);
	uint8_t buf[2048], stream[1000];
	uint64_t packets;
	size_t at = 0;
	struct frame f;
	struct vnet v;

	start_udp(&self->t, &f, variant->ipv6, sizeof(stream), 1);
	v = frame_finish_gso(&f, 300);
	packets = link_stats(self->t.name).rx_packets;
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
	EXPECT_EQ(packets + 1, link_stats(self->t.name).rx_packets);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(lens[i], udp_recv(fd, buf, sizeof(buf), WAIT_MS));
		memcpy(stream + at, buf, lens[i]);
		at += lens[i];
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 1));

	/* One that fits into its size is a plain datagram. */
	v.gso_size = sizeof(stream);
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
	ASSERT_EQ(sizeof(stream), udp_recv_pattern(fd, 1, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(fd, buf, sizeof(buf), 0));
	close(fd);
}

TEST_F(sockets, write_uso_to_gro,
       .title = "a UDP super-frame arrives whole at a socket with UDP_GRO, which is told its size",
       .behaviours = { 323, 324 }, .needs = { "usogso_write", "udp_gso" })
{
	int fd = udp_open(self->kernel_ip, PORT);
	uint8_t buf[2048];
	uint16_t gso = 0;
	struct frame f;
	struct vnet v;

	udp_enable_gro(fd);
	start_udp(&self->t, &f, variant->ipv6, 1000, 1);
	v = frame_finish_gso(&f, 300);
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
	ASSERT_EQ(1000, udp_recv_gro(fd, buf, sizeof(buf), WAIT_MS, &gso));
	EXPECT_EQ(300, gso);
	EXPECT_EQ(-1, pattern_check(buf, 1000, 1));

	v.gso_size = 1000;
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
	ASSERT_EQ(1000, udp_recv_gro(fd, buf, sizeof(buf), WAIT_MS, &gso));
	EXPECT_EQ(0, gso)
	{
		TH_LOG("a payload of gso_size bytes is no super-frame");
	}
	close(fd);
}

TEST_F(sockets, write_ufo,
       .title = "a UDP frame to be fragmented arrives at a socket as one datagram",
       .behaviours = { 320 })
{
	int fd = udp_open(self->kernel_ip, PORT);
	uint8_t buf[4096];
	struct frame f;
	struct vnet v;

	start_udp(&self->t, &f, variant->ipv6, 3000, 1);
	v = frame_finish_partial(&f);
	v.gso_type = UFO;
	v.gso_size = 1000;
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
	ASSERT_EQ(3000, udp_recv_pattern(fd, 1, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(fd, buf, sizeof(buf), 0));
	close(fd);
}

/*
 * One datagram, or with @gso several at once, from the kernel to the peer. False if it refuses
 * UDP_SEGMENT on a device without checksum offload, as kernels before 6.11 do.
 */
static bool kernel_sends(const char *from, const char *to, size_t len, uint16_t gso)
{
	int fd = udp_open(from, PORT);
	static uint8_t data[65536];
	ssize_t sent;

	pattern_fill(data, len, 7);
	sent = gso ? udp_send_gso(fd, data, len, gso, to, PEER_PORT) :
		     udp_send(fd, data, len, to, PEER_PORT);
	if (sent != len && (!gso || errno != EIO))
		TH_BAIL("cannot send %zu bytes (segments of %u): %s", len, gso, strerror(errno));
	close(fd);
	return sent == len;
}

/* The next segment of a connection that has data. */
static void recv_data(struct __test_metadata *_metadata, const struct tun *t,
		      const struct peer_tcp *c, struct tun_packet *packet, struct parsed *p)
{
	do {
		ASSERT_TRUE(tun_recv_proto(t, packet, IPPROTO_TCP, WAIT_MS, p));
	} while (p->sport != c->dport || !p->payload_len);
}

/* The header was made on the kernel's stack: a field that nobody set would show what was there. */
TEST_F(sockets, read_without_offload,
       .title = "with no offload the header is all zero, and the checksum whole",
       .behaviours = { 330 }, .guards = { "501db511397f" })
{
	struct peer_tcp c = peer_tcp_connect(&self->t, PORT, variant->ipv6, 0);
	static const uint8_t zero[64];
	struct tun_packet packet;
	struct parsed p;
	size_t pi = variant->flags & IFF_NO_PI ? 0 : 4;

	kernel_sends(self->kernel_ip, self->peer_ip, 100, 0);
	ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(0, memcmp(packet.raw + pi, zero, VNET_SIZE_LEGACY));
	EXPECT_TRUE(p.l4_checksum_ok);
	EXPECT_EQ(self->udp, p.payload);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 100, 7));

	ASSERT_EQ(4, send(c.fd, "data", 4, 0));
	recv_data(_metadata, &self->t, &c, &packet, &p);
	EXPECT_EQ(0, memcmp(packet.raw + pi, zero, VNET_SIZE_LEGACY));
	EXPECT_TRUE(p.l4_checksum_ok);
	ASSERT_EQ(4, p.payload_len);
	EXPECT_EQ(0, memcmp(packet.data + p.payload, "data", 4));
	close(c.fd);
}

TEST_F(sockets, read_partial_checksum,
       .title = "with checksum offload the header says where the checksum is to be finished",
       .behaviours = { 144, 331 }, .guards = { "501db511397f" })
{
	struct peer_tcp c = peer_tcp_connect(&self->t, PORT, variant->ipv6, 0);
	struct tun_packet packet;
	struct parsed p;

	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM));
	for (size_t len = 100; len <= 101; len++) {
		kernel_sends(self->kernel_ip, self->peer_ip, len, 0);
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		expect_partial(_metadata, &self->t, &packet, UDP_CSUM);
		EXPECT_EQ(-1, pattern_check(packet.data + self->udp, len, 7));
	}
	ASSERT_EQ(4, send(c.fd, "data", 4, 0));
	recv_data(_metadata, &self->t, &c, &packet, &p);
	expect_partial(_metadata, &self->t, &packet, TCP_CSUM);
	EXPECT_EQ(0, memcmp(packet.data + self->tcp, "data", 4));
	close(c.fd);
}

TEST_F(sockets, read_uso, .title = "with USO datagrams sent at once are read as one super-frame",
       .behaviours = { 332 }, .needs = { "uso", "udp_gso" })
{
	struct tun_packet packet;
	struct parsed p;

	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | USO_MASK));
	ASSERT_TRUE(kernel_sends(self->kernel_ip, self->peer_ip, 1050, 100));
	ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(NEEDS_CSUM, packet.vnet.flags);
	EXPECT_EQ(USO, packet.vnet.gso_type);
	EXPECT_EQ(100, packet.vnet.gso_size);
	EXPECT_EQ(p.l4, packet.vnet.csum_start);
	EXPECT_EQ(UDP_CSUM, packet.vnet.csum_offset);
	EXPECT_TRUE(p.l4_checksum_partial);
	/* A hint: how much of the packet was in one piece. The headers are at least. */
	EXPECT_LE(self->udp, packet.vnet.hdr_len);
	EXPECT_GE(packet.len, packet.vnet.hdr_len);
	ASSERT_EQ(1050, p.payload_len);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 1050, 7));
	EXPECT_FALSE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, 0, &p));
}

TEST_F(sockets, read_uso_segmented,
       .title = "without USO datagrams sent at once are read one by one, their checksums finished "
		"or not as the mask says",
       .behaviours = { 162 }, .needs = { "udp_gso" })
{
	static const unsigned int masks[] = { 0, TUN_F_CSUM, TSO_MASK };

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		struct tun_packet packet;
		uint8_t stream[1000];
		struct parsed p;

		ASSERT_OK(tun_set_offload(self->t.fd, masks[i]));
		if (!kernel_sends(self->kernel_ip, self->peer_ip, sizeof(stream), 100)) {
			EXPECT_EQ(0, masks[i]);
			continue;
		}
		for (int j = 0; j < 10; j++) {
			ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
			ASSERT_EQ(100, p.payload_len);
			EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet.vnet.gso_type);
			memcpy(stream + 100 * j, packet.data + p.payload, 100);
			EXPECT_EQ(!masks[i], p.l4_checksum_ok);
			if (masks[i])
				expect_partial(_metadata, &self->t, &packet, UDP_CSUM);
		}
		EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 7));
		EXPECT_FALSE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, 0, &p));
	}
}

/*
 * Reads the next @total bytes of a connection, in which every frame with more than one segment has
 * to be a super-frame of @gso_type and segments of @mss bytes. The number of those.
 */
static int recv_stream(struct __test_metadata *_metadata, const struct tun *t,
		       const struct peer_tcp *c, uint8_t *buf, size_t total, uint8_t gso_type,
		       int mss)
{
	struct tun_packet packet;
	struct parsed p;
	size_t have = 0;
	int count = 0;

	while (have < total) {
		size_t at;

		recv_data(_metadata, t, c, &packet, &p);
		at = p.seq - c->ack;
		/* A slow reader may get something twice, but nothing is lost. */
		ASSERT_LE(at, have);
		ASSERT_LE(at + p.payload_len, total);
		memcpy(buf + at, packet.data + p.payload, p.payload_len);
		if (at + p.payload_len > have)
			have = at + p.payload_len;

		if (p.payload_len > mss) {
			count++;
			EXPECT_EQ(gso_type, packet.vnet.gso_type);
			EXPECT_EQ(mss, packet.vnet.gso_size);
			EXPECT_LE(p.payload, packet.vnet.hdr_len);
			EXPECT_GE(packet.len, packet.vnet.hdr_len);
		} else {
			EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet.vnet.gso_type);
			EXPECT_EQ(0, packet.vnet.gso_size);
		}
		if (packet.vnet.flags) {
			EXPECT_EQ(NEEDS_CSUM, packet.vnet.flags);
			EXPECT_EQ(p.l4, packet.vnet.csum_start);
			EXPECT_EQ(TCP_CSUM, packet.vnet.csum_offset);
			EXPECT_TRUE(p.l4_checksum_partial);
		} else {
			EXPECT_TRUE(p.l4_checksum_ok);
		}
	}
	return count;
}

TEST_F(sockets, read_tso,
       .title = "what a TCP socket sends is read as super-frames with TSO for its address family, "
		"and otherwise in segments",
       .behaviours = { 146, 333 })
{
	const unsigned int tso = variant->ipv6 ? TUN_F_TSO6 : TUN_F_TSO4;
	const unsigned int masks[] = { TUN_F_CSUM | tso, TUN_F_CSUM, TUN_F_CSUM | (TSO_MASK & ~tso),
				       0, TSO_MASK };
	static uint8_t data[4000], seen[4000];

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		/* Not the same connection: its congestion window might be down to one segment. */
		struct peer_tcp c = peer_tcp_connect(&self->t, PORT + i, variant->ipv6, 0);
		socklen_t optlen = sizeof(int);
		int mss, count;

		/* The peer made no offer, so that the kernel goes by the least there is. */
		ASSERT_OK(getsockopt(c.fd, IPPROTO_TCP, TCP_MAXSEG, &mss, &optlen));
		ASSERT_OK(tun_set_offload(self->t.fd, masks[i]));
		pattern_fill(data, sizeof(data), i);
		ASSERT_EQ(sizeof(data), send(c.fd, data, sizeof(data), 0));
		count = recv_stream(_metadata, &self->t, &c, seen, sizeof(seen),
				    variant->ipv6 ? TCPV6 : TCPV4, mss);
		EXPECT_EQ(!!(masks[i] & tso), !!count)
		{
			TH_LOG("mask %#x", masks[i]);
		}
		EXPECT_EQ(-1, pattern_check(seen, sizeof(seen), i));
		/* Its unacknowledged data may be sent again until the test ends. */
	}
}

TEST(read_short_buffer,
     .title = "a read into less than the header is refused and loses the packet; into less than "
	      "the frame it gives what fits",
     .behaviours = { 328, 361 })
{
	static const struct {
		unsigned int flags;
		int size;
		size_t frame_headers;
	} cases[] = { { IFF_TUN | IFF_NO_PI, 10, 28 },
		      { IFF_TAP | IFF_NO_PI, 12, 42 },
		      { IFF_TUN, 24, 28 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t pi = cases[i].flags & IFF_NO_PI ? 0 : sizeof(struct tun_pi);
		size_t headers = pi + cases[i].size, part = headers + cases[i].frame_headers + 20;
		struct tun t = peer_create("gso0", cases[i].flags | IFF_VNET_HDR);
		struct tun_packet packet;
		struct parsed p;

		ASSERT_OK(tun_set_vnet_hdr_sz(&t, cases[i].size));
		for (size_t len = 100; len < 104; len++)
			kernel_sends(KERNEL_IP4, PEER_IP4, len, 0);
		EXPECT_ERRNO(EINVAL, tun_read(&t, packet.raw, headers - 1, WAIT_MS));
		EXPECT_EQ(headers, tun_read(&t, packet.raw, headers, WAIT_MS));
		memset(packet.raw, 0xaa, sizeof(packet.raw));
		EXPECT_EQ(part, tun_read(&t, packet.raw, part, WAIT_MS));
		EXPECT_EQ(-1, pattern_check(packet.raw + part - 20, 20, 7));
		EXPECT_EQ(0xaa, packet.raw[part]);
		if (pi) {
			memcpy(&packet.pi, packet.raw, pi);
			EXPECT_EQ(TUN_PKT_STRIP, packet.pi.flags);
		}
		/* The fourth is still whole. */
		ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		ASSERT_EQ(103, p.payload_len);
		EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 103, 7));
		EXPECT_FALSE(tun_recv_proto(&t, &packet, IPPROTO_UDP, 0, &p));
		tun_close(&t);
	}
}

/*
 * The series that made it zero says in its cover letter that num_buffers becomes 1, as VIRTIO
 * wants it. It does not: the whole rest of the header is zeroed.
 */
TEST(header_rest,
     .title = "what lies behind the first ten bytes of a header is zero on read, or left as it was",
     .behaviours = { 329, 567 })
{
	struct tun t = peer_create("gso0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	static const int sizes[] = { 10, 12, 20, 24, 40, 64, 200 };

	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t buf[512];
		int size = sizes[i];

		ASSERT_OK(tun_set_vnet_hdr_sz(&t, size));
		memset(buf, 0xaa, sizeof(buf));
		kernel_sends(KERNEL_IP4, PEER_IP4, 100, 0);
		ASSERT_EQ(size + 128, tun_read(&t, buf, sizeof(buf), WAIT_MS));
		/* Kernels before 6.15 skip these bytes, later ones write zeros. */
		for (int at = 10; at < size; at++) {
			EXPECT_TRUE(buf[at] == 0 || buf[at] == 0xaa)
			{
				TH_LOG("size %d: byte %d is %#x", size, at, buf[at]);
			}
			EXPECT_EQ(buf[10], buf[at])
			{
				TH_LOG("size %d: byte %d", size, at);
			}
		}
		EXPECT_EQ(0x45, buf[size]);
		EXPECT_EQ(-1, pattern_check(buf + size + 28, 100, 7));
	}
	tun_close(&t);
}
