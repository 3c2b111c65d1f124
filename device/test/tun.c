// SPDX-License-Identifier: GPL-2.0-only
/* The device file against the kernel's sockets, with every layout of headers in front. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/peer.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define WAIT_MS 1000

FIXTURE(traffic)
{
	struct tun t;
	struct tun_packet packet;
	struct parsed parsed;
	struct frame f;
};

FIXTURE_VARIANT(traffic)
{
	unsigned int flags;
	int vnet_size;
	unsigned int offload;
};

FIXTURE_VARIANT_ADD(traffic, tun){ .flags = IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(traffic, tap){ .flags = IFF_TAP | IFF_NO_PI };
FIXTURE_VARIANT_ADD(traffic, tun_pi){ .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(traffic, tap_pi){ .flags = IFF_TAP };
FIXTURE_VARIANT_ADD(traffic, tun_vnet){ .flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(traffic, tap_vnet12){
	.flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	.vnet_size = VNET_SIZE_MRG_RXBUF,
};
FIXTURE_VARIANT_ADD(traffic, tun_vnet20_csum){
	.flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR,
	.vnet_size = VNET_SIZE_HASH,
	.offload = TUN_F_CSUM,
};
FIXTURE_VARIANT_ADD(traffic, tap_vnet24_tso){
	.flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	.vnet_size = VNET_SIZE_HASH_TUNNEL,
	.offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
};
FIXTURE_VARIANT_ADD(traffic, tap_pi_vnet){ .flags = IFF_TAP | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(traffic, tun_napi){ .flags = IFF_TUN | IFF_NO_PI | IFF_NAPI };

FIXTURE_SETUP(traffic)
{
	netns_ipv6();
	self->t = tun_create("unit0", variant->flags);
	if (variant->vnet_size && tun_set_vnet_hdr_sz(&self->t, variant->vnet_size))
		TH_BAIL("TUNSETVNETHDRSZ: %s", strerror(errno));
	if (variant->offload && tun_set_offload(self->t.fd, variant->offload))
		TH_BAIL("TUNSETOFFLOAD: %s", strerror(errno));
	peer_configure(&self->t);
	peer_configure_ipv6(&self->t);
}

FIXTURE_TEARDOWN(traffic)
{
	tun_close(&self->t);
}

/* A checksum the kernel left to the peer is announced in the vnet header. */
static bool checksum_as_announced(const struct tun_packet *packet, const struct parsed *p)
{
	if (!(packet->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return p->l4_checksum_ok;
	return p->l4_checksum_partial && packet->vnet.csum_start == p->l4;
}

TEST_F(traffic, udp, .title = "UDP datagrams cross in both directions over IPv4",
       .needs = { "tun", "ipv6" })
{
	uint8_t buf[600];
	int fd = udp_open(KERNEL_IP4, 4001);

	peer_udp(&self->t, &self->f, 4000, 4001, 500, 1);
	ASSERT_LE(500 + 28, tun_send(&self->t, NULL, &self->f));
	ASSERT_EQ(500, udp_recv(fd, buf, sizeof(buf), WAIT_MS));
	EXPECT_EQ(-1, pattern_check(buf, 500, 1));

	pattern_fill(buf, 501, 2);
	ASSERT_EQ(501, udp_send(fd, buf, 501, PEER_IP4, 4000));
	ASSERT_TRUE(tun_recv_proto(&self->t, &self->packet, IPPROTO_UDP, WAIT_MS, &self->parsed));
	EXPECT_STREQ(KERNEL_IP4, self->parsed.src);
	EXPECT_STREQ(PEER_IP4, self->parsed.dst);
	EXPECT_EQ(4001, self->parsed.sport);
	EXPECT_EQ(4000, self->parsed.dport);
	ASSERT_EQ(501, self->parsed.payload_len);
	EXPECT_EQ(-1, pattern_check(self->packet.data + self->parsed.payload, 501, 2));
	EXPECT_TRUE(checksum_as_announced(&self->packet, &self->parsed));
	EXPECT_EQ(variant->flags & IFF_NO_PI ? 0 : 0x0800, ntohs(self->packet.pi.proto));
	close(fd);
}

TEST_F(traffic, udp6, .title = "UDP datagrams cross in both directions over IPv6",
       .needs = { "tun", "ipv6" })
{
	uint8_t buf[600];
	int fd = udp_open(KERNEL_IP6, 4001);

	peer_ipv6(&self->t, &self->f, IPPROTO_UDP);
	frame_ipv6_ext(&self->f, IPPROTO_DSTOPTS, 8);
	frame_udp(&self->f, 4000, 4001);
	frame_pattern(&self->f, 500, 1);
	frame_finish(&self->f);
	ASSERT_LT(0, tun_send(&self->t, NULL, &self->f));
	ASSERT_EQ(500, udp_recv(fd, buf, sizeof(buf), WAIT_MS));
	EXPECT_EQ(-1, pattern_check(buf, 500, 1));

	pattern_fill(buf, 501, 2);
	ASSERT_EQ(501, udp_send(fd, buf, 501, PEER_IP6, 4000));
	ASSERT_TRUE(tun_recv_proto(&self->t, &self->packet, IPPROTO_UDP, WAIT_MS, &self->parsed));
	EXPECT_STREQ(KERNEL_IP6, self->parsed.src);
	EXPECT_STREQ(PEER_IP6, self->parsed.dst);
	ASSERT_EQ(501, self->parsed.payload_len);
	EXPECT_EQ(-1, pattern_check(self->packet.data + self->parsed.payload, 501, 2));
	EXPECT_TRUE(checksum_as_announced(&self->packet, &self->parsed));
	EXPECT_EQ(variant->flags & IFF_NO_PI ? 0 : 0x86dd, ntohs(self->packet.pi.proto));
	close(fd);
}

TEST_F(traffic, echo, .title = "the kernel answers ICMP and ICMPv6 echo requests",
       .needs = { "tun", "ipv6" })
{
	peer_ipv4(&self->t, &self->f, IPPROTO_ICMP);
	frame_icmp(&self->f, 8, 0, 1, 2);
	frame_finish(&self->f);
	ASSERT_LT(0, tun_send(&self->t, NULL, &self->f));
	ASSERT_TRUE(tun_recv_proto(&self->t, &self->packet, IPPROTO_ICMP, WAIT_MS, &self->parsed));
	EXPECT_EQ(0, self->parsed.icmp_type);
	EXPECT_TRUE(self->parsed.l4_checksum_ok);

	peer_ipv6(&self->t, &self->f, IPPROTO_ICMPV6);
	frame_icmp(&self->f, 128, 0, 1, 2);
	frame_finish(&self->f);
	ASSERT_LT(0, tun_send(&self->t, NULL, &self->f));
	do {
		ASSERT_TRUE(tun_recv_proto(&self->t, &self->packet, IPPROTO_ICMPV6, WAIT_MS,
					   &self->parsed));
	} while (self->parsed.icmp_type != 129);
	EXPECT_TRUE(self->parsed.l4_checksum_ok);
}

/* 300 bytes each way over a connection made by hand. */
static void exchange(struct __test_metadata *_metadata, FIXTURE_DATA(traffic) * self, bool ipv6)
{
	struct peer_tcp c = peer_tcp_connect(&self->t, 5001, ipv6, 0);
	uint8_t buf[300];

	peer_tcp_segment(&self->t, &self->f, &c, TH_PUSH);
	frame_pattern(&self->f, sizeof(buf), 3);
	frame_finish(&self->f);
	ASSERT_LT(0, tun_send(&self->t, NULL, &self->f));
	c.seq += sizeof(buf);
	ASSERT_EQ(POLLIN, sock_wait(c.fd, POLLIN, WAIT_MS));
	ASSERT_EQ(sizeof(buf), read(c.fd, buf, sizeof(buf)));
	EXPECT_EQ(-1, pattern_check(buf, sizeof(buf), 3));

	pattern_fill(buf, sizeof(buf), 4);
	ASSERT_EQ(sizeof(buf), write(c.fd, buf, sizeof(buf)));
	do {
		ASSERT_TRUE(tun_recv_proto(&self->t, &self->packet, IPPROTO_TCP, WAIT_MS,
					   &self->parsed));
	} while (!self->parsed.payload_len);
	EXPECT_EQ(c.ack, self->parsed.seq);
	EXPECT_EQ(c.seq, self->parsed.ack);
	ASSERT_EQ(sizeof(buf), self->parsed.payload_len);
	EXPECT_EQ(-1, pattern_check(self->packet.data + self->parsed.payload, sizeof(buf), 4));
	EXPECT_TRUE(checksum_as_announced(&self->packet, &self->parsed));
	close(c.fd);
}

TEST_F(traffic, tcp, .title = "a TCP connection made by hand carries data both ways over IPv4",
       .needs = { "tun", "ipv6" })
{
	exchange(_metadata, self, false);
}

TEST_F(traffic, tcp6, .title = "a TCP connection made by hand carries data both ways over IPv6",
       .needs = { "tun", "ipv6" })
{
	exchange(_metadata, self, true);
}

TEST(tcp_twice, .title = "two connections to one port do not get in each other's way",
     .needs = { "tun" })
{
	struct tun t = peer_create("unit0", IFF_TUN | IFF_NO_PI);
	struct peer_tcp first = peer_tcp_connect(&t, 5001, false, 0);
	struct peer_tcp second = peer_tcp_connect(&t, 5002, false, 0);

	EXPECT_NE(first.sport, second.sport);
	EXPECT_NE(first.fd, second.fd);
	close(first.fd);
	close(second.fd);
	tun_close(&t);
}

TEST(tcp_mss, .title = "the kernel's end of a connection goes by the segment the peer said",
     .needs = { "tun" })
{
	struct tun t = peer_create("unit0", IFF_TUN | IFF_NO_PI);
	static const uint16_t said[] = { 0, 700, 1400 };

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct peer_tcp c = peer_tcp_connect(&t, 5001 + i, false, said[i]);
		socklen_t len = sizeof(int);
		int mss = 0;

		EXPECT_OK(getsockopt(c.fd, IPPROTO_TCP, TCP_MAXSEG, &mss, &len));
		/* RFC 9293: who says nothing means 536. */
		EXPECT_EQ(said[i] ?: 536, mss);
		close(c.fd);
	}
	tun_close(&t);
}

TEST(patterns, .title = "a datagram's length and pattern are told, either way", .needs = { "tun" })
{
	static const struct {
		unsigned int flags;
		size_t headers, l2;
	} kinds[] = {
		{ IFF_TUN | IFF_NO_PI, 0, 0 },
		{ IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, 10, 0 },
		{ IFF_TAP, 4, 14 },
		{ IFF_TAP | IFF_VNET_HDR, 14, 14 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct tun t = peer_create("unit0", kinds[i].flags);
		int fd = udp_open(KERNEL_IP4, 4001);
		struct frame f;

		EXPECT_EQ(kinds[i].headers, tun_header_size(&t));
		EXPECT_EQ(kinds[i].l2, tun_l2_size(&t));
		kernel_udp(fd, 4000, 300, 5);
		EXPECT_EQ(300, peer_recv_udp(&t, 5, WAIT_MS));
		kernel_udp(fd, 4000, 300, 5);
		EXPECT_EQ(-1, peer_recv_udp(&t, 6, WAIT_MS));
		EXPECT_EQ(-1, peer_recv_udp(&t, 6, 0));

		peer_udp(&t, &f, 4000, 4001, 200, 7);
		EXPECT_EQ(peer_udp_size(&t, 200), f.len);
		EXPECT_EQ(kinds[i].headers + f.len, tun_send(&t, NULL, &f));
		EXPECT_EQ(200, udp_recv_pattern(fd, 7, WAIT_MS));
		close(fd);
		tun_close(&t);
	}
}

TEST(blocking, .title = "a file made blocking waits", .needs = { "tun" })
{
	struct tun t = tun_create("unit0", IFF_TUN | IFF_NO_PI);
	struct blocked b;

	tun_set_blocking(t.fd);
	EXPECT_EQ(O_RDWR, fcntl(t.fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	ASSERT_TRUE(blocked_read(&b, t.fd));
	ASSERT_OK(link_del(t.name));
	ASSERT_TRUE(blocked_ended(&b, WAIT_MS));
	EXPECT_EQ(EFAULT, b.err);
	tun_close(&t);
}

TEST(partial_checksum, .title = "the kernel completes the partial checksum of a written frame",
     .needs = { "tun" })
{
	struct tun t = peer_create("unit0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	int fd = udp_open(KERNEL_IP4, 4001);
	struct frame f;
	struct vnet v;
	char buf[16];

	peer_ipv4(&t, &f, IPPROTO_UDP);
	frame_udp(&f, 4000, 4001);
	frame_payload(&f, "hello", 5);
	v = frame_finish_partial(&f);
	ASSERT_LT(0, tun_send(&t, &v, &f));
	EXPECT_EQ(5, udp_recv(fd, buf, sizeof(buf), WAIT_MS));
	/* Without the header the same bytes are a wrong checksum. */
	ASSERT_LT(0, tun_send(&t, NULL, &f));
	EXPECT_ERRNO(EAGAIN, udp_recv(fd, buf, sizeof(buf), 50));
	close(fd);
	tun_close(&t);
}

TEST(gso_tcp, .title = "a GSO frame built here is taken by the kernel's TCP as a whole",
     .needs = { "tun" })
{
	struct tun t = peer_create("unit0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	struct peer_tcp c = peer_tcp_connect(&t, 5001, false, 0);
	uint8_t buf[4000];
	struct frame f;
	struct vnet v;

	peer_tcp_segment(&t, &f, &c, TH_PUSH);
	frame_pattern(&f, sizeof(buf), 3);
	v = frame_finish_gso(&f, 1000);
	ASSERT_EQ(10 + f.len, tun_send(&t, &v, &f));
	ASSERT_EQ(POLLIN, sock_wait(c.fd, POLLIN, WAIT_MS));
	ASSERT_EQ(sizeof(buf), read(c.fd, buf, sizeof(buf)));
	EXPECT_EQ(-1, pattern_check(buf, sizeof(buf), 3));
	close(c.fd);
	tun_close(&t);
}

TEST(raw_headers, .title = "PI comes first in the file, then the vnet header, then the frame",
     .needs = { "tun" })
{
	struct tun t = peer_create("unit0", IFF_TUN | IFF_VNET_HDR);
	int fd = udp_open(KERNEL_IP4, 4001);
	uint8_t buf[200];

	ASSERT_EQ(3, udp_send(fd, "abc", 3, PEER_IP4, 4000));
	ASSERT_EQ(4 + 10 + 28 + 3, tun_read(&t, buf, sizeof(buf), WAIT_MS));
	EXPECT_EQ(0x08, buf[2]);
	EXPECT_EQ(0x00, buf[3]);
	EXPECT_EQ(0x45, buf[14]);
	EXPECT_EQ('a', buf[42]);
	EXPECT_ERRNO(EAGAIN, tun_read(&t, buf, sizeof(buf), 0));
	close(fd);
	tun_close(&t);
}

TEST(reattach, .title = "a persistent device's vnet header size is found when it is attached again",
     .needs = { "tun" })
{
	struct tun t = tun_create("unit0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	EXPECT_EQ(10, t.vnet_size);
	ASSERT_OK(tun_set_vnet_hdr_sz(&t, 12));
	EXPECT_EQ(12, t.vnet_size);
	ASSERT_ERRNO(EINVAL, tun_set_vnet_hdr_sz(&t, 9));
	EXPECT_EQ(12, t.vnet_size);
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	EXPECT_EQ(-1, t.fd);

	t = tun_create("unit0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	EXPECT_EQ(12, t.vnet_size);
	EXPECT_FALSE(t.vnet_be);
	ASSERT_OK(tun_set_persist(t.fd, 0));
	tun_close(&t);
	EXPECT_FALSE(link_exists("unit0"));
}

TEST(names, .title = "the kernel's choice of name is noted", .needs = { "tun" })
{
	struct tun any = tun_create(NULL, IFF_TUN | IFF_NO_PI);
	struct tun numbered = tun_create("unit%d", IFF_TAP | IFF_NO_PI);

	EXPECT_STREQ("tun0", any.name);
	EXPECT_STREQ("unit0", numbered.name);
	EXPECT_FALSE(tun_is_tap(&any));
	EXPECT_TRUE(tun_is_tap(&numbered));
	EXPECT_EQ(IFF_TAP, tun_iff_flags(numbered.fd) & (IFF_TUN | IFF_TAP));
	tun_close(&any);
	tun_close(&numbered);
}

/* Each wrapper once, where its effect can be read back by another. */
TEST(ioctls, .title = "values set by one ioctl are given back by its counterpart",
     .needs = { "tun" })
{
	static const uint8_t addresses[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
	static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
	struct tun t = tun_create("unit0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	uint8_t address[14];
	uint16_t family;
	unsigned int features;
	struct link link;
	int value;

	ASSERT_OK(tun_get_features(t.fd, &features));
	EXPECT_TRUE(features & IFF_TAP);
	ASSERT_OK(tun_set_sndbuf(t.fd, 12345));
	ASSERT_OK(tun_get_sndbuf(t.fd, &value));
	EXPECT_EQ(12345, value);
	ASSERT_OK(tun_set_vnet_le(t.fd, 1));
	ASSERT_OK(tun_get_vnet_le(t.fd, &value));
	EXPECT_EQ(1, value);
	ASSERT_OK(tun_set_hwaddr(t.fd, 1, mac, sizeof(mac)));
	ASSERT_OK(tun_get_hwaddr(t.fd, &family, address));
	EXPECT_EQ(1, family);
	EXPECT_EQ(0, memcmp(mac, address, sizeof(mac)));
	EXPECT_EQ(2, tun_set_tx_filter(t.fd, 0, 2, addresses));
	EXPECT_EQ(0, tun_set_tx_filter(t.fd, 0, 0, NULL));
	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_TRUE(tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	ASSERT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	ASSERT_OK(tun_set_owner(t.fd, 0));
	ASSERT_OK(tun_set_group(t.fd, 0));
	ASSERT_OK(tun_set_debug(t.fd, 0));
	ASSERT_OK(tun_set_nocsum(t.fd, 1));
	ASSERT_OK(link_up(t.name));
	EXPECT_ERRNO(EBUSY, tun_set_link(t.fd, 1));
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	ASSERT_OK(link_get(t.name, &link));
	EXPECT_FALSE(link.carrier);
	EXPECT_EQ(0, link.data[TUN_LINK_OWNER]);
	EXPECT_EQ(1, link.data[TUN_LINK_MULTI_QUEUE]);
	tun_close(&t);
}

TEST(ifindex, .title = "TUNSETIFINDEX chooses the index of the device to come", .needs = { "tun" })
{
	int fd = tun_open();
	struct link link;
	struct ifreq ifr;

	ASSERT_OK(tun_set_ifindex(fd, 4711));
	ASSERT_OK(tun_set_iff_ifr(fd, &ifr, "unit%d", IFF_TUN | IFF_NO_PI));
	EXPECT_STREQ("unit0", ifr.ifr_name);
	ASSERT_OK(link_get("unit0", &link));
	EXPECT_EQ(4711, link.index);
	close(fd);
}

TEST(namespaces, .title = "device and socket name the namespace they are in",
     .needs = { "dev_netns" })
{
	struct tun t = tun_create("unit0", IFF_TUN | IFF_NO_PI);
	int dev = tun_get_dev_netns(t.fd), sk = tun_get_sk_netns(t.fd);

	ASSERT_LE(0, dev);
	ASSERT_LE(0, sk);
	EXPECT_EQ(netns_inode(-1), netns_inode(dev));
	EXPECT_EQ(netns_inode(-1), netns_inode(sk));
	close(dev);
	close(sk);
	tun_close(&t);
}
