// SPDX-License-Identifier: GPL-2.0-only
/* The virtio-net header: which headers the driver takes on write. */
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

#define NEEDS_CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define DATA_VALID VIRTIO_NET_HDR_F_DATA_VALID
#define TCPV4	   VIRTIO_NET_HDR_GSO_TCPV4
#define TCPV6	   VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	   VIRTIO_NET_HDR_GSO_UDP
#define USO	   VIRTIO_NET_HDR_GSO_UDP_L4
#define ECN	   VIRTIO_NET_HDR_GSO_ECN

#define WAIT_MS	   2000
#define PORT	   4001
#define ETH_HEADER 14

FIXTURE(vnethdr)
{
	struct tun t;
	size_t l2; /* bytes in front of the IP header */
};

FIXTURE_VARIANT(vnethdr)
{
	unsigned int flags;
	int size;
};

FIXTURE_VARIANT_ADD(vnethdr, tun) { .flags = IFF_TUN | IFF_NO_PI, .size = 10 };
FIXTURE_VARIANT_ADD(vnethdr, tap) { .flags = IFF_TAP | IFF_NO_PI, .size = 10 };
FIXTURE_VARIANT_ADD(vnethdr, tun_pi) { .flags = IFF_TUN, .size = 10 };
FIXTURE_VARIANT_ADD(vnethdr, tap_12) { .flags = IFF_TAP | IFF_NO_PI, .size = 12 };
FIXTURE_VARIANT_ADD(vnethdr, tun_24) { .flags = IFF_TUN | IFF_NO_PI, .size = 24 };

FIXTURE_SETUP(vnethdr)
{
	self->t = peer_create("vnet0", variant->flags | IFF_VNET_HDR);
	if (variant->size != 10 && tun_set_vnet_hdr_sz(&self->t, variant->size))
		TH_BAIL("header size %d: %s", variant->size, strerror(errno));
	self->l2 = tun_l2_size(&self->t);
}

FIXTURE_TEARDOWN(vnethdr)
{
	tun_close(&self->t);
}

/* The kinds of frame, all of 3000 bytes behind the link layer. */
enum kind { UDP4, TCP4, TCP6 };
#define IP_LEN 3000

static struct vnet build(const struct tun *t, struct frame *f, enum kind kind)
{
	if (kind == TCP6)
		peer_ipv6(t, f, IPPROTO_TCP);
	else
		peer_ipv4(t, f, kind == UDP4 ? IPPROTO_UDP : IPPROTO_TCP);
	if (kind == UDP4)
		frame_udp(f, 4000, PORT);
	else
		frame_tcp(f, 4000, PORT, 1000, 1, TH_ACK);
	frame_pattern(f, f->l3 + IP_LEN - f->len, 1);
	return frame_finish_partial(f);
}

/*
 * A frame behind a header: offsets as they are without a link layer, which the driver counts too.
 * With @err 0 the frame has to be received, otherwise refused.
 */
struct header_case {
	const char *name;
	enum kind kind;
	struct vnet v;
	int err;
	bool uncounted;	  /* refused by its length alone, before anybody calls it a frame error */
	const char *need; /* only where the kernel has this feature */
};

static void try_header(struct __test_metadata *_metadata, const struct tun *t,
		       const struct header_case *c)
{
	size_t l2 = tun_l2_size(t);
	struct rtnl_link_stats64 before = link_stats(t->name), after;
	struct vnet v = c->v;
	struct frame f;

	build(t, &f, c->kind);
	if (v.flags & NEEDS_CSUM)
		v.csum_start += l2;
	if (v.hdr_len)
		v.hdr_len += l2;
	EXPECT_ERRNO(c->err, tun_send(t, &v, &f)) { TH_LOG("%s", c->name); }
	after = link_stats(t->name);
	EXPECT_EQ(!c->err, after.rx_packets - before.rx_packets) { TH_LOG("%s", c->name); }
	if (c->err) {
		EXPECT_EQ(before.rx_dropped, after.rx_dropped) { TH_LOG("%s", c->name); }
	}
	/* A TAP does not show the counter. */
	if (!tun_is_tap(t) && !c->uncounted) {
		EXPECT_EQ(!!c->err, after.rx_frame_errors - before.rx_frame_errors)
		{
			TH_LOG("%s", c->name);
		}
	}
}

