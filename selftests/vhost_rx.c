// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vhost-net takes from a TAP and puts into the guest's buffers. It asks for the length of the
 * next packet first, takes up to 64 packets from the file's ring at a time and keeps them.
 */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define PORT	   7000
#define BATCH	   64 /* packets that vhost takes at a time */
#define PAYLOAD	   100
#define PAGE	   4096
#define BUFFERS	   256	 /* enough for a packet of 12000 bytes in the smallest */
#define SMALL	   60	 /* bytes: a buffer that the shortest packet fits into */
#define LARGE	   60000 /* a payload that takes a thousand of these */
#define SOON_MS	   300 /* for what is not to come */

FIXTURE(vhost_rx)
{
	struct vhost v;
	struct tun t;
	int udp;
};

FIXTURE_VARIANT(vhost_rx)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(vhost_rx, legacy) { 0 };
FIXTURE_VARIANT_ADD(vhost_rx, mergeable) { VHOST_MRG_RXBUF };
FIXTURE_VARIANT_ADD(vhost_rx, own_header) { VHOST_OWN_HEADER };

FIXTURE_SETUP(vhost_rx)
{
	self->t = vhost_peer(&self->v, variant->features, 0);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(vhost_rx)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->udp);
}

/* True if the next packet for the guest is a datagram of @len bytes of pattern @seed. */
static bool arrives(FIXTURE_DATA(vhost_rx) *self, size_t len, uint32_t seed)
{
	struct tun_packet p;
	struct parsed parsed;

	return vhost_recv(&self->v, &p, TIMEOUT_MS) && frame_parse(p.data, p.len, true, &parsed) &&
	       parsed.l4_proto == IPPROTO_UDP && parsed.payload_len == len &&
	       pattern_check(p.data + parsed.payload, len, seed) == -1;
}

TEST_F(vhost_rx, waits,
       .title = "packets for which the guest has no buffers wait, and come in order when it has",
       .behaviours = { 544, 548 }, .needs = { "vhost" })
{
	for (int i = 0; i < 2 * BATCH; i++)
		kernel_udp(self->udp, 9, PAYLOAD, i);
	vhost_post(&self->v, BATCH + 1, 300);
	for (int i = 0; i < BATCH + 1; i++)
		ASSERT_TRUE(arrives(self, PAYLOAD, i));
	vhost_post(&self->v, BATCH - 1, 300);
	for (int i = BATCH + 1; i < 2 * BATCH; i++)
		ASSERT_TRUE(arrives(self, PAYLOAD, i));
}

TEST_F(vhost_rx, too_long,
       .title = "a packet longer than a buffer is dropped, unless it may take several",
       .behaviours = { 542, 544 }, .needs = { "vhost" })
{
	struct rtnl_link_stats64 before = link_stats("v0");
	bool mergeable = variant->features & VHOST_MRG_RXBUF;
	int count = mergeable ? 10 : 1;

	vhost_post(&self->v, count, 200);
	kernel_udp(self->udp, 9, 1000, 1);
	kernel_udp(self->udp, 9, PAYLOAD, 2);
	if (mergeable)
		EXPECT_TRUE(arrives(self, 1000, 1));
	/* The same buffer takes the next one. */
	EXPECT_TRUE(arrives(self, PAYLOAD, 2));
	/* One is asked for with a byte of room: not enough for the header from the file. */
	EXPECT_EQ(variant->features ? 2 : 1, link_stats_since("v0", &before).tx_packets);
}

TEST_F(vhost_rx, vlan, .title = "a VLAN tag that the device inserts is part of the packet",
       .behaviours = { 544 }, .needs = { "vhost", "vlan" })
{
	struct tun_packet p;
	struct parsed parsed;
	int udp;

	ASSERT_OK(link_add_on("vlan", "v0.7", "v0", 7));
	ASSERT_OK(link_up("v0.7"));
	ASSERT_OK(addr_add("v0.7", "10.9.7.1/24"));
	ASSERT_OK(neigh_add("v0.7", "10.9.7.2", peer_mac));
	udp = udp_open("10.9.7.1", PORT);
	/* There is room for exactly this. */
	vhost_post(&self->v, 1, self->v.header + 4 + peer_udp_size(&self->t, PAYLOAD));
	ASSERT_EQ(PAYLOAD, udp_send_pattern(udp, PAYLOAD, 1, "10.9.7.2", 9));
	ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	EXPECT_EQ(4 + peer_udp_size(&self->t, PAYLOAD), p.len);
	ASSERT_TRUE(frame_parse(p.data, p.len, true, &parsed));
	EXPECT_EQ(1, parsed.vlans);
	EXPECT_EQ(7, parsed.vlan_tci[0]);
	EXPECT_EQ(-1, pattern_check(p.data + parsed.payload, PAYLOAD, 1));
	close(udp);
}

