// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a frame meets a TAP's XDP program in the driver before there is an skb, or as one.
 *
 * What the program drops on the first way the driver counts in rx_dropped, on the second nobody.
 */
#include <fcntl.h>
#include <limits.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"
#include "netns/sock.h"

#define TIMEOUT_MS 2000
#define HEADROOM   256 /* what XDP promises in front of a frame, XDP_PACKET_HEADROOM */
/* The fragments alone of what an skb has at the end of its memory (struct skb_shared_info). */
#define SHARED_INFO_MIN (17 * (sizeof(void *) + 8))

static uint8_t frame[65536] = { 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 0x88, 0xb5 };

FIXTURE(xdp_path)
{
	struct tun t;
	struct program p; /* counts, sees the length in two ways, returns shared[1] */
};

FIXTURE_VARIANT(xdp_path)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(xdp_path, bare) { IFF_NO_PI };
FIXTURE_VARIANT_ADD(xdp_path, pi) { 0 };
FIXTURE_VARIANT_ADD(xdp_path, vnet) { IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(xdp_path, napi) { IFF_NO_PI | IFF_NAPI };

static void load(const struct tun *t, struct program *p, uint32_t flags)
{
	program_start(p, BPF_PROG_TYPE_XDP);
	p->flags = flags;
	p->shared[1] = XDP_DROP;
	program_count(p, 0);
	program_see_between(p, 2, offsetof(struct xdp_md, data), offsetof(struct xdp_md, data_end));
	program_call(p, BPF_FUNC_xdp_get_buff_len, 0);
	program_see_result(p, 3);
	xdp_attach(t, program_return_shared(p, 1), XDP_IN_DRIVER);
}

FIXTURE_SETUP(xdp_path)
{
	self->t.fd = -1;
	if (variant->flags & IFF_NAPI && !harness_feature("napi"))
		SKIP(return, "%s", harness_feature_reason("napi"));
	self->t = tun_create("t0", IFF_TAP | variant->flags);
	if (link_up("t0"))
		TH_BAIL("t0: %s", strerror(errno));
	load(&self->t, &self->p, 0);
	for (size_t i = ETH_HLEN; i < sizeof(frame); i++)
		frame[i] = i * 7;
}

FIXTURE_TEARDOWN(xdp_path)
{
	tun_close(&self->t);
	program_close(&self->p);
}

/* True if a frame of @len bytes, with this vnet header, meets the program before it is an skb. */
static bool meets_in_driver(const struct tun *t, const struct program *p, const struct vnet *vnet,
			    size_t len)
{
	struct rtnl_link_stats64 before = link_stats("t0");
	int runs = p->shared[0];

	if (tun_send_hdr(t, NULL, vnet, frame, len) != tun_header_size(t) + len)
		TH_BAIL("cannot write %zu bytes: %s", len, strerror(errno));
	if (p->shared[0] != runs + 1)
		TH_BAIL("the program ran %d times", (int)p->shared[0] - runs);
	return link_stats_since("t0", &before).rx_dropped;
}

static bool in_driver(FIXTURE_DATA(xdp_path) *self, size_t len)
{
	return meets_in_driver(&self->t, &self->p, NULL, len);
}

TEST_F(xdp_path, blocking,
       .title = "in the driver a frame only meets XDP if its write does not wait",
       .behaviours = { 434 }, .needs = { "xdp" })
{
	int fd = self->t.fd, flags = fcntl(fd, F_GETFL);

	EXPECT_TRUE(in_driver(self, 60));
	tun_set_blocking(fd);
	EXPECT_FALSE(in_driver(self, 60));
	EXPECT_EQ(60, self->p.shared[2]);
	ASSERT_OK(fcntl(fd, F_SETFL, flags));
	EXPECT_TRUE(in_driver(self, 60));
}

TEST_F(xdp_path, nowait, .title = "a write with RWF_NOWAIT on a blocking file does not wait",
       .behaviours = { 434 }, .needs = { "xdp", "nowait" })
{
	uint8_t buf[200] = { 0 };
	size_t header = tun_header_size(&self->t);
	struct iovec iov = { buf, header + 60 };

	tun_set_blocking(self->t.fd);
	memcpy(buf + header, frame, 60);
	ASSERT_EQ(header + 60, pwritev2(self->t.fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(1, self->p.shared[0]);
	EXPECT_EQ(1, link_stats("t0").rx_dropped);
}

TEST_F(xdp_path, send_buffer,
       .title = "in the driver a frame only meets XDP if the send buffer is INT_MAX",
       .behaviours = { 141, 434 }, .needs = { "xdp" })
{
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX - 1));
	EXPECT_FALSE(in_driver(self, 60));
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX));
	EXPECT_TRUE(in_driver(self, 60));
}

