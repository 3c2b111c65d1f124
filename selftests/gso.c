// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checksum and segmentation offload with real traffic: what the kernel's sockets get of
 * super-frames written to the device, what a reader gets of theirs, and what becomes of one that is
 * forwarded.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define NEEDS_CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define DATA_VALID VIRTIO_NET_HDR_F_DATA_VALID
#define TCPV4	   VIRTIO_NET_HDR_GSO_TCPV4
#define TCPV6	   VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	   VIRTIO_NET_HDR_GSO_UDP
#define USO	   VIRTIO_NET_HDR_GSO_UDP_L4
#define ECN	   VIRTIO_NET_HDR_GSO_ECN

#define TSO_MASK   (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define USO_MASK   (TUN_F_USO4 | TUN_F_USO6)

#define WAIT_MS	   2000
#define PORT	   4001 /* of the kernel's sockets */
#define PEER_PORT  4000

#define UDP_CSUM   6 /* offset of the checksum */
#define TCP_CSUM   16
#define CWR	   0x80 /* TCP flag of RFC 3168, <netinet/tcp.h> lacks it */

/*
 * Finishes a partial checksum, as a reader has to. A checksum of 0 would say that UDP has none,
 * but no test here comes upon one.
 */
static void complete_checksum(struct tun_packet *packet)
{
	uint8_t *frame = (uint8_t *)packet->data;
	size_t start = packet->vnet.csum_start;
	uint16_t sum = ~checksum_fold(checksum_add(0, frame + start, packet->len - start));

	frame[start + packet->vnet.csum_offset] = sum >> 8;
	frame[start + packet->vnet.csum_offset + 1] = sum;
}

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

/* A header that asks for a checksum and nothing else, which it then gets. */
static void expect_partial(struct __test_metadata *_metadata, const struct tun *t,
			   struct tun_packet *packet, size_t csum_offset)
{
	struct parsed p;

	ASSERT_TRUE(frame_parse(packet->data, packet->len, tun_is_tap(t), &p));
	EXPECT_EQ(NEEDS_CSUM, packet->vnet.flags);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet->vnet.gso_type);
	EXPECT_EQ(0, packet->vnet.gso_size);
	EXPECT_EQ(0, packet->vnet.hdr_len);
	EXPECT_EQ(p.l4, packet->vnet.csum_start);
	EXPECT_EQ(csum_offset, packet->vnet.csum_offset);
	EXPECT_TRUE(p.l4_checksum_partial);
	EXPECT_FALSE(p.l4_checksum_ok);

	complete_checksum(packet);
	EXPECT_TRUE(frame_parse(packet->data, packet->len, tun_is_tap(t), &p));
	EXPECT_TRUE(p.l4_checksum_ok);
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

/*
 *	peer 10.9.0.2 fd09::2 == in0 -- kernel, forwarding -- out0 == far 10.8.0.2 fd08::2
 */
#define FAR_IP4 "10.8.0.2"
#define FAR_IP6 "fd08::2"

FIXTURE(forward)
{
	struct tun in, out;
	unsigned int mask; /* the variant's, as far as the kernel knows it */
};

FIXTURE_VARIANT(forward)
{
	unsigned int mask; /* of the device that the frames leave by */
};

