// SPDX-License-Identifier: GPL-2.0-only
/* XDP on a TAP: what programs see, and what becomes of the frames they send. */
#include <limits.h>
#include <unistd.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/program.h"

#define WAIT_MS 2000
#define SIZE	60

static void build(struct frame *f)
{
	frame_start(f);
	frame_eth(f, peer_mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(f, SIZE - f->len, 1);
}

/* Puts the program on the device, which keeps it until it goes. */
static void attach(const char *name, int program)
{
	if (program < 0 || link_up(name) || link_set_xdp(name, program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP program on %s: %s", name, strerror(errno));
	close(program);
}

FIXTURE(xdp_sent)
{
	struct tun t;
	struct frame f;
};

FIXTURE_VARIANT(xdp_sent)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(xdp_sent, bare) { IFF_NO_PI };
FIXTURE_VARIANT_ADD(xdp_sent, pi) { 0 };
FIXTURE_VARIANT_ADD(xdp_sent, vnet) { IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(xdp_sent, pi_vnet) { IFF_VNET_HDR };

/* What is written to the device its program sends out of it again. */
FIXTURE_SETUP(xdp_sent)
{
	self->t = tun_create("t0", IFF_TAP | variant->flags);
	attach("t0", bpf_load_return(BPF_PROG_TYPE_XDP, XDP_TX));
	build(&self->f);
}

FIXTURE_TEARDOWN(xdp_sent)
{
	tun_close(&self->t);
}

/* Writes the frame and reads it back behind @header bytes, the last of them a zero vnet header. */
static void expect_back(struct __test_metadata *_metadata, FIXTURE_DATA(xdp_sent) *self,
			size_t header, size_t counted)
{
	struct rtnl_link_stats64 before = link_stats("t0"), d;
	uint8_t buf[256];

	memset(buf, 0xaa, sizeof(buf));
	ASSERT_EQ(tun_header_size(&self->t) + SIZE, tun_send(&self->t, NULL, &self->f));
	ASSERT_EQ(header + SIZE, tun_read(&self->t, buf, sizeof(buf), WAIT_MS));
	for (size_t i = header - self->t.vnet_size; i < header; i++)
		EXPECT_EQ(0, buf[i]);
	EXPECT_EQ(0, memcmp(self->f.data, buf + header, SIZE));
	d = link_stats_since("t0", &before);
	EXPECT_EQ(1, d.tx_packets);
	EXPECT_EQ(counted, d.tx_bytes);
}

TEST_F(xdp_sent, in_driver,
       .title = "a frame that XDP sends in the driver is read behind a zero vnet header, which counts "
		"in tx_bytes, and never a PI header",
       .behaviours = { 371, 395 }, .needs = { "xdp" })
{
	expect_back(_metadata, self, self->t.vnet_size, self->t.vnet_size + SIZE);
}

TEST_F(xdp_sent, as_skb,
       .title = "a frame that XDP sends as an skb is read behind all headers, which do not count",
       .behaviours = { 371, 395 }, .needs = { "xdp" })
{
	/* A send buffer that can be full keeps a frame from XDP in the driver. */
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX - 1));
	expect_back(_metadata, self, tun_header_size(&self->t), SIZE);
}

/* The queue's index as a program sees it that is run for a frame written to @t. */
static int index_of(const struct tun *t, struct program *p)
{
	struct frame f;

	build(&f);
	p->shared[0] = -1;
	if (tun_send(t, NULL, &f) != SIZE)
		TH_BAIL("write: %s", strerror(errno));
	return p->shared[0];
}

TEST(queue_index, .title = "an XDP program sees a queue's present index, after detach and attach too",
     .behaviours = { 218, 446 }, .needs = { "xdp", "multi_queue" }, .guards = { "2a770cdc4382" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun a = tun_create("mq", flags), b = tun_create("mq", flags);
	struct program p;

	program_start(&p, BPF_PROG_TYPE_XDP);
	program_see(&p, 0, PROGRAM_FIELD(struct xdp_md, rx_queue_index));
	attach("mq", program_return(&p, XDP_DROP));
	p.fd = -1;
	EXPECT_EQ(0, index_of(&a, &p));
	EXPECT_EQ(1, index_of(&b, &p));
	/* The last queue takes the place of the one that goes; one that comes back is the last. */
	ASSERT_OK(tun_set_queue(a.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(0, index_of(&b, &p));
	ASSERT_OK(tun_set_queue(a.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(1, index_of(&a, &p));
	EXPECT_EQ(0, index_of(&b, &p));
	tun_close(&b);
	EXPECT_EQ(0, index_of(&a, &p));
	tun_close(&a);
	program_close(&p);
}