/* The longest frame that meets the program in the driver. */
static size_t longest_in_driver(FIXTURE_DATA(xdp_path) *self)
{
	size_t good = ETH_HLEN, bad = getpagesize();

	while (bad - good > 1) {
		size_t len = (good + bad) / 2;

		if (in_driver(self, len))
			good = len;
		else
			bad = len;
	}
	return good;
}

TEST_F(xdp_path, length,
       .title = "in the driver the longest frame fits a page with all that is put around it",
       .behaviours = { 434, 447 }, .needs = { "xdp" }, .guards = { "59eeb2329405" })
{
	size_t longest = longest_in_driver(self);

	TH_LOG("%zu bytes", longest);
	EXPECT_LE(longest + HEADROOM + SHARED_INFO_MIN, getpagesize());
	/* That is less than 900 bytes: headrooms of 256 and 66, 384, each in whole cache lines. */
	EXPECT_LE(getpagesize() - 900, longest);
	EXPECT_TRUE(in_driver(self, longest));
	EXPECT_EQ(longest, self->p.shared[2]);
	EXPECT_FALSE(in_driver(self, longest + 1));
	EXPECT_EQ(longest + 1, self->p.shared[2]);
}

TEST_F(xdp_path, mtu, .title = "the way of a frame does not depend on the MTU",
       .behaviours = { 447 }, .needs = { "xdp" })
{
	const uint32_t mtus[] = { 68, 3000, 9000, 65521 };
	size_t longest = longest_in_driver(self);

	for (size_t i = 0; i < ARRAY_SIZE(mtus); i++) {
		EXPECT_OK(link_set_mtu("t0", mtus[i]));
		EXPECT_EQ(longest, longest_in_driver(self));
	}
}

TEST(offload,
     .title = "a GSO frame meets XDP as an skb, one with a partial checksum in the driver",
     .behaviours = { 434 }, .needs = { "xdp" })
{
	struct vnet csum = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
			     .csum_offset = 6 };
	struct tun t = peer_create("t0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	struct program p;
	struct vnet gso;
	struct frame f;

	load(&t, &p, 0);
	peer_ipv4(&t, &f, IPPROTO_TCP);
	frame_tcp(&f, 1, 2, 3, 4, 0);
	frame_pattern(&f, 200, 1);
	gso = frame_finish_gso(&f, 50);
	memcpy(frame, f.data, f.len);
	EXPECT_TRUE(meets_in_driver(&t, &p, NULL, f.len));
	EXPECT_TRUE(meets_in_driver(&t, &p, &csum, f.len));
	EXPECT_FALSE(meets_in_driver(&t, &p, &gso, f.len));
	EXPECT_EQ(f.len, p.shared[2]);
	program_close(&p);
	tun_close(&t);
}

TEST_F(xdp_path, large,
       .title = "a program without frags sees a frame of any length in one piece",
       .behaviours = { 447 }, .needs = { "xdp", "packet_socket" })
{
	const size_t lengths[] = { 4096, 5000, 20000, 65000 };
	int ps = packet_open("t0", 0x88b5, 0);
	static uint8_t got[65536];

	self->p.shared[1] = XDP_PASS;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i], all = tun_header_size(&self->t) + len;

		ASSERT_EQ(all, tun_send_hdr(&self->t, NULL, NULL, frame, len));
		EXPECT_EQ(len, self->p.shared[2]);
		EXPECT_EQ(len, self->p.shared[3]);
		ASSERT_EQ(len, packet_recv(ps, got, sizeof(got), TIMEOUT_MS, NULL));
		EXPECT_EQ(0, memcmp(got, frame, len));
	}
	close(ps);
}

TEST_F(xdp_path, large_frags,
       .title = "a program with frags sees all of a frame of any length, in as many pieces",
       .behaviours = { 447 }, .needs = { "xdp", "packet_socket" })
{
	const size_t lengths[] = { 100, 4096, 5000, 20000, 65000 };
	int ps = packet_open("t0", 0x88b5, 0);
	static uint8_t got[65536];
	struct program p;

	load(&self->t, &p, BPF_F_XDP_HAS_FRAGS);
	p.shared[1] = XDP_PASS;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i], all = tun_header_size(&self->t) + len;

		ASSERT_EQ(all, tun_send_hdr(&self->t, NULL, NULL, frame, len));
		EXPECT_GE(len, p.shared[2]);
		EXPECT_LE(ETH_HLEN, p.shared[2]);
		EXPECT_EQ(len, p.shared[3]);
		ASSERT_EQ(len, packet_recv(ps, got, sizeof(got), TIMEOUT_MS, NULL));
		EXPECT_EQ(0, memcmp(got, frame, len));
	}
	close(ps);
	program_close(&p);
}
