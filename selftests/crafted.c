// SPDX-License-Identifier: GPL-2.0-only
/*
 * Super-frames that no driver of hardware would bring, and what the stack behind the device makes
 * of them: it segments them, counts them and takes tunnels off them, and must not trust their
 * headers. All are legal by the vnet header, so that the write itself succeeds.
 *
 *	peer 10.9.0.2 == in0 -- kernel, forwarding -- out0 (no offload) == far 10.8.0.2
 */
#include <linux/if_ether.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/qdisc.h"
#include "netns/sock.h"
#include "netns/sysfs.h"

#define NEEDS_CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCPV4	   VIRTIO_NET_HDR_GSO_TCPV4
#define TCPV6	   VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	   VIRTIO_NET_HDR_GSO_UDP

#define FAR_IP4	   "10.8.0.2"
#define WAIT_MS	   2000
#define PORT	   4001
#define PEER_PORT  4000
#define VXLAN_PORT 8472 /* where Linux expects VXLAN */

static const uint8_t far_mac[6] = { 0x02, 0, 0, 0, 0x08, 0x02 };

FIXTURE(crafted)
{
	struct tun in, out;
};

static struct tun bridge_port(const char *name)
{
	struct tun t = tun_create(name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	if (link_set_master(name, "br0") || link_up(name))
		TH_BAIL("cannot put %s into the bridge: %s", name, strerror(errno));
	return t;
}

static void add_bridge(void)
{
	/* Otherwise it joins a group and says so on all its ports. */
	if (link_add("bridge", "br0") || sysfs_set("br0", "bridge/multicast_snooping", "0") ||
	    link_up("br0"))
		TH_BAIL("bridge: %s", strerror(errno));
}

FIXTURE_SETUP(crafted)
{
	if (!harness_feature("sysctl"))
		SKIP(return, "%s", harness_feature_reason("sysctl"));
	self->in = peer_create("in0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	self->out = tun_create("out0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	if (netns_sysctl("ipv4/ip_forward", "1") || link_up("out0") ||
	    route_add("10.8.0.0/24", NULL, "out0"))
		TH_BAIL("cannot forward to out0: %s", strerror(errno));
}

/* A frame to the other side, as far as its IP header, which may be fragmented. */
static void start_ipv4(const struct tun *t, struct frame *f, uint8_t proto)
{
	frame_start(f);
	if (tun_is_tap(t))
		frame_eth(f, far_mac, peer_mac, ETH_P_IP);
	frame_ipv4(f, PEER_IP4, FAR_IP4, proto);
	f->data[f->l3 + 6] = 0;
}

static struct vnet tcp_gso(const struct tun *t, struct frame *f, size_t len)
{
	start_ipv4(t, f, IPPROTO_TCP);
	frame_tcp(f, PEER_PORT, PORT, 1000, 1, TH_ACK);
	frame_pattern(f, len, 5);
	return frame_finish_gso(f, 1000);
}

/* Sends a plain datagram, before which nothing may come out. */
static void expect_nothing_else(struct __test_metadata *_metadata, const struct tun *in,
				const struct tun *out)
{
	struct tun_packet packet;
	struct parsed p;
	struct frame f;

	start_ipv4(in, &f, IPPROTO_UDP);
	frame_udp(&f, PEER_PORT, PORT);
	frame_pattern(&f, 7, 6);
	frame_finish(&f);
	ASSERT_LT(0, tun_send(in, NULL, &f));
	do {
		ASSERT_TRUE(tun_recv(out, &packet, WAIT_MS));
		frame_parse(packet.data, packet.len, tun_is_tap(out), &p);
		EXPECT_NE(IPPROTO_TCP, p.l4_proto);
	} while (p.l4_proto != IPPROTO_UDP || p.payload_len != 7);
}

TEST_F(crafted, qdisc_length,
       .title = "a qdisc counts a super-frame as what its segments are with their headers",
       .behaviours = { 325 })
{
	static const struct {
		size_t payload;
		int segments;
	} cases[] = { { 3000, 3 }, { 3001, 4 }, { 500, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t before = qdisc_bytes("out0");
		struct tun_packet packet;
		struct parsed p;
		struct frame f;
		struct vnet v = tcp_gso(&self->in, &f, cases[i].payload);

		ASSERT_LT(0, tun_send(&self->in, &v, &f));
		for (int j = 0; j < cases[i].segments; j++) {
			ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_TCP, WAIT_MS, &p));
		}
		EXPECT_EQ(f.len + (cases[i].segments - 1) * f.payload,
			  qdisc_bytes("out0") - before);
	}
}

/*
 * Its eight bytes behind the IP header are a UDP header and no payload, so that it was reckoned to
 * be of no segments, and of no bytes: a length that qdiscs divide by, and take from others.
 */
TEST_F(crafted, empty_ufo,
       .title = "UDP to be fragmented that has no payload counts with its length in a qdisc",
       .behaviours = { 320, 325 }, .guards = { "c20029db2839" })
{
	uint64_t before = qdisc_bytes("out0");
	struct frame f;
	struct vnet v;

	start_ipv4(&self->in, &f, IPPROTO_UDP);
	frame_udp(&f, PEER_PORT, PORT);
	v = frame_finish_partial(&f);
	v.gso_type = UFO;
	v.gso_size = 3;
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	EXPECT_LE(f.len, qdisc_bytes("out0") - before);
	expect_nothing_else(_metadata, &self->in, &self->out);
}

TEST_F(crafted, tcp_header_length,
       .title = "a TCP super-frame whose header is said to be shorter than 20 bytes, or longer than "
		"the frame, does not reach the qdisc",
       .behaviours = { 325 }, .guards = { "7fb4c1967011", "CVE-2026-53091" })
{
	static const uint8_t words[] = { 0, 1, 4, 15 };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		uint64_t before = qdisc_bytes("out0");
		struct frame f;
		struct vnet v = tcp_gso(&self->in, &f, 30);

		v.gso_size = 8;
		f.data[f.l4 + 12] = words[i] << 4;
		ASSERT_LT(0, tun_send(&self->in, &v, &f));
		EXPECT_EQ(before, qdisc_bytes("out0"))
		{
			TH_LOG("header of %u words", words[i]);
		}
		expect_nothing_else(_metadata, &self->in, &self->out);
	}
}

