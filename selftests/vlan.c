// SPDX-License-Identifier: GPL-2.0-only
/*
 * VLAN devices on a TAP: the kernel keeps a tag beside the frame, the file has it in the frame.
 *
 *	kernel's sockets -- 10.9.0.1/24 -- v5 (VLAN 5) -- TAP vl0 == file == 10.9.0.2
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/ethtool.h"
#include "netns/link.h"
#include "netns/sock.h"

#define NEEDS_CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define USO	   VIRTIO_NET_HDR_GSO_UDP_L4
#define TSO_MASK   (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define USO_MASK   (TUN_F_USO4 | TUN_F_USO6)
#define WAIT_MS	   2000
#define PORT	   4001
#define PEER_PORT  4000
#define UDP_CSUM   6
#define TAGGED_L4  (14 + 4 + 20)

FIXTURE(vlan)
{
	struct tun t, on; /* the TAP; the same file by the name of the VLAN device */
	unsigned int mask;
};

FIXTURE_VARIANT(vlan)
{
	unsigned int mask;
};

FIXTURE_VARIANT_ADD(vlan, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(vlan, csum) { .mask = TUN_F_CSUM };
FIXTURE_VARIANT_ADD(vlan, uso) { .mask = TSO_MASK | USO_MASK };

FIXTURE_SETUP(vlan)
{
	if (!harness_feature("vlan"))
		SKIP(return, "%s", harness_feature_reason("vlan"));
	self->t = tun_create("vl0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	self->mask = harness_feature("uso") ? variant->mask : variant->mask & ~USO_MASK;
	if (tun_set_offload(self->t.fd, self->mask) || link_add_on("vlan", "v5", "vl0", 5) ||
	    link_up("vl0"))
		TH_BAIL("v5 on vl0: %s", strerror(errno));
	self->on = self->t;
	strcpy(self->on.name, "v5");
	peer_configure(&self->on);
}

FIXTURE_TEARDOWN(vlan)
{
	if (self->t.name[0])
		tun_close(&self->t);
}

/* One with tag 5 and an unfinished checksum, or a whole one, as the mask says. */
static void expect_tagged(struct __test_metadata *_metadata, const struct tun_packet *packet,
			  const struct parsed *p, unsigned int mask)
{
	EXPECT_EQ(1, p->vlans);
	EXPECT_EQ(5, p->vlan_tci[0]);
	EXPECT_EQ(ETH_P_IP, p->ethertype);
	EXPECT_EQ(TAGGED_L4, p->l4);
	EXPECT_EQ(packet->len, p->l3 + p->ip_len);
	EXPECT_EQ(mask & TUN_F_CSUM ? NEEDS_CSUM : 0, packet->vnet.flags);
	EXPECT_EQ(mask & TUN_F_CSUM ? TAGGED_L4 : 0, packet->vnet.csum_start);
	EXPECT_EQ(mask & TUN_F_CSUM ? UDP_CSUM : 0, packet->vnet.csum_offset);
	EXPECT_EQ(!(mask & TUN_F_CSUM), p->l4_checksum_ok);
	EXPECT_EQ(!!(mask & TUN_F_CSUM), p->l4_checksum_partial);
}

/*
 * Once csum_start was that of the frame without its tag, so that whoever finished the checksum
 * wrote it four bytes early.
 */
TEST_F(vlan, sent,
       .title = "what a socket sends through a VLAN device is read with its tag, which csum_start "
		"counts",
       .behaviours = { 338, 368 })
{
	int udp = udp_open(KERNEL_IP4, PORT);
	struct tun_packet packet;
	struct parsed p;

	for (size_t len = 0; len <= 1472; len += 368) {
		uint64_t bytes = link_stats("vl0").tx_bytes;

		kernel_udp(udp, PEER_PORT, len, 1);
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		expect_tagged(_metadata, &packet, &p, self->mask);
		ASSERT_EQ(len, p.payload_len);
		EXPECT_EQ(-1, pattern_check(packet.data + p.payload, len, 1));
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet.vnet.gso_type);
		EXPECT_EQ(packet.len, link_stats("vl0").tx_bytes - bytes);
	}
	close(udp);
}

TEST_F(vlan, sent_at_once,
       .title = "datagrams sent at once through a VLAN device are read as one with its tag, or one by "
		"one, as the mask of the TAP says",
       .behaviours = { 332, 338, 368 }, .needs = { "udp_gso" })
{
	int count = self->mask & USO_MASK ? 1 : 10, udp = udp_open(KERNEL_IP4, PORT);
	struct tun_packet packet;
	uint8_t stream[1000];
	struct parsed p;

	pattern_fill(stream, sizeof(stream), 3);
	if (udp_send_gso(udp, stream, sizeof(stream), 100, PEER_IP4, PEER_PORT) < 0) {
		/* Kernels before 6.11 do not send so without checksum offload. */
		EXPECT_EQ(EIO, errno);
		EXPECT_EQ(0, self->mask);
		return;
	}
	memset(stream, 0, sizeof(stream));
	for (int i = 0; i < count; i++) {
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		expect_tagged(_metadata, &packet, &p, self->mask);
		EXPECT_EQ(count == 1 ? USO : 0, packet.vnet.gso_type);
		EXPECT_EQ(count == 1 ? 100 : 0, packet.vnet.gso_size);
		ASSERT_EQ(1000 / count, p.payload_len);
		memcpy(stream + 100 * i, packet.data + p.payload, p.payload_len);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 3));
	close(udp);
}

