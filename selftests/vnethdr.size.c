// SPDX-License-Identifier: GPL-2.0-only
/* The virtio-net header: its size and its byte order. */
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define WAIT_MS 2000
#define PORT	4001

static const bool host_is_be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

FIXTURE(size)
{
	unsigned int kind;
};

FIXTURE_VARIANT(size)
{
	unsigned int kind;
};

FIXTURE_VARIANT_ADD(size, tun) { .kind = IFF_TUN };
FIXTURE_VARIANT_ADD(size, tap) { .kind = IFF_TAP };

FIXTURE_SETUP(size)
{
	self->kind = variant->kind | IFF_NO_PI;
}

TEST_F(size, limits,
       .title = "the header size is 10 at first and can be anything from there on",
       .behaviours = { 163, 164 })
{
	static const int good[] = { 10, 11, 12, 20, 24, 40, 64, 65535, 65536, 1 << 20, INT_MAX };
	static const int bad[] = { 9, 1, 0, -1, -5, INT_MIN };
	struct tun t = tun_create("vnet0", self->kind | IFF_VNET_HDR);
	int size = -1;

	EXPECT_OK(tun_get_vnet_hdr_sz(t.fd, &size));
	EXPECT_EQ(10, size);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_OK(tun_set_vnet_hdr_sz(&t, good[i]));
		EXPECT_OK(tun_get_vnet_hdr_sz(t.fd, &size));
		EXPECT_EQ(good[i], size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_vnet_hdr_sz(&t, bad[i])) { TH_LOG("%d", bad[i]); }
	}
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNSETVNETHDRSZ, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNGETVNETHDRSZ, NULL));
	EXPECT_OK(tun_get_vnet_hdr_sz(t.fd, &size));
	EXPECT_EQ(INT_MAX, size);
	tun_close(&t);
}

/* Whether a datagram written behind @t's header arrives, and one sent can be read behind it. */
static void talk(struct __test_metadata *_metadata, const struct tun *t)
{
	int fd = udp_open(KERNEL_IP4, PORT);
	struct tun_packet packet;
	struct parsed p;
	struct frame f;
	struct vnet v;

	peer_udp(t, &f, 4000, PORT, 100, 3);
	v = frame_finish_partial(&f);
	ASSERT_EQ(t->vnet_size + f.len, tun_send(t, t->vnet_size ? &v : NULL, &f));
	if (t->vnet_size) {
		ASSERT_EQ(100, udp_recv_pattern(fd, 3, WAIT_MS));
	}

	kernel_udp(fd, 4000, 100, 4);
	ASSERT_TRUE(tun_recv_proto(t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	ASSERT_EQ(tun_header_size(t) + peer_udp_size(t, 100), packet.raw_len);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 100, 4));
	close(fd);
}

TEST_F(size, takes_effect_at_once,
       .title = "a header size applies from the next write and read on, in both directions",
       .behaviours = { 166 })
{
	static const int sizes[] = { 10, 12, 20, 24, 40, 11, 10 };
	struct tun t = peer_create("vnet0", self->kind | IFF_VNET_HDR);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_OK(tun_set_vnet_hdr_sz(&t, sizes[i]));
		talk(_metadata, &t);
	}
	tun_close(&t);
}

TEST_F(size, long_header,
       .title = "a header length of more than a page, up to the whole frame, is taken, and every byte "
		"arrives",
       .behaviours = { 340 })
{
	static const uint16_t lengths[] = { 1000,  4095,  4096,  4097, 8192,
					    20000, 32767, 32768, 60028 };
	struct tun t = peer_create("vnet0", self->kind | IFF_VNET_HDR);
	int fd = udp_open(KERNEL_IP4, PORT);
	struct frame f;
	struct vnet v;

	tun_set_blocking(t.fd);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		peer_udp(&t, &f, 4000, PORT, 60000, i);
		v = (struct vnet){ .hdr_len = lengths[i] };
		ASSERT_EQ(t.vnet_size + f.len, tun_send(&t, &v, &f))
		{
			TH_LOG("hdr_len %d", lengths[i]);
		}
		EXPECT_EQ(60000, udp_recv_pattern(fd, i, WAIT_MS));
	}
	/* The whole frame is the limit. */
	v.hdr_len = f.len;
	EXPECT_EQ(t.vnet_size + f.len, tun_send(&t, &v, &f));
	v.hdr_len = f.len + 1;
	EXPECT_ERRNO(EINVAL, tun_send(&t, &v, &f));
	close(fd);
	tun_close(&t);
}

