// SPDX-License-Identifier: GPL-2.0-only
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "device/frame.h"
#include "device/uapi.h"
#include "harness/harness.h"
#include "netns/sock.h"

static const uint8_t mac_a[6] = { 0x02, 0, 0, 0, 0, 0xaa };
static const uint8_t mac_b[6] = { 0x02, 0, 0, 0, 0, 0xbb };

/* Where @f differs from the @len bytes expected: -1 nowhere. */
static ssize_t differs(const struct frame *f, const uint8_t *expected, size_t len)
{
	for (size_t i = 0; i < len && i < f->len; i++) {
		if (f->data[i] != expected[i])
			return i;
	}
	return f->len == len ? -1 : (ssize_t)(f->len < len ? f->len : len);
}

static uint16_t word_at(const struct frame *f, size_t at)
{
	return f->data[at] << 8 | f->data[at + 1];
}

static void start_udp4(struct frame *f)
{
	frame_start(f);
	frame_ipv4(f, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(f, 4000, 7);
}

static void start_tcp6(struct frame *f)
{
	frame_start(f);
	frame_ipv6(f, "fd09::2", "fd09::1", IPPROTO_TCP);
	frame_tcp(f, 4000, 80, 0x01020304, 0x05060708, TH_SYN | TH_ACK);
}

TEST(checksum_rfc1071, .title = "the example of RFC 1071 sums to ddf2")
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	EXPECT_EQ(0x2ddf0, checksum_add(0, data, sizeof(data)));
	EXPECT_EQ(0xddf2, checksum_fold(0x2ddf0));
	EXPECT_EQ(0xddf2, checksum_fold(checksum_add(checksum_add(0, data, 2), data + 2, 6)));
}

TEST(checksum_odd, .title = "an odd last byte counts as the high half of a word")
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2 };

	EXPECT_EQ(0xf201, checksum_add(0, data, sizeof(data)));
}

TEST(checksum_fold_twice, .title = "a carry out of the first fold is added too")
{
	EXPECT_EQ(0x0001, checksum_fold(0x0001ffff));
	EXPECT_EQ(0xffff, checksum_fold(0xffffffff));
	EXPECT_EQ(0, checksum_fold(0));
}

TEST(udp4_bytes, .title = "an IPv4 UDP datagram of odd length has these bytes")
{
	static const uint8_t expected[] = {
		0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x26,
		0xb8, 0x0a, 0x09, 0x00, 0x02, 0x0a, 0x09, 0x00, 0x01, 0x0f, 0xa0,
		0x00, 0x07, 0x00, 0x0d, 0x98, 0x46, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
	};
	struct frame f;

	start_udp4(&f);
	frame_payload(&f, "hello", 5);
	frame_finish(&f);
	EXPECT_EQ(-1, differs(&f, expected, sizeof(expected)));
	EXPECT_EQ(-1, f.eth);
	EXPECT_EQ(0, f.l3);
	EXPECT_EQ(20, f.l4);
	EXPECT_EQ(28, f.payload);
}

TEST(tcp6_bytes, .title = "an IPv6 TCP segment has these bytes")
{
	static const uint8_t expected[] = {
		0x60, 0x00, 0x00, 0x00, 0x00, 0x14, 0x06, 0x40, 0xfd, 0x09, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
		0xfd, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x01, 0x0f, 0xa0, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04,
		0x05, 0x06, 0x07, 0x08, 0x50, 0x12, 0xff, 0xff, 0x95, 0xb8, 0x00, 0x00,
	};
	struct frame f;

	start_tcp6(&f);
	frame_finish(&f);
	EXPECT_EQ(-1, differs(&f, expected, sizeof(expected)));
}

TEST(icmp_bytes, .title = "an ICMP echo has these bytes, its checksum knows no pseudo-header")
{
	static const uint8_t expected[] = {
		0x45, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01, 0x26, 0xcd, 0x0a, 0x09,
		0x00, 0x02, 0x0a, 0x09, 0x00, 0x01, 0x08, 0x00, 0xe5, 0xca, 0x12, 0x34, 0x00, 0x01,
	};
	struct frame f;

	frame_start(&f);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_ICMP);
	frame_icmp(&f, 8, 0, 0x1234, 1);
	frame_finish(&f);
	EXPECT_EQ(-1, differs(&f, expected, sizeof(expected)));
}