TEST_F(vhost_rx, gso,
       .title = "TCP segments come as one packet, with the header from the file or vhost's empty one",
       .behaviours = { 540, 544 }, .needs = { "vhost" })
{
	uint8_t data[20000];
	struct tun_packet p;
	struct parsed parsed;
	struct peer_tcp c;
	bool described = !(variant->features & VHOST_OWN_HEADER);

	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | TUN_F_TSO4));
	ASSERT_OK(vhost_detach(&self->v));
	c = peer_tcp_connect(&self->t, PORT, false, 1460);
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
	pattern_fill(data, sizeof(data), 1);
	vhost_post(&self->v, 20, 60000);
	ASSERT_EQ(sizeof(data), send(c.fd, data, sizeof(data), 0));
	ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	ASSERT_TRUE(frame_parse(p.data, p.len, true, &parsed));
	EXPECT_LT(1460, parsed.payload_len);
	EXPECT_EQ(-1, pattern_check(p.data + parsed.payload, parsed.payload_len, 1));
	EXPECT_EQ(described ? VIRTIO_NET_HDR_GSO_TCPV4 : 0, p.vnet.gso_type);
	EXPECT_EQ(described ? 1460 : 0, p.vnet.gso_size);
	EXPECT_EQ(described ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0, p.vnet.flags);
	EXPECT_EQ(described ? parsed.payload : 0, p.vnet.hdr_len);
	close(c.fd);
}

TEST_F(vhost_rx, read_too,
       .title = "read() gets what vhost did not take, and with vhost detached all the rest in order",
       .behaviours = { 548 }, .needs = { "vhost" })
{
	/* The first one makes vhost look; it takes what is there by then. */
	for (int i = 0; i < 3 * BATCH; i++)
		kernel_udp(self->udp, 9, PAYLOAD, i);
	vhost_post(&self->v, 1, 300);
	ASSERT_TRUE(arrives(self, PAYLOAD, 0));
	ASSERT_OK(vhost_set_backend(self->v.fd, VHOST_RX, -1));
	for (int i = 1; i < 3 * BATCH; i++)
		ASSERT_EQ(PAYLOAD, peer_recv_udp(&self->t, i, TIMEOUT_MS));
	ASSERT_OK(vhost_set_backend(self->v.fd, VHOST_RX, self->t.fd));
	vhost_post(&self->v, 1, 300);
	kernel_udp(self->udp, 9, PAYLOAD, 7);
	EXPECT_TRUE(arrives(self, PAYLOAD, 7));
}

/* The port of the next packet in the file, which is its pattern too; -1 if there is none. */
static int read_port(const struct tun *t)
{
	struct tun_packet p;
	struct parsed parsed;

	if (!tun_recv_proto(t, &p, IPPROTO_UDP, 0, &parsed) ||
	    pattern_check(p.data + parsed.payload, parsed.payload_len, parsed.dport) != -1)
		return -1;
	return parsed.dport;
}

TEST_F(vhost_rx, full_ring,
       .title = "what vhost took goes back as far as there is room in the ring, in order",
       .behaviours = { 548 }, .needs = { "vhost" })
{
	const int len = 2 * BATCH;
	int last = 0, got = 0;

	ASSERT_OK(link_set_txqueuelen("v0", len));
	for (int i = 1; i <= len; i++)
		kernel_udp(self->udp, i, PAYLOAD, i);
	/* vhost needs a buffer to begin with, and takes a batch; then the ring is filled again. */
	vhost_post(&self->v, 1, 300);
	ASSERT_TRUE(arrives(self, PAYLOAD, 1));
	for (int i = len + 1; i <= 2 * len; i++)
		kernel_udp(self->udp, i, PAYLOAD, i);
	ASSERT_OK(vhost_detach(&self->v));
	for (int port; (port = read_port(&self->t)) > 0; last = port, got++)
		ASSERT_LT(last, port);
	/* Of a ring that is read in batches a few places are not free yet. */
	EXPECT_LE(len - 16, got);
	EXPECT_GE(len, got);
}

TEST(unwritable,
     .title = "a packet for memory that is not there is lost, its buffer takes the next one",
     .behaviours = { 544 }, .needs = { "vhost" })
{
	struct vhost v;
	struct tun t = vhost_peer(&v, 0, 0);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct rtnl_link_stats64 before = link_stats("v0");
	uint8_t *memory = vhost_add(&v, VHOST_RX, 300);
	struct tun_packet p;

	ASSERT_OK(mprotect(memory, PAGE, PROT_NONE));
	vhost_kick(&v, VHOST_RX);
	kernel_udp(udp, 9, PAYLOAD, 1);
	EXPECT_EQ(0, vhost_used(&v, VHOST_RX, 1, SOON_MS));
	ASSERT_OK(mprotect(memory, PAGE, PROT_READ | PROT_WRITE));
	kernel_udp(udp, 9, PAYLOAD, 2);
	ASSERT_TRUE(vhost_recv(&v, &p, TIMEOUT_MS));
	EXPECT_EQ(-1, pattern_check(p.data + p.len - PAYLOAD, PAYLOAD, 2));
	EXPECT_EQ(1, link_stats_since("v0", &before).tx_packets);
	vhost_close(&v);
	tun_close(&t);
	close(udp);
}