/*
 * A TCP super-frame of three segments behind @count extension headers of 2040 bytes. With so many
 * the kernel takes one of them for the TCP header when it receives the frame, which a qdisc then
 * looks at: their padding says that they are TCP headers of 20 bytes.
 */
static void start_extended(struct frame *f, int count)
{
	frame_start(f);
	frame_eth(f, far_mac, peer_mac, ETH_P_IPV6);
	frame_ipv6(f, PEER_IP6, "fd08::2", IPPROTO_TCP);
	for (int i = 0; i < count; i++) {
		frame_ipv6_ext(f, IPPROTO_DSTOPTS, 2040);
		f->data[f->len - 2040 + 12] = 5 << 4;
	}
	frame_ipv6_ext(f, IPPROTO_DSTOPTS, 160);
	frame_tcp(f, PEER_PORT, PORT, 1000, 1, TH_ACK);
	frame_pattern(f, 60, 5);
	frame_finish(f);
}

TEST(long_extension_headers,
     .title = "an IPv6 super-frame is segmented behind its extension headers, unless they end beyond "
	      "64 KiB",
     .behaviours = { 325 }, .needs = { "bridge", "sysfs" }, .guards = { "d45cf1e7d718" })
{
	struct vnet v = { .gso_type = TCPV6, .gso_size = 20 };
	struct tun in, out;
	struct tun_packet packet;
	struct parsed p;
	struct frame f;

	add_bridge();
	in = bridge_port("in0");
	out = bridge_port("out0");
	start_extended(&f, 31);
	ASSERT_LT(0, tun_send(&in, &v, &f));
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(tun_recv_proto(&out, &packet, IPPROTO_TCP, WAIT_MS, &p));
		EXPECT_EQ(20, p.payload_len);
		EXPECT_TRUE(p.l4_checksum_ok);
	}
	start_extended(&f, 32);
	ASSERT_LT(0, tun_send(&in, &v, &f));
	expect_nothing_else(_metadata, &in, &out);
}

