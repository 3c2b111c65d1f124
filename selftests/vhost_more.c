// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that vhost-net sends with MSG_MORE, because there is another buffer in its ring: the
 * driver may keep them until the last one comes. vhost does so only with a send buffer that can
 * be full.
 */
#include <limits.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/ethtool.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define TIMEOUT_MS  10000
#define TURN_MS	    1000 /* for what vhost has been kicked for */
#define SIZE	    60
#define NAPI_WEIGHT 64 /* of the driver's NAPI */

FIXTURE(vhost_more)
{
	struct vhost v;
	struct tun t;
	int seen;
	struct vring_desc *end; /* of send_more() */
	uint64_t end_addr;
};

FIXTURE_VARIANT(vhost_more)
{
	unsigned int flags;
	uint32_t rx_frames; /* ethtool -C rx-frames: so many are kept */
	int round; /* when another comes, so many are delivered at once; 0: nothing is kept */
};

FIXTURE_VARIANT_ADD(vhost_more, off) { .rx_frames = 0 };
FIXTURE_VARIANT_ADD(vhost_more, one) { .rx_frames = 1, .round = 2 };
FIXTURE_VARIANT_ADD(vhost_more, eight) { .rx_frames = 8, .round = 9 };
FIXTURE_VARIANT_ADD(vhost_more, largest) { .rx_frames = 64, .round = 65 };
FIXTURE_VARIANT_ADD(vhost_more, napi) { .flags = IFF_NAPI, .round = NAPI_WEIGHT + 1 };

static int set_rx_frames(uint32_t frames)
{
	struct ethtool_coalesce c = { .cmd = ETHTOOL_SCOALESCE, .rx_max_coalesced_frames = frames };

	return ethtool_ioctl("v0", &c);
}

FIXTURE_SETUP(vhost_more)
{
	self->t = vhost_peer(&self->v, 0, variant->flags);
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX - 1));
	ASSERT_OK(set_rx_frames(variant->rx_frames));
	self->seen = packet_open("v0", ETH_P_LOCAL, 0);
}

FIXTURE_TEARDOWN(vhost_more)
{
	vhost_close(&self->v);
	tun_close(&self->t);
	close(self->seen);
}

