// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs that come to a device and go: what is shown of them, how long they stay. */
#include <unistd.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/netdev.h"
#include "netns/netns.h"
#include "netns/program.h"
#include "netns/tool.h"

#define TIMEOUT_MS    2000
#define DEFAULT	      0 /* no mode: the driver's, if it has one */
#define NO_DESCRIPTOR 1000

FIXTURE(xdp_attach)
{
	struct tun t;
	int a, b; /* programs, and their numbers */
	uint32_t a_id, b_id;
};

FIXTURE_VARIANT(xdp_attach)
{
	unsigned int flags;
	uint8_t by_default; /* the mode that a program comes to without being asked */
};

FIXTURE_VARIANT_ADD(xdp_attach, tun) { IFF_TUN, XDP_ATTACHED_SKB };
FIXTURE_VARIANT_ADD(xdp_attach, tap) { IFF_TAP, XDP_ATTACHED_DRV };

FIXTURE_SETUP(xdp_attach)
{
	self->t = tun_create("t0", variant->flags | IFF_NO_PI);
	self->a = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);
	self->b = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_DROP);
	self->a_id = program_id(self->a);
	self->b_id = program_id(self->b);
}

FIXTURE_TEARDOWN(xdp_attach)
{
	tun_close(&self->t);
	close(self->a);
	close(self->b);
}

/* What the kernel shows of the device has to be program @id, 0 for none, in @mode. */
static void expect_shown(struct __test_metadata *_metadata, uint8_t mode, uint32_t id)
{
	struct link link;

	ASSERT_OK(link_get("t0", &link));
	EXPECT_EQ(mode, link.xdp.mode);
	EXPECT_EQ(id, link.xdp.id);
	EXPECT_EQ(mode == XDP_ATTACHED_DRV ? id : 0, link.xdp.drv_id);
	EXPECT_EQ(mode == XDP_ATTACHED_SKB ? id : 0, link.xdp.skb_id);
}

TEST_F(xdp_attach, by_default,
       .title = "a program comes to the driver of a TAP, and on a TUN to the stack",
       .behaviours = { 432, 433, 451 }, .needs = { "xdp" })
{
	expect_shown(_metadata, XDP_ATTACHED_NONE, 0);
	EXPECT_OK(link_set_xdp("t0", -1, DEFAULT));
	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	expect_shown(_metadata, variant->by_default, self->a_id);
	/* Another one takes its place. */
	ASSERT_OK(link_set_xdp("t0", self->b, DEFAULT));
	expect_shown(_metadata, variant->by_default, self->b_id);
	ASSERT_OK(link_set_xdp("t0", self->b, DEFAULT));
	ASSERT_OK(link_set_xdp("t0", -1, DEFAULT));
	expect_shown(_metadata, XDP_ATTACHED_NONE, 0);
	EXPECT_OK(link_set_xdp("t0", -1, DEFAULT));
	EXPECT_OK(link_set_xdp("t0", -1, XDP_FLAGS_SKB_MODE));
}

TEST_F(xdp_attach, modes,
       .title = "the driver of a TAP takes a program, that of a TUN none, no hardware does",
       .behaviours = { 432, 433, 451 }, .needs = { "xdp" })
{
	bool tap = tun_is_tap(&self->t);

	EXPECT_ERRNO(tap ? 0 : EOPNOTSUPP, link_set_xdp("t0", self->a, XDP_FLAGS_DRV_MODE));
	expect_shown(_metadata, tap ? XDP_ATTACHED_DRV : XDP_ATTACHED_NONE, tap ? self->a_id : 0);
	EXPECT_OK(link_set_xdp("t0", -1, XDP_FLAGS_DRV_MODE));
	ASSERT_OK(link_set_xdp("t0", self->a, XDP_FLAGS_SKB_MODE));
	expect_shown(_metadata, XDP_ATTACHED_SKB, self->a_id);
	ASSERT_OK(link_set_xdp("t0", -1, XDP_FLAGS_SKB_MODE));
	EXPECT_ERRNO(tap ? EINVAL : EOPNOTSUPP,
		     link_set_xdp("t0", self->a, XDP_FLAGS_HW_MODE));
	EXPECT_ERRNO(EINVAL,
		     link_set_xdp("t0", self->a, XDP_FLAGS_SKB_MODE | XDP_FLAGS_DRV_MODE));
	expect_shown(_metadata, XDP_ATTACHED_NONE, 0);
}

