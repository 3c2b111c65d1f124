// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs on a TAP, and the frames that vhost-net hands it in batches (tun_xdp_one()). */
#include <limits.h>
#include <net/ethernet.h>
#include <poll.h>
#include <unistd.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define SIZE	   100
#define FRAMES	   70 /* more than a batch */

static void build(struct frame *f, uint32_t seed)
{
	frame_start(f);
	frame_eth(f, peer_mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(f, SIZE - f->len, seed);
}

/* Puts the program on the device, which keeps it until it goes. */
static void attach(const char *name, int program)
{
	if (program < 0 || link_set_xdp(name, program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP program on %s: %s", name, strerror(errno));
	close(program);
}

FIXTURE(vhost_xdp)
{
	struct vhost v;
	struct tun t;
	int seen; /* a packet socket for what passes */
};

FIXTURE_VARIANT(vhost_xdp)
{
	uint64_t features;
	unsigned int flags;
	int sndbuf;
};

FIXTURE_VARIANT_ADD(vhost_xdp, batch) { .sndbuf = INT_MAX };
FIXTURE_VARIANT_ADD(vhost_xdp, mergeable) { .features = VHOST_MRG_RXBUF, .sndbuf = INT_MAX };
FIXTURE_VARIANT_ADD(vhost_xdp, own_header) { .features = VHOST_OWN_HEADER, .sndbuf = INT_MAX };
FIXTURE_VARIANT_ADD(vhost_xdp, napi) { .flags = IFF_NAPI, .sndbuf = INT_MAX };
FIXTURE_VARIANT_ADD(vhost_xdp, single) { .sndbuf = INT_MAX - 1 };

FIXTURE_SETUP(vhost_xdp)
{
	self->t = vhost_peer(&self->v, variant->features, variant->flags);
	ASSERT_OK(tun_set_sndbuf(self->t.fd, variant->sndbuf));
	self->seen = packet_open("v0", ETH_P_LOCAL, 0);
}

FIXTURE_TEARDOWN(vhost_xdp)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->seen);
}

/* Sends FRAMES frames: true if their buffers come back. */
static bool send_frames(FIXTURE_DATA(vhost_xdp) *self, const struct vnet *vnet)
{
	struct frame f;

	for (int i = 0; i < FRAMES; i++) {
		build(&f, i);
		vhost_put(&self->v, vnet, f.data, f.len);
	}
	vhost_kick(&self->v, VHOST_TX);
	return vhost_used(&self->v, VHOST_TX, FRAMES, TIMEOUT_MS) == FRAMES;
}

/* The frames that meet the program in the driver; as skbs nobody counts them if it takes them. */
static int counted(const FIXTURE_VARIANT(vhost_xdp) *variant)
{
	return variant->sndbuf == INT_MAX ? FRAMES : 0;
}

/* True if exactly the frames that were sent passed, in order and unchanged. */
static bool pass(FIXTURE_DATA(vhost_xdp) *self)
{
	uint8_t buf[SIZE];

	for (int i = 0; i < FRAMES; i++) {
		if (packet_recv(self->seen, buf, sizeof(buf), TIMEOUT_MS, NULL) != SIZE ||
		    pattern_check(buf + ETH_HLEN, SIZE - ETH_HLEN, i) != -1)
			return false;
	}
	return !sock_wait(self->seen, POLLIN, 0);
}

static void expect_counts(struct __test_metadata *_metadata,
			  const struct rtnl_link_stats64 *before, int received, int dropped)
{
	struct rtnl_link_stats64 d = link_stats_since("v0", before);

	EXPECT_EQ(received, d.rx_packets);
	EXPECT_EQ(received * SIZE, d.rx_bytes);
	EXPECT_EQ(dropped, d.rx_dropped);
}

TEST_F(vhost_xdp, passed, .title = "frames that XDP passes, each once, arrive and are counted",
       .behaviours = { 449, 545 }, .needs = { "vhost", "xdp", "packet_socket" })
{
	struct rtnl_link_stats64 before;
	struct program p;

	program_start(&p, BPF_PROG_TYPE_XDP);
	program_count(&p, 0);
	xdp_attach(&self->t, program_return(&p, XDP_PASS), XDP_IN_DRIVER);
	before = link_stats("v0");
	ASSERT_TRUE(send_frames(self, NULL));
	EXPECT_TRUE(pass(self));
	EXPECT_EQ(FRAMES, p.shared[0]);
	expect_counts(_metadata, &before, FRAMES, 0);
	program_close(&p);
}

TEST_F(vhost_xdp, dropped, .title = "frames that XDP drops in the driver, or has no verdict for, count in rx_dropped",
       .behaviours = { 449, 545 }, .needs = { "vhost", "xdp", "packet_socket" })
{
	static const int verdicts[] = { XDP_DROP, XDP_ABORTED, 42 };
	struct rtnl_link_stats64 before;

	for (int i = 0; i < ARRAY_SIZE(verdicts); i++) {
		attach("v0", bpf_load_return(BPF_PROG_TYPE_XDP, verdicts[i]));
		before = link_stats("v0");
		ASSERT_TRUE(send_frames(self, NULL));
		EXPECT_EQ(0, sock_wait(self->seen, POLLIN, 0));
		expect_counts(_metadata, &before, 0, counted(variant));
	}
}

TEST_F(vhost_xdp, sent_back,
       .title = "frames that XDP sends back come to the guest, behind a header of zeros",
       .behaviours = { 449, 544 }, .needs = { "vhost", "xdp" })
{
	struct rtnl_link_stats64 before;
	struct tun_packet p;
	struct frame f;

	attach("v0", bpf_load_return(BPF_PROG_TYPE_XDP, XDP_TX));
	before = link_stats("v0");
	vhost_post(&self->v, FRAMES, SIZE + 20);
	ASSERT_TRUE(send_frames(self, NULL));
	for (int i = 0; i < FRAMES; i++) {
		build(&f, i);
		ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
		ASSERT_EQ(SIZE, p.len);
		EXPECT_EQ(0, memcmp(f.data, p.data, SIZE));
		for (int b = 0; b < VNET_SIZE_LEGACY; b++)
			EXPECT_EQ(0, p.raw[b]);
	}
	expect_counts(_metadata, &before, counted(variant), 0);
}

/* Redirects to the link with this index. */
static int load_redirect(int ifindex)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
}