/* A packet into buffers of @size bytes; small ones use up what it leaves. */
static void expect_merged(struct __test_metadata *_metadata, struct vhost *v, int udp, size_t size)
{
	const size_t len = 12000;
	size_t whole = v->header + ETH_HLEN + 20 + 8 + len;
	struct tun_packet p;

	vhost_post(v, BUFFERS, size);
	kernel_udp(udp, 9, len, size);
	ASSERT_TRUE(vhost_recv(v, &p, TIMEOUT_MS));
	EXPECT_EQ(whole, p.raw_len);
	EXPECT_EQ((whole + size - 1) / size, p.vnet.num_buffers);
	EXPECT_EQ(-1, pattern_check(p.data + p.len - len, len, size));
	while (v->queue[VHOST_RX].free < VHOST_RING) {
		kernel_udp(udp, 9, 1, 1);
		ASSERT_TRUE(vhost_recv(v, &p, TIMEOUT_MS));
	}
}

TEST(merged, .title = "a packet lies in as few mergeable buffers as it needs, and they are counted",
     .behaviours = { 544 }, .needs = { "vhost" })
{
	struct vhost v;
	struct tun t = vhost_peer(&v, VHOST_MRG_RXBUF, 0);
	int udp = udp_open(KERNEL_IP4, PORT);

	ASSERT_OK(link_set_mtu("v0", 65000));
	for (size_t size = 60; size < 20000; size = size * 2 + 1)
		expect_merged(_metadata, &v, udp, size);
	vhost_close(&v);
	tun_close(&t);
	close(udp);
}

TEST(many_merged,
     .title = "a packet may take a thousand buffers, with those of a batch before it not yet told",
     .behaviours = { 544 }, .needs = { "vhost" }, .guards = { "b46a0bf78ad7", "CVE-2018-16880" })
{
	struct vhost v;
	struct tun t = vhost_peer(&v, VHOST_MRG_RXBUF, 0);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct tun_packet p;

	ASSERT_OK(link_set_mtu("v0", 65000));
	ASSERT_OK(vhost_detach(&v));
	for (int i = 0; i < BATCH; i++)
		kernel_udp(udp, 9, 1, i);
	kernel_udp(udp, 9, LARGE, 1);
	vhost_post(&v, BATCH + LARGE / SMALL + 10, SMALL);
	/* All is there: it is taken in one go. */
	ASSERT_OK(vhost_attach(&v, t.fd));
	for (int i = 0; i < BATCH; i++) {
		ASSERT_TRUE(vhost_recv(&v, &p, TIMEOUT_MS));
		EXPECT_EQ(1, p.vnet.num_buffers);
	}
	ASSERT_TRUE(vhost_recv(&v, &p, TIMEOUT_MS));
	EXPECT_EQ((p.raw_len + SMALL - 1) / SMALL, p.vnet.num_buffers);
	EXPECT_EQ(-1, pattern_check(p.data + p.len - LARGE, LARGE, 1));
	vhost_close(&v);
	tun_close(&t);
	close(udp);
}

TEST(no_header,
     .title = "without a header from either side frames are sent, but none is ever received",
     .behaviours = { 540 }, .needs = { "vhost" })
{
	struct tun t = peer_create("v0", IFF_TAP | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct vhost v = vhost_open(0);
	struct tun_packet p;
	struct frame f;

	ASSERT_OK(vhost_attach(&v, t.fd));
	vhost_post(&v, 10, 2000);
	for (int i = 0; i < 10; i++) {
		peer_udp(&t, &f, 4000, PORT, PAYLOAD, i);
		vhost_send(&v, NULL, f.data, f.len);
		ASSERT_EQ(1, vhost_used(&v, VHOST_TX, 1, TIMEOUT_MS));
		EXPECT_EQ(PAYLOAD, udp_recv_pattern(udp, i, TIMEOUT_MS));
		kernel_udp(udp, 9, PAYLOAD, i);
	}
	/* vhost expects a header too, and drops what has another length. */
	EXPECT_FALSE(vhost_recv(&v, &p, SOON_MS));
	ASSERT_OK(vhost_detach(&v));
	EXPECT_FALSE(tun_recv(&t, &p, 0));
	vhost_close(&v);
	tun_close(&t);
	close(udp);
}
