// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet sockets with PACKET_VNET_HDR on a TAP: the other way for a vnet header into the kernel.
 * The same code looks at it, but here the headers of the frame are known, and hold it against
 * them. What passes leaves through the file.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TCPV4	   VIRTIO_NET_HDR_GSO_TCPV4
#define TCPV6	   VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	   VIRTIO_NET_HDR_GSO_UDP
#define USO	   VIRTIO_NET_HDR_GSO_UDP_L4
#define WAIT_MS	   2000
#define PORT	   4001
#define PEER_PORT  4000
#define UDP_LEN	   3000

FIXTURE(packetvnet)
{
	struct tun t;
	int packet;
};

FIXTURE_SETUP(packetvnet)
{
	if (!harness_feature("packet_socket"))
		SKIP(return, "%s", harness_feature_reason("packet_socket"));
	self->t = tun_create("pv0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	if (link_up("pv0"))
		TH_BAIL("pv0: %s", strerror(errno));
	self->packet = packet_open("pv0", 0, PACKET_VNET);
}

FIXTURE_TEARDOWN(packetvnet)
{
	if (!self->t.name[0])
		return;
	close(self->packet);
	tun_close(&self->t);
}

static void build(struct frame *f, bool ipv6, uint8_t proto)
{
	frame_start(f);
	frame_eth(f, peer_mac, peer_mac, ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	if (ipv6)
		frame_ipv6(f, KERNEL_IP6, PEER_IP6, proto);
	else
		frame_ipv4(f, KERNEL_IP4, PEER_IP4, proto);
	if (proto == IPPROTO_UDP)
		frame_udp(f, PORT, PEER_PORT);
	else
		frame_tcp(f, PORT, PEER_PORT, 1000, 1, TH_ACK);
	frame_pattern(f, UDP_LEN, 5);
}

static ssize_t send_vnet(int packet, const struct vnet *v, const struct frame *f)
{
	uint8_t buf[VNET_SIZE_LEGACY + 4096];

	vnet_encode(v, buf, VNET_SIZE_LEGACY, false);
	memcpy(buf + VNET_SIZE_LEGACY, f->data, f->len);
	return packet_send(packet, buf, VNET_SIZE_LEGACY + f->len);
}

/*
 * UDP to be fragmented may be of either IP version: once IPv6 was refused where the header alone
 * said what the frame was.
 */
TEST_F(packetvnet, ufo,
       .title = "UDP to be fragmented that a packet socket sends is read in IP fragments, IPv4 and "
		"IPv6, with an unfinished checksum or a whole one",
       .behaviours = { 320, 335 })
{
	for (int i = 0; i < 4; i++) {
		struct tun_packet packet;
		bool ipv6 = i & 1;
		struct vnet v = { 0 };
		struct parsed p;
		struct frame f;
		size_t total = 0;

		build(&f, ipv6, IPPROTO_UDP);
		f.data[f.l3 + 6] &= ipv6 ? 0xff : 0;
		if (i & 2)
			v = frame_finish_partial(&f);
		else
			frame_finish(&f);
		v.gso_type = UFO;
		v.gso_size = 1000;
		ASSERT_EQ(VNET_SIZE_LEGACY + f.len, send_vnet(self->packet, &v, &f));
		for (int j = 0; j < 4; j++) {
			ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
			EXPECT_TRUE(p.fragment);
			EXPECT_EQ(ipv6 ? 6 : 4, p.ip_version);
			total += p.ip_len - (ipv6 ? 48 : 20);
		}
		EXPECT_EQ(UDP_LEN + 8, total);
	}
}

TEST_F(packetvnet, tso,
       .title = "a TCP super-frame that a packet socket sends is read in segments, with an unfinished "
		"checksum or without NEEDS_CSUM",
       .behaviours = { 325 })
{
	for (int i = 0; i < 4; i++) {
		struct tun_packet packet;
		struct parsed p;
		struct frame f;
		struct vnet v;

		build(&f, i & 1, IPPROTO_TCP);
		v = frame_finish_gso(&f, 1000);
		if (i & 2)
			v.flags = 0;
		ASSERT_EQ(VNET_SIZE_LEGACY + f.len, send_vnet(self->packet, &v, &f));
		for (int j = 0; j < 3; j++) {
			ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_TCP, WAIT_MS, &p));
			EXPECT_EQ(1000, p.payload_len);
			EXPECT_EQ(1000 + 1000 * j, p.seq);
			EXPECT_TRUE(p.l4_checksum_ok);
		}
	}
}

/* Each of these went on to crash, or to be segmented as what it is not. */
TEST_F(packetvnet, mismatch,
       .title = "a super-frame that is not of its GSO type's transport, or of no protocol, is refused",
       .behaviours = { 321, 327 })
{
	static const struct {
		bool ipv6;
		uint8_t proto, gso_type;
	} cases[] = { { false, IPPROTO_UDP, TCPV4 }, { true, IPPROTO_UDP, TCPV6 },
		      { false, IPPROTO_TCP, UFO },   { true, IPPROTO_TCP, UFO },
		      { false, IPPROTO_TCP, USO },   { false, IPPROTO_UDP, USO } };
	struct vnet v = { .gso_size = 1000 };
	uint8_t buf[2048];
	struct frame f;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		build(&f, cases[i].ipv6, cases[i].proto);
		frame_finish(&f);
		v.gso_type = cases[i].gso_type;
		EXPECT_ERRNO(EINVAL, send_vnet(self->packet, &v, &f)) { TH_LOG("case %zu", i); }
	}
	/* No EtherType at all; and one whose headers are not all there. */
	v.gso_type = TCPV4;
	f.data[12] = f.data[13] = 0;
	EXPECT_ERRNO(EINVAL, send_vnet(self->packet, &v, &f));
	build(&f, true, IPPROTO_TCP);
	f.len = 42;
	v = (struct vnet){ .flags = 0x11, .gso_type = TCPV6, .gso_size = 1, .csum_start = 14 };
	EXPECT_ERRNO(EINVAL, send_vnet(self->packet, &v, &f));
	EXPECT_ERRNO(EAGAIN, tun_read(&self->t, buf, sizeof(buf), 0));
}
