// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_ether.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/packet_ring.h"

#define ETH_P_TEST 0x88b5 /* for experiments */

/* To everyone, from 02:..:01, of protocol ETH_P_TEST or in VLAN 5. */
static const uint8_t plain[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,
				   0,	 0,    0,    1,	   0x88, 0xb5, 1 };
static const uint8_t tagged[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,    0, 0,
				    0,	  1,	0x81, 0,    0,	  5,	0x88, 0xb5, 1 };

FIXTURE(packet)
{
	int a, b;
};

FIXTURE_SETUP(packet)
{
	if (!harness_feature("veth") || !harness_feature("packet_socket"))
		SKIP(return, "kernel has no veth device or no packet sockets");
	ASSERT_OK(link_add_veth("a", "b"));
	ASSERT_OK(link_up("a"));
	ASSERT_OK(link_up("b"));
	ASSERT_TRUE(link_wait_running("a", true, 2000));
	ASSERT_TRUE(link_wait_running("b", true, 2000));
	self->a = packet_open("a", ETH_P_TEST, 0);
	self->b = packet_open("b", ETH_P_ALL, 0);
}

FIXTURE_TEARDOWN(packet)
{
}

TEST_F(packet, frame, .title = "a frame arrives whole, with where it came from")
{
	struct packet_info info;
	uint8_t buf[128];

	EXPECT_EQ(sizeof(plain), packet_send(self->a, plain, sizeof(plain)));
	ASSERT_EQ(sizeof(plain), packet_recv(self->b, buf, sizeof(buf), 1000, &info));
	EXPECT_EQ(0, memcmp(plain, buf, sizeof(plain)));
	EXPECT_EQ(if_nametoindex("b"), info.from.sll_ifindex);
	EXPECT_EQ(PACKET_BROADCAST, info.from.sll_pkttype);
	EXPECT_TRUE(info.has_aux);
	EXPECT_EQ(sizeof(plain), info.aux.tp_len);
	EXPECT_EQ(0, info.aux.tp_status & TP_STATUS_VLAN_VALID);
}

TEST_F(packet, vlan, .title = "a VLAN tag taken off by the kernel is in the auxiliary data")
{
	struct packet_info info;
	uint8_t buf[128];

	EXPECT_EQ(sizeof(tagged), packet_send(self->a, tagged, sizeof(tagged)));
	ASSERT_LT(0, packet_recv(self->b, buf, sizeof(buf), 1000, &info));
	EXPECT_NE(0, info.aux.tp_status & TP_STATUS_VLAN_VALID);
	EXPECT_EQ(5, info.aux.tp_vlan_tci);
	EXPECT_EQ(ETH_P_8021Q, info.aux.tp_vlan_tpid);
}

TEST_F(packet, ring, .title = "frames come through a ring, more of them than it holds at a time")
{
	const struct tpacket2_hdr *frame;
	struct packet_ring ring;

	packet_ring_open(&ring, PACKET_VNET);
	EXPECT_EQ(NULL, packet_ring_next(&ring));
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(sizeof(tagged), packet_send(self->a, tagged, sizeof(tagged)));
		/* The other socket has it at the same time. */
		ASSERT_LT(0, packet_recv(self->b, (uint8_t[128]){ 0 }, 128, 1000, NULL));
		frame = packet_ring_next(&ring);
		ASSERT_NE(NULL, frame);
		EXPECT_EQ(sizeof(tagged) - 4, frame->tp_len);
		EXPECT_EQ(0, memcmp((uint8_t *)frame + frame->tp_mac, tagged, 12));
		EXPECT_NE(0, frame->tp_status & TP_STATUS_VLAN_VALID);
		EXPECT_EQ(5, frame->tp_vlan_tci);
		EXPECT_EQ(NULL, packet_ring_next(&ring));
	}
	packet_ring_close(&ring);
}