TEST_F(size, linear_part,
       .title = "less than a page of a large frame is in one piece, whatever hdr_len says",
       .behaviours = { 340 }, .needs = { "packet_socket" })
{
	static const uint16_t lengths[] = { 100, 3000, 4096, 8192, 20000 };
	struct tun t = peer_create("vnet0", self->kind | IFF_VNET_HDR);
	int sock = packet_open("vnet0", ETH_P_ALL, PACKET_VNET);
	struct vnet v = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000 };
	static uint8_t buf[FRAME_MAX];
	struct frame f;

	peer_ipv4(&t, &f, IPPROTO_TCP);
	frame_tcp(&f, 4000, PORT, 1, 1, TH_ACK);
	frame_pattern(&f, 20000, 1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		v.hdr_len = lengths[i];
		ASSERT_LT(0, tun_send(&t, &v, &f));
		ASSERT_EQ(VNET_SIZE_LEGACY + f.len,
			  packet_recv(sock, buf, sizeof(buf), WAIT_MS, NULL));
		/* Packet sockets tell what is linear as the length of the header. */
		EXPECT_GT(getpagesize(), vnet_decode(buf, sizeof(buf), host_is_be).hdr_len) {
			TH_LOG("hdr_len %u", lengths[i]);
		}
	}
	close(sock);
	tun_close(&t);
}

TEST_F(size, is_of_the_device,
       .title = "all queues of a device have the header size that one of them set",
       .behaviours = { 166 }, .needs = { "multi_queue" })
{
	unsigned int flags = self->kind | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	struct tun first = tun_create("vnet0", flags), second = tun_create("vnet0", flags);
	int size = 0;

	ASSERT_OK(tun_set_vnet_hdr_sz(&first, 12));
	EXPECT_OK(tun_get_vnet_hdr_sz(second.fd, &size));
	EXPECT_EQ(12, size);
	tun_close(&second);
	tun_close(&first);
}

TEST_F(size, survives_reattach,
       .title = "a persistent device keeps its header size and byte order without a file",
       .behaviours = { 166, 168 })
{
	struct tun t = tun_create("vnet0", self->kind | IFF_VNET_HDR);
	int value = 0;

	ASSERT_OK(tun_set_persist(t.fd, 1));
	ASSERT_OK(tun_set_vnet_hdr_sz(&t, 12));
	ASSERT_OK(tun_set_vnet_le(t.fd, 1));
	tun_close(&t);
	t = peer_create("vnet0", self->kind | IFF_VNET_HDR);
	EXPECT_OK(tun_get_vnet_hdr_sz(t.fd, &value));
	EXPECT_EQ(12, value);
	EXPECT_OK(tun_get_vnet_le(t.fd, &value));
	EXPECT_EQ(1, value);
	t.vnet_size = 12;
	talk(_metadata, &t);
	tun_close(&t);
}

TEST_F(size, unused_without_vnet_hdr,
       .title = "without IFF_VNET_HDR a header size is taken and makes no difference",
       .behaviours = { 165 })
{
	struct tun t = peer_create("vnet0", self->kind);
	int size = 0;

	EXPECT_OK(tun_get_vnet_hdr_sz(t.fd, &size));
	EXPECT_EQ(10, size);
	EXPECT_OK(ioctl(t.fd, TUNSETVNETHDRSZ, &(int){ INT_MAX }));
	t.vnet_size = 0;
	talk(_metadata, &t);
	tun_close(&t);
}

TEST_F(size, larger_than_any_buffer,
       .title = "with a header size beyond the buffer every write and read is refused, and the "
		"packet to be read is lost",
       .behaviours = { 167, 328 })
{
	struct tun t = peer_create("vnet0", self->kind | IFF_VNET_HDR);
	int fd = udp_open(KERNEL_IP4, PORT);
	static uint8_t buf[65536];
	struct tun_packet packet;
	struct parsed p;

	ASSERT_OK(ioctl(t.fd, TUNSETVNETHDRSZ, &(int){ INT_MAX }));
	EXPECT_ERRNO(EINVAL, tun_write(&t, buf, sizeof(buf)));
	ASSERT_EQ(5, udp_send(fd, "first", 5, PEER_IP4, 4000));
	ASSERT_EQ(6, udp_send(fd, "second", 6, PEER_IP4, 4000));
	EXPECT_ERRNO(EINVAL, tun_read(&t, buf, sizeof(buf), WAIT_MS));
	ASSERT_OK(tun_set_vnet_hdr_sz(&t, 10));
	ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	ASSERT_EQ(6, p.payload_len);
	EXPECT_EQ(0, memcmp(packet.data + p.payload, "second", 6));
	close(fd);
	tun_close(&t);
}

