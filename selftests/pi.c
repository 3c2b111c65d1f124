// SPDX-License-Identifier: GPL-2.0-only
/* The packet information header: four bytes, flags and protocol, in front of each packet. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <unistd.h>
#include <linux/filter.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/tool.h"

#define WAIT_MS 2000
#define PORT	7
#define PI_SIZE sizeof(struct tun_pi)

FIXTURE(pi)
{
	struct tun t;
	int udp; /* the kernel's socket at KERNEL_IP4:PORT */
	size_t headers;
};

FIXTURE_VARIANT(pi)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(pi, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(pi, tap){ IFF_TAP };
FIXTURE_VARIANT_ADD(pi, tun_vnet){ IFF_TUN | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(pi, tap_vnet){ IFF_TAP | IFF_VNET_HDR };

FIXTURE_SETUP(pi)
{
	self->t = peer_create("t0", variant->flags);
	self->udp = udp_open(KERNEL_IP4, PORT);
	self->headers = tun_header_size(&self->t);
}

FIXTURE_TEARDOWN(pi)
{
	close(self->udp);
	tun_close(&self->t);
}

TEST_F(pi, header_read,
       .title = "read puts four bytes in front: flags 0 and the protocol in network order",
       .behaviours = { 292, 297 })
{
	uint8_t buf[256];
	ssize_t len;

	kernel_udp(self->udp, 4000, 10, 1);
	len = tun_read(&self->t, buf, sizeof(buf), WAIT_MS);
	ASSERT_EQ(self->headers + peer_udp_size(&self->t, 10), len);
	EXPECT_EQ(0, memcmp(buf, "\x00\x00\x08\x00", 4));
	EXPECT_EQ(-1, pattern_check(buf + len - 10, 10, 1));
}

/*
 * Once the flag came by the packet's length alone, so that a packet that lost just as much as the
 * headers take was not marked.
 */
TEST_F(pi, truncated,
       .title = "a packet cut by the buffer, and only that, has TUN_PKT_STRIP; the rest is lost",
       .behaviours = { 299, 300 })
{
	const uint16_t strip = TUN_PKT_STRIP;
	size_t ip = self->headers + tun_l2_size(&self->t);
	uint8_t whole[256], buf[256], header[2] = { 0 };
	ssize_t total;

	kernel_udp(self->udp, 4000, 10, 1);
	total = tun_read(&self->t, whole, sizeof(whole), WAIT_MS);
	ASSERT_GT(total, 0);

	for (size_t size = self->headers; size <= total + 1; size++) {
		kernel_udp(self->udp, 4000, 10, 1);
		memset(buf, 0xaa, sizeof(buf));
		ASSERT_EQ(size < total ? size : total, tun_read(&self->t, buf, size, WAIT_MS));
		memcpy(header, size < total ? (void *)&strip : "\0", 2);
		EXPECT_EQ(0, memcmp(header, buf, 2))
		{
			TH_LOG("buffer of %zu bytes", size);
		}
		EXPECT_EQ(0, memcmp("\x08\x00", buf + 2, 2));
		/* Always the same packet but for its id and with that its IP checksum. */
		memcpy(whole + ip + 4, buf + ip + 4, 2);
		memcpy(whole + ip + 10, buf + ip + 10, 2);
		EXPECT_EQ(0, memcmp(whole + self->headers, buf + self->headers,
				    (size < total ? size : total) - self->headers));
		for (size_t i = size; i < sizeof(buf); i++)
			ASSERT_EQ(0xaa, buf[i]);
	}
	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
}

TEST_F(pi, buffer_below_headers,
       .title = "a buffer too small for the headers gives EINVAL; the packet is lost, uncounted",
       .behaviours = { 298, 303 })
{
	uint64_t sent = link_stats(self->t.name).tx_packets;
	uint8_t buf[64];

	for (size_t size = 1; size < self->headers; size++) {
		kernel_udp(self->udp, 4000, 10, size);
		EXPECT_ERRNO(EINVAL, tun_read(&self->t, buf, size, WAIT_MS))
		{
			TH_LOG("buffer of %zu bytes", size);
		}
		EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
	}
	EXPECT_EQ(sent, link_stats(self->t.name).tx_packets);

	kernel_udp(self->udp, 4000, 10, 100);
	EXPECT_EQ(10, peer_recv_udp(&self->t, 100, WAIT_MS));
	EXPECT_EQ(sent + 1, link_stats(self->t.name).tx_packets);
}

TEST_F(pi, flags_ignored, .title = "write takes any flags in the header", .behaviours = { 294 })
{
	struct tun_pi pi = { .flags = 0xffff, .proto = htons(ETHERTYPE_IP) };
	static struct frame f;

	peer_udp(&self->t, &f, 4000, PORT, 100, 1);
	EXPECT_EQ(self->headers + f.len, tun_send_hdr(&self->t, &pi, NULL, f.data, f.len));
	EXPECT_EQ(100, udp_recv_pattern(self->udp, 1, WAIT_MS));
}

FIXTURE(both)
{
	struct tun t;
};

FIXTURE_VARIANT(both)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(both, tun){ IFF_TUN };
FIXTURE_VARIANT_ADD(both, tap){ IFF_TAP };

FIXTURE_SETUP(both)
{
	self->t = peer_create("t0", variant->type | IFF_VNET_HDR);
}

FIXTURE_TEARDOWN(both)
{
	tun_close(&self->t);
}

TEST_F(both, vnet_between,
       .title = "with a vnet header too the order is PI, vnet header, frame, in both directions",
       .behaviours = { 303 })
{
	uint8_t raw[512] = { 0 };
	size_t headers = tun_header_size(&self->t);
	uint8_t *vnet = raw + PI_SIZE, *frame = raw + headers;
	int udp = udp_open(KERNEL_IP4, PORT);
	static struct frame f;
	struct vnet v;
	struct parsed p;
	ssize_t len;

	/* With its checksum left to the kernel: delivered only if the vnet header is understood. */
	peer_ipv4(&self->t, &f, IPPROTO_UDP);
	frame_udp(&f, 4000, PORT);
	frame_pattern(&f, 100, 1);
	v = frame_finish_partial(&f);
	raw[2] = ETHERTYPE_IP >> 8;
	vnet_encode(&v, vnet, self->t.vnet_size, self->t.vnet_be);
	memcpy(frame, f.data, f.len);
	len = headers + f.len;
	ASSERT_EQ(len, tun_write(&self->t, raw, len));
	EXPECT_EQ(100, udp_recv_pattern(udp, 1, WAIT_MS));

	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM));
	kernel_udp(udp, 4000, 100, 2);
	len = tun_read(&self->t, raw, sizeof(raw), WAIT_MS);
	ASSERT_GT(len, headers);
	EXPECT_EQ(0, memcmp(raw, "\x00\x00\x08\x00", 4));
	v = vnet_decode(vnet, self->t.vnet_size, self->t.vnet_be);
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, v.flags);
	ASSERT_TRUE(frame_parse(frame, len - headers, tun_is_tap(&self->t), &p));
	EXPECT_EQ(p.l4, v.csum_start);
	EXPECT_EQ(-1, pattern_check(frame + p.payload, 100, 2));
	close(udp);
}