TEST_F(xdp_attach, one_mode,
       .title = "there is no second program in the other mode: EEXIST",
       .behaviours = { 450 }, .needs = { "xdp" })
{
	bool tap = tun_is_tap(&self->t);

	ASSERT_OK(link_set_xdp("t0", self->a, XDP_FLAGS_SKB_MODE));
	/* Which of two reasons a TUN has to refuse is said first differs. */
	EXPECT_EQ(-1, link_set_xdp("t0", self->b, XDP_FLAGS_DRV_MODE));
	if (tap)
		EXPECT_EQ(EEXIST, errno);
	expect_shown(_metadata, XDP_ATTACHED_SKB, self->a_id);
	/* By the mode that has none nothing is taken away. */
	EXPECT_OK(link_set_xdp("t0", -1, XDP_FLAGS_DRV_MODE));
	expect_shown(_metadata, XDP_ATTACHED_SKB, self->a_id);
	ASSERT_OK(link_set_xdp("t0", -1, XDP_FLAGS_SKB_MODE));
	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	if (tap)
		EXPECT_ERRNO(EEXIST, link_set_xdp("t0", self->b, XDP_FLAGS_SKB_MODE));
	expect_shown(_metadata, variant->by_default, self->a_id);
}

TEST_F(xdp_attach, exchange,
       .title = "a program replaces the one that is expected, else EEXIST, or EBUSY for any",
       .behaviours = { 450 }, .needs = { "xdp" })
{
	const uint32_t if_none = XDP_FLAGS_UPDATE_IF_NOEXIST;

	EXPECT_ERRNO(EEXIST, link_replace_xdp("t0", self->a, self->b, 0));
	EXPECT_OK(link_replace_xdp("t0", self->a, -1, 0));
	EXPECT_ERRNO(EBUSY, link_set_xdp("t0", self->b, if_none));
	EXPECT_ERRNO(EEXIST, link_replace_xdp("t0", self->b, -1, 0));
	EXPECT_ERRNO(EEXIST, link_replace_xdp("t0", self->b, self->b, 0));
	expect_shown(_metadata, variant->by_default, self->a_id);
	EXPECT_OK(link_replace_xdp("t0", self->b, self->a, 0));
	expect_shown(_metadata, variant->by_default, self->b_id);
	EXPECT_ERRNO(EEXIST, link_replace_xdp("t0", -1, self->a, 0));
	EXPECT_OK(link_replace_xdp("t0", -1, self->b, 0));
	expect_shown(_metadata, XDP_ATTACHED_NONE, 0);
	EXPECT_OK(link_set_xdp("t0", self->b, if_none));
}

TEST_F(xdp_attach, bad_descriptors,
       .title = "what is no XDP program is refused, and the one there stays",
       .behaviours = { 432, 433 }, .needs = { "xdp" })
{
	int filter = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);

	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	EXPECT_ERRNO(EINVAL, link_set_xdp("t0", filter, DEFAULT));
	EXPECT_ERRNO(EINVAL, link_set_xdp("t0", self->t.fd, DEFAULT));
	EXPECT_ERRNO(EBADF, link_set_xdp("t0", NO_DESCRIPTOR, DEFAULT));
	EXPECT_ERRNO(EINVAL, link_set_xdp("t0", self->b, 1 << 31));
	expect_shown(_metadata, variant->by_default, self->a_id);
	close(filter);
}

TEST_F(xdp_attach, link,
       .title = "a BPF link keeps its program at the device until it is closed: EBUSY for others",
       .behaviours = { 432, 433 }, .needs = { "xdp" })
{
	int index = if_nametoindex("t0"), link = bpf_link_xdp(self->a, index, 0);

	ASSERT_LE(0, link);
	expect_shown(_metadata, variant->by_default, self->a_id);
	EXPECT_ERRNO(EBUSY, link_set_xdp("t0", self->b, DEFAULT));
	EXPECT_ERRNO(EBUSY, link_set_xdp("t0", -1, DEFAULT));
	EXPECT_ERRNO(EBUSY, bpf_link_xdp(self->b, index, 0));
	expect_shown(_metadata, variant->by_default, self->a_id);
	close(link);
	expect_shown(_metadata, XDP_ATTACHED_NONE, 0);

	ASSERT_OK(link_set_xdp("t0", self->b, DEFAULT));
	EXPECT_ERRNO(EBUSY, bpf_link_xdp(self->a, index, 0));
	ASSERT_OK(link_set_xdp("t0", -1, DEFAULT));
	EXPECT_ERRNO(tun_is_tap(&self->t) ? 0 : EOPNOTSUPP,
		     bpf_link_xdp(self->a, index, XDP_FLAGS_DRV_MODE));
	/* The link may outlive the device. */
	ASSERT_OK(link_del("t0"));
}

TEST_F(xdp_attach, stays,
       .title = "a program stays with a device that is idle, down, renamed, and goes with it",
       .behaviours = { 432, 433 }, .needs = { "xdp", "bpf_ids" })
{
	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	close(self->a);
	self->a = -1;
	ASSERT_OK(link_up("t0"));
	ASSERT_OK(link_down("t0"));
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	expect_shown(_metadata, variant->by_default, self->a_id);
	self->t = tun_create("t0", variant->flags | IFF_NO_PI);
	ASSERT_OK(link_rename("t0", "t1"));
	ASSERT_OK(link_rename("t1", "t0"));
	expect_shown(_metadata, variant->by_default, self->a_id);
	EXPECT_TRUE(program_exists(self->a_id));
	/* The driver of a TAP has a reference of its own. */
	ASSERT_OK(link_set_xdp("t0", self->b, DEFAULT));
	EXPECT_TRUE(program_gone(self->a_id, TIMEOUT_MS));
	close(self->b);
	self->b = -1;
	ASSERT_OK(link_del("t0"));
	EXPECT_TRUE(program_gone(self->b_id, TIMEOUT_MS));
}