TEST_F(vlan, received,
       .title = "a tagged frame whose checksum is left to the kernel arrives at a socket behind the "
		"VLAN device, with another tag it does not",
       .behaviours = { 285, 306 })
{
	int udp = udp_open(KERNEL_IP4, PORT);
	static const int tags[] = { 6, 5 };
	uint8_t buf[256];

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		struct frame f;
		struct vnet v;

		peer_ipv4(&self->t, &f, IPPROTO_UDP);
		frame_udp(&f, PEER_PORT, PORT);
		frame_pattern(&f, 100, i);
		frame_vlan(&f, ETH_P_8021Q, tags[i]);
		v = frame_finish_partial(&f);
		ASSERT_LT(0, tun_send(&self->t, &v, &f));
	}
	ASSERT_EQ(100, udp_recv_pattern(udp, 1, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(udp, buf, sizeof(buf), 0));
	close(udp);
}

/* The inner tag is in the frame by the time that the outer one is put beside it. */
TEST_F(vlan, stacked,
       .title = "what is sent through a VLAN device on a VLAN device is read with both tags",
       .behaviours = { 338, 368, 559 })
{
	struct tun inner = self->t;
	struct tun_packet packet;
	struct parsed p;
	int udp;

	ASSERT_OK(link_down("v5"));
	ASSERT_OK(link_add_on("vlan", "v5.7", "v5", 7));
	ASSERT_OK(link_up("v5"));
	strcpy(inner.name, "v5.7");
	ASSERT_OK(addr_del("v5", KERNEL_IP4 "/24"));
	peer_configure(&inner);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_udp(udp, PEER_PORT, 100, 1);
	ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(2, p.vlans);
	EXPECT_EQ(5, p.vlan_tci[0]);
	EXPECT_EQ(7, p.vlan_tci[1]);
	EXPECT_EQ(TAGGED_L4 + 4, p.l4);
	if (packet.vnet.flags)
		EXPECT_EQ(TAGGED_L4 + 4, packet.vnet.csum_start);
	else
		EXPECT_TRUE(p.l4_checksum_ok);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 100, 1));
	close(udp);
}

TEST_F(vlan, features,
       .title = "a VLAN device leaves checksums to the TAP while the mask has them, and never inserts "
		"tags by itself",
       .behaviours = { 161, 559 })
{
	const unsigned int masks[] = { self->mask, 0, TUN_F_CSUM, self->mask };

	/* Segmentation is always on: what the TAP cannot, the stack does. */
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		ASSERT_OK(tun_set_offload(self->t.fd, masks[i]));
		EXPECT_EQ(!!masks[i], ethtool_get_feature("v5", "tx-checksum-ip-generic").on)
		{
			TH_LOG("mask %#x", masks[i]);
		}
		EXPECT_FALSE(ethtool_get_feature("v5", "tx-vlan-hw-insert").on);
		EXPECT_FALSE(ethtool_get_feature("v5", "tx-vlan-stag-hw-insert").on);
	}
}