TEST(proto_verbatim,
     .title = "on a TUN the protocol written is the packet's, whatever its first byte is",
     .behaviours = { 294 }, .needs = { "packet_socket" })
{
	static const uint16_t protos[] = { ETHERTYPE_IP, ETHERTYPE_IPV6, 0x1234, ETH_P_LOCAL };
	struct tun t = peer_create("t0", IFF_TUN);
	int fd = packet_open(t.name, ETH_P_ALL, 0);
	uint8_t frame[40], seen[64];
	struct packet_info info;

	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		struct tun_pi pi = { .proto = htons(protos[i]) };

		for (int version = 0; version < 16; version++) {
			pattern_fill(frame, sizeof(frame), version);
			frame[0] = version << 4 | 5;
			ASSERT_EQ(PI_SIZE + sizeof(frame),
				  tun_send_hdr(&t, &pi, NULL, frame, sizeof(frame)));
			ASSERT_EQ(sizeof(frame),
				  packet_recv(fd, seen, sizeof(seen), WAIT_MS, &info));
			EXPECT_EQ(protos[i], ntohs(info.from.sll_protocol));
			EXPECT_EQ(0, memcmp(frame, seen, sizeof(frame)));
		}
	}
	EXPECT_EQ(0, link_stats(t.name).rx_dropped);
	close(fd);
	tun_close(&t);
}