FIXTURE_VARIANT_ADD(forward, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(forward, csum) { .mask = TUN_F_CSUM };
FIXTURE_VARIANT_ADD(forward, tso) { .mask = TSO_MASK };
FIXTURE_VARIANT_ADD(forward, tso_ecn_uso) { .mask = TSO_MASK | TUN_F_TSO_ECN | USO_MASK };

static void must_set(const char *sysctl, const char *value)
{
	if (netns_sysctl(sysctl, value))
		TH_BAIL("/proc/sys/net/%s: %s", sysctl, strerror(errno));
}

static unsigned int known_mask(unsigned int mask)
{
	return harness_feature("uso") ? mask : mask & ~USO_MASK;
}

static struct tun forwarding_out(unsigned int mask)
{
	struct tun t = tun_create("out0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);

	if (tun_set_offload(t.fd, mask) || link_up(t.name) ||
	    route_add("10.8.0.0/24", NULL, t.name))
		TH_BAIL("cannot prepare %s: %s", t.name, strerror(errno));
	return t;
}

FIXTURE_SETUP(forward)
{
	must_set("ipv4/ip_forward", "1");
	if (harness_feature("ipv6")) {
		netns_ipv6();
		must_set("ipv6/conf/all/forwarding", "1");
	}
	self->in = peer_create("in0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	self->mask = known_mask(variant->mask);
	self->out = forwarding_out(self->mask);
	if (!harness_feature("ipv6"))
		return;
	peer_configure_ipv6(&self->in);
	if (route_add("fd08::/64", NULL, self->out.name))
		TH_BAIL("IPv6 route to %s: %s", self->out.name, strerror(errno));
}

/* The IP header of a frame from the peer to the host behind out0. */
static void start_far(struct frame *f, bool ipv6, uint8_t proto)
{
	frame_start(f);
	if (ipv6)
		frame_ipv6(f, PEER_IP6, FAR_IP6, proto);
	else
		frame_ipv4(f, PEER_IP4, FAR_IP4, proto);
}

/*
 * Reads what becomes of @total bytes forwarded as one frame: in super-frames of @gso_type and
 * @gso_size if @gso_type is not 0, otherwise in packets of @gso_size bytes of payload.
 */
static void expect_forwarded(struct __test_metadata *_metadata, const struct tun *out,
			     unsigned int mask, uint8_t proto, size_t total, uint8_t gso_type,
			     uint16_t gso_size)
{
	size_t ttl_at, want = gso_type ? total : gso_size;
	uint8_t stream[8192];
	int packets = 0;

	for (size_t at = 0; at < total; packets++) {
		struct tun_packet packet;
		struct parsed p;

		ASSERT_TRUE(tun_recv_proto(out, &packet, proto, WAIT_MS, &p));
		ASSERT_EQ(want < total - at ? want : total - at, p.payload_len);
		EXPECT_EQ(gso_type, packet.vnet.gso_type);
		EXPECT_EQ(gso_type ? gso_size : 0, packet.vnet.gso_size);
		memcpy(stream + at, packet.data + p.payload, p.payload_len);

		ttl_at = p.ip_version == 6 ? 7 : 8;
		EXPECT_EQ(63, packet.data[ttl_at]);
		EXPECT_TRUE(p.l3_checksum_ok);
		if (p.ip_version == 4) {
			EXPECT_EQ(packets, packet.data[4] << 8 | packet.data[5]);
		}
		if (proto == IPPROTO_TCP) {
			bool last = at + p.payload_len == total;

			EXPECT_EQ(1000 + at, p.seq);
			EXPECT_EQ(TH_ACK | (last ? TH_PUSH | TH_FIN : 0), p.tcp_flags & ~CWR);
		}
		EXPECT_EQ(mask & TUN_F_CSUM ? NEEDS_CSUM : 0, packet.vnet.flags);
		if (packet.vnet.flags && !gso_type)
			complete_checksum(&packet);
		frame_parse(packet.data, packet.len, false, &p);
		EXPECT_TRUE(gso_type ? p.l4_checksum_partial : p.l4_checksum_ok);
		at += p.payload_len;
	}
	EXPECT_EQ(-1, pattern_check(stream, total, 5));
}

static void forward_tcp(struct __test_metadata *_metadata, FIXTURE_DATA(forward) *self,
			unsigned int mask, bool ipv6)
{
	bool tso = mask & (ipv6 ? TUN_F_TSO6 : TUN_F_TSO4);
	struct frame f;
	struct vnet v;

	start_far(&f, ipv6, IPPROTO_TCP);
	frame_tcp(&f, PEER_PORT, PORT, 1000, 1, TH_ACK | TH_PUSH | TH_FIN);
	frame_pattern(&f, 5500, 5);
	v = frame_finish_gso(&f, 1000);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	expect_forwarded(_metadata, &self->out, mask, IPPROTO_TCP, 5500,
			 tso ? (ipv6 ? TCPV6 : TCPV4) : 0, 1000);
}

TEST_F(forward, forward_tcp4,
       .title = "an IPv4 TCP super-frame is forwarded as it is to a device with TSO, in segments "
		"to others",
       .behaviours = { 325, 333 }, .needs = { "sysctl" })
{
	forward_tcp(_metadata, self, self->mask, false);
}

TEST_F(forward, forward_tcp6,
       .title = "an IPv6 TCP super-frame is forwarded as it is to a device with TSO, in segments "
		"to others",
       .behaviours = { 325, 333 }, .needs = { "sysctl", "ipv6" })
{
	forward_tcp(_metadata, self, self->mask, true);
}

TEST_F(forward, forward_tcp_tiny,
       .title = "a TCP super-frame with segments of less than 8 bytes is forwarded with such "
		"segments, or with segments of 8",
       .behaviours = { 318 }, .needs = { "sysctl" })
{
	bool tso = self->mask & TUN_F_TSO4;
	struct tun_packet packet;
	size_t size = 0, left;
	uint8_t stream[60];
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_far(&f, false, IPPROTO_TCP);
	frame_tcp(&f, PEER_PORT, PORT, 1000, 1, TH_ACK);
	frame_pattern(&f, sizeof(stream), 5);
	v = frame_finish_gso(&f, 3);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	for (size_t at = 0; at < sizeof(stream); at += p.payload_len) {
		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_TCP, WAIT_MS, &p));
		/* Some kernels take 8 for less, the smallest that TCP itself would come to. */
		if (!at)
			size = tso ? packet.vnet.gso_size : p.payload_len;
		EXPECT_TRUE(size == 3 || size == 8)
		{
			TH_LOG("segments of %zu", size);
		}
		ASSERT_LE(at + p.payload_len, sizeof(stream));
		left = sizeof(stream) - at;
		EXPECT_EQ(tso || size > left ? left : size, p.payload_len);
		memcpy(stream + at, packet.data + p.payload, p.payload_len);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 5));
}