TEST(icmpv6_bytes, .title = "an ICMPv6 echo has these bytes, its checksum covers the pseudo-header")
{
	static const uint8_t expected[] = {
		0x60, 0x00, 0x00, 0x00, 0x00, 0x08, 0x3a, 0x40, 0xfd, 0x09, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
		0xfd, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x01, 0x80, 0x00, 0x73, 0x71, 0x12, 0x34, 0x00, 0x01,
	};
	struct frame f;

	frame_start(&f);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_ICMPV6);
	frame_icmp(&f, 128, 0, 0x1234, 1);
	frame_finish(&f);
	EXPECT_EQ(-1, differs(&f, expected, sizeof(expected)));
}

TEST(arp_bytes, .title = "an ARP request has these bytes")
{
	static const uint8_t zero[6] = { 0 };
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t expected[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0xaa, 0x08, 0x06,
		0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0xaa,
		0x0a, 0x09, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x09, 0x00, 0x01,
	};
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_eth(&f, broadcast, mac_a, 0x0806);
	frame_arp(&f, ARPOP_REQUEST, mac_a, "10.9.0.2", zero, "10.9.0.1");
	frame_finish(&f);
	EXPECT_EQ(-1, differs(&f, expected, sizeof(expected)));
	EXPECT_FALSE(frame_parse(f.data, f.len, true, &p));
	EXPECT_EQ(0x0806, p.ethertype);
	EXPECT_EQ(0, p.ip_version);
}

TEST(udp_sum_zero, .title = "a UDP checksum that comes out as 0 is sent as ffff")
{
	struct frame f;
	struct parsed p;

	start_udp4(&f);
	frame_payload(&f, "\xdc\x1e", 2);
	frame_finish(&f);
	EXPECT_EQ(0xffff, word_at(&f, 26));
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_TRUE(p.l4_checksum_ok);
}

TEST(partial_udp4, .title = "a partial UDP checksum is the pseudo-header's sum, folded only")
{
	struct frame f;
	struct parsed p;
	struct vnet v;

	start_udp4(&f);
	frame_payload(&f, "hello", 5);
	v = frame_finish_partial(&f);
	EXPECT_EQ(0x1433, word_at(&f, 26));
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, v.flags);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, v.gso_type);
	EXPECT_EQ(20, v.csum_start);
	EXPECT_EQ(6, v.csum_offset);
	EXPECT_EQ(0, v.hdr_len);

	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_TRUE(p.l4_checksum_partial);
	EXPECT_FALSE(p.l4_checksum_ok);
	EXPECT_TRUE(p.l3_checksum_ok);
}

TEST(partial_tcp6, .title = "a partial TCP checksum over IPv6 is the pseudo-header's sum")
{
	struct frame f;
	struct vnet v;

	start_tcp6(&f);
	v = frame_finish_partial(&f);
	EXPECT_EQ(0xfa30, word_at(&f, 56));
	EXPECT_EQ(40, v.csum_start);
	EXPECT_EQ(16, v.csum_offset);
}

TEST(partial_completed, .title = "what a receiver makes of a partial checksum is the whole one")
{
	struct frame whole, partial;
	struct vnet v;
	uint16_t sum;

	start_tcp6(&whole);
	frame_pattern(&whole, 333, 9);
	frame_finish(&whole);
	start_tcp6(&partial);
	frame_pattern(&partial, 333, 9);
	v = frame_finish_partial(&partial);

	sum = ~checksum_fold(
		checksum_add(0, partial.data + v.csum_start, partial.len - v.csum_start));
	EXPECT_EQ(word_at(&whole, 56), sum);
}