TEST(proto_decides,
     .title = "an IPv4 packet written to a TUN as another protocol does not reach IPv4",
     .behaviours = { 294 })
{
	struct tun_pi pi = { .proto = htons(0x1234) };
	struct tun t = peer_create("t0", IFF_TUN);
	int udp = udp_open(KERNEL_IP4, PORT);
	uint8_t buf[128];
	static struct frame f;

	peer_udp(&t, &f, 4000, PORT, 100, 1);
	EXPECT_EQ(PI_SIZE + f.len, tun_send_hdr(&t, &pi, NULL, f.data, f.len));
	peer_udp(&t, &f, 4000, PORT, 50, 2);
	EXPECT_EQ(PI_SIZE + f.len, tun_send(&t, NULL, &f));
	EXPECT_EQ(50, udp_recv_pattern(udp, 2, WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(udp, buf, sizeof(buf), 0));
	close(udp);
	tun_close(&t);
}

TEST(tap_proto_ignored, .title = "on a TAP the protocol written is ignored, the EtherType decides",
     .behaviours = { 295 }, .needs = { "packet_socket" })
{
	struct tun_pi pi = { .proto = htons(0x1234) };
	struct tun t = peer_create("t0", IFF_TAP);
	int udp = udp_open(KERNEL_IP4, PORT), fd = packet_open(t.name, ETH_P_ALL, 0);
	struct packet_info info;
	uint8_t buf[256];
	static struct frame f;

	peer_udp(&t, &f, 4000, PORT, 100, 1);
	EXPECT_EQ(PI_SIZE + f.len, tun_send_hdr(&t, &pi, NULL, f.data, f.len));
	EXPECT_EQ(100, udp_recv_pattern(udp, 1, WAIT_MS));
	EXPECT_EQ(f.len, packet_recv(fd, buf, sizeof(buf), WAIT_MS, &info));
	EXPECT_EQ(ETHERTYPE_IP, ntohs(info.from.sll_protocol));
	close(fd);
	close(udp);
	tun_close(&t);
}

TEST(empty_unseen,
     .title = "a header without a packet is taken by a TUN but AF_PACKET sees nothing of it",
     .behaviours = { 293, 296 }, .needs = { "packet_socket" })
{
	struct tun_pi pi = { .proto = htons(ETH_P_LOCAL) };
	struct tun t = peer_create("t0", IFF_TUN);
	int fd = packet_open(t.name, ETH_P_LOCAL, 0);
	uint64_t before = link_stats(t.name).rx_packets;
	uint8_t byte = 0x77, seen[8] = { 0 };

	EXPECT_EQ(PI_SIZE, tun_send_hdr(&t, &pi, NULL, &byte, 0));
	EXPECT_EQ(before + 1, link_stats(t.name).rx_packets);
	EXPECT_EQ(0, link_stats(t.name).rx_bytes);
	/* A packet of one byte is, and it is the first. */
	EXPECT_EQ(PI_SIZE + 1, tun_send_hdr(&t, &pi, NULL, &byte, 1));
	EXPECT_EQ(1, packet_recv(fd, seen, sizeof(seen), WAIT_MS, NULL));
	EXPECT_EQ(0x77, seen[0]);
	EXPECT_ERRNO(EAGAIN, packet_recv(fd, seen, sizeof(seen), 0, NULL));
	close(fd);
	tun_close(&t);
}

TEST(strip_after_filter,
     .title = "a packet cut by the socket filter, then read whole, has no TUN_PKT_STRIP",
     .behaviours = { 301 })
{
	struct sock_filter keep[] = { BPF_STMT(BPF_RET | BPF_K, 30) };
	struct sock_fprog prog = { 1, keep };
	struct tun t = peer_create("t0", IFF_TAP);
	int udp = udp_open(KERNEL_IP4, PORT);
	struct tun_pi pi;
	uint8_t buf[256];

	ASSERT_OK(tun_attach_filter(t.fd, &prog));
	kernel_udp(udp, 4000, 100, 1);
	EXPECT_EQ(PI_SIZE + 30, tun_read(&t, buf, sizeof(buf), WAIT_MS));
	memcpy(&pi, buf, sizeof(pi));
	EXPECT_EQ(0, pi.flags);
	kernel_udp(udp, 4000, 100, 1);
	EXPECT_EQ(PI_SIZE + 30, tun_read(&t, buf, PI_SIZE + 30, WAIT_MS));
	memcpy(&pi, buf, sizeof(pi));
	EXPECT_EQ(0, pi.flags);
	kernel_udp(udp, 4000, 100, 1);
	EXPECT_EQ(PI_SIZE + 29, tun_read(&t, buf, PI_SIZE + 29, WAIT_MS));
	memcpy(&pi, buf, sizeof(pi));
	EXPECT_EQ(TUN_PKT_STRIP, pi.flags);
	close(udp);
	tun_close(&t);
}

TEST(packet_socket_proto,
     .title = "read shows the protocol AF_PACKET gave, or for 0 on a TUN that of the IP version",
     .behaviours = { 297, 302 }, .needs = { "packet_socket" })
{
	static const struct {
		uint16_t given;
		uint8_t first;
		uint16_t seen;
	} cases[] = {
		{ 0, 0x45, ETHERTYPE_IP },
		{ 0, 0x60, ETHERTYPE_IPV6 },
		{ 0, 0x55, 0 },
		{ 0x1234, 0x45, 0x1234 },
		{ ETHERTYPE_IPV6, 0x45, ETHERTYPE_IPV6 },
	};
	struct tun t = peer_create("t0", IFF_TUN);
	int fd = packet_open(t.name, 0, 0);
	static struct tun_packet packet;
	uint8_t frame[50];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pattern_fill(frame, sizeof(frame), i);
		frame[0] = cases[i].first;
		ASSERT_EQ(sizeof(frame), packet_sendto(fd, frame, sizeof(frame), cases[i].given));
		ASSERT_TRUE(tun_recv(&t, &packet, WAIT_MS));
		EXPECT_EQ(cases[i].seen, ntohs(packet.pi.proto))
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(0, packet.pi.flags);
		ASSERT_EQ(sizeof(frame), packet.len);
		EXPECT_EQ(0, memcmp(frame, packet.data, sizeof(frame)));
	}
	close(fd);
	tun_close(&t);
}