TEST_F(forward, forward_tcp_ecn,
       .title = "a TCP super-frame with ECN keeps its bit on a device with ECN; in segments only "
		"the first has CWR",
       .behaviours = { 147, 325, 333 }, .needs = { "sysctl" })
{
	bool whole = self->mask & TUN_F_TSO_ECN;
	struct tun_packet packet;
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_far(&f, false, IPPROTO_TCP);
	frame_tcp(&f, PEER_PORT, PORT, 1000, 1, TH_ACK | CWR);
	frame_pattern(&f, 3000, 5);
	v = frame_finish_gso(&f, 1000);
	v.gso_type |= ECN;
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	for (int i = 0; i < (whole ? 1 : 3); i++) {
		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_TCP, WAIT_MS, &p));
		EXPECT_EQ(whole ? TCPV4 | ECN : 0, packet.vnet.gso_type);
		EXPECT_EQ(i ? TH_ACK : TH_ACK | CWR, p.tcp_flags);
		EXPECT_EQ(whole ? 3000 : 1000, p.payload_len);
	}
}

static void forward_udp(struct __test_metadata *_metadata, FIXTURE_DATA(forward) *self,
			unsigned int mask, bool ipv6)
{
	struct frame f;
	struct vnet v;

	start_far(&f, ipv6, IPPROTO_UDP);
	frame_udp(&f, PEER_PORT, PORT);
	frame_pattern(&f, 1000, 5);
	v = frame_finish_gso(&f, 300);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	expect_forwarded(_metadata, &self->out, mask, IPPROTO_UDP, 1000, mask & USO_MASK ? USO : 0,
			 300);
}

