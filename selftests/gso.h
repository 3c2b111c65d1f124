/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of area gso share: the offloads, and what a reader does with a packet. */
#ifndef SELFTESTS_GSO_H
#define SELFTESTS_GSO_H

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define NEEDS_CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define DATA_VALID VIRTIO_NET_HDR_F_DATA_VALID
#define TCPV4	   VIRTIO_NET_HDR_GSO_TCPV4
#define TCPV6	   VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	   VIRTIO_NET_HDR_GSO_UDP
#define USO	   VIRTIO_NET_HDR_GSO_UDP_L4
#define ECN	   VIRTIO_NET_HDR_GSO_ECN

#define TSO_MASK   (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define USO_MASK   (TUN_F_USO4 | TUN_F_USO6)

#define WAIT_MS	   2000
#define PORT	   4001 /* of the kernel's sockets */
#define PEER_PORT  4000

#define UDP_CSUM   6 /* offset of the checksum */
#define TCP_CSUM   16
#define CWR	   0x80 /* TCP flag of RFC 3168, <netinet/tcp.h> lacks it */

/*
 * Finishes a partial checksum, as a reader has to. A checksum of 0 would say that UDP has none,
 * but no test here comes upon one.
 */
static inline void complete_checksum(struct tun_packet *packet)
{
	uint8_t *frame = (uint8_t *)packet->data;
	size_t start = packet->vnet.csum_start;
	uint16_t sum = ~checksum_fold(checksum_add(0, frame + start, packet->len - start));

	frame[start + packet->vnet.csum_offset] = sum >> 8;
	frame[start + packet->vnet.csum_offset + 1] = sum;
}

/* A header that asks for a checksum and nothing else, which it then gets. */
static inline void expect_partial(struct __test_metadata *_metadata, const struct tun *t,
				  struct tun_packet *packet, size_t csum_offset)
{
	struct parsed p;

	ASSERT_TRUE(frame_parse(packet->data, packet->len, tun_is_tap(t), &p));
	EXPECT_EQ(NEEDS_CSUM, packet->vnet.flags);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet->vnet.gso_type);
	EXPECT_EQ(0, packet->vnet.gso_size);
	EXPECT_EQ(0, packet->vnet.hdr_len);
	EXPECT_EQ(p.l4, packet->vnet.csum_start);
	EXPECT_EQ(csum_offset, packet->vnet.csum_offset);
	EXPECT_TRUE(p.l4_checksum_partial);
	EXPECT_FALSE(p.l4_checksum_ok);

	complete_checksum(packet);
	EXPECT_TRUE(frame_parse(packet->data, packet->len, tun_is_tap(t), &p));
	EXPECT_TRUE(p.l4_checksum_ok);
}

/* A host behind the device by which frames leave. */
#define FAR_IP4 "10.8.0.2"
#define FAR_IP6 "fd08::2"

static inline unsigned int known_mask(unsigned int mask)
{
	return harness_feature("uso") ? mask : mask & ~USO_MASK;
}

/*
 * Reads the IP fragments of a datagram with @len bytes of payload of pattern 5, none longer than
 * @most behind its IP header, and puts it together. The number of fragments.
 */
static inline int recv_fragments(struct __test_metadata *_metadata, const struct tun *t, size_t len,
				 size_t most)
{
	size_t have = 0, total = len + 8, l2 = tun_is_tap(t) ? 14 : 0;
	uint8_t datagram[8192];
	int count = 0;

	for (; have < total; count++) {
		struct tun_packet packet;
		const uint8_t *ip;
		struct parsed p;
		size_t at, bytes;

		ASSERT_TRUE(tun_recv_proto(t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		ip = packet.data + l2;
		at = (ip[6] << 8 | ip[7]) % 0x2000 * 8;
		bytes = p.ip_len - 20;
		EXPECT_TRUE(p.fragment);
		EXPECT_TRUE(p.l3_checksum_ok);
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, packet.vnet.gso_type);
		/* The kernel summed the datagram up before it cut it. */
		EXPECT_EQ(DATA_VALID, packet.vnet.flags);
		EXPECT_GE(most, bytes);
		ASSERT_EQ(have, at);
		ASSERT_LE(at + bytes, total);
		memcpy(datagram + at, ip + 20, bytes);
		have += bytes;
		/* MF on all but the last. */
		EXPECT_EQ(have < total, !!(ip[6] & 0x20));
	}
	EXPECT_EQ(len + 8, datagram[4] << 8 | datagram[5]);
	EXPECT_EQ(-1, pattern_check(datagram + 8, len, 5));
	return count;
}

#endif /* SELFTESTS_GSO_H */
