// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a packet that is written to a device with an XDP program, by the program's
 * verdict and by the way on which it meets the program. (Which of two ways in the driver it goes is
 * xdp_path.c.)
 */
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/program.h"
#include "netns/sock.h"
#include "selftests/xdp_way.h"

#define PORT	   7000
#define PAYLOAD	   100
#define TIMEOUT_MS 2000
#define UNKNOWN	   77 /* no verdict of XDP */

FIXTURE(xdp)
{
	struct tun t;
	struct frame f; /* a datagram for udp */
	int udp; /* the kernel's, at PORT */
	struct program p; /* counts in shared[0], returns shared[1] */
};

FIXTURE_VARIANT(xdp)
{
	unsigned int flags;
	enum xdp_way way;
};

XDP_TAP_WAYS(xdp);
FIXTURE_VARIANT_ADD(xdp, generic_tun) { IFF_TUN, XDP_GENERIC };

FIXTURE_SETUP(xdp)
{
	self->t.fd = self->udp = -1;
	if (variant->flags & IFF_NAPI_FRAGS && !harness_feature("napi_frags"))
		SKIP(return, "%s", harness_feature_reason("napi_frags"));
	self->t = peer_create("t0", variant->flags | IFF_NO_PI);
	self->udp = udp_open(KERNEL_IP4, PORT);
	peer_udp(&self->t, &self->f, 4000, PORT, PAYLOAD, 1);
	program_start(&self->p, BPF_PROG_TYPE_XDP);
	program_count(&self->p, 0);
	program_see_between(&self->p, 2, offsetof(struct xdp_md, data),
			    offsetof(struct xdp_md, data_end));
	program_see(&self->p, 3, PROGRAM_FIELD(struct xdp_md, ingress_ifindex));
	program_see(&self->p, 4, PROGRAM_FIELD(struct xdp_md, rx_queue_index));
	program_see_bytes(&self->p, 5, 0, 8);
	xdp_attach(&self->t, program_return_shared(&self->p, 1), variant->way);
}

FIXTURE_TEARDOWN(xdp)
{
	tun_close(&self->t);
	close(self->udp);
	program_close(&self->p);
}

/* Writes the packet for this verdict; the program has to run once. */
static void write_one(struct __test_metadata *_metadata, FIXTURE_DATA(xdp) *self, int verdict)
{
	int runs = self->p.shared[0];

	self->p.shared[1] = verdict;
	EXPECT_EQ(self->f.len, tun_send(&self->t, NULL, &self->f));
	EXPECT_EQ(runs + 1, self->p.shared[0]) { TH_LOG("verdict %d", verdict); }
}

static void expect_rx(struct __test_metadata *_metadata, const struct rtnl_link_stats64 *before,
		      int packets, int bytes, int dropped)
{
	struct rtnl_link_stats64 d = link_stats_since("t0", before);

	EXPECT_EQ(packets, d.rx_packets);
	EXPECT_EQ(bytes, d.rx_bytes);
	EXPECT_EQ(dropped, d.rx_dropped);
}

TEST_F(xdp, pass, .title = "XDP_PASS: the packet arrives unchanged and is counted once",
       .behaviours = { 434, 446 }, .needs = { "xdp" }, .guards = { "CVE-2025-39984" })
{
	struct rtnl_link_stats64 before = link_stats("t0");

	for (int i = 1; i <= 3; i++) {
		write_one(_metadata, self, XDP_PASS);
		EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));
		expect_rx(_metadata, &before, i, i * self->f.len, 0);
	}
	EXPECT_EQ(self->f.len, self->p.shared[2]);
	EXPECT_EQ(if_nametoindex("t0"), self->p.shared[3]);
	EXPECT_EQ(0, self->p.shared[4]);
	EXPECT_EQ(0, memcmp((void *)&self->p.shared[5], self->f.data, 8));
}

TEST_F(xdp, drop,
       .title = "XDP_DROP, XDP_ABORTED and no verdict: the write succeeds, the packet is gone",
       .behaviours = { 436, 437, 448 }, .needs = { "xdp" },
       .guards = { "1efba987c486" })
{
	const int verdicts[] = { XDP_DROP, XDP_ABORTED, UNKNOWN, -1, XDP_DROP };
	struct rtnl_link_stats64 before = link_stats("t0");
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		write_one(_metadata, self, verdicts[i]);
		n++;
		/* In the stack it was received before, elsewhere nobody counts it. */
		expect_rx(_metadata, &before, variant->way == XDP_GENERIC ? n : 0,
			  variant->way == XDP_GENERIC ? n * self->f.len : 0,
			  variant->way == XDP_IN_DRIVER ? n : 0);
	}
	write_one(_metadata, self, XDP_PASS);
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));
	EXPECT_ERRNO(EAGAIN, udp_recv(self->udp, self->f.data, PAYLOAD, 0));
	EXPECT_ERRNO(EAGAIN, tun_read(&self->t, self->f.data, self->f.len, 0));
}

