// SPDX-License-Identifier: GPL-2.0-only
/* What the device tells the stack about itself, seen by what the stack makes of it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/net_tstamp.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/vnet.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/clock.h"
#include "netns/ethtool.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define WAIT_MS 2000
#define PORT	4001

TEST(protocol_by_version,
     .title = "a packet sent to a TUN without a protocol has that of its IP version",
     .behaviours = { 552 }, .needs = { "packet_socket" })
{
	static const struct {
		uint8_t first_byte;
		uint16_t proto;
	} cases[] = { { 0x45, ETH_P_IP }, { 0x60, ETH_P_IPV6 }, { 0x50, 0 }, { 0x00, 0 } };
	struct tun t = tun_create("t0", IFF_TUN);
	struct tun_packet p;
	int fd;

	ASSERT_OK(link_up("t0"));
	fd = packet_open("t0", 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t packet[40] = { cases[i].first_byte };

		ASSERT_EQ(sizeof(packet), packet_send(fd, packet, sizeof(packet)));
		ASSERT_TRUE(tun_recv(&t, &p, WAIT_MS));
		EXPECT_EQ(cases[i].proto, ntohs(p.pi.proto)) {
			TH_LOG("of a packet that begins with %#x", cases[i].first_byte);
		}
	}
	close(fd);
	tun_close(&t);
}

TEST(header_length,
     .title = "a raw socket may send a TUN one byte, and a TAP no less than an Ethernet header",
     .behaviours = { 552 }, .needs = { "packet_socket" })
{
	struct tun tun = tun_create("t0", IFF_TUN | IFF_NO_PI);
	struct tun tap = tun_create("t1", IFF_TAP | IFF_NO_PI);
	uint8_t frame[ETH_HLEN] = { 0x45 }, buf[64];
	int to_tun, to_tap;

	ASSERT_OK(link_up("t0"));
	ASSERT_OK(link_up("t1"));
	to_tun = packet_open("t0", 0, 0);
	to_tap = packet_open("t1", 0, 0);
	EXPECT_EQ(1, packet_send(to_tun, frame, 1));
	EXPECT_EQ(1, tun_read(&tun, buf, sizeof(buf), WAIT_MS));
	EXPECT_ERRNO(EINVAL, packet_send(to_tap, frame, ETH_HLEN - 1));
	EXPECT_EQ(ETH_HLEN, packet_send(to_tap, frame, ETH_HLEN));
	EXPECT_EQ(ETH_HLEN, tun_read(&tap, buf, sizeof(buf), WAIT_MS));
	close(to_tun);
	close(to_tap);
	tun_close(&tun);
	tun_close(&tap);
}

/*
 * Of a device that does not check features itself the stack thinks that it cannot segment frames
 * with two tags: vlan_features_check(). The driver says that it takes a TAP's frames as they are.
 */
TEST(two_tags,
     .title = "a GSO frame with two VLAN tags reaches a TAP in one piece",
     .behaviours = { 556 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	static struct frame f;
	static struct tun_packet p;
	static uint8_t sent[VNET_SIZE_LEGACY + 4096];
	struct vnet v;
	int fd;

	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM | TUN_F_TSO4));
	ASSERT_OK(link_up("t0"));
	fd = packet_open("t0", 0, PACKET_VNET);
	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_IP);
	frame_vlan(&f, ETH_P_8021AD, 7);
	frame_vlan(&f, ETH_P_8021Q, 8);
	frame_ipv4(&f, KERNEL_IP4, PEER_IP4, IPPROTO_TCP);
	frame_tcp(&f, 4000, PORT, 1, 1, TH_ACK);
	frame_pattern(&f, 3000, 1);
	v = frame_finish_gso(&f, 1000);
	vnet_encode(&v, sent, VNET_SIZE_LEGACY, false);
	memcpy(sent + VNET_SIZE_LEGACY, f.data, f.len);

	ASSERT_EQ(VNET_SIZE_LEGACY + f.len, packet_send(fd, sent, VNET_SIZE_LEGACY + f.len));
	ASSERT_TRUE(tun_recv(&t, &p, WAIT_MS));
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, p.vnet.gso_type);
	EXPECT_EQ(1000, p.vnet.gso_size);
	EXPECT_EQ(v.csum_start, p.vnet.csum_start);
	ASSERT_EQ(f.len, p.len);
	EXPECT_EQ(0, memcmp(f.data, p.data, f.len));
	close(fd);
	tun_close(&t);
}

/* The software time stamp of the next datagram; all zero if it has none. */
static struct timespec rx_stamp(int fd)
{
	struct timespec stamp = { 0 };

	sock_wait(fd, POLLIN, WAIT_MS);
	if (sock_recv_control(fd, 0, SOL_SOCKET, SCM_TIMESTAMPING, &stamp, sizeof(stamp)) < 0)
		TH_BAIL("no datagram came");
	return stamp;
}

static int64_t ns(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ns(t);
}