TEST_F(size, no_header_no_meaning,
       .title = "without IFF_VNET_HDR a header written by mistake is the start of the frame",
       .behaviours = { 342 })
{
	struct tun plain = peer_create("vnet0", self->kind), mistaken = plain;
	int fd = udp_open(KERNEL_IP4, PORT);
	uint8_t buf[64];
	struct frame f;

	mistaken.vnet_size = 10;
	peer_udp(&plain, &f, 4000, PORT, 5, 1);
	if (tun_is_tap(&plain)) {
		/* The zeros make it a frame for another station. */
		EXPECT_EQ(10 + f.len, tun_send(&mistaken, NULL, &f));
	} else {
		EXPECT_ERRNO(EINVAL, tun_send(&mistaken, NULL, &f));
	}
	peer_udp(&plain, &f, 4000, PORT, 6, 1);
	EXPECT_EQ(f.len, tun_send(&plain, NULL, &f));
	EXPECT_EQ(6, udp_recv(fd, buf, sizeof(buf), WAIT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(fd, buf, sizeof(buf), 0));
	close(fd);
	tun_close(&plain);
}

TEST_F(size, little_endian,
       .title = "TUNSETVNETLE takes any number for yes; on a little-endian host it changes no byte",
       .behaviours = { 168, 169, 172 })
{
	struct tun t = peer_create("vnet0", self->kind | IFF_VNET_HDR);
	static const int values[] = { 1, 0, 2, -1, 0 };
	int le = -1;

	EXPECT_OK(tun_get_vnet_le(t.fd, &le));
	EXPECT_EQ(0, le);
	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_OK(tun_set_vnet_le(t.fd, values[i]));
		EXPECT_OK(tun_get_vnet_le(t.fd, &le));
		EXPECT_EQ(!!values[i], le);
		/* Without it a legacy device has the host's order. */
		t.vnet_be = host_is_be && !le;
		talk(_metadata, &t);
	}
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNSETVNETLE, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNGETVNETLE, NULL));
	tun_close(&t);
}

TEST_F(size, big_endian_absent,
       .title = "without CONFIG_TUN_VNET_CROSS_LE the big-endian ioctls give EINVAL",
       .behaviours = { 170 })
{
	struct tun t = tun_create("vnet0", self->kind | IFF_VNET_HDR);
	int be = 5;

	if (harness_feature("vnet_be"))
		SKIP(return, "kernel has TUNSETVNETBE");
	EXPECT_ERRNO(EINVAL, tun_set_vnet_be(t.fd, 1));
	EXPECT_ERRNO(EINVAL, tun_set_vnet_be(t.fd, 0));
	EXPECT_ERRNO(EINVAL, tun_get_vnet_be(t.fd, &be));
	EXPECT_EQ(5, be);
	EXPECT_ERRNO(EINVAL, ioctl(t.fd, TUNSETVNETBE, NULL));
	tun_close(&t);
}

TEST_F(size, big_endian,
       .title = "TUNSETVNETBE swaps all numbers of the header, unless TUNSETVNETLE is set too",
       .behaviours = { 171, 172 }, .needs = { "vnet_be" })
{
	struct tun t = peer_create("vnet0", self->kind | IFF_VNET_HDR);
	int value = -1;

	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM));
	EXPECT_OK(tun_get_vnet_be(t.fd, &value));
	EXPECT_EQ(0, value);
	EXPECT_OK(tun_set_vnet_be(t.fd, 2));
	EXPECT_OK(tun_get_vnet_be(t.fd, &value));
	EXPECT_EQ(1, value);
	t.vnet_be = true;
	talk(_metadata, &t);

	EXPECT_OK(tun_set_vnet_le(t.fd, 1));
	t.vnet_be = false;
	talk(_metadata, &t);

	EXPECT_OK(tun_set_vnet_le(t.fd, 0));
	EXPECT_OK(tun_set_vnet_be(t.fd, 0));
	t.vnet_be = host_is_be;
	talk(_metadata, &t);
	tun_close(&t);
}