TEST(partial_again, .title = "finishing twice gives the same as once")
{
	struct frame once, twice;

	start_udp4(&once);
	frame_pattern(&once, 50, 1);
	frame_finish(&once);
	start_udp4(&twice);
	frame_pattern(&twice, 50, 1);
	frame_finish_partial(&twice);
	frame_finish(&twice);
	EXPECT_EQ(-1, differs(&twice, once.data, once.len));
}

TEST(gso_tcp4, .title = "the GSO header of TCP over IPv4 on Ethernet")
{
	struct frame f;
	struct vnet v;

	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, 0x0800);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_TCP);
	frame_tcp(&f, 1, 2, 3, 4, TH_ACK);
	frame_pattern(&f, 5000, 1);
	v = frame_finish_gso(&f, 1400);
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, v.flags);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, v.gso_type);
	EXPECT_EQ(1400, v.gso_size);
	EXPECT_EQ(54, v.hdr_len);
	EXPECT_EQ(34, v.csum_start);
	EXPECT_EQ(16, v.csum_offset);
}

TEST(gso_tcp6, .title = "the GSO header of TCP over IPv6 counts TCP options")
{
	struct frame f;
	struct vnet v;

	start_tcp6(&f);
	frame_payload(&f, "\1\1\1\1", 4);
	f.data[f.l4 + 12] = 6 << 4;
	frame_pattern(&f, 5000, 1);
	v = frame_finish_gso(&f, 1000);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV6, v.gso_type);
	EXPECT_EQ(64, v.hdr_len);
	EXPECT_EQ(40, v.csum_start);
}

TEST(gso_udp, .title = "the GSO header of UDP is that of UDP_L4")
{
	struct frame f;
	struct vnet v;

	start_udp4(&f);
	frame_pattern(&f, 1000, 1);
	v = frame_finish_gso(&f, 300);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_UDP_L4, v.gso_type);
	EXPECT_EQ(28, v.hdr_len);
	EXPECT_EQ(20, v.csum_start);
	EXPECT_EQ(6, v.csum_offset);
}

TEST(vlan, .title = "a VLAN tag stands between the addresses and the EtherType")
{
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, 0x0800);
	frame_vlan(&f, 0x8100, 0x6042);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(&f, 4000, 7);
	frame_finish(&f);
	EXPECT_EQ(0x8100, word_at(&f, 12));
	EXPECT_EQ(0x6042, word_at(&f, 14));
	EXPECT_EQ(0x0800, word_at(&f, 16));
	EXPECT_EQ(18, f.l3);
	ASSERT_TRUE(frame_parse(f.data, f.len, true, &p));
	EXPECT_EQ(1, p.vlans);
	EXPECT_EQ(0x6042, p.vlan_tci[0]);
	EXPECT_EQ(0x0800, p.ethertype);
	EXPECT_EQ(38, p.l4);
	EXPECT_TRUE(p.l4_checksum_ok);
}

TEST(qinq, .title = "of two tags the one added first is the outer one")
{
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, 0x86dd);
	frame_vlan(&f, 0x88a8, 100);
	frame_vlan(&f, 0x8100, 200);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_UDP);
	frame_udp(&f, 4000, 7);
	frame_finish(&f);
	EXPECT_EQ(0x88a8, word_at(&f, 12));
	EXPECT_EQ(0x8100, word_at(&f, 16));
	EXPECT_EQ(0x86dd, word_at(&f, 20));
	ASSERT_TRUE(frame_parse(f.data, f.len, true, &p));
	EXPECT_EQ(2, p.vlans);
	EXPECT_EQ(100, p.vlan_tci[0]);
	EXPECT_EQ(200, p.vlan_tci[1]);
	EXPECT_TRUE(p.l4_checksum_ok);
}

