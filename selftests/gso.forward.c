// SPDX-License-Identifier: GPL-2.0-only
/* Checksum and segmentation offload: what becomes of a super-frame that is forwarded. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"
#include "selftests/gso.h"

/*
 *	peer 10.9.0.2 fd09::2 == in0 -- kernel, forwarding -- out0 == far 10.8.0.2 fd08::2
 */
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
