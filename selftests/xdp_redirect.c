// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs that send what is written to one device out of another. */
#include <net/ethernet.h>
#include <sched.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/xdp.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/program.h"

#define TIMEOUT_MS 2000
#define NOBODY	   100000 /* an ifindex */

FIXTURE(xdp_redirect)
{
	struct tun in, out; /* both TAPs, up */
	struct frame f;
	struct program p;
	int map; /* of devices: "out" is the first of three */
};

FIXTURE_VARIANT(xdp_redirect)
{
	enum xdp_way way;
	bool by_map;
};

FIXTURE_VARIANT_ADD(xdp_redirect, in_driver) { XDP_IN_DRIVER, false };
FIXTURE_VARIANT_ADD(xdp_redirect, in_driver_map) { XDP_IN_DRIVER, true };
FIXTURE_VARIANT_ADD(xdp_redirect, as_skb) { XDP_AS_SKB, false };
FIXTURE_VARIANT_ADD(xdp_redirect, as_skb_map) { XDP_AS_SKB, true };
FIXTURE_VARIANT_ADD(xdp_redirect, generic) { XDP_GENERIC, false };
FIXTURE_VARIANT_ADD(xdp_redirect, generic_map) { XDP_GENERIC, true };

FIXTURE_SETUP(xdp_redirect)
{
	self->in = tun_create("in", IFF_TAP | IFF_NO_PI);
	self->out = tun_create("out", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	self->map = bpf_devmap(3);
	if (link_up("in") || link_up("out") || bpf_devmap_set(self->map, 0, if_nametoindex("out")))
		TH_BAIL("out: %s", strerror(errno));
	frame_start(&self->f);
	frame_eth(&self->f, peer_mac, peer_mac, 0x88b5);
	frame_pattern(&self->f, 200, 1);
}

FIXTURE_TEARDOWN(xdp_redirect)
{
	/* At once, with whatever queues there are. */
	link_del("out");
	tun_close(&self->in);
	tun_close(&self->out);
	close(self->map);
	program_close(&self->p);
}

/* Attaches a program that redirects by a device's number, or by the map's entry @key. */
static void redirect(FIXTURE_DATA(xdp_redirect) *self, const FIXTURE_VARIANT(xdp_redirect) *variant,
		     int ifindex, int key)
{
	program_start(&self->p, BPF_PROG_TYPE_XDP);
	if (variant->by_map)
		program_redirect_map(&self->p, self->map, key, 0);
	else
		program_call_with(&self->p, BPF_FUNC_redirect, ifindex, 0);
	xdp_attach(&self->in, program_return_result(&self->p), variant->way);
}

static void redirect_to_out(FIXTURE_DATA(xdp_redirect) *self,
			    const FIXTURE_VARIANT(xdp_redirect) *variant)
{
	redirect(self, variant, if_nametoindex("out"), 0);
}

static void write_one(struct __test_metadata *_metadata, FIXTURE_DATA(xdp_redirect) *self)
{
	EXPECT_EQ(self->f.len, tun_send(&self->in, NULL, &self->f));
}

static bool reads(FIXTURE_DATA(xdp_redirect) *self, const struct tun *t)
{
	uint8_t buf[2048];

	return tun_read(t, buf, sizeof(buf), 0) == self->f.len &&
	       !memcmp(buf, self->f.data, self->f.len);
}

/* What the frame's own device counted for @n frames, of which @lost went nowhere. */
static void expect_counted(struct __test_metadata *_metadata,
			   const FIXTURE_VARIANT(xdp_redirect) *variant, int n, int lost)
{
	struct rtnl_link_stats64 in = link_stats("in");

	EXPECT_EQ(variant->way == XDP_GENERIC ? n : variant->way == XDP_IN_DRIVER ? n - lost : 0,
		  in.rx_packets);
	EXPECT_EQ(variant->way == XDP_IN_DRIVER ? lost : 0, in.rx_dropped);
	EXPECT_EQ(0, in.tx_packets + in.tx_dropped);
}

TEST_F(xdp_redirect, arrives,
       .title = "a redirected frame is there to read from the other TAP, which needs no program",
       .behaviours = { 440, 442 }, .needs = { "xdp", "multi_queue" }, .guards = { "f1084c427f55" })
{
	redirect_to_out(self, variant);
	for (int i = 0; i < 3; i++) {
		write_one(_metadata, self);
		EXPECT_TRUE(reads(self, &self->out));
	}
	expect_counted(_metadata, variant, 3, 0);
	EXPECT_EQ(3, link_stats("out").tx_packets);
	EXPECT_EQ(3 * self->f.len, link_stats("out").tx_bytes);
	EXPECT_EQ(0, link_stats("out").rx_packets);
	EXPECT_ERRNO(EAGAIN, tun_read(&self->in, self->f.data, self->f.len, 0));
}

TEST_F(xdp_redirect, down, .title = "a frame redirected to a TAP that is down is lost",
       .behaviours = { 441 }, .needs = { "xdp", "multi_queue" }, .guards = { "5744ba05e7c4" })
{
	redirect_to_out(self, variant);
	ASSERT_OK(link_down("out"));
	write_one(_metadata, self);
	EXPECT_FALSE(reads(self, &self->out));
	expect_counted(_metadata, variant, 1, 1);
	EXPECT_EQ(0, link_stats("out").tx_dropped);
	ASSERT_OK(link_up("out"));
	write_one(_metadata, self);
	EXPECT_TRUE(reads(self, &self->out));
}

TEST_F(xdp_redirect, no_queue,
       .title = "a frame redirected to a TAP without a queue in use is lost, uncounted there",
       .behaviours = { 441 }, .needs = { "xdp", "multi_queue" })
{
	redirect_to_out(self, variant);
	ASSERT_OK(tun_set_queue(self->out.fd, IFF_DETACH_QUEUE));
	write_one(_metadata, self);
	/* In the driver the frame waits for its device's turn: by then nobody counts the loss. */
	expect_counted(_metadata, variant, 1, 0);
	EXPECT_EQ(variant->way == XDP_IN_DRIVER ? 0 : 1, link_stats("out").tx_dropped);
	ASSERT_OK(tun_set_queue(self->out.fd, IFF_ATTACH_QUEUE));
	EXPECT_FALSE(reads(self, &self->out));
	write_one(_metadata, self);
	EXPECT_TRUE(reads(self, &self->out));
}

TEST_F(xdp_redirect, full, .title = "frames redirected to a full ring are lost, in its tx_dropped",
       .behaviours = { 441 }, .needs = { "xdp", "multi_queue" })
{
	redirect_to_out(self, variant);
	ASSERT_OK(link_set_txqueuelen("out", 2));
	for (int i = 0; i < 5; i++)
		write_one(_metadata, self);
	EXPECT_TRUE(reads(self, &self->out));
	EXPECT_TRUE(reads(self, &self->out));
	EXPECT_FALSE(reads(self, &self->out));
	EXPECT_EQ(3, link_stats("out").tx_dropped);
	expect_counted(_metadata, variant, 5, 0);
}

TEST_F(xdp_redirect, too_long,
       .title = "a frame longer than the other TAP's MTU, a header and a VLAN tag is lost",
       .behaviours = { 440 }, .needs = { "xdp", "multi_queue" })
{
	redirect_to_out(self, variant);
	ASSERT_OK(link_set_mtu("out", self->f.len - ETH_HLEN - 4));
	write_one(_metadata, self);
	EXPECT_TRUE(reads(self, &self->out));
	ASSERT_OK(link_set_mtu("out", self->f.len - ETH_HLEN - 5));
	write_one(_metadata, self);
	EXPECT_FALSE(reads(self, &self->out));
	expect_counted(_metadata, variant, 2, 1);
}

TEST_F(xdp_redirect, nobody,
       .title = "a frame redirected to no device is lost, by an empty entry of the map aborted",
       .behaviours = { 439 }, .needs = { "xdp", "multi_queue" })
{
	redirect(self, variant, NOBODY, 1);
	write_one(_metadata, self);
	EXPECT_FALSE(reads(self, &self->out));
	expect_counted(_metadata, variant, 1, 1);
}

TEST_F(xdp_redirect, itself,
       .title = "a frame redirected to its own device is there to read, as after XDP_TX",
       .behaviours = { 440 }, .needs = { "xdp", "multi_queue" })
{
	ASSERT_OK(bpf_devmap_set(self->map, 1, if_nametoindex("in")));
	redirect(self, variant, if_nametoindex("in"), 1);
	write_one(_metadata, self);
	EXPECT_TRUE(reads(self, &self->in));
	EXPECT_EQ(1, link_stats("in").tx_packets);
}

TEST_F(xdp_redirect, tun,
       .title = "a TUN takes no frame in the driver; as an skb it is read with its Ethernet header",
       .behaviours = { 440 }, .needs = { "xdp", "multi_queue" })
{
	struct tun tun = tun_create("tun", IFF_TUN | IFF_NO_PI);

	ASSERT_OK(link_up("tun"));
	ASSERT_OK(bpf_devmap_set(self->map, 1, if_nametoindex("tun")));
	redirect(self, variant, if_nametoindex("tun"), 1);
	write_one(_metadata, self);
	EXPECT_EQ(variant->way != XDP_IN_DRIVER, reads(self, &tun));
	expect_counted(_metadata, variant, 1, variant->way == XDP_IN_DRIVER);
	tun_close(&tun);
}

TEST_F(xdp_redirect, broadcast,
       .title = "a frame redirected to all of a map is read from each device, its own if that is not "
		"excluded",
       .behaviours = { 440 }, .needs = { "xdp", "multi_queue" })
{
	struct tun third = tun_create("third", IFF_TAP | IFF_NO_PI);
	const bool exclude = variant->by_map;

	ASSERT_OK(link_up("third"));
	ASSERT_OK(bpf_devmap_set(self->map, 1, if_nametoindex("third")));
	ASSERT_OK(bpf_devmap_set(self->map, 2, if_nametoindex("in")));
	program_start(&self->p, BPF_PROG_TYPE_XDP);
	program_redirect_map(&self->p, self->map, 0,
			     BPF_F_BROADCAST | (exclude ? BPF_F_EXCLUDE_INGRESS : 0));
	xdp_attach(&self->in, program_return_result(&self->p), variant->way);
	write_one(_metadata, self);
	EXPECT_TRUE(reads(self, &self->out));
	EXPECT_TRUE(reads(self, &third));
	EXPECT_EQ(!exclude, reads(self, &self->in));
	tun_close(&third);
}

TEST_F(xdp_redirect, queue,
       .title = "in the driver the queue is the processor's number modulo the queues in use",
       .behaviours = { 440 }, .needs = { "xdp", "multi_queue" })
{
	struct tun second = tun_create("out", self->out.flags);
	cpu_set_t allowed, one;

	redirect_to_out(self, variant);
	ASSERT_OK(sched_getaffinity(0, sizeof(allowed), &allowed));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		bool first, both;

		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ASSERT_OK(sched_setaffinity(0, sizeof(one), &one));
		write_one(_metadata, self);
		first = reads(self, &self->out);
		both = reads(self, &second);
		EXPECT_TRUE(first != both);
		if (variant->way == XDP_IN_DRIVER)
			EXPECT_EQ(cpu % 2 == 0, first);
	}
	tun_close(&second);
}
