// SPDX-License-Identifier: GPL-2.0-only
/* write(): what packet sockets and VLAN devices get of it, and who takes the rest. */
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define WAIT_MS		       2000
#define TUN_HATYPE	       0xfffe /* ARPHRD_NONE */
#define TPID_8021Q	       0x8100
#define PACKET_FANOUT_BY_QUEUE 5 /* PACKET_FANOUT_QM */

TEST(packet_socket_tun,
     .title = "AF_PACKET sees an IP packet written as for this host and without link layer",
     .behaviours = { 284 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	static const uint16_t proto[2] = { ETH_P_IP, ETH_P_IPV6 };
	uint8_t frame[64], seen[128];
	struct packet_info info;

	if (link_up(t.name))
		TH_BAIL("up: %s", strerror(errno));
	for (int i = 0; i < 4; i++) {
		int fd = packet_open(t.name, ETH_P_ALL, i < 2 ? 0 : PACKET_DGRAM);

		pattern_fill(frame, sizeof(frame), i);
		frame[0] = i % 2 ? 0x60 : 0x45;
		ASSERT_EQ(sizeof(frame), tun_write(&t, frame, sizeof(frame)));
		ASSERT_EQ(sizeof(frame), packet_recv(fd, seen, sizeof(seen), WAIT_MS, &info));
		EXPECT_EQ(0, memcmp(frame, seen, sizeof(frame)));
		EXPECT_EQ(proto[i % 2], ntohs(info.from.sll_protocol));
		EXPECT_EQ(PACKET_HOST, info.from.sll_pkttype);
		EXPECT_EQ(TUN_HATYPE, info.from.sll_hatype);
		EXPECT_EQ(0, info.from.sll_halen);
		close(fd);
	}
	tun_close(&t);
}

static const struct ether_case {
	uint8_t dst[6]; /* zeros stand for the device's own address */
	uint16_t type, llc;
	unsigned int pkttype, proto;
} ether_cases[] = {
	{ { 0 }, ETH_P_LOCAL, 0, PACKET_HOST, ETH_P_LOCAL },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, ETH_P_LOCAL, 0, PACKET_BROADCAST, ETH_P_LOCAL },
	{ { 0x01, 0, 0x5e, 0, 0, 1 }, ETH_P_LOCAL, 0, PACKET_MULTICAST, ETH_P_LOCAL },
	{ { 0x02, 0xee, 0xee, 0xee, 0xee, 0xee }, ETH_P_LOCAL, 0, PACKET_OTHERHOST, ETH_P_LOCAL },
	/* Below 0x600 it is a length: LLC, or raw IPX for the old 0xffff. */
	{ { 0 }, 46, 0x4242, PACKET_HOST, ETH_P_802_2 },
	{ { 0 }, 46, 0xffff, PACKET_HOST, ETH_P_802_3 },
};

static void build_ether(const struct tun *t, const struct ether_case *c, uint8_t frame[60])
{
	static const uint8_t own[6];

	pattern_fill(frame, 60, c->llc);
	memcpy(frame, c->dst, 6);
	if (!memcmp(c->dst, own, 6))
		peer_kernel_mac(t, frame);
	memcpy(frame + 6, peer_mac, 6);
	frame[12] = c->type >> 8;
	frame[13] = c->type;
	frame[14] = c->llc >> 8;
	frame[15] = c->llc;
}