static void try_headers(struct __test_metadata *_metadata, const struct tun *t,
			const struct header_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!cases[i].need || harness_feature(cases[i].need))
			try_header(_metadata, t, &cases[i]);
	}
}
#define TRY_HEADERS(cases) \
	try_headers(_metadata, &self->t, cases, ARRAY_SIZE(cases))

TEST_F(vnethdr, flags,
       .title = "on write only NEEDS_CSUM means something; all other flags are ignored",
       .behaviours = { 280, 306 })
{
	static const struct header_case cases[] = {
		{ .name = "none", .kind = UDP4 },
		{ .name = "DATA_VALID", .kind = UDP4, .v = { .flags = DATA_VALID } },
		{ .name = "unknown", .kind = UDP4, .v = { .flags = 0xf0 } },
		{ .name = "all but NEEDS_CSUM", .kind = UDP4, .v = { .flags = 0xfe } },
		{ .name = "all", .kind = UDP4,
		  .v = { .flags = 0xff, .csum_start = 20, .csum_offset = 6 } },
		{ .name = "offsets without NEEDS_CSUM", .kind = UDP4,
		  .v = { .csum_start = 0xffff, .csum_offset = 0xffff } },
		{ .name = "size without GSO", .kind = UDP4, .v = { .gso_size = 0xffff } },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, checksum_place,
       .title = "a checksum has to lie within the frame, in more than 16 bits of arithmetic",
       .behaviours = { 310, 312, 326, 327 })
{
	static const struct header_case cases[] = {
		{ .name = "UDP", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 20, .csum_offset = 6 } },
		{ .name = "last two bytes", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .csum_start = IP_LEN - 2, .csum_offset = 0 } },
		{ .name = "last two bytes, by the offset", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 20, .csum_offset = IP_LEN - 22 } },
		/* In a header of more than 10 bytes its rest may count as frame: no other errno. */
		{ .name = "one byte beyond", .kind = UDP4, .err = EINVAL, .uncounted = true,
		  .v = { .flags = NEEDS_CSUM, .csum_start = IP_LEN - 1, .csum_offset = 0 } },
		{ .name = "far beyond", .kind = UDP4, .err = EINVAL, .uncounted = true,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 0xf000, .csum_offset = 6 } },
		/* In 16 bits start + offset + 2 is a good hdr_len. */
		{ .name = "wraps", .kind = UDP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 0xfff0, .csum_offset = 0x10 } },
		{ .name = "wraps to zero", .kind = UDP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 0xffff, .csum_offset = 0xffff } },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, checksum_in_ip_header,
       .title = "a checksum that starts where the IP header still is, is refused",
       .behaviours = { 311, 319 }, .guards = { "49d14b54a527" })
{
	const struct header_case cases[] = {
		/* Counted from the start of the frame: a TAP may begin it 14 bytes early. */
		{ .name = "at 0", .kind = UDP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .csum_start = -self->l2, .csum_offset = 6 } },
		{ .name = "at 19", .kind = UDP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 19 - self->l2, .csum_offset = 6 } },
		{ .name = "at 20", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .csum_start = 20 - self->l2, .csum_offset = 6 } },
		{ .name = "TCPV4 at 10", .kind = TCP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV4, .gso_size = 100,
			 .csum_start = 10 - self->l2, .csum_offset = 16 } },
		{ .name = "TCPV6 at 20", .kind = TCP6, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .gso_size = 1000,
			 .csum_start = 20 - self->l2, .csum_offset = 16 } },
		{ .name = "TCPV6 at 39", .kind = TCP6, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .gso_size = 1000,
			 .csum_start = 39 - self->l2, .csum_offset = 16 } },
		{ .name = "TCPV6 on IPv4", .kind = TCP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .gso_size = 1000,
			 .csum_start = 20 - self->l2, .csum_offset = 16 } },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, gso_type,
       .title = "a GSO type has to be known and to have a size, which is not the one the kernel "
		"keeps for itself",
       .behaviours = { 314, 315, 316, 326, 327 }, .guards = { "b616be6b9768" })
{
#define TCP_GSO(type, size)                                                                 \
	{                                                                                   \
		.flags = NEEDS_CSUM, .gso_type = type, .gso_size = size, .csum_start = 20,  \
		.csum_offset = 16                                                           \
	}
	static const struct header_case cases[] = {
		{ .name = "type 2", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(2, 1000) },
		{ .name = "type 6", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(6, 1000) },
		{ .name = "type 0x40", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(0x40, 1000) },
		{ .name = "type 0x7f", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(0x7f, 1000) },
		{ .name = "ECN alone", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(ECN, 1000) },
		{ .name = "TCPV4 of 0", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(TCPV4, 0) },
		{ .name = "ECN of 0", .kind = TCP4, .err = EINVAL, .v = TCP_GSO(TCPV4 | ECN, 0) },
		{ .name = "TCPV4 of 0xffff", .kind = TCP4, .err = EINVAL,
		  .v = TCP_GSO(TCPV4, 0xffff) },
		{ .name = "TCPV4 of 0xffff, no checksum", .kind = TCP4, .err = EINVAL,
		  .v = { .gso_type = TCPV4, .gso_size = 0xffff } },
		{ .name = "TCPV6 of 0", .kind = TCP6, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .csum_start = 40,
			 .csum_offset = 16 } },
		{ .name = "TCPV6 of 0xffff", .kind = TCP6, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .gso_size = 0xffff,
			 .csum_start = 40, .csum_offset = 16 } },
		{ .name = "UFO of 0", .kind = UDP4, .err = EINVAL, .v = { .gso_type = UFO } },
		{ .name = "UFO of 0xffff", .kind = UDP4, .err = EINVAL,
		  .v = { .gso_type = UFO, .gso_size = 0xffff } },
		{ .name = "USO of 0", .kind = UDP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = USO, .csum_start = 20,
			 .csum_offset = 6 } },
		{ .name = "USO of 0xffff", .kind = UDP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = USO, .gso_size = 0xffff,
			 .csum_start = 20, .csum_offset = 6 } },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, tcp_gso,
       .title = "TCP GSO may have any size, but only the checksum of TCP",
       .behaviours = { 317, 318, 319, 324 }, .guards = { "89add40066f9" })
{
	static const struct header_case cases[] = {
		{ .name = "TCPV4", .kind = TCP4, .v = TCP_GSO(TCPV4, 1000) },
		{ .name = "TCPV4 and ECN", .kind = TCP4, .v = TCP_GSO(TCPV4 | ECN, 1000) },
		{ .name = "more than the payload", .kind = TCP4, .v = TCP_GSO(TCPV4, 3001) },
		{ .name = "just below 0xffff", .kind = TCP4, .v = TCP_GSO(TCPV4, 0xfffe) },
		{ .name = "size 1", .kind = TCP4, .v = TCP_GSO(TCPV4, 1) },
		{ .name = "TCPV6", .kind = TCP6,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .gso_size = 1000,
			 .csum_start = 40, .csum_offset = 16 } },
		{ .name = "TCPV6 and ECN", .kind = TCP6,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6 | ECN, .gso_size = 1000,
			 .csum_start = 40, .csum_offset = 16 } },
		{ .name = "checksum at 0", .kind = TCP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV4, .gso_size = 1000,
			 .csum_start = 20, .csum_offset = 0 } },
		{ .name = "checksum of UDP", .kind = TCP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV4, .gso_size = 1000,
			 .csum_start = 20, .csum_offset = 6 } },
		{ .name = "TCPV6, checksum of UDP", .kind = TCP6, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV6, .gso_size = 1000,
			 .csum_start = 40, .csum_offset = 6 } },
		/* The checksum would fit, the TCP header around it would not. */
		{ .name = "header cut short", .kind = TCP4, .err = EINVAL,
		  .v = { .flags = NEEDS_CSUM, .gso_type = TCPV4, .gso_size = 1000,
			 .csum_start = IP_LEN - 19, .csum_offset = 16 } },
		/* Nothing says where the headers end: the driver does not look into the frame. */
		{ .name = "no NEEDS_CSUM", .kind = TCP4,
		  .v = { .gso_type = TCPV4, .gso_size = 1000 } },
		{ .name = "no NEEDS_CSUM, in fact UDP", .kind = UDP4,
		  .v = { .gso_type = TCPV4, .gso_size = 1000 } },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, ufo,
       .title = "UDP fragmentation is taken with and without a checksum, and with the ECN bit",
       .behaviours = { 320 })
{
	static const struct header_case cases[] = {
		{ .name = "UFO", .kind = UDP4, .v = { .gso_type = UFO, .gso_size = 1000 } },
		{ .name = "UFO and ECN", .kind = UDP4,
		  .v = { .gso_type = UFO | ECN, .gso_size = 1000 } },
		{ .name = "with checksum", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .gso_type = UFO, .gso_size = 1000,
			 .csum_start = 20, .csum_offset = 6 } },
		{ .name = "with checksum and ECN", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .gso_type = UFO | ECN, .gso_size = 1000,
			 .csum_start = 20, .csum_offset = 6 } },
		{ .name = "more than the payload", .kind = UDP4,
		  .v = { .gso_type = UFO, .gso_size = 3001 } },
		{ .name = "checksum not of UDP", .kind = UDP4,
		  .v = { .flags = NEEDS_CSUM, .gso_type = UFO, .gso_size = 1000,
			 .csum_start = 20, .csum_offset = 16 } },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, uso,
       .title = "UDP segmentation needs the checksum of UDP, and has no ECN",
       .behaviours = { 322, 324 }, .needs = { "usogso_write" }, .guards = { "fc8b2a619469" })
{
#define USO_GSO(the_flags, type, size, offset)                                               \
	{                                                                                    \
		.flags = the_flags, .gso_type = type, .gso_size = size, .csum_start = 20,    \
		.csum_offset = offset                                                        \
	}
	static const struct header_case cases[] = {
		{ .name = "USO", .kind = UDP4, .v = USO_GSO(NEEDS_CSUM, USO, 1000, 6) },
		{ .name = "more than the payload", .kind = UDP4,
		  .v = USO_GSO(NEEDS_CSUM, USO, 3001, 6) },
		{ .name = "no NEEDS_CSUM", .kind = UDP4, .err = EINVAL,
		  .v = USO_GSO(0, USO, 1000, 6) },
		{ .name = "checksum of TCP", .kind = UDP4, .err = EINVAL,
		  .v = USO_GSO(NEEDS_CSUM, USO, 1000, 16) },
		{ .name = "checksum at 2", .kind = UDP4, .err = EINVAL,
		  .v = USO_GSO(NEEDS_CSUM, USO, 1000, 2) },
		{ .name = "ECN", .kind = UDP4, .err = EINVAL,
		  .v = USO_GSO(NEEDS_CSUM, USO | ECN, 1000, 6) },
	};

	TRY_HEADERS(cases);
}