TEST(tap_ethertype, .title = "on a TAP read gives the EtherType of what the kernel sends",
     .behaviours = { 297 }, .needs = { "packet_socket" })
{
	struct tun t = tun_create("t0", IFF_TAP);
	static struct tun_packet packet;
	static struct frame f;
	int fd, udp;

	if (link_up(t.name) || addr_add(t.name, KERNEL_IP4 "/24"))
		TH_BAIL("cannot configure %s: %s", t.name, strerror(errno));
	/* Nobody has said yet who the peer is: the kernel asks. */
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_udp(udp, 4000, 10, 1);
	ASSERT_TRUE(tun_recv(&t, &packet, WAIT_MS));
	EXPECT_EQ(ETHERTYPE_ARP, ntohs(packet.pi.proto));
	EXPECT_EQ(0, memcmp("\x08\x06", packet.data + 12, 2));

	fd = packet_open(t.name, 0, 0);
	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(&f, 50, 1);
	ASSERT_EQ(f.len, packet_send(fd, f.data, f.len));
	do {
		ASSERT_TRUE(tun_recv(&t, &packet, WAIT_MS));
	} while (ntohs(packet.pi.proto) == ETHERTYPE_ARP);
	EXPECT_EQ(ETH_P_LOCAL, ntohs(packet.pi.proto));
	ASSERT_EQ(f.len, packet.len);
	EXPECT_EQ(0, memcmp(f.data, packet.data, f.len));
	close(fd);
	close(udp);
	tun_close(&t);
}

