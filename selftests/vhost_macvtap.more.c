// SPDX-License-Identifier: GPL-2.0-only
/* vhost-net with a macvtap: VLAN tags, headers of two sizes, waiting without sleep. */
#include <limits.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define SIZE	   100
#define BUSY_US	   50000
#define VLAN	   5

struct bench {
	struct vhost v;
	struct tun t;
	uint8_t mac[6];
	int world;
};

static struct bench bench_make(void)
{
	struct bench b = { .t = macvtap_bridge("m0"), .v = vhost_open(0) };

	if (tun_set_vnet_hdr_sz(&b.t, b.v.header) || tun_set_sndbuf(b.t.fd, INT_MAX) ||
	    vhost_attach(&b.v, b.t.fd))
		TH_BAIL("no vhost on a macvtap: %s", strerror(errno));
	macvtap_mac("m0", b.mac);
	b.world = packet_open(MACVTAP_WORLD, ETH_P_ALL, 0);
	return b;
}

static void bench_end(struct bench *b)
{
	vhost_close(&b->v);
	tun_close(&b->t);
	close(b->world);
}

/* A frame from the network to the macvtap. */
static void from_world(const struct bench *b, uint32_t seed)
{
	struct frame f;

	macvtap_frame(&f, b->mac, peer_mac, SIZE, seed);
	if (packet_send(b->world, f.data, f.len) != f.len)
		TH_BAIL("send: %s", strerror(errno));
}

/* True if the next packet that vhost gives is that one. */
static bool arrives(struct bench *b, uint32_t seed)
{
	struct tun_packet p;

	return vhost_recv(&b->v, &p, TIMEOUT_MS) && p.len == SIZE &&
	       pattern_check(p.data + ETH_HLEN, SIZE - ETH_HLEN, seed) == -1;
}

TEST(vlan, .title = "a frame with a VLAN tag in it leaves with the tag, as others do",
     .behaviours = { 545 }, .needs = { "vhost", "macvtap", "packet_socket" })
{
	struct bench b = bench_make();
	struct packet_info info;
	uint8_t buf[2 * SIZE];
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETHERTYPE_IP);
	frame_ipv4(&f, "192.0.2.1", "192.0.2.2", IPPROTO_UDP);
	frame_udp(&f, 4000, 4000);
	frame_pattern(&f, SIZE, 1);
	frame_finish(&f);
	frame_vlan(&f, ETH_P_8021Q, VLAN);
	vhost_send(&b.v, NULL, f.data, f.len);
	ASSERT_EQ(1, vhost_used(&b.v, VHOST_TX, 1, TIMEOUT_MS));
	/* The stack takes the tag out of what a packet socket sees. */
	ASSERT_EQ(f.len - 4, packet_recv(b.world, buf, sizeof(buf), TIMEOUT_MS, &info));
	EXPECT_EQ(VLAN, info.aux.tp_vlan_tci);
	EXPECT_EQ(0, memcmp(f.data, buf, 2 * ETH_ALEN));
	EXPECT_EQ(0, memcmp(f.data + 16, buf + 12, f.len - 16));
	bench_end(&b);
}

TEST(other_header,
     .title = "packets with a longer header than vhost knows are lost, and the next ones come",
     .behaviours = { 542, 544 }, .needs = { "vhost", "macvtap", "packet_socket" })
{
	struct bench b = bench_make();

	vhost_post(&b.v, 4, 2 * SIZE);
	from_world(&b, 1);
	EXPECT_TRUE(arrives(&b, 1));
	ASSERT_OK(tun_set_vnet_hdr_sz(&b.t, b.v.header + 8));
	from_world(&b, 2);
	from_world(&b, 3);
	EXPECT_EQ(0, vhost_used(&b.v, VHOST_RX, 1, 300));
	ASSERT_OK(tun_set_vnet_hdr_sz(&b.t, b.v.header));
	from_world(&b, 4);
	EXPECT_TRUE(arrives(&b, 4));
	bench_end(&b);
}

TEST(busy, .title = "frames pass both ways while vhost waits without sleep",
     .behaviours = { 544, 550 }, .needs = { "vhost", "macvtap", "packet_socket" })
{
	struct bench b = bench_make();
	uint8_t buf[2 * SIZE];
	struct frame f;

	for (int q = 0; q < VHOST_QUEUES; q++) {
		struct vhost_vring_state state = { .index = q, .num = BUSY_US };

		ASSERT_OK(ioctl(b.v.fd, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &state));
	}
	for (int i = 0; i < 50; i++) {
		macvtap_frame(&f, peer_mac, b.mac, SIZE, i);
		vhost_send(&b.v, NULL, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&b.v, VHOST_TX, 1, TIMEOUT_MS));
		ASSERT_EQ(SIZE, packet_recv(b.world, buf, sizeof(buf), TIMEOUT_MS, NULL));
		EXPECT_EQ(-1, pattern_check(buf + ETH_HLEN, SIZE - ETH_HLEN, i));
		/* Before the buffer and after it. */
		if (i % 2)
			from_world(&b, i);
		vhost_post(&b.v, 1, 2 * SIZE);
		if (i % 2 == 0)
			from_world(&b, i);
		ASSERT_TRUE(arrives(&b, i));
	}
	bench_end(&b);
}