TEST_F(xdp_attach, moves, .title = "a program goes with its device to another network namespace",
       .behaviours = { 432, 433 }, .needs = { "xdp", "net_namespaces" })
{
	int other = netns_new();

	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	ASSERT_OK(link_set_netns("t0", other));
	netns_enter(other);
	expect_shown(_metadata, variant->by_default, self->a_id);
	close(other);
}

TEST_F(xdp_attach, mtu, .title = "a program does not limit the MTU, nor the MTU the program",
       .behaviours = { 447 }, .needs = { "xdp" })
{
	struct link link;

	ASSERT_OK(link_get("t0", &link));
	ASSERT_OK(link_set_mtu("t0", link.max_mtu));
	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	EXPECT_OK(link_set_mtu("t0", link.min_mtu));
	EXPECT_OK(link_set_mtu("t0", link.max_mtu));
	ASSERT_OK(link_get("t0", &link));
	EXPECT_EQ(link.max_mtu, link.mtu);
}

TEST_F(xdp_attach, features,
       .title = "a TAP says that it passes, redirects and sends frames of one piece, a TUN nothing",
       .behaviours = { 433 }, .needs = { "xdp", "netdev" })
{
	const uint64_t tap = NETDEV_XDP_BASIC | NETDEV_XDP_REDIRECT | NETDEV_XDP_NDO_XMIT;
	uint64_t features;

	ASSERT_OK(netdev_xdp_features("t0", &features));
	EXPECT_EQ(tun_is_tap(&self->t) ? tap : 0, features);
	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	ASSERT_OK(netdev_xdp_features("t0", &features));
	EXPECT_EQ(tun_is_tap(&self->t) ? tap : 0, features);
}

TEST_F(xdp_attach, event, .title = "a program that comes or goes is an event of a link that is up",
       .behaviours = { 432, 433 }, .needs = { "xdp" })
{
	struct link_watch *watch;
	struct link_event event;

	ASSERT_OK(link_up("t0"));
	ASSERT_TRUE(link_wait_running("t0", true, TIMEOUT_MS));
	watch = link_watch_open();
	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	ASSERT_TRUE(link_watch_next(watch, "t0", TIMEOUT_MS, &event));
	EXPECT_EQ(variant->by_default, event.link.xdp.mode);
	EXPECT_EQ(self->a_id, event.link.xdp.id);
	ASSERT_OK(link_set_xdp("t0", -1, DEFAULT));
	ASSERT_TRUE(link_watch_next(watch, "t0", TIMEOUT_MS, &event));
	EXPECT_EQ(XDP_ATTACHED_NONE, event.link.xdp.mode);
	link_watch_close(watch);
}

TEST_F(xdp_attach, in_ip, .title = "ip shows the mode and the number of the program",
       .behaviours = { 432, 433, 451 }, .needs = { "xdp", "iproute2" })
{
	json_t *ip;

	ASSERT_OK(link_set_xdp("t0", self->a, DEFAULT));
	ip = tool_ip_link("t0");
	EXPECT_EQ(variant->by_default, tool_get_int(ip, "xdp.mode"));
	EXPECT_EQ(self->a_id, tool_get_int(ip, "xdp.prog.id"));
	json_decref(ip);
	EXPECT_EQ(0, tool_run(NULL, 0, "ip link set t0 xdp off"));
	EXPECT_EQ(0, tool_run(NULL, 0, "ip link set t0 xdp off"));
	ip = tool_ip_link("t0");
	EXPECT_NULL(tool_get(ip, "xdp"));
	json_decref(ip);
}

TEST(new_queue, .title = "a program is there for each queue, also one that comes later",
     .behaviours = { 443 }, .needs = { "xdp", "multi_queue" })
{
	struct tun a = tun_create("mq", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE), b;
	const uint8_t frame[60] = { 2 };
	struct program p;

	program_start(&p, BPF_PROG_TYPE_XDP);
	program_count(&p, 0);
	ASSERT_LE(0, program_return(&p, XDP_DROP));
	ASSERT_OK(link_set_xdp("mq", p.fd, XDP_FLAGS_DRV_MODE));
	b = tun_create("mq", a.flags);
	EXPECT_EQ(60, write(a.fd, frame, 60));
	EXPECT_EQ(60, write(b.fd, frame, 60));
	EXPECT_EQ(2, p.shared[0]);
	/* A queue that is disabled is still there to write to. */
	ASSERT_OK(tun_set_queue(b.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(60, write(b.fd, frame, 60));
	EXPECT_EQ(3, p.shared[0]);
	EXPECT_EQ(3, link_stats("mq").rx_dropped);
	program_close(&p);
	tun_close(&b);
	tun_close(&a);
}