TEST(ipv6, .title = "an IPv6 packet the kernel sends has protocol 0x86dd in the header",
     .behaviours = { 297 }, .needs = { "ipv6", "sysctl" })
{
	static struct tun_packet packet;
	struct tun t;
	int udp;

	netns_ipv6();
	t = peer_create("t0", IFF_TUN);
	peer_configure_ipv6(&t);
	udp = udp_open(KERNEL_IP6, PORT);
	ASSERT_EQ(5, udp_send(udp, "hello", 5, PEER_IP6, 4000));
	ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, NULL));
	EXPECT_EQ(ETHERTYPE_IPV6, ntohs(packet.pi.proto));
	EXPECT_EQ(0, packet.pi.flags);
	EXPECT_EQ(0, memcmp("hello", packet.data + 40 + 8, 5));
	close(udp);
	tun_close(&t);
}

/* What the kernel says of the header by rtnetlink and, if it is there, by `ip`. */
#define EXPECT_HAS_PI(on, name)                                                                    \
	do {                                                                                       \
		struct link __link;                                                                \
		ASSERT_OK(link_get(name, &__link));                                                \
		ASSERT_TRUE(__link.has_data[TUN_LINK_PI]);                                         \
		EXPECT_EQ(on, __link.data[TUN_LINK_PI]);                                           \
		if (harness_feature("iproute2")) {                                                 \
			json_t *__json = tool_ip_link(name);                                       \
			EXPECT_EQ(on, tool_get_bool(__json, "linkinfo.info_data.pi"));             \
			json_decref(__json);                                                       \
		}                                                                                  \
	} while (0)

/* The size of the headers in front of the next packet, told by its length. */
static ssize_t headers_read(const struct tun *t, int udp)
{
	uint8_t buf[128];
	ssize_t len;

	kernel_udp(udp, 4000, 10, 1);
	len = tun_read(t, buf, sizeof(buf), WAIT_MS);
	return len < 0 ? len : len - (ssize_t)peer_udp_size(t, 10);
}

TEST(change_idle,
     .title = "an idle persistent device takes the PI choice of the next file that attaches",
     .behaviours = { 304 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);

	EXPECT_HAS_PI(false, "t0");
	EXPECT_EQ(0, headers_read(&t, udp));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);

	t = tun_create("t0", IFF_TUN);
	EXPECT_HAS_PI(true, "t0");
	EXPECT_EQ(PI_SIZE, headers_read(&t, udp));
	tun_close(&t);

	t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	EXPECT_HAS_PI(false, "t0");
	EXPECT_EQ(0, headers_read(&t, udp));
	close(udp);
	tun_close(&t);
}

TEST(change_live, .title = "a second queue cannot change the PI choice of a device in use",
     .behaviours = { 304 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_MULTI_QUEUE;
	struct tun first = tun_create("t0", flags | IFF_NO_PI), second;
	int udp;

	peer_configure(&first);
	udp = udp_open(KERNEL_IP4, PORT);
	second = tun_create("t0", flags);
	EXPECT_HAS_PI(false, "t0");

	/* All packets to the second queue. */
	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(0, headers_read(&second, udp));
	close(udp);
}