TEST_F(forward, forward_udp4,
       .title = "an IPv4 UDP super-frame is forwarded as it is to a device with USO, as datagrams "
		"to others",
       .behaviours = { 325, 332 }, .needs = { "sysctl", "usogso_write" },
       .guards = { "9840036786d9" })
{
	forward_udp(_metadata, self, self->mask, false);
}

TEST_F(forward, forward_udp6,
       .title = "an IPv6 UDP super-frame is forwarded as it is to a device with USO, as datagrams "
		"to others",
       .behaviours = { 325, 332 }, .needs = { "sysctl", "usogso_write", "ipv6" },
       .guards = { "9840036786d9" })
{
	forward_udp(_metadata, self, self->mask, true);
}

TEST_F(forward, forward_misplaced_checksum,
       .title = "a UDP super-frame whose checksum starts behind its UDP header is not forwarded",
       .behaviours = { 325 }, .needs = { "sysctl", "usogso_write" },
       .guards = { "89add40066f9", "CVE-2024-43897" })
{
	struct tun_packet packet;
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_far(&f, false, IPPROTO_UDP);
	frame_udp(&f, PEER_PORT, PORT);
	frame_pattern(&f, 400, 5);
	v = frame_finish_gso(&f, 100);
	v.csum_start += 4;
	ASSERT_LT(0, tun_send(&self->in, &v, &f));

	/* It would have come before this one. */
	start_far(&f, false, IPPROTO_UDP);
	frame_udp(&f, PEER_PORT, PORT);
	frame_pattern(&f, 7, 6);
	frame_finish(&f);
	ASSERT_LT(0, tun_send(&self->in, NULL, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(7, p.payload_len);
}

/*
 * Reads the IP fragments of a datagram with @len bytes of payload of pattern 5, none longer than
 * @most behind its IP header, and puts it together. The number of fragments.
 */
static int recv_fragments(struct __test_metadata *_metadata, const struct tun *t, size_t len,
			  size_t most)
{
	size_t have = 0, total = len + 8, l2 = tun_is_tap(t) ? 14 : 0;
	uint8_t datagram[8192];
	int count = 0;

	for (; have < total; count++) {
		struct tun_packet packet;
		const uint8_t *ip;
		struct parsed p;
		size_t at, bytes;

		ASSERT_TRUE(tun_recv_proto(t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		ip = packet.data + l2;
		at = (ip[6] << 8 | ip[7]) % 0x2000 * 8;
		bytes = p.ip_len - 20;
		EXPECT_TRUE(p.fragment);
		EXPECT_TRUE(p.l3_checksum_ok);
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet.vnet.gso_type);
		/* The kernel summed the datagram up before it cut it. */
		EXPECT_EQ(DATA_VALID, packet.vnet.flags);
		EXPECT_GE(most, bytes);
		ASSERT_EQ(have, at);
		ASSERT_LE(at + bytes, total);
		memcpy(datagram + at, ip + 20, bytes);
		have += bytes;
		/* MF on all but the last. */
		EXPECT_EQ(have < total, !!(ip[6] & 0x20));
	}
	EXPECT_EQ(len + 8, datagram[4] << 8 | datagram[5]);
	EXPECT_EQ(-1, pattern_check(datagram + 8, len, 5));
	return count;
}

TEST_F(forward, forward_ufo,
       .title = "UDP to be fragmented leaves in IP fragments, whatever the mask; its UDP header "
		"counts as payload",
       .behaviours = { 320, 335 }, .needs = { "sysctl" }, .guards = { "cf9acc90c80e" })
{
	static const struct {
		size_t len;
		int fragments;
	} cases[] = { { 3000, 4 }, { 1000, 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct frame f;
		struct vnet v;

		start_far(&f, false, IPPROTO_UDP);
		f.data[f.l3 + 6] = 0; /* may be fragmented */
		frame_udp(&f, PEER_PORT, PORT);
		frame_pattern(&f, cases[i].len, 5);
		v = frame_finish_partial(&f);
		v.gso_type = UFO;
		v.gso_size = 1000;
		ASSERT_LT(0, tun_send(&self->in, &v, &f));
		EXPECT_EQ(cases[i].fragments,
			  recv_fragments(_metadata, &self->out, cases[i].len, 1000));
	}
}

/* Two TAPs in a bridge; the mask is that of the second. */
FIXTURE(bridged)
{
	struct tun in, out;
	unsigned int mask; /* the variant's, as far as the kernel knows it */
};

FIXTURE_VARIANT(bridged)
{
	unsigned int mask;
};

FIXTURE_VARIANT_ADD(bridged, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(bridged, all) { .mask = TSO_MASK | TUN_F_UFO | USO_MASK };

static const uint8_t far_mac[6] = { 0x02, 0, 0, 0, 0x08, 0x02 };

static struct tun bridge_port(const char *name, unsigned int mask)
{
	struct tun t = tun_create(name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	if (tun_set_offload(t.fd, mask) || link_up(name) || link_set_master(name, "br0"))
		TH_BAIL("cannot put %s into the bridge: %s", name, strerror(errno));
	return t;
}

FIXTURE_SETUP(bridged)
{
	if (link_add("bridge", "br0") || link_up("br0"))
		TH_BAIL("bridge: %s", strerror(errno));
	self->in = bridge_port("in0", 0);
	self->mask = known_mask(variant->mask);
	self->out = bridge_port("out0", self->mask);
}

static void start_bridged(struct frame *f, size_t len)
{
	frame_start(f);
	frame_eth(f, far_mac, peer_mac, 0x0800);
	frame_ipv4(f, PEER_IP4, FAR_IP4, IPPROTO_UDP);
	f->data[f->l3 + 6] = 0;
	frame_udp(f, PEER_PORT, PORT);
	frame_pattern(f, len, 5);
}

TEST_F(bridged, bridge_checksum,
       .title = "a bridge carries an unfinished checksum to a TAP with checksum offload, and "
		"finishes it for others; of DATA_VALID nothing is left",
       .behaviours = { 306, 336, 337 }, .needs = { "bridge" })
{
	struct vnet v, data_valid = { .flags = DATA_VALID };
	struct tun_packet packet;
	struct parsed p;
	struct frame f;

	start_bridged(&f, 100);
	v = frame_finish_partial(&f);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	ASSERT_EQ(f.len, packet.len);
	EXPECT_EQ(!self->mask, p.l4_checksum_ok);
	if (self->mask)
		expect_partial(_metadata, &self->out, &packet, UDP_CSUM);
	EXPECT_EQ(0, memcmp(f.data, packet.data, f.l4 + UDP_CSUM));
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 100, 5));

	/* A wrong checksum is none of a bridge's business. */
	ASSERT_LT(0, tun_send(&self->in, &data_valid, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(0, packet.vnet.flags);
	ASSERT_EQ(f.len, packet.len);
	EXPECT_EQ(0, memcmp(f.data, packet.data, f.len));
}

/* Once it did not, and who finished the checksum wrote it four bytes early. */
TEST_F(bridged, bridge_vlan,
       .title = "csum_start counts the VLAN tag that the kernel took off and read puts back",
       .behaviours = { 338 }, .needs = { "bridge" })
{
	struct tun_packet packet;
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_bridged(&f, 100);
	frame_vlan(&f, 0x8100, 42);
	v = frame_finish_partial(&f);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(1, p.vlans);
	EXPECT_EQ(14 + 4 + 20, p.l4);
	if (self->mask & TUN_F_CSUM) {
		EXPECT_EQ(NEEDS_CSUM, packet.vnet.flags);
		EXPECT_EQ(p.l4, packet.vnet.csum_start);
		EXPECT_EQ(6, packet.vnet.csum_offset);
		EXPECT_TRUE(p.l4_checksum_partial);
	} else {
		EXPECT_EQ(0, packet.vnet.flags & NEEDS_CSUM);
		EXPECT_TRUE(p.l4_checksum_ok);
	}
}

TEST_F(bridged, bridge_uso,
       .title = "a bridge carries a UDP super-frame to a TAP with USO, and cuts it up for others",
       .behaviours = { 325, 337 }, .needs = { "bridge", "usogso_write" })
{
	int count = self->mask ? 1 : 4;
	struct tun_packet packet;
	uint8_t stream[1000];
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_bridged(&f, sizeof(stream));
	v = frame_finish_gso(&f, 300);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	for (int i = 0; i < count; i++) {
		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
		ASSERT_EQ(count == 1 ? 1000 : i < 3 ? 300 : 100, p.payload_len);
		memcpy(stream + 300 * i, packet.data + p.payload, p.payload_len);
		EXPECT_EQ(count == 1 ? USO : 0, packet.vnet.gso_type);
		EXPECT_EQ(count == 1 ? 300 : 0, packet.vnet.gso_size);
		EXPECT_EQ(count != 1, p.l4_checksum_ok);
		EXPECT_EQ(count == 1, p.l4_checksum_partial);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 5));
}

TEST_F(bridged, bridge_ufo,
       .title = "UDP to be fragmented comes out of a bridge in IP fragments, even with TUN_F_UFO",
       .behaviours = { 148, 335 }, .needs = { "bridge" })
{
	struct frame f;
	struct vnet v;

	start_bridged(&f, 1140 - 8);
	v = frame_finish_partial(&f);
	v.gso_type = UFO;
	v.gso_size = 448;
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	EXPECT_EQ(3, recv_fragments(_metadata, &self->out, 1140 - 8, 448));
}

/* TCP in VXLAN over IPv4. */
static struct vnet vxlan_gso(struct frame *f, size_t len)
{
	static const uint8_t vxlan[8] = { 0x08, 0, 0, 0, 0, 0, 0x2a, 0 };
	struct vnet v;
	int outer;

	start_bridged(f, 0);
	outer = f->l4;
	frame_payload(f, vxlan, sizeof(vxlan));
	frame_eth(f, far_mac, peer_mac, 0x0800);
	frame_ipv4(f, "192.0.2.1", "192.0.2.2", IPPROTO_TCP);
	frame_tcp(f, PEER_PORT, PORT, 1000, 1, TH_ACK);
	frame_pattern(f, len, 5);
	v = frame_finish_gso(f, 1000);
	v.gso_type |= VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4;
	v.outer_th_offset = outer;
	v.inner_nh_offset = f->l3;
	return v;
}

FIXTURE(tunnel)
{
	struct tun in, out;
};

FIXTURE_VARIANT(tunnel)
{
	unsigned int mask;
};

FIXTURE_VARIANT_ADD(tunnel, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(tunnel, tso) { .mask = TSO_MASK };
FIXTURE_VARIANT_ADD(tunnel, tunnel_gso) { .mask = TSO_MASK | TUN_F_UDP_TUNNEL_GSO };

FIXTURE_SETUP(tunnel)
{
	if (link_add("bridge", "br0") || link_up("br0"))
		TH_BAIL("bridge: %s", strerror(errno));
	self->in = bridge_port("in0", 0);
	self->out = bridge_port("out0", variant->mask);
	if (tun_set_vnet_hdr_sz(&self->in, VNET_SIZE_HASH_TUNNEL) ||
	    tun_set_vnet_hdr_sz(&self->out, VNET_SIZE_HASH_TUNNEL))
		TH_BAIL("header for tunnels: %s", strerror(errno));
}

TEST_F(tunnel, bridge_tunnel,
       .title = "a super-frame in a UDP tunnel is carried as it is to a device that knows them, "
		"otherwise in segments that each have all headers",
       .behaviours = { 151, 334, 568 }, .needs = { "bridge", "udp_tunnel_gso" })
{
	bool whole = variant->mask & TUN_F_UDP_TUNNEL_GSO;
	uint8_t stream[3500];
	struct frame f;
	struct vnet v = vxlan_gso(&f, sizeof(stream));

	ASSERT_EQ(VNET_SIZE_HASH_TUNNEL + f.len, tun_send(&self->in, &v, &f));
	for (int i = 0; i < (whole ? 1 : 4); i++) {
		struct parsed outer, inner;
		struct tun_packet packet;

		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &outer));
		EXPECT_EQ(whole ? v.gso_type : 0, packet.vnet.gso_type);
		EXPECT_EQ(whole ? 1000 : 0, packet.vnet.gso_size);
		if (whole) {
			EXPECT_EQ(NEEDS_CSUM, packet.vnet.flags);
			EXPECT_EQ(v.csum_start, packet.vnet.csum_start);
			EXPECT_EQ(TCP_CSUM, packet.vnet.csum_offset);
			EXPECT_EQ(v.outer_th_offset, packet.vnet.outer_th_offset);
			EXPECT_EQ(v.inner_nh_offset, packet.vnet.inner_nh_offset);
		} else if (packet.vnet.flags & NEEDS_CSUM) {
			EXPECT_TRUE(variant->mask & TUN_F_CSUM);
			complete_checksum(&packet);
		}

		EXPECT_TRUE(outer.l3_checksum_ok);
		EXPECT_TRUE(outer.l4_checksum_ok);
		EXPECT_EQ(packet.len, 14 + outer.ip_len);
		ASSERT_TRUE(frame_parse(packet.data + outer.payload + 8, outer.payload_len - 8,
					true, &inner));
		EXPECT_TRUE(inner.l3_checksum_ok);
		EXPECT_TRUE(whole ? inner.l4_checksum_partial : inner.l4_checksum_ok);
		EXPECT_EQ(1000 + 1000 * i, inner.seq);
		ASSERT_EQ(whole ? 3500 : i < 3 ? 1000 : 500, inner.payload_len);
		memcpy(stream + 1000 * i, packet.data + outer.payload + 8 + inner.payload,
		       inner.payload_len);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 5));
}

TEST_F(tunnel, tunnel_headers,
       .title = "a super-frame in a UDP tunnel needs a checksum, TCP or USO inside, one outer IP "
		"version and its offsets in order",
       .behaviours = { 334 }, .needs = { "bridge", "udp_tunnel_gso" })
{
	struct frame f;
	struct vnet good = vxlan_gso(&f, 3500), v;

#define REFUSED(change)                                                                            \
	do {                                                                                       \
		v = good;                                                                          \
		v.change;                                                                          \
		EXPECT_ERRNO(EINVAL, tun_send(&self->in, &v, &f))                                  \
		{                                                                                  \
			TH_LOG("%s", #change);                                                     \
		}                                                                                  \
	} while (0)
	REFUSED(flags = 0);
	REFUSED(gso_type = VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4);
	REFUSED(gso_type = VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | UFO);
	REFUSED(gso_type |= VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6);
	REFUSED(gso_size = 0);
	REFUSED(outer_th_offset = 0);
	REFUSED(outer_th_offset = good.inner_nh_offset);
	REFUSED(inner_nh_offset = good.outer_th_offset + 7);
	REFUSED(inner_nh_offset = good.csum_start - 19);
	REFUSED(inner_nh_offset = 0xffff);
	EXPECT_LT(0, tun_send(&self->in, &good, &f));
	/* Without the fields in the header nothing says where the tunnel is. */
	ASSERT_OK(tun_set_vnet_hdr_sz(&self->in, VNET_SIZE_HASH));
	EXPECT_ERRNO(EINVAL, tun_send(&self->in, &good, &f));
}