TEST_F(xdp, tx, .title = "XDP_TX: the packet is there to read at once, and is counted both ways",
       .behaviours = { 438, 452 }, .needs = { "xdp" }, .guards = { "f1084c427f55" })
{
	bool counted = variant->way != XDP_AS_SKB;
	struct rtnl_link_stats64 before = link_stats("t0"), d;
	uint8_t buf[2048];

	for (int i = 1; i <= 3; i++) {
		write_one(_metadata, self, XDP_TX);
		ASSERT_EQ(self->f.len, tun_read(&self->t, buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp(buf, self->f.data, self->f.len));
		expect_rx(_metadata, &before, counted ? i : 0, counted ? i * self->f.len : 0, 0);
		d = link_stats_since("t0", &before);
		EXPECT_EQ(i, d.tx_packets);
		EXPECT_EQ(i * self->f.len, d.tx_bytes);
	}
	EXPECT_ERRNO(EAGAIN, udp_recv(self->udp, buf, sizeof(buf), 0));
}

TEST_F(xdp, tx_full,
       .title = "XDP_TX with a full ring: the write succeeds, tx_dropped counts the packet",
       .behaviours = { 438 }, .needs = { "xdp" })
{
	struct rtnl_link_stats64 before;
	uint8_t buf[2048];

	ASSERT_OK(link_set_txqueuelen("t0", 2));
	before = link_stats("t0");
	for (int i = 0; i < 5; i++)
		write_one(_metadata, self, XDP_TX);
	EXPECT_EQ(3, link_stats_since("t0", &before).tx_dropped);
	EXPECT_EQ(0, link_stats_since("t0", &before).rx_dropped);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(self->f.len, tun_read(&self->t, buf, sizeof(buf), 0));
	EXPECT_ERRNO(EAGAIN, tun_read(&self->t, buf, sizeof(buf), 0));
}

TEST_F(xdp, nowhere,
       .title = "XDP_REDIRECT without a target: the write succeeds, the packet is gone",
       .behaviours = { 439 }, .needs = { "xdp" }, .guards = { "5744ba05e7c4" })
{
	struct rtnl_link_stats64 before = link_stats("t0");

	write_one(_metadata, self, XDP_REDIRECT);
	expect_rx(_metadata, &before, variant->way == XDP_GENERIC,
		  variant->way == XDP_GENERIC ? self->f.len : 0, variant->way == XDP_IN_DRIVER);
	EXPECT_ERRNO(EAGAIN, tun_read(&self->t, self->f.data, self->f.len, 0));
}

TEST_F(xdp, down,
       .title = "the driver runs the program on a device that is down too; passed on is EIO",
       .behaviours = { 435 }, .needs = { "xdp" })
{
	const int verdicts[] = { XDP_DROP, XDP_ABORTED, XDP_REDIRECT };
	struct rtnl_link_stats64 before;

	ASSERT_OK(link_down("t0"));
	if (variant->way == XDP_GENERIC) {
		EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &self->f));
		EXPECT_EQ(0, self->p.shared[0]);
		return;
	}
	before = link_stats("t0");
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		write_one(_metadata, self, verdicts[i]);
	expect_rx(_metadata, &before, 0, 0,
		  variant->way == XDP_IN_DRIVER ? ARRAY_SIZE(verdicts) : 0);
	self->p.shared[1] = XDP_PASS;
	EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &self->f));
	EXPECT_EQ(ARRAY_SIZE(verdicts) + 1, self->p.shared[0]);
}

TEST_F(xdp, down_tx,
       .title = "XDP_TX on a device that is down: to be read from the driver, dropped as an skb",
       .behaviours = { 435, 438 }, .needs = { "xdp" })
{
	struct rtnl_link_stats64 before;
	uint8_t buf[2048];

	ASSERT_OK(link_down("t0"));
	before = link_stats("t0");
	self->p.shared[1] = XDP_TX;
	if (variant->way == XDP_GENERIC) {
		EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &self->f));
		return;
	}
	write_one(_metadata, self, XDP_TX);
	if (variant->way == XDP_IN_DRIVER) {
		EXPECT_EQ(self->f.len, tun_read(&self->t, buf, sizeof(buf), 0));
		EXPECT_EQ(0, link_stats_since("t0", &before).tx_dropped);
	} else {
		EXPECT_ERRNO(EAGAIN, tun_read(&self->t, buf, sizeof(buf), 0));
		EXPECT_EQ(1, link_stats_since("t0", &before).tx_dropped);
	}
}