TEST_F(vnethdr, uso_segments,
       .title = "UDP segmentation makes at most 128 datagrams of one frame",
       .behaviours = { 322 }, .needs = { "usogso_write" },
       .guards = { "1382e3b6a350", "fc8b2a619469" })
{
	for (size_t len = 1279; len <= 1281; len++) {
		struct frame f;
		struct vnet v;

		peer_udp(&self->t, &f, 4000, PORT, len, 1);
		v = frame_finish_gso(&f, 10);
		EXPECT_ERRNO(len <= 1280 ? 0 : EINVAL, tun_send(&self->t, &v, &f))
		{
			TH_LOG("%zu bytes in datagrams of 10", len);
		}
	}
}

TEST_F(vnethdr, shortest_tcp_gso,
       .title = "a frame too short for the headers of its GSO type is refused",
       .behaviours = { 317, 326 }, .guards = { "49d14b54a527" })
{
	static const struct {
		uint8_t type;
		size_t headers;
	} cases[] = { { TCPV4, 40 }, { TCPV6, 60 }, { UFO, 28 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vnet v = { .gso_type = cases[i].type, .gso_size = 100 };
		struct frame f;

		build(&self->t, &f, cases[i].type == TCPV6 ? TCP6 : TCP4);
		/* Counted from the start of the frame: with no checksum there is no other place. */
		f.len = cases[i].headers;
		EXPECT_LE(0, tun_send(&self->t, &v, &f)) { TH_LOG("type %u", v.gso_type); }
		f.len--;
		EXPECT_ERRNO(EINVAL, tun_send(&self->t, &v, &f)) { TH_LOG("type %u", v.gso_type); }
	}
}

/*
 * By how much hdr_len may exceed the frame, all smaller excesses being accepted too. Kernels since
 * 6.15 hold it against the frame plus what they left unread of the header: what is behind its first
 * 10 bytes, or, where they know the tunnel fields, behind 24.
 */
static int accepted_excess(struct __test_metadata *_metadata, const struct tun *t)
{
	int accepted = 0, last = -1;
	struct frame f;

	build(t, &f, UDP4);
	for (int excess = -1; excess <= (int)t->vnet_size - 9; excess++) {
		struct vnet v = { .hdr_len = f.len + excess };

		if (tun_send(t, &v, &f) < 0) {
			EXPECT_EQ(EINVAL, errno);
			continue;
		}
		accepted++;
		last = excess;
	}
	EXPECT_EQ(accepted, last + 2);
	return last;
}

TEST_F(vnethdr, hdr_len_limit,
       .title = "hdr_len may reach the end of the frame; beyond the end and the header's unread "
		"rest it is refused",
       .behaviours = { 307, 308, 397, 567 })
{
	struct rtnl_link_stats64 before = link_stats(self->t.name), after;
	static const int sizes[] = { 10, 12, 20, 24, 40 };
	int packets = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int size = sizes[i], excess;

		ASSERT_OK(tun_set_vnet_hdr_sz(&self->t, size));
		excess = accepted_excess(_metadata, &self->t);
		EXPECT_TRUE(excess == 0 || excess == size - 10 || excess == size - 24)
		{
			TH_LOG("header of %d: hdr_len may exceed the frame by %d", size, excess);
		}
		packets += excess + 2;
	}
	after = link_stats(self->t.name);
	EXPECT_EQ(before.rx_packets + packets, after.rx_packets);
	/* Refused for its length, which is neither a frame error nor a drop. */
	EXPECT_EQ(before.rx_frame_errors, after.rx_frame_errors);
	EXPECT_EQ(before.rx_dropped, after.rx_dropped);
}