/*
 * Only UDP with segments of its own may be taken apart for a socket; a frame to be fragmented was,
 * too, in pieces that need not hold a UDP header. With larger pieces that is only wrong, with
 * smaller ones it was the end of the kernel: the larger first.
 */
TEST(encap_socket,
     .title = "a socket that takes ESP in UDP gets datagrams, but none that is to be fragmented",
     .behaviours = { 320 }, .needs = { "udp_encap" }, .guards = { "d46e51f1c78b" })
{
	struct tun t = peer_create("in0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	static const uint8_t no_esp[4]; /* makes it IKE, which goes to the socket */
	int udp = udp_open(KERNEL_IP4, PORT), encap = UDP_ENCAP_ESPINUDP;
	static const uint16_t sizes[] = { 100, 4 };
	uint8_t buf[256];
	struct frame f;
	struct vnet v;

	ASSERT_OK(setsockopt(udp, IPPROTO_UDP, UDP_ENCAP, &encap, sizeof(encap)));
	peer_ipv4(&t, &f, IPPROTO_UDP);
	frame_udp(&f, PEER_PORT, PORT);
	frame_payload(&f, no_esp, sizeof(no_esp));
	frame_pattern(&f, 150, 1);
	v = frame_finish_partial(&f);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		v.gso_type = UFO;
		v.gso_size = sizes[i];
		ASSERT_LT(0, tun_send(&t, &v, &f));
		/* Not to be fragmented, it arrives, and nothing before it. */
		v.gso_type = v.gso_size = 0;
		ASSERT_LT(0, tun_send(&t, &v, &f));
		ASSERT_EQ(154, udp_recv(udp, buf, sizeof(buf), WAIT_MS));
		ASSERT_ERRNO(EAGAIN, udp_recv(udp, buf, sizeof(buf), 0));
	}
	tun_close(&t);
	close(udp);
}

/* peer == in0 -- tunnel device tn0 -- bridge br0 -- out0 == far */
FIXTURE(tunnel)
{
	struct tun in, out;
	struct frame f; /* TCP in Ethernet in the tunnel, of TUNNEL_BYTES of payload */
	struct vnet v;
};

FIXTURE_VARIANT(tunnel)
{
	bool vxlan;
};

/* Nothing in the header says that there is a tunnel. */
FIXTURE_VARIANT_ADD(tunnel, gre) { .vxlan = false };
/* To be taken by a UDP tunnel it has to. */
FIXTURE_VARIANT_ADD(tunnel, vxlan) { .vxlan = true };

#define TUNNEL_BYTES 3500

/* The frame's headers up to the inner Ethernet header. */
static void start_tunnel(const struct tun *t, struct frame *f, bool vxlan)
{
	static const uint8_t vxlan_header[8] = { 0x08, 0, 0, 0, 0, 0, 42, 0 };
	static const uint8_t gre_header[4] = { 0, 0, 0x65, 0x58 };

	peer_ipv4(t, f, vxlan ? IPPROTO_UDP : IPPROTO_GRE);
	if (vxlan) {
		frame_udp(f, PEER_PORT, VXLAN_PORT);
		frame_payload(f, vxlan_header, sizeof(vxlan_header));
	} else {
		frame_payload(f, gre_header, sizeof(gre_header));
	}
}