TEST(stamped_in_write, .title = "a received packet has the time at which it was written",
     .behaviours = { 558 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	int64_t before, after, stamp = 0, deadline = clock_ms() + WAIT_MS;
	int fd = udp_open(KERNEL_IP4, PORT);
	static struct frame f;

	ASSERT_OK(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)));
	/* A worker of the kernel turns the stamps on: the first datagrams may have none. */
	do {
		peer_udp(&t, &f, 4000, PORT, 100, 1);
		before = now();
		ASSERT_EQ(f.len, tun_send(&t, NULL, &f));
		after = now();
		stamp = ns(rx_stamp(fd));
	} while (!stamp && clock_left(deadline));
	EXPECT_LE(before, stamp);
	EXPECT_GE(after, stamp);
	close(fd);
	tun_close(&t);
}

TEST(vlan_inherits,
     .title = "a VLAN device sums as the TAP below it does, and does not insert tags",
     .behaviours = { 559, 161 }, .needs = { "vlan" })
{
	/* Segmentation would tell nothing: the VLAN device does it in software if need be. */
	static const char *const same[] = { "tx-checksum-ip-generic", "tx-scatter-gather" };
	static const char *const no[] = { "tx-vlan-hw-insert", "tx-vlan-stag-hw-insert" };
	static const unsigned int masks[] = { 0, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, 0 };
	struct tun t = tun_create("t0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	ASSERT_OK(link_add_on("vlan", "v7", "t0", 7));
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		ASSERT_OK(tun_set_offload(t.fd, masks[i]));
		EXPECT_EQ(!!masks[i], ethtool_get_feature("v7", same[0]).on);
		for (size_t j = 0; j < ARRAY_SIZE(same); j++) {
			EXPECT_EQ(ethtool_get_feature("t0", same[j]).on,
				  ethtool_get_feature("v7", same[j]).on) {
				TH_LOG("%s with mask %#x", same[j], masks[i]);
			}
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		EXPECT_TRUE(ethtool_get_feature("t0", no[i]).on);
		EXPECT_FALSE(ethtool_get_feature("v7", no[i]).on);
		EXPECT_FALSE(ethtool_get_feature("v7", no[i]).changeable);
	}
	tun_close(&t);
}

FIXTURE(way_in)
{
	struct tun t;
	int packet, udp;
};

FIXTURE_VARIANT(way_in)
{
	unsigned int flags;
	bool blocking; /* then the driver does not build the skb around a page of its own */
};

FIXTURE_VARIANT_ADD(way_in, built) { IFF_TAP | IFF_NO_PI, false };
FIXTURE_VARIANT_ADD(way_in, copied) { IFF_TAP | IFF_NO_PI, true };
FIXTURE_VARIANT_ADD(way_in, vnet) { IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, false };
FIXTURE_VARIANT_ADD(way_in, napi) { IFF_TAP | IFF_NO_PI | IFF_NAPI, false };

FIXTURE_SETUP(way_in)
{
	self->t = peer_create("t0", variant->flags);
	if (variant->blocking)
		tun_set_blocking(self->t.fd);
	self->packet = packet_open("t0", ETH_P_ALL, 0);
	self->udp = udp_open(KERNEL_IP4, PORT);
}

FIXTURE_TEARDOWN(way_in)
{
	close(self->packet);
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(way_in, metadata, .title = "XDP metadata in front of a frame is no part of the frame",
       .behaviours = { 566 }, .needs = { "packet_socket", "xdp", "xdp_metadata" })
{
	int program = bpf_load_xdp_metadata();
	static struct frame f;
	uint8_t seen[512];

	ASSERT_LE(0, program);
	ASSERT_OK(link_set_xdp("t0", program, XDP_FLAGS_DRV_MODE));
	close(program);
	peer_udp(&self->t, &f, 4000, PORT, 200, 1);
	ASSERT_EQ(tun_header_size(&self->t) + f.len, tun_send(&self->t, NULL, &f));
	ASSERT_EQ(f.len, packet_recv(self->packet, seen, sizeof(seen), WAIT_MS, NULL));
	EXPECT_EQ(0, memcmp(f.data, seen, f.len));
	EXPECT_EQ(200, udp_recv_pattern(self->udp, 1, WAIT_MS));
}

TEST_F(way_in, busy_poll,
       .title = "a socket that may busy-poll receives as any other, and has no NAPI to poll",
       .behaviours = { 356 }, .guards = { "c39e342a050a" })
{
	int usecs = 200, id = -1;
	socklen_t len = sizeof(id);
	static struct frame f;
	uint8_t buf[64];

	if (setsockopt(self->udp, SOL_SOCKET, SO_BUSY_POLL, &usecs, sizeof(usecs)))
		SKIP(return, "SO_BUSY_POLL: %s", strerror(errno));
	EXPECT_ERRNO(EAGAIN, recv(self->udp, buf, sizeof(buf), 0));
	for (int i = 0; i < 20; i++) {
		peer_udp(&self->t, &f, 4000, PORT, 200, i);
		ASSERT_EQ(tun_header_size(&self->t) + f.len, tun_send(&self->t, NULL, &f));
		EXPECT_EQ(200, udp_recv_pattern(self->udp, i, WAIT_MS));
		ASSERT_OK(getsockopt(self->udp, SOL_SOCKET, SO_INCOMING_NAPI_ID, &id, &len));
		EXPECT_EQ(0, id);
	}
}