/* Believed, it would make the frame longer than what was written, by what memory held. */
TEST_F(vnethdr, hdr_len_huge,
       .title = "hdr_len 0xffff on a short frame is refused", .behaviours = { 307 })
{
	struct vnet v = { .hdr_len = 0xffff };
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 32, 1);
	EXPECT_ERRNO(EINVAL, tun_send(&self->t, &v, &f));
	build(&self->t, &f, UDP4);
	EXPECT_ERRNO(EINVAL, tun_send(&self->t, &v, &f));
}

TEST_F(vnethdr, hdr_len_small,
       .title = "hdr_len may be small, but on a TAP not smaller than an Ethernet header",
       .behaviours = { 309, 397 })
{
	struct rtnl_link_stats64 before = link_stats(self->t.name), after;
	bool tap = tun_is_tap(&self->t);
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	for (int len = 0; len <= 20; len++) {
		struct vnet v = { .hdr_len = len };

		EXPECT_ERRNO(tap && len > 0 && len < ETH_HEADER ? EINVAL : 0,
			     tun_send(&self->t, &v, &f))
		{
			TH_LOG("hdr_len %d", len);
		}
	}
	after = link_stats(self->t.name);
	EXPECT_EQ(tap ? 8 : 21, after.rx_packets - before.rx_packets);
	EXPECT_EQ(before.rx_dropped, after.rx_dropped);
}

