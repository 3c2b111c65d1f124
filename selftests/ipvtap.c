// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipvtap: the file of macvtap (tap.c) on a link of the kind of ipvlan, which shares the Ethernet
 * address of the link below and tells packets apart by IP address. What the file does is tested
 * with macvtap; this is what differs, and a look at each part.
 */
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000

static const uint8_t world_mac[6] = { 2, 0, 0, 0, 0, 9 };

FIXTURE(ipvtap)
{
	struct tun t;
	uint8_t mac[6]; /* of all links here but "world" */
};

FIXTURE_VARIANT(ipvtap)
{
	uint16_t mode;
};

FIXTURE_VARIANT_ADD(ipvtap, l2) { IPVLAN_MODE_L2 };
FIXTURE_VARIANT_ADD(ipvtap, l3) { IPVLAN_MODE_L3 };

FIXTURE_SETUP(ipvtap)
{
	self->t = macvtap_create("ipvtap", "i0", variant->mode);
	macvtap_mac(MACVTAP_LOWER, self->mac);
	if (addr_add("i0", "10.9.1.1/24"))
		TH_BAIL("cannot give i0 an address: %s", strerror(errno));
}

FIXTURE_TEARDOWN(ipvtap)
{
	tun_close(&self->t);
}

/* A datagram to @ip, from @from to @to. */
static void make_udp(struct frame *f, const uint8_t to[6], const uint8_t from[6], const char *ip)
{
	frame_start(f);
	frame_eth(f, to, from, ETHERTYPE_IP);
	frame_ipv4(f, "10.9.1.9", ip, IPPROTO_UDP);
	frame_udp(f, 4000, 4001);
	frame_pattern(f, 100, 1);
	frame_finish(f);
}

TEST_F(ipvtap, link,
       .title = "an ipvtap is in class ipvtap, has the address of the link below, 500 packets of queue "
		"and a qdisc",
       .behaviours = { 536, 503, 530 }, .needs = { "ipvtap" })
{
	char path[64];
	struct link l;
	uint8_t mac[6];

	ASSERT_OK(link_get("i0", &l));
	EXPECT_STREQ("ipvtap", l.kind);
	EXPECT_EQ(variant->mode, l.data[IFLA_IPVLAN_MODE]);
	EXPECT_EQ(500, l.txqueuelen);
	/* ipvlan and macvtap have none. */
	EXPECT_STRNE("noqueue", l.qdisc);
	macvtap_mac("i0", mac);
	EXPECT_EQ(0, memcmp(self->mac, mac, 6));
	snprintf(path, sizeof(path), "/sys/class/ipvtap/tap%d", l.index);
	EXPECT_OK(access(path, F_OK));
}

TEST_F(ipvtap, ioctls, .title = "the file of an ipvtap has the ioctls of a macvtap, but keeps its address",
       .behaviours = { 536 }, .needs = { "ipvtap" })
{
	unsigned int features = 0;
	struct ifreq ifr;
	int bytes;

	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("i0", ifr.ifr_name);
	EXPECT_EQ(MACVTAP_FLAGS, (unsigned short)ifr.ifr_flags);
	ASSERT_OK(tun_get_features(self->t.fd, &features));
	EXPECT_EQ(IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI | IFF_VNET_HDR, features);
	EXPECT_ERRNO(EINVAL, tun_get_sndbuf(self->t.fd, &bytes));
	EXPECT_ERRNO(EOPNOTSUPP, tun_set_hwaddr(self->t.fd, ARPHRD_ETHER, world_mac, 6));
	EXPECT_ERRNO(EINVAL, tun_write(&self->t, "", 1));
	EXPECT_EQ(1, link_stats("i0").tx_dropped);
}

TEST_F(ipvtap, receive,
       .title = "a packet to an IP address of the ipvtap comes to its file, one to another does not",
       .behaviours = { 536, 521 }, .needs = { "ipvtap", "packet_socket" })
{
	int world = packet_open(MACVTAP_WORLD, 0, 0);
	struct frame other, own;

	make_udp(&other, self->mac, world_mac, "10.9.1.2");
	make_udp(&own, self->mac, world_mac, "10.9.1.1");
	ASSERT_EQ(other.len, packet_send(world, other.data, other.len));
	ASSERT_EQ(own.len, packet_send(world, own.data, own.len));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &own, TIMEOUT_MS));
	EXPECT_EQ(1, link_stats("i0").rx_packets);
	close(world);
}

TEST_F(ipvtap, detached, .title = "with all queues detached the ipvtap's own stack gets the packets",
       .behaviours = { 536, 528 }, .needs = { "ipvtap", "packet_socket" })
{
	int world = packet_open(MACVTAP_WORLD, 0, 0), udp = udp_open("10.9.1.1", 4001);
	struct frame f;

	make_udp(&f, self->mac, world_mac, "10.9.1.1");
	ASSERT_EQ(f.len, packet_send(world, f.data, f.len));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &f, TIMEOUT_MS));
	ASSERT_OK(tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
	ASSERT_EQ(f.len, packet_send(world, f.data, f.len));
	EXPECT_EQ(100, udp_recv_pattern(udp, 1, TIMEOUT_MS));
	EXPECT_EQ(0, sock_wait(self->t.fd, POLLIN, 0));
	close(udp);
	close(world);
}