TEST(vlan_late, .title = "a tag put into a built frame moves all behind it")
{
	struct frame early, late;

	frame_start(&early);
	frame_eth(&early, mac_b, mac_a, 0x0800);
	frame_vlan(&early, 0x8100, 5);
	frame_ipv4(&early, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(&early, 4000, 7);
	frame_pattern(&early, 10, 1);
	frame_finish(&early);

	frame_start(&late);
	frame_eth(&late, mac_b, mac_a, 0x0800);
	frame_ipv4(&late, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(&late, 4000, 7);
	frame_pattern(&late, 10, 1);
	frame_vlan(&late, 0x8100, 5);
	frame_finish(&late);

	EXPECT_EQ(-1, differs(&late, early.data, early.len));
	EXPECT_EQ(early.l3, late.l3);
	EXPECT_EQ(early.l4, late.l4);
	EXPECT_EQ(early.payload, late.payload);
}

TEST(ipv6_extensions, .title = "extension headers chain in the order added, checksums are unmoved")
{
	struct frame f, plain;
	struct parsed p;

	frame_start(&f);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_UDP);
	frame_ipv6_ext(&f, IPPROTO_HOPOPTS, 8);
	frame_ipv6_ext(&f, IPPROTO_ROUTING, 16);
	frame_ipv6_ext(&f, IPPROTO_FRAGMENT, 8);
	frame_ipv6_ext(&f, IPPROTO_DSTOPTS, 24);
	frame_udp(&f, 4000, 7);
	frame_payload(&f, "hello", 5);
	frame_finish(&f);

	EXPECT_EQ(IPPROTO_HOPOPTS, f.data[6]);
	EXPECT_EQ(IPPROTO_ROUTING, f.data[40]);
	EXPECT_EQ(0, f.data[41]);
	EXPECT_EQ(1, f.data[42]); /* PadN */
	EXPECT_EQ(4, f.data[43]);
	EXPECT_EQ(IPPROTO_FRAGMENT, f.data[48]);
	EXPECT_EQ(1, f.data[49]);
	EXPECT_EQ(IPPROTO_DSTOPTS, f.data[64]);
	EXPECT_EQ(IPPROTO_UDP, f.data[72]);
	EXPECT_EQ(2, f.data[73]);
	EXPECT_EQ(20, f.data[75]);
	EXPECT_EQ(96, f.l4);
	EXPECT_EQ(8 + 16 + 8 + 24 + 8 + 5, word_at(&f, 4));

	frame_start(&plain);
	frame_ipv6(&plain, "fd09::2", "fd09::1", IPPROTO_UDP);
	frame_udp(&plain, 4000, 7);
	frame_payload(&plain, "hello", 5);
	frame_finish(&plain);
	EXPECT_EQ(word_at(&plain, 46), word_at(&f, 102));

	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_EQ(IPPROTO_UDP, p.l4_proto);
	EXPECT_EQ(96, p.l4);
	EXPECT_FALSE(p.fragment);
	EXPECT_TRUE(p.l4_checksum_ok);
}

TEST(ipv6_long_padding, .title = "options longer than one PadN are padded by several")
{
	for (size_t len = 8; len <= 2048; len += 8) {
		struct frame f;
		size_t at = 42;

		frame_start(&f);
		frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_NONE);
		frame_ipv6_ext(&f, IPPROTO_DSTOPTS, len);
		while (at < 40 + len) {
			ASSERT_EQ(1, f.data[at]) TH_LOG("length %zu, byte %zu", len, at);
			at += 2 + f.data[at + 1];
		}
		EXPECT_EQ(40 + len, at);
	}
}

TEST(tunnel, .title = "all headers of a tunnelled frame are finished, inner before outer")
{
	struct frame f;
	struct parsed outer, inner;

	start_udp4(&f);
	frame_payload(&f, "\x08\0\0\0\0\0\x2a\0", 8);
	frame_eth(&f, mac_b, mac_a, 0x86dd);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_TCP);
	frame_tcp(&f, 1, 2, 3, 4, TH_ACK);
	frame_pattern(&f, 21, 1);
	frame_finish(&f);
	EXPECT_EQ(36, f.eth);
	EXPECT_EQ(50, f.l3);
	EXPECT_EQ(90, f.l4);

	ASSERT_TRUE(frame_parse(f.data, f.len, false, &outer));
	EXPECT_TRUE(outer.l3_checksum_ok);
	EXPECT_TRUE(outer.l4_checksum_ok);
	EXPECT_EQ(f.len - 28, outer.payload_len);
	ASSERT_TRUE(frame_parse(f.data + f.eth, f.len - f.eth, true, &inner));
	EXPECT_TRUE(inner.l4_checksum_ok);
	EXPECT_EQ(21, inner.payload_len);
}

