// SPDX-License-Identifier: GPL-2.0-only
/* Super-frames of a macvtap that cannot be cut, find no room, or come without NEEDS_CSUM. */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000
#define GSO_SIZE   1000
#define PAYLOAD	   (4 * GSO_SIZE)

static void tcp(struct frame *f, const struct macvtap_pair *p, size_t len)
{
	frame_start(f);
	frame_eth(f, p->rx_mac, p->tx_mac, ETHERTYPE_IP);
	frame_ipv4(f, "192.0.2.1", "192.0.2.2", IPPROTO_TCP);
	frame_tcp(f, 4000, 4000, 1, 1, TH_ACK);
	frame_pattern(f, len, 1);
}

/* True if rx counts @n drops in time. */
static bool drops(uint64_t n)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;

	while (link_stats("rx").rx_dropped < n) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return link_stats("rx").rx_dropped == n;
}

TEST(full_of_whole, .title = "super-frames that the queue has no room for are counted as dropped",
     .behaviours = { 530 }, .needs = { "macvtap" })
{
	struct macvtap_pair p = macvtap_pair();
	struct tun_packet packet;
	struct frame f;
	struct vnet v;

	ASSERT_OK(link_set_txqueuelen("rx", 2));
	tcp(&f, &p, PAYLOAD);
	v = frame_finish_gso(&f, GSO_SIZE);
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&p.tx, &v, &f));
	EXPECT_TRUE(drops(3));
	for (int i = 0; i < 2; i++) {
		ASSERT_TRUE(tun_recv(&p.rx, &packet, TIMEOUT_MS));
		EXPECT_EQ(f.len, packet.len);
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, packet.vnet.gso_type);
	}
	EXPECT_FALSE(tun_recv(&p.rx, &packet, 0));
	macvtap_pair_close(&p);
}

TEST(uncut, .title = "a super-frame of no protocol that could be cut is counted as dropped",
     .behaviours = { 531 }, .needs = { "macvtap" })
{
	struct macvtap_pair p = macvtap_pair();
	struct tun_packet packet;
	struct frame f;
	struct vnet v;

	tcp(&f, &p, PAYLOAD);
	v = frame_finish_gso(&f, GSO_SIZE);
	f.data[12] = MACVTAP_ETHERTYPE >> 8;
	f.data[13] = MACVTAP_ETHERTYPE & 0xff;
	ASSERT_OK(tun_set_offload(p.rx.fd, 0));
	ASSERT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&p.tx, &v, &f));
	EXPECT_TRUE(drops(1));
	EXPECT_FALSE(tun_recv(&p.rx, &packet, 0));
	macvtap_pair_close(&p);
}

TEST(without_csum,
     .title = "a super-frame with a whole checksum, without NEEDS_CSUM, arrives, cut or not",
     .behaviours = { 517 }, .needs = { "macvtap" })
{
	struct macvtap_pair p = macvtap_pair();
	struct vnet v = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = GSO_SIZE };
	static uint8_t got[PAYLOAD];
	struct tun_packet packet;
	struct parsed parsed;
	size_t sum = 0;
	struct frame f;

	tcp(&f, &p, PAYLOAD);
	frame_finish(&f);
	v.hdr_len = f.payload;
	ASSERT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&p.tx, &v, &f));
	while (sum < PAYLOAD && tun_recv_proto(&p.rx, &packet, IPPROTO_TCP, TIMEOUT_MS, &parsed)) {
		ASSERT_GE(PAYLOAD, parsed.seq - 1 + parsed.payload_len);
		memcpy(got + parsed.seq - 1, packet.data + parsed.payload, parsed.payload_len);
		sum += parsed.payload_len;
	}
	EXPECT_EQ(PAYLOAD, sum);
	EXPECT_EQ(-1, pattern_check(got, PAYLOAD, 1));
	macvtap_pair_close(&p);
}

TEST(untyped,
     .title = "without NEEDS_CSUM and an Ethertype the GSO type tells IPv4 from IPv6; of UDP either is taken",
     .behaviours = { 620 }, .needs = { "macvtap" })
{
	static const struct {
		uint8_t gso_type, proto;
		bool ipv6;
	} cases[] = {
		{ VIRTIO_NET_HDR_GSO_TCPV4, IPPROTO_TCP, false },
		{ VIRTIO_NET_HDR_GSO_TCPV6, IPPROTO_TCP, true },
		{ VIRTIO_NET_HDR_GSO_UDP, IPPROTO_UDP, false },
		{ VIRTIO_NET_HDR_GSO_UDP, IPPROTO_UDP, true },
	};
	struct macvtap_pair p = macvtap_pair();
	struct frame f;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vnet v = { .gso_type = cases[i].gso_type, .gso_size = GSO_SIZE };

		frame_start(&f);
		frame_eth(&f, p.rx_mac, p.tx_mac, 0);
		if (cases[i].ipv6)
			frame_ipv6(&f, "2001:db8::1", "2001:db8::2", cases[i].proto);
		else
			frame_ipv4(&f, "192.0.2.1", "192.0.2.2", cases[i].proto);
		if (cases[i].proto == IPPROTO_TCP)
			frame_tcp(&f, 4000, 4000, 1, 1, TH_ACK);
		else
			frame_udp(&f, 4000, 4000);
		frame_pattern(&f, PAYLOAD, i);
		frame_finish(&f);
		EXPECT_EQ(VNET_SIZE_LEGACY + f.len, tun_send(&p.tx, &v, &f))
		{
			TH_LOG("type %u of IPv%d", v.gso_type, cases[i].ipv6 ? 6 : 4);
		}
	}
	EXPECT_EQ(0, link_stats("tx").tx_dropped);
	macvtap_pair_close(&p);
}

TEST(without_csum_refused,
     .title =
	     "without NEEDS_CSUM the headers are looked at: what is no TCP, or has no whole header, gives EINVAL",
     .behaviours = { 519 }, .needs = { "macvtap" })
{
	struct macvtap_pair p = macvtap_pair();
	struct vnet v = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = GSO_SIZE };
	struct frame f;

	tcp(&f, &p, PAYLOAD);
	frame_finish(&f);
	f.data[ETH_HLEN + 9] = IPPROTO_UDP;
	EXPECT_ERRNO(EINVAL, tun_send(&p.tx, &v, &f));
	/* The kernel finds ports in it, and no more. */
	tcp(&f, &p, 0);
	frame_finish(&f);
	f.len -= 10;
	EXPECT_ERRNO(EINVAL, tun_send(&p.tx, &v, &f));
	macvtap_pair_close(&p);
}