static void build(struct frame *f, uint32_t seed)
{
	frame_start(f);
	frame_eth(f, peer_mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(f, SIZE - ETH_HLEN, seed);
}

/*
 * Sends frames @first to @last, all of them with MSG_MORE: the buffer behind them, at an address
 * that the guest does not have, ends what vhost does. True if theirs come back.
 */
static bool send_more(FIXTURE_DATA(vhost_more) *self, int first, int last)
{
	struct frame f;

	for (int i = first; i <= last; i++) {
		build(&f, i);
		vhost_put(&self->v, NULL, f.data, f.len);
	}
	self->end = vhost_next_desc(&self->v, VHOST_TX);
	vhost_add(&self->v, VHOST_TX, SIZE);
	self->end_addr = self->end->addr;
	self->end->addr = 0;
	vhost_kick(&self->v, VHOST_TX);
	return vhost_used(&self->v, VHOST_TX, last - first + 1, TIMEOUT_MS) == last - first + 1 &&
	       vhost_error(&self->v, VHOST_TX, TIMEOUT_MS);
}

/* How many frames came, from @first on in their order; waits for the first @n. */
static int seen(FIXTURE_DATA(vhost_more) *self, int first, int n)
{
	uint8_t buf[SIZE];
	int i = first;

	while (packet_recv(self->seen, buf, sizeof(buf), i - first < n ? TIMEOUT_MS : 0, NULL) ==
	       SIZE) {
		if (pattern_check(buf + ETH_HLEN, SIZE - ETH_HLEN, i) != -1)
			return -1;
		i++;
	}
	return i - first;
}

TEST_F(vhost_more, kept,
       .title = "frames with MSG_MORE are kept until there are as many as rx-frames or NAPI says; a "
		"write() brings the rest",
       .behaviours = { 456, 547 }, .needs = { "vhost", "packet_socket" })
{
	struct rtnl_link_stats64 before = link_stats("v0");
	int sent = 2 * variant->round + 1, delivered = variant->round ? sent - 1 : sent;
	struct frame f;

	ASSERT_TRUE(send_more(self, 1, sent));
	EXPECT_EQ(delivered, seen(self, 1, delivered));
	/* Those that are kept count as received. */
	EXPECT_EQ(sent, link_stats_since("v0", &before).rx_packets);

	build(&f, sent + 1);
	ASSERT_LT(0, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(sent + 1 - delivered, seen(self, delivered + 1, sent + 1 - delivered));
}

/* Once vhost can send batches, the buffer that ended send_more() is one: of a frame too short. */
static bool start_batches(FIXTURE_DATA(vhost_more) *self)
{
	if (tun_set_sndbuf(self->t.fd, INT_MAX))
		return false;
	self->end->addr = self->end_addr;
	self->end->len = self->v.header + ETH_HLEN - 1;
	vhost_kick(&self->v, VHOST_TX);
	return vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS) == 1;
}

/* Sends a batch of one frame: true if its buffer comes back. */
static bool send_batch(FIXTURE_DATA(vhost_more) *self, const struct vnet *vnet,
		       const struct frame *f)
{
	vhost_send(&self->v, vnet, f->data, f->len);
	return vhost_used(&self->v, VHOST_TX, 1, TIMEOUT_MS) == 1;
}

static void set_verdict(int verdict)
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, verdict);

	if (program < 0 || link_set_xdp("v0", program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP program: %s", strerror(errno));
	close(program);
}

TEST_F(vhost_more, batch_of_none,
       .title = "a batch of which nothing is received leaves what is kept where it is",
       .behaviours = { 449, 547 }, .needs = { "vhost", "packet_socket", "xdp" })
{
	/* The checksum's place ends behind the frame, but not for who counts its header too. */
	const struct vnet bad = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = SIZE - 2,
				  .csum_offset = 2 };
	int kept = variant->round ? variant->round - 1 : 0;
	struct frame f, super;
	struct vnet gso;

	build(&f, 0);
	peer_ipv4(&self->t, &super, IPPROTO_TCP);
	frame_tcp(&super, 4000, 4000, 1, 1, TH_ACK);
	frame_pattern(&super, 1000, 1);
	gso = frame_finish_gso(&super, 500);

	ASSERT_TRUE(send_more(self, 1, kept));
	ASSERT_TRUE(start_batches(self));
	EXPECT_EQ(0, seen(self, 1, 0));
	set_verdict(XDP_PASS);
	ASSERT_TRUE(send_batch(self, &bad, &f));
	EXPECT_EQ(0, seen(self, 1, 0));
	set_verdict(XDP_TX);
	ASSERT_TRUE(send_batch(self, NULL, &f));
	EXPECT_EQ(0, seen(self, 1, 0));
	set_verdict(XDP_DROP);
	ASSERT_TRUE(send_batch(self, NULL, &f));
	EXPECT_EQ(0, seen(self, 1, 0));
	ASSERT_TRUE(send_batch(self, &gso, &super));
	EXPECT_EQ(0, seen(self, 1, 0));

	ASSERT_OK(link_set_xdp("v0", -1, XDP_FLAGS_DRV_MODE));
	build(&f, kept + 1);
	ASSERT_LT(0, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(kept + 1, seen(self, 1, kept + 1));
}

static long call_batch(void *fixture)
{
	FIXTURE_DATA(vhost_more) *self = fixture;
	struct frame f;

	build(&f, 0);
	vhost_send(&self->v, NULL, f.data, f.len);
	return vhost_used(&self->v, VHOST_TX, 1, TURN_MS) == 1 ? 0 : -1;
}

/* True if a batch of one frame, with vhost's @nth allocation failing, comes back and is lost. */
static bool batch_lost(FIXTURE_DATA(vhost_more) *self, unsigned int nth)
{
	struct rtnl_link_stats64 before = link_stats("v0");
	struct fault_result r;

	if (!fault_nth_in(vhost_thread(), nth, call_batch, self, &r))
		TH_BAIL("no frame is lost, whatever fails of %u allocations", nth - 1);
	return !r.ret && !link_stats_since("v0", &before).rx_packets;
}

/* With another vhost, and nothing kept. */
static void start_again(FIXTURE_DATA(vhost_more) *self)
{
	uint8_t buf[SIZE];
	struct frame f;

	vhost_close(&self->v);
	self->v = vhost_open(0);
	build(&f, 0);
	if (tun_send(&self->t, NULL, &f) < 0 || tun_set_sndbuf(self->t.fd, INT_MAX - 1) ||
	    vhost_attach(&self->v, self->t.fd))
		TH_BAIL("cannot start again: %s", strerror(errno));
	while (packet_recv(self->seen, buf, sizeof(buf), 0, NULL) >= 0)
		;
}

TEST_F(vhost_more, batch_without_memory,
       .title = "a batch of a frame for which there is no skb leaves what is kept where it is",
       .behaviours = { 545, 547 },
       .needs = { "vhost_thread", "fault_injection", "packet_socket", "xdp" })
{
	int kept = variant->round ? variant->round - 1 : 0;
	struct frame f;

	if (fault_prepare())
		TH_BAIL("fault injection: %s", strerror(errno));
	/* With its verdict in place of the error the driver would count the frame. */
	set_verdict(XDP_PASS);
	for (unsigned int nth = 1;; nth++) {
		ASSERT_TRUE(send_more(self, 1, kept));
		ASSERT_TRUE(start_batches(self));
		if (batch_lost(self, nth))
			break;
		start_again(self);
	}
	EXPECT_EQ(0, seen(self, 1, 0));
	build(&f, kept + 1);
	ASSERT_LT(0, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(kept + 1, seen(self, 1, kept + 1));
}