TEST_F(ipvtap, length,
       .title = "the queue has the length of the ipvtap's txqueuelen, and counts what has no room as dropped",
       .behaviours = { 536, 530 }, .needs = { "ipvtap", "packet_socket" })
{
	int world = packet_open(MACVTAP_WORLD, 0, 0);
	struct tun_packet p;
	struct frame f;

	ASSERT_OK(link_set_txqueuelen("i0", 2));
	make_udp(&f, self->mac, world_mac, "10.9.1.1");
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(f.len, packet_send(world, f.data, f.len));
	/* One that comes after all others. */
	EXPECT_TRUE(macvtap_recv_same(&self->t, &f, TIMEOUT_MS));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &f, TIMEOUT_MS));
	EXPECT_FALSE(tun_recv(&self->t, &p, 100));
	EXPECT_LE(1, link_stats("i0").rx_errors + link_stats("i0").rx_dropped);
	ASSERT_OK(link_set_txqueuelen("i0", 500));
	ASSERT_EQ(f.len, packet_send(world, f.data, f.len));
	EXPECT_TRUE(macvtap_recv_same(&self->t, &f, TIMEOUT_MS));
	close(world);
}

TEST_F(ipvtap, offload, .title = "TUNSETOFFLOAD on an ipvtap refuses unknown bits only, and packets still come",
       .behaviours = { 536, 512 }, .needs = { "ipvtap", "packet_socket" })
{
	static const unsigned int masks[] = { 0, TUN_F_CSUM, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 };
	int world = packet_open(MACVTAP_WORLD, 0, 0);
	struct frame f;

	EXPECT_ERRNO(EINVAL, tun_set_offload(self->t.fd, 1U << 31));
	make_udp(&f, self->mac, world_mac, "10.9.1.1");
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		EXPECT_OK(tun_set_offload(self->t.fd, masks[i]));
		ASSERT_EQ(f.len, packet_send(world, f.data, f.len));
		EXPECT_TRUE(macvtap_recv_same(&self->t, &f, TIMEOUT_MS));
	}
	close(world);
}

TEST_F(ipvtap, deleted, .title = "deleting the link below deletes the ipvtap and leaves its file",
       .behaviours = { 536, 537, 526 }, .needs = { "ipvtap" })
{
	const uint8_t zeros[100] = { 0 };
	struct ifreq ifr;
	int size;

	ASSERT_OK(link_del(MACVTAP_LOWER));
	EXPECT_FALSE(link_exists("i0"));
	EXPECT_ERRNO(ENOLINK, tun_get_iff(self->t.fd, &ifr));
	EXPECT_ERRNO(EINVAL, tun_set_queue(self->t.fd, IFF_DETACH_QUEUE));
	EXPECT_OK(tun_get_vnet_hdr_sz(self->t.fd, &size));
	EXPECT_EQ(sizeof(zeros), tun_write(&self->t, zeros, sizeof(zeros)));
}

TEST_F(ipvtap, busy,
       .title = "a link cannot have ipvtaps and macvtaps on it, or ipvtaps and be in a bridge: EBUSY",
       .behaviours = { 536 }, .needs = { "ipvtap", "macvtap", "bridge" })
{
	EXPECT_ERRNO(EBUSY, link_add_on("macvtap", "m0", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	ASSERT_OK(link_del("i0"));
	ASSERT_OK(link_add_on("macvtap", "m0", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	EXPECT_ERRNO(EBUSY, link_add_on("ipvtap", "i0", MACVTAP_LOWER, variant->mode));
	ASSERT_OK(link_del("m0"));
	ASSERT_OK(link_add("bridge", "br"));
	ASSERT_OK(link_set_master(MACVTAP_LOWER, "br"));
	EXPECT_ERRNO(EBUSY, link_add_on("ipvtap", "i0", MACVTAP_LOWER, variant->mode));
}

TEST(broadcast, .title = "a broadcast from the link below comes to the files of all ipvtaps of mode L2",
     .behaviours = { 536, 521 }, .needs = { "ipvtap", "packet_socket" })
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct tun t = macvtap_create("ipvtap", "i0", IPVLAN_MODE_L2);
	struct tun u = macvtap_create("ipvtap", "i1", IPVLAN_MODE_L2);
	int world = packet_open(MACVTAP_WORLD, 0, 0);
	struct frame f;

	macvtap_frame(&f, all, world_mac, 64, 1);
	ASSERT_EQ(64, packet_send(world, f.data, f.len));
	EXPECT_TRUE(macvtap_recv_same(&t, &f, TIMEOUT_MS));
	EXPECT_TRUE(macvtap_recv_same(&u, &f, TIMEOUT_MS));
	close(world);
	tun_close(&u);
	tun_close(&t);
}

TEST(written, .title = "what is written to an ipvtap of mode L2 goes to the ipvtap with that IP address, or out",
     .behaviours = { 536, 517 }, .needs = { "ipvtap", "packet_socket" })
{
	struct tun t = macvtap_create("ipvtap", "i0", IPVLAN_MODE_L2);
	struct tun u = macvtap_create("ipvtap", "i1", IPVLAN_MODE_L2);
	int world = packet_open(MACVTAP_WORLD, ETHERTYPE_IP, 0);
	uint8_t mac[6], buf[256];
	struct frame f;

	macvtap_mac("i0", mac);
	ASSERT_OK(addr_add("i1", "10.9.1.2/24"));
	make_udp(&f, mac, mac, "10.9.1.2");
	EXPECT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&t, NULL, &f));
	EXPECT_TRUE(macvtap_recv_same(&u, &f, TIMEOUT_MS));
	make_udp(&f, world_mac, mac, "10.9.1.9");
	EXPECT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&t, NULL, &f));
	ASSERT_EQ(f.len, packet_recv(world, buf, sizeof(buf), TIMEOUT_MS, NULL));
	EXPECT_EQ(0, memcmp(f.data, buf, f.len));
	EXPECT_EQ(2, link_stats("i0").tx_packets);
	EXPECT_EQ(0, link_stats("i0").rx_packets);
	close(world);
	tun_close(&u);
	tun_close(&t);
}