TEST_F(vnethdr, short_write,
       .title = "a write shorter than the header is refused, and one with nothing behind it",
       .behaviours = { 273, 305 })
{
	struct rtnl_link_stats64 before = link_stats(self->t.name), after;
	size_t pi = variant->flags & IFF_NO_PI ? 0 : sizeof(struct tun_pi);
	uint8_t zero[64] = { 0 };

	for (size_t len = 0; len < pi + variant->size; len++) {
		EXPECT_ERRNO(EINVAL, tun_write(&self->t, zero, len)) { TH_LOG("%zu bytes", len); }
	}
	after = link_stats(self->t.name);
	EXPECT_EQ(before.rx_dropped, after.rx_dropped);
	EXPECT_EQ(before.rx_frame_errors, after.rx_frame_errors);

	/* With PI the driver does not look for an IP version, and takes an empty packet. */
	EXPECT_ERRNO(pi ? 0 : EINVAL, tun_write(&self->t, zero, pi + variant->size));
}

TEST_F(vnethdr, result_counts_headers,
       .title = "write returns the length with all headers, rx_bytes counts the frame",
       .behaviours = { 280 })
{
	size_t headers = tun_header_size(&self->t);
	struct rtnl_link_stats64 before = link_stats(self->t.name);
	struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	EXPECT_EQ(headers + f.len, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(before.rx_bytes + f.len, link_stats(self->t.name).rx_bytes);
}

TEST(frame_errors_of_tun_only,
     .title = "a bad header counts as a frame error on a TUN, and nowhere on a TAP",
     .behaviours = { 326, 327, 398 })
{
	struct vnet v = { .gso_type = TCPV4 };
	struct frame f;

	for (int tap = 0; tap <= 1; tap++) {
		struct tun t = peer_create(tap ? "tap0" : "tun0",
					   (tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_VNET_HDR);
		struct rtnl_link_stats64 stats;

		peer_udp(&t, &f, 4000, PORT, 100, 1);
		EXPECT_ERRNO(EINVAL, tun_send(&t, &v, &f));
		stats = link_stats(t.name);
		/* The TAP has no function of its own to report its statistics with. */
		EXPECT_EQ(!tap, stats.rx_frame_errors);
		EXPECT_EQ(0, stats.rx_errors);
		EXPECT_EQ(0, stats.rx_dropped);
		EXPECT_EQ(0, stats.rx_packets);
		tun_close(&t);
	}
}

FIXTURE(tails)
{
	struct tun t;
};

FIXTURE_VARIANT(tails)
{
	unsigned int flags;
	bool ipv6;
};

FIXTURE_VARIANT_ADD(tails, tun) { .flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(tails, tap) { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(tails, tun_ipv6)
{
	.flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, .ipv6 = true
};

FIXTURE_SETUP(tails)
{
	if (variant->ipv6 && !harness_feature("ipv6"))
		SKIP(return, "%s", harness_feature_reason("ipv6"));
	if (variant->ipv6)
		netns_ipv6();
	self->t = peer_create("vnet0", variant->flags);
	if (variant->ipv6)
		peer_configure_ipv6(&self->t);
}

/*
 * For some weeks (e269d79c7d35) the kernel refused those that left less than a header, and VPNs
 * that send with GSO stood still.
 */
TEST_F(tails, short_last_segment,
       .title = "TCP GSO is taken and arrives whole whatever is left for its last segment",
       .behaviours = { 324 }, .guards = { "89add40066f9" })
{
	/* Lengths of IP header, TCP header and payload, in segments of 1000 bytes. */
	static const int lens[] = { 1000, 1001, 1020, 1039, 1040, 1041, 1042,
				    2000, 2001, 2020, 2040, 2041, 3040 };
	struct peer_tcp c = peer_tcp_connect(&self->t, PORT, variant->ipv6, 0);
	uint8_t buf[4096];

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		size_t len = lens[i] - 40;
		struct frame f;
		struct vnet v;

		peer_tcp_segment(&self->t, &f, &c, TH_PUSH);
		frame_pattern(&f, len, i);
		v = frame_finish_gso(&f, 1000);
		ASSERT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&self->t, &v, &f))
		{
			TH_LOG("%zu bytes: %s", len, strerror(errno));
		}
		c.seq += len;
		ASSERT_EQ(POLLIN, sock_wait(c.fd, POLLIN, WAIT_MS));
		ASSERT_EQ(len, recv(c.fd, buf, sizeof(buf), 0));
		EXPECT_EQ(-1, pattern_check(buf, len, i));
	}
	EXPECT_ERRNO(EAGAIN, recv(c.fd, buf, sizeof(buf), 0));
	close(c.fd);
	tun_close(&self->t);
}