TEST(packet_socket_tap,
     .title = "AF_PACKET sees a frame written with the type of its destination and EtherType",
     .behaviours = { 285 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	struct packet_info info;
	uint8_t seen[128], frame[60];
	int fd;

	if (link_up(t.name))
		TH_BAIL("up: %s", strerror(errno));
	fd = packet_open(t.name, ETH_P_ALL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(ether_cases); i++) {
		build_ether(&t, &ether_cases[i], frame);
		ASSERT_EQ(sizeof(frame), tun_write(&t, frame, sizeof(frame)));
		ASSERT_EQ(sizeof(frame), packet_recv(fd, seen, sizeof(seen), WAIT_MS, &info));
		EXPECT_EQ(0, memcmp(frame, seen, sizeof(frame)));
		EXPECT_EQ(ether_cases[i].pkttype, info.from.sll_pkttype)
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(ether_cases[i].proto, ntohs(info.from.sll_protocol))
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(ARPHRD_ETHER, info.from.sll_hatype);
		EXPECT_EQ(6, info.from.sll_halen);
		EXPECT_EQ(0, memcmp(peer_mac, info.from.sll_addr, 6));
		EXPECT_FALSE(info.aux.tp_status & TP_STATUS_VLAN_VALID);
	}
	close(fd);
	tun_close(&t);
}

TEST(vlan_tag_taken_off,
     .title = "a VLAN tag written in a frame reaches AF_PACKET beside it, not inside",
     .behaviours = { 285 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	static struct frame tagged, plain;
	struct packet_info info;
	uint8_t mac[6], seen[256];
	int fd;

	if (link_up(t.name))
		TH_BAIL("up: %s", strerror(errno));
	peer_kernel_mac(&t, mac);
	frame_start(&plain);
	frame_eth(&plain, mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(&plain, 80, 1);
	tagged = plain;
	frame_vlan(&tagged, TPID_8021Q, 3 << 13 | 42);
	frame_finish(&tagged);
	frame_finish(&plain);

	fd = packet_open(t.name, ETH_P_ALL, 0);
	ASSERT_EQ(plain.len + 4, tun_send(&t, NULL, &tagged));
	ASSERT_EQ(plain.len, packet_recv(fd, seen, sizeof(seen), WAIT_MS, &info));
	EXPECT_EQ(0, memcmp(plain.data, seen, plain.len));
	ASSERT_TRUE(info.aux.tp_status & TP_STATUS_VLAN_VALID);
	EXPECT_EQ(3 << 13 | 42, info.aux.tp_vlan_tci);
	EXPECT_TRUE(info.aux.tp_status & TP_STATUS_VLAN_TPID_VALID);
	EXPECT_EQ(TPID_8021Q, info.aux.tp_vlan_tpid);
	EXPECT_EQ(tagged.len, link_stats(t.name).rx_bytes);
	close(fd);
	tun_close(&t);
}

TEST(vlan_device,
     .title = "a tagged frame written to a TAP reaches the VLAN device on it without the tag",
     .behaviours = { 285 }, .needs = { "vlan", "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	static struct frame tagged, plain;
	uint8_t mac[6], seen[256];
	int fd;

	if (link_add_on("vlan", "v42", t.name, 42) || link_up(t.name) || link_up("v42"))
		TH_BAIL("VLAN device: %s", strerror(errno));
	peer_kernel_mac(&t, mac);
	frame_start(&plain);
	frame_eth(&plain, mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(&plain, 80, 1);
	tagged = plain;
	frame_vlan(&tagged, TPID_8021Q, 42);
	frame_finish(&tagged);
	frame_finish(&plain);

	fd = packet_open("v42", ETH_P_ALL, 0);
	ASSERT_EQ(tagged.len, tun_send(&t, NULL, &tagged));
	ASSERT_EQ(plain.len, packet_recv(fd, seen, sizeof(seen), WAIT_MS, NULL));
	EXPECT_EQ(0, memcmp(plain.data, seen, plain.len));
	EXPECT_EQ(1, link_stats("v42").rx_packets);
	close(fd);
	tun_close(&t);
}

TEST(no_handler,
     .title = "a frame of a protocol that nobody takes counts rx_packets and rx_dropped",
     .behaviours = { 286 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI);
	struct rtnl_link_stats64 before, d;
	int64_t deadline = clock_ms() + 10 * WAIT_MS;
	uint8_t mac[6], seen[64];
	static struct frame f;
	int fd;

	if (link_up(t.name))
		TH_BAIL("up: %s", strerror(errno));
	peer_kernel_mac(&t, mac);
	frame_start(&f);
	frame_eth(&f, mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(&f, 40, 1);
	frame_finish(&f);

	/* In 6.12 a packet socket for all devices, of whatever namespace, takes it, too. */
	do {
		before = link_stats(t.name);
		ASSERT_EQ(f.len, tun_send(&t, NULL, &f));
		d = link_stats_since(t.name, &before);
	} while (!d.rx_dropped && clock_left(deadline));
	EXPECT_EQ(1, d.rx_packets);
	EXPECT_EQ(1, d.rx_dropped);

	fd = packet_open(t.name, ETH_P_LOCAL, 0);
	before = link_stats(t.name);
	ASSERT_EQ(f.len, tun_send(&t, NULL, &f));
	ASSERT_EQ(f.len, packet_recv(fd, seen, sizeof(seen), WAIT_MS, NULL));
	d = link_stats_since(t.name, &before);
	EXPECT_EQ(1, d.rx_packets);
	EXPECT_EQ(0, d.rx_dropped);
	close(fd);
	tun_close(&t);
}

TEST(queue_recorded, .title = "a written frame carries the index of the queue it was written to",
     .behaviours = { 288 }, .needs = { "multi_queue", "packet_socket" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun q[3];
	uint8_t mac[6], seen[64];
	static struct frame f;
	int fd[3];

	for (int i = 0; i < 3; i++)
		q[i] = tun_create("t0", flags);
	if (link_up("t0"))
		TH_BAIL("up: %s", strerror(errno));
	/* This fan-out gives socket number (index + 1) % 3 the frames of queue index. */
	for (int i = 0; i < 3; i++) {
		int arg = 1 | PACKET_FANOUT_BY_QUEUE << 16;

		fd[i] = packet_open("t0", ETH_P_LOCAL, 0);
		if (setsockopt(fd[i], SOL_PACKET, PACKET_FANOUT, &arg, sizeof(arg)))
			SKIP(return, "kernel has no packet fan-out by queue: %s", strerror(errno));
	}
	peer_kernel_mac(&q[0], mac);
	for (int i = 0; i < 3; i++) {
		frame_start(&f);
		frame_eth(&f, mac, peer_mac, ETH_P_LOCAL);
		frame_pattern(&f, 40, i);
		frame_finish(&f);
		ASSERT_EQ(f.len, tun_send(&q[i], NULL, &f));
		ASSERT_EQ(f.len, packet_recv(fd[(i + 1) % 3], seen, sizeof(seen), WAIT_MS, NULL))
		{
			TH_LOG("queue %d", i);
		}
		EXPECT_EQ(0, memcmp(f.data, seen, f.len));
	}
}