TEST_F(packet, nothing, .title = "without a frame a wait ends with EAGAIN")
{
	uint8_t buf[128];

	EXPECT_ERRNO(EAGAIN, packet_recv(self->b, buf, sizeof(buf), 0, NULL));
	EXPECT_ERRNO(EAGAIN, packet_recv(self->b, buf, sizeof(buf), 10, NULL));
}

TEST_F(packet, truncated, .title = "the length of a frame longer than the buffer is the frame's")
{
	uint8_t buf[20] = { 0 };

	EXPECT_EQ(sizeof(plain), packet_send(self->a, plain, sizeof(plain)));
	EXPECT_EQ(sizeof(plain), packet_recv(self->b, buf, 14, 1000, NULL));
	EXPECT_EQ(0, buf[14]);
}

TEST_F(packet, outgoing, .title = "a socket does not see what its link sends")
{
	int other = packet_open("b", 0, 0);
	uint8_t buf[128];

	EXPECT_EQ(sizeof(plain), packet_send(other, plain, sizeof(plain)));
	EXPECT_EQ(sizeof(plain), packet_recv(self->a, buf, sizeof(buf), 1000, NULL));
	EXPECT_ERRNO(EAGAIN, packet_recv(self->b, buf, sizeof(buf), 0, NULL));
}

TEST_F(packet, protocol, .title = "a socket of another protocol sees nothing")
{
	int ip = packet_open("b", ETH_P_IP, 0);
	uint8_t buf[128];

	EXPECT_EQ(sizeof(plain), packet_send(self->a, plain, sizeof(plain)));
	EXPECT_EQ(sizeof(plain), packet_recv(self->b, buf, sizeof(buf), 1000, NULL));
	EXPECT_ERRNO(EAGAIN, packet_recv(ip, buf, sizeof(buf), 0, NULL));
}

TEST_F(packet, vnet, .title = "with PACKET_VNET every frame is behind ten bytes")
{
	int a = packet_open("a", 0, PACKET_VNET | PACKET_BYPASS);
	int b = packet_open("b", ETH_P_TEST, PACKET_VNET);
	uint8_t frame[10 + sizeof(plain)] = { 0 }, buf[128];

	memcpy(frame + 10, plain, sizeof(plain));
	EXPECT_EQ(sizeof(frame), packet_send(a, frame, sizeof(frame)));
	EXPECT_EQ(sizeof(plain), packet_recv(self->b, buf, sizeof(buf), 1000, NULL));
	EXPECT_EQ(sizeof(frame), packet_recv(b, buf, sizeof(buf), 1000, NULL));
	EXPECT_EQ(0, memcmp(buf + 10, plain, sizeof(plain)));
}

TEST_F(packet, settle, .title = "packet_settle() ends with its own frame, and without it after its time")
{
	int lo;

	ASSERT_OK(link_up("lo"));
	lo = packet_open("lo", PACKET_SETTLE, 0);
	/* One that waits already is not its own. */
	ASSERT_EQ(sizeof(plain), packet_send(lo, plain, sizeof(plain)));
	EXPECT_TRUE(packet_settle(lo, 2000));
	EXPECT_ERRNO(EAGAIN, packet_recv(lo, (uint8_t[64]){ 0 }, 64, 0, NULL));
	ASSERT_OK(link_down("lo"));
	EXPECT_FALSE(packet_settle(lo, 50));
	close(lo);
}

TEST_F(packet, dgram, .title = "with PACKET_DGRAM the kernel makes the link-layer header")
{
	int a = packet_open("a", 0, PACKET_DGRAM);
	struct packet_info info;
	uint8_t buf[128];

	EXPECT_EQ(46, packet_sendto(a, plain + 14, 46, ETH_P_TEST));
	ASSERT_EQ(60, packet_recv(self->b, buf, sizeof(buf), 1000, &info));
	EXPECT_EQ(0, memcmp(plain, buf, 6));
	EXPECT_EQ(0, memcmp(plain + 12, buf + 12, 48));
}