TEST_F(vhost_xdp, redirected, .title = "frames that XDP redirects leave through the other device",
       .behaviours = { 449 }, .needs = { "vhost", "xdp" })
{
	struct tun other = tun_create("other", IFF_TAP | IFF_NO_PI);
	struct rtnl_link_stats64 before;
	struct tun_packet p;
	struct frame f;

	ASSERT_OK(link_up("other"));
	attach("v0", load_redirect(if_nametoindex("other")));
	before = link_stats("v0");
	ASSERT_TRUE(send_frames(self, NULL));
	for (int i = 0; i < FRAMES; i++) {
		build(&f, i);
		ASSERT_TRUE(tun_recv(&other, &p, TIMEOUT_MS));
		ASSERT_EQ(SIZE, p.len);
		EXPECT_EQ(0, memcmp(f.data, p.data, SIZE));
	}
	expect_counts(_metadata, &before, counted(variant), 0);
	tun_close(&other);
}

TEST_F(vhost_xdp, nowhere, .title = "frames that XDP redirects to no device are dropped",
       .behaviours = { 449 }, .needs = { "vhost", "xdp" })
{
	struct rtnl_link_stats64 before;

	attach("v0", load_redirect(999));
	before = link_stats("v0");
	ASSERT_TRUE(send_frames(self, NULL));
	expect_counts(_metadata, &before, 0, counted(variant));
}

TEST_F(vhost_xdp, while_attached,
       .title = "a program may come and go while vhost has the device",
       .behaviours = { 449 }, .needs = { "vhost", "xdp", "packet_socket" })
{
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(send_frames(self, NULL));
		EXPECT_TRUE(pass(self));
		attach("v0", bpf_load_return(BPF_PROG_TYPE_XDP, XDP_DROP));
		ASSERT_TRUE(send_frames(self, NULL));
		EXPECT_EQ(0, sock_wait(self->seen, POLLIN, 0));
		ASSERT_OK(link_set_xdp("v0", -1, XDP_FLAGS_DRV_MODE));
	}
}

TEST_F(vhost_xdp, ring_of_frames,
       .title = "XDP frames that vhost took and did not deliver go back to the file, or are freed",
       .behaviours = { 544, 548 }, .needs = { "vhost", "xdp" })
{
	const int len = FRAMES + 58;
	struct tun_packet p;
	int got = 0;

	ASSERT_OK(link_set_txqueuelen("v0", len));
	attach("v0", bpf_load_return(BPF_PROG_TYPE_XDP, XDP_TX));
	/* vhost takes up to 64 of them for its one buffer; then there are more than have room. */
	vhost_post(&self->v, 1, SIZE + 20);
	ASSERT_TRUE(send_frames(self, NULL));
	ASSERT_TRUE(vhost_recv(&self->v, &p, TIMEOUT_MS));
	ASSERT_TRUE(send_frames(self, NULL));
	ASSERT_TRUE(send_frames(self, NULL));
	ASSERT_OK(vhost_detach(&self->v));
	while (tun_recv(&self->t, &p, 0)) {
		EXPECT_EQ(SIZE, p.len);
		got++;
	}
	EXPECT_LE(len - 16, got);
	EXPECT_GE(len, got);
}