FIXTURE_SETUP(tunnel)
{
	const char *feature = variant->vxlan ? "vxlan" : "gretap";

	if (variant->vxlan && harness_feature("vxlan"))
		feature = "udp_tunnel_gso";
	if (!harness_feature(feature))
		SKIP(return, "%s", harness_feature_reason(feature));
	self->in = peer_create("in0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	add_bridge();
	self->out = bridge_port("out0");
	if (tun_set_vnet_hdr_sz(&self->in, VNET_SIZE_HASH_TUNNEL) ||
	    (variant->vxlan ? link_add_on("vxlan", "tn0", "in0", 42) :
			      link_add_gretap("tn0", KERNEL_IP4, PEER_IP4)) ||
	    link_set_master("tn0", "br0") || link_up("tn0"))
		TH_BAIL("tunnel: %s", strerror(errno));

	start_tunnel(&self->in, &self->f, variant->vxlan);
	frame_eth(&self->f, far_mac, peer_mac, ETH_P_IP);
	frame_ipv4(&self->f, PEER_IP4, FAR_IP4, IPPROTO_TCP);
	frame_tcp(&self->f, PEER_PORT, PORT, 1000, 1, TH_ACK);
	frame_pattern(&self->f, TUNNEL_BYTES, 5);
	self->v = frame_finish_gso(&self->f, 1000);
	if (variant->vxlan) {
		self->v.gso_type |= VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4;
		self->v.outer_th_offset = 14 + 20;
		self->v.inner_nh_offset = self->f.l3;
	}
}

/*
 * Behind the tunnel the transport header was left where the tunnel's had been, in front of the
 * frame, and the length that a qdisc reckons came out of that.
 */
TEST_F(tunnel, taken_off,
       .title = "a super-frame in a tunnel is bridged without the tunnel, in segments that each have "
		"their headers",
       .behaviours = { 325 }, .needs = { "bridge", "sysfs" })
{
	uint64_t before = qdisc_bytes("out0");
	uint8_t stream[TUNNEL_BYTES];
	struct tun_packet packet;
	struct parsed p;

	ASSERT_LT(0, tun_send(&self->in, &self->v, &self->f));
	for (int i = 0; i < 4; i++) {
		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_TCP, WAIT_MS, &p));
		EXPECT_TRUE(p.l3_checksum_ok);
		EXPECT_TRUE(p.l4_checksum_ok);
		EXPECT_EQ(1000 + 1000 * i, p.seq);
		ASSERT_EQ(i < 3 ? 1000 : 500, p.payload_len);
		memcpy(stream + 1000 * i, packet.data + p.payload, p.payload_len);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 5));
	EXPECT_EQ(14 + p.ip_len - p.payload_len + TUNNEL_BYTES + 3 * p.payload,
		  qdisc_bytes("out0") - before);
}

/*
 * One that a packet socket with a ring got, and whose fragments were then cut: what the socket held
 * was freed under it.
 */
TEST(seen_by_ring,
     .title = "a packet socket with a ring sees a frame of tiny fragments, and the device goes on",
     .behaviours = { 284, 320 }, .needs = { "packet_socket" })
{
	struct tpacket_req req = { .tp_block_size = 65536, .tp_block_nr = 4,
				   .tp_frame_size = 65536, .tp_frame_nr = 4 };
	struct tun t = peer_create("in0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	int packet = packet_open("in0", ETH_P_ALL, 0), copy = 1000;
	struct vnet v = { .gso_type = UFO, .gso_size = 8 };
	int udp = udp_open(KERNEL_IP4, PORT);
	struct frame f;

	ASSERT_OK(setsockopt(packet, SOL_PACKET, PACKET_COPY_THRESH, &copy, sizeof(copy)));
	ASSERT_OK(setsockopt(packet, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)));
	for (int i = 0; i < 10; i++) {
		peer_udp(&t, &f, PEER_PORT, PORT, 0xfcfb - 28, 1);
		ASSERT_LT(0, tun_send(&t, &v, &f));
		ASSERT_EQ(0xfcfb - 28, udp_recv_pattern(udp, 1, WAIT_MS));
	}
	EXPECT_EQ(POLLIN, sock_wait(packet, POLLIN, WAIT_MS) & POLLIN);
	close(packet);
	tun_close(&t);
	close(udp);
}