TEST(tunnel_partial, .title = "with a partial inner checksum outer UDP has none")
{
	struct frame f;
	struct parsed outer;
	struct vnet v;

	start_udp4(&f);
	frame_eth(&f, mac_b, mac_a, 0x0800);
	frame_ipv4(&f, "10.8.0.2", "10.8.0.1", IPPROTO_UDP);
	frame_udp(&f, 5, 6);
	frame_pattern(&f, 21, 1);
	v = frame_finish_partial(&f);
	EXPECT_EQ(28 + 14 + 20, v.csum_start);
	EXPECT_EQ(0, word_at(&f, 26));
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &outer));
	EXPECT_TRUE(outer.l4_checksum_ok);
}

TEST(parse_fields, .title = "the parser finds all that the builder wrote")
{
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, 0x0800);
	frame_ipv4(&f, "192.0.2.1", "198.51.100.2", IPPROTO_TCP);
	frame_tcp(&f, 65535, 1, 0xfffefdfc, 0x80000001, TH_FIN | TH_PUSH | TH_ACK);
	frame_pattern(&f, 999, 4);
	frame_finish(&f);
	frame_payload(&f, "trailing bytes of the link", 20);

	ASSERT_TRUE(frame_parse(f.data, f.len, true, &p));
	EXPECT_STREQ("192.0.2.1", p.src);
	EXPECT_STREQ("198.51.100.2", p.dst);
	EXPECT_EQ(4, p.ip_version);
	EXPECT_EQ(IPPROTO_TCP, p.l4_proto);
	EXPECT_EQ(65535, p.sport);
	EXPECT_EQ(1, p.dport);
	EXPECT_EQ(0xfffefdfc, p.seq);
	EXPECT_EQ(0x80000001, p.ack);
	EXPECT_EQ(TH_FIN | TH_PUSH | TH_ACK, p.tcp_flags);
	EXPECT_EQ(14, p.l3);
	EXPECT_EQ(34, p.l4);
	EXPECT_EQ(54, p.payload);
	EXPECT_EQ(1039, p.ip_len);
	EXPECT_EQ(999, p.payload_len);
	EXPECT_EQ(-1, pattern_check(f.data + p.payload, p.payload_len, 4));
	EXPECT_TRUE(p.l3_checksum_ok);
	EXPECT_TRUE(p.l4_checksum_ok);
	EXPECT_FALSE(p.l4_checksum_partial);
}

TEST(parse_icmp, .title = "type and code of ICMP and ICMPv6 are found")
{
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_ICMP);
	frame_icmp(&f, 3, 4, 0, 1400);
	frame_finish(&f);
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_EQ(3, p.icmp_type);
	EXPECT_EQ(4, p.icmp_code);
	EXPECT_TRUE(p.l4_checksum_ok);

	frame_start(&f);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_ICMPV6);
	frame_icmp(&f, 129, 0, 1, 2);
	frame_pattern(&f, 7, 1);
	frame_finish(&f);
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_EQ(129, p.icmp_type);
	EXPECT_TRUE(p.l4_checksum_ok);
	EXPECT_EQ(7, p.payload_len);
}

TEST(parse_every_bit, .title = "one flipped bit anywhere makes a checksum wrong")
{
	struct frame f;

	start_udp4(&f);
	frame_payload(&f, "hello", 5);
	frame_finish(&f);
	for (size_t bit = 0; bit < f.len * 8; bit++) {
		struct parsed p;

		f.data[bit / 8] ^= 1 << bit % 8;
		EXPECT_FALSE(frame_parse(f.data, f.len, false, &p) && p.l3_checksum_ok &&
			     p.l4_checksum_ok)
		TH_LOG("bit %zu", bit);
		f.data[bit / 8] ^= 1 << bit % 8;
	}
}

TEST(parse_short, .title = "a frame cut anywhere is not taken for a whole one")
{
	struct frame f;
	struct parsed p;

	start_tcp6(&f);
	frame_finish(&f);
	for (size_t len = 0; len < f.len; len++) {
		/* A copy of just that size, for memory checkers. */
		uint8_t cut[len + 1];

		memcpy(cut, f.data, len);
		EXPECT_FALSE(frame_parse(cut, len, false, &p)) TH_LOG("at %zu bytes", len);
	}
	EXPECT_TRUE(frame_parse(f.data, f.len, false, &p));
}

TEST(parse_no_checksum, .title = "UDP without a checksum is right over IPv4 and wrong over IPv6")
{
	struct frame f;
	struct parsed p;

	start_udp4(&f);
	frame_finish(&f);
	memset(f.data + f.l4 + 6, 0, 2);
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_TRUE(p.l4_checksum_ok);

	frame_start(&f);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_UDP);
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	memset(f.data + f.l4 + 6, 0, 2);
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_FALSE(p.l4_checksum_ok);
}

TEST(parse_fragments, .title = "fragments are told from whole packets, later ones have no ports")
{
	struct frame f;
	struct parsed p;

	start_udp4(&f);
	frame_pattern(&f, 16, 1);
	frame_finish(&f);
	f.data[6] = 0x20; /* more follow */
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_TRUE(p.fragment);
	EXPECT_EQ(4000, p.sport);
	f.data[6] = 0;
	f.data[7] = 3; /* offset 24 */
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_TRUE(p.fragment);
	EXPECT_EQ(-1, p.l4);
	EXPECT_EQ(20, p.payload);
	EXPECT_EQ(24, p.payload_len);

	frame_start(&f);
	frame_ipv6(&f, "fd09::2", "fd09::1", IPPROTO_UDP);
	frame_ipv6_ext(&f, IPPROTO_FRAGMENT, 8);
	frame_pattern(&f, 16, 1);
	frame_finish(&f);
	f.data[43] = 3 << 1; /* reserved bits */
	frame_parse(f.data, f.len, false, &p);
	EXPECT_FALSE(p.fragment);
	f.data[43] = 3 << 3;
	ASSERT_TRUE(frame_parse(f.data, f.len, false, &p));
	EXPECT_TRUE(p.fragment);
	EXPECT_EQ(IPPROTO_UDP, p.l4_proto);
	EXPECT_EQ(-1, p.l4);
	EXPECT_EQ(48, p.payload);
}

TEST(parse_ethertype, .title = "an EtherType that contradicts the IP version is no IP")
{
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, 0x86dd);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	EXPECT_FALSE(frame_parse(f.data, f.len, true, &p));
	EXPECT_EQ(0x86dd, p.ethertype);
}

TEST(parse_whole, .title = "a packet that is tagged, a fragment, wrong or followed by something is not whole")
{
	struct frame f;
	struct parsed p;

	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, ETH_P_IP);
	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	EXPECT_TRUE(frame_parse_whole(f.data, f.len, true, &p));
	EXPECT_FALSE(frame_parse_whole(f.data, f.len + 1, true, &p));
	f.data[f.l3 + 8] ^= 1;
	EXPECT_FALSE(frame_parse_whole(f.data, f.len, true, &p));
	f.data[f.l3 + 8] ^= 1;
	frame_vlan(&f, ETH_P_8021Q, 7);
	EXPECT_FALSE(frame_parse_whole(f.data, f.len, true, &p));

	start_tcp6(&f);
	frame_ipv6_ext(&f, IPPROTO_FRAGMENT, 8);
	frame_finish(&f);
	f.data[43] = 1; /* more follow */
	EXPECT_TRUE(frame_parse(f.data, f.len, false, &p) && p.fragment);
	EXPECT_FALSE(frame_parse_whole(f.data, f.len, false, &p));
}
