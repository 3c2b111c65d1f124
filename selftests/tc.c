// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a classifier of the stack sees of a packet that was written to the file: the fields that the
 * driver has filled in, and the socket it has charged the packet to.
 */
#include <limits.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>

#include "device/macvtap.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/program.h"
#include "netns/qdisc.h"
#include "netns/sock.h"

#define PORT	   7000
#define PAYLOAD	   100
#define LARGE	   8000 /* a payload that fits no page */
#define TIMEOUT_MS 2000
#define OTHER_UID  1000

/* The numbers that the classifier shares. */
enum {
	RUNS, VERDICT, LEN, PROTOCOL, IFINDEX, INGRESS_IFINDEX, QUEUE_MAPPING, PKT_TYPE,
	VLAN_PRESENT, VLAN_TCI, VLAN_PROTO, GSO_SIZE, GSO_SEGS, COOKIE, UID, BYTES,
};

FIXTURE(tc)
{
	struct tun t;
	struct frame f;
	int udp; /* the kernel's, at PORT */
	struct program p;
};

FIXTURE_VARIANT(tc)
{
	unsigned int flags;
	bool blocking;
};

FIXTURE_VARIANT_ADD(tc, tun) { IFF_TUN, false };
FIXTURE_VARIANT_ADD(tc, tap) { IFF_TAP, false };
/* Without O_NONBLOCK the driver allocates skbs in another way. */
FIXTURE_VARIANT_ADD(tc, tap_blocking) { IFF_TAP, true };
FIXTURE_VARIANT_ADD(tc, tap_napi) { IFF_TAP | IFF_NAPI, false };
FIXTURE_VARIANT_ADD(tc, tap_frags) { IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, false };

/* A classifier that tells all it sees on the link's @hook. */
static void watch(struct program *p, const char *name, enum qdisc_hook hook)
{
	program_start(p, BPF_PROG_TYPE_SCHED_CLS);
	program_count(p, RUNS);
	program_see(p, LEN, PROGRAM_FIELD(struct __sk_buff, len));
	program_see(p, PROTOCOL, PROGRAM_FIELD(struct __sk_buff, protocol));
	program_see(p, IFINDEX, PROGRAM_FIELD(struct __sk_buff, ifindex));
	program_see(p, INGRESS_IFINDEX, PROGRAM_FIELD(struct __sk_buff, ingress_ifindex));
	program_see(p, QUEUE_MAPPING, PROGRAM_FIELD(struct __sk_buff, queue_mapping));
	program_see(p, PKT_TYPE, PROGRAM_FIELD(struct __sk_buff, pkt_type));
	program_see(p, VLAN_PRESENT, PROGRAM_FIELD(struct __sk_buff, vlan_present));
	program_see(p, VLAN_TCI, PROGRAM_FIELD(struct __sk_buff, vlan_tci));
	program_see(p, VLAN_PROTO, PROGRAM_FIELD(struct __sk_buff, vlan_proto));
	program_see(p, GSO_SIZE, PROGRAM_FIELD(struct __sk_buff, gso_size));
	program_see(p, GSO_SEGS, PROGRAM_FIELD(struct __sk_buff, gso_segs));
	program_call(p, BPF_FUNC_get_socket_cookie, RUNS);
	program_see_result(p, COOKIE);
	program_call(p, BPF_FUNC_get_socket_uid, RUNS);
	program_see_result(p, UID);
	program_see_bytes(p, BYTES, 0, 8);
	if (program_return_shared(p, VERDICT) < 0 || qdisc_add_clsact(name) ||
	    qdisc_add_bpf(name, hook, p->fd))
		TH_BAIL("classifier on %s: %s", name, strerror(errno));
}

FIXTURE_SETUP(tc)
{
	self->t.fd = self->udp = -1;
	if (variant->flags & IFF_NAPI_FRAGS && !harness_feature("napi_frags"))
		SKIP(return, "%s", harness_feature_reason("napi_frags"));
	self->t = peer_create("t0", variant->flags | IFF_NO_PI);
	if (variant->blocking)
		tun_set_blocking(self->t.fd);
	self->udp = udp_open(KERNEL_IP4, PORT);
	watch(&self->p, "t0", QDISC_INGRESS);
	peer_udp(&self->t, &self->f, 4000, PORT, PAYLOAD, 1);
}

FIXTURE_TEARDOWN(tc)
{
	tun_close(&self->t);
	close(self->udp);
	program_close(&self->p);
}

/* Writes the frame, which the classifier has to see once. */
static void write_one(struct __test_metadata *_metadata, FIXTURE_DATA(tc) *self)
{
	int runs = self->p.shared[RUNS];

	ASSERT_EQ(self->f.len, tun_send(&self->t, NULL, &self->f));
	EXPECT_TRUE(program_wait(&self->p, RUNS, runs + 1, TIMEOUT_MS));
	EXPECT_EQ(runs + 1, self->p.shared[RUNS]);
}

TEST_F(tc, fields, .title = "a packet comes in with its length, type, device, queue, and no more",
       .behaviours = { 446 }, .needs = { "tc_bpf" })
{
	volatile int64_t *seen = self->p.shared;

	write_one(_metadata, self);
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 1, TIMEOUT_MS));
	EXPECT_EQ(self->f.len, seen[LEN]);
	EXPECT_EQ(htons(ETHERTYPE_IP), seen[PROTOCOL]);
	EXPECT_EQ(if_nametoindex("t0"), seen[IFINDEX]);
	EXPECT_EQ(if_nametoindex("t0"), seen[INGRESS_IFINDEX]);
	/* One more than the queue's index, 0 would be none (skb_record_rx_queue()). */
	EXPECT_EQ(1, seen[QUEUE_MAPPING]);
	EXPECT_EQ(PACKET_HOST, seen[PKT_TYPE]);
	EXPECT_EQ(0, seen[VLAN_PRESENT]);
	EXPECT_EQ(0, seen[GSO_SIZE]);
	EXPECT_EQ(0, memcmp((void *)&seen[BYTES], self->f.data, 8));
}

TEST_F(tc, pkt_type,
       .title = "whom a packet is for depends on a TAP's frame, on a TUN it is the host",
       .behaviours = { 446 }, .needs = { "tc_bpf" })
{
	static const struct {
		uint8_t to[6];
		int type;
	} cases[] = {
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, PACKET_BROADCAST },
		{ { 0x01, 0, 0x5e, 0, 0, 1 }, PACKET_MULTICAST },
		{ { 0x02, 9, 9, 9, 9, 9 }, PACKET_OTHERHOST },
	};
	bool tap = tun_is_tap(&self->t);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (tap)
			memcpy(self->f.data, cases[i].to, 6);
		write_one(_metadata, self);
		EXPECT_EQ(tap ? cases[i].type : PACKET_HOST, self->p.shared[PKT_TYPE]);
	}
}

TEST_F(tc, vlan,
       .title = "a VLAN tag of a TAP's frame is a field, and no longer in it; a TUN's packet has none",
       .behaviours = { 446 }, .needs = { "tc_bpf" })
{
	volatile int64_t *seen = self->p.shared;
	size_t untagged = self->f.len;

	if (tun_is_tap(&self->t))
		frame_vlan(&self->f, 0x8100, 0x6123);
	write_one(_metadata, self);
	EXPECT_EQ(tun_is_tap(&self->t), seen[VLAN_PRESENT]);
	EXPECT_EQ(tun_is_tap(&self->t) ? 0x6123 : 0, seen[VLAN_TCI]);
	EXPECT_EQ(tun_is_tap(&self->t) ? htons(0x8100) : 0, seen[VLAN_PROTO]);
	EXPECT_EQ(untagged, seen[LEN]);
	EXPECT_EQ(htons(ETHERTYPE_IP), seen[PROTOCOL]);
}

TEST_F(tc, owner,
       .title = "a packet of any length belongs to its file's socket, but not with IFF_NAPI_FRAGS",
       .behaviours = { 353 }, .needs = { "tc_bpf" }, .guards = { "4b663366246b" })
{
	const bool owned = !(variant->flags & IFF_NAPI_FRAGS);
	uint64_t cookie;

	write_one(_metadata, self);
	cookie = self->p.shared[COOKIE];
	EXPECT_EQ(owned, cookie != 0);
	write_one(_metadata, self);
	EXPECT_EQ(cookie, self->p.shared[COOKIE]);
	peer_udp(&self->t, &self->f, 4000, PORT, LARGE, 1);
	write_one(_metadata, self);
	EXPECT_EQ(cookie, self->p.shared[COOKIE]);
	/* Where the send buffer has an end, it is another way again. */
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX - 1));
	write_one(_metadata, self);
	EXPECT_EQ(cookie, self->p.shared[COOKIE]);
}

TEST_F(tc, shot, .title = "what a classifier drops was received, and nobody counts it as dropped",
       .behaviours = { 395 }, .needs = { "tc_bpf" })
{
	struct rtnl_link_stats64 before = link_stats("t0"), d;

	self->p.shared[VERDICT] = TC_ACT_SHOT;
	write_one(_metadata, self);
	EXPECT_ERRNO(EAGAIN, udp_recv(self->udp, self->f.data, PAYLOAD, 0));
	d = link_stats_since("t0", &before);
	EXPECT_EQ(1, d.rx_packets);
	EXPECT_EQ(0, d.rx_dropped);
	self->p.shared[VERDICT] = TC_ACT_OK;
	peer_udp(&self->t, &self->f, 4000, PORT, PAYLOAD, 2);
	write_one(_metadata, self);
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(self->udp, 2, TIMEOUT_MS));
}

FIXTURE(tc_queue)
{
	struct tun a, b;
	struct program p;
};

FIXTURE_VARIANT(tc_queue)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(tc_queue, tun) { IFF_TUN };
FIXTURE_VARIANT_ADD(tc_queue, tap) { IFF_TAP };

FIXTURE_SETUP(tc_queue)
{
	self->a = peer_create("mq", variant->flags | IFF_NO_PI | IFF_MULTI_QUEUE);
	self->b = tun_create("mq", self->a.flags);
	watch(&self->p, "mq", QDISC_INGRESS);
}

FIXTURE_TEARDOWN(tc_queue)
{
	link_del("mq");
	tun_close(&self->a);
	tun_close(&self->b);
	program_close(&self->p);
}

/* The queue's index as the classifier sees it in a packet written to @q. */
static int queue_of(FIXTURE_DATA(tc_queue) *self, const struct tun *q)
{
	struct frame f;

	peer_udp(q, &f, 4000, PORT, PAYLOAD, 1);
	if (tun_send(q, NULL, &f) != f.len)
		TH_BAIL("write: %s", strerror(errno));
	return self->p.shared[QUEUE_MAPPING] - 1;
}

TEST_F(tc_queue, index, .title = "a packet comes in with the present index of its queue",
       .behaviours = { 218 }, .needs = { "tc_bpf", "multi_queue" })
{
	EXPECT_EQ(0, queue_of(self, &self->a));
	EXPECT_EQ(1, queue_of(self, &self->b));
	ASSERT_OK(tun_set_queue(self->a.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(0, queue_of(self, &self->b));
	ASSERT_OK(tun_set_queue(self->a.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(1, queue_of(self, &self->a));
}

TEST_F(tc_queue, owners, .title = "packets of two queues belong to two sockets",
       .behaviours = { 353 }, .needs = { "tc_bpf", "multi_queue" }, .guards = { "4b663366246b" })
{
	uint64_t first;

	queue_of(self, &self->a);
	first = self->p.shared[COOKIE];
	EXPECT_NE(0, first);
	queue_of(self, &self->b);
	EXPECT_NE(0, self->p.shared[COOKIE]);
	EXPECT_NE(first, self->p.shared[COOKIE]);
	queue_of(self, &self->a);
	EXPECT_EQ(first, self->p.shared[COOKIE]);
}

/* Opens a file with another user id, but all capabilities. */
static void open_as_other(struct __test_metadata *_metadata, void *arg)
{
	FIXTURE_DATA(tc_queue) *self = arg;
	struct tun c;

	queue_of(self, &self->a);
	EXPECT_EQ(0, self->p.shared[UID]);
	ASSERT_OK(seteuid(OTHER_UID));
	creds_capable(true);
	c = tun_create("mq", self->a.flags);
	queue_of(self, &c);
	EXPECT_EQ(OTHER_UID, self->p.shared[UID]);
	/* It is the user who opened the file, not who writes. */
	queue_of(self, &self->a);
	EXPECT_EQ(0, self->p.shared[UID]);
	tun_close(&c);
}

TEST_F(tc_queue, uid, .title = "the socket of a file belongs to the user who opened it",
       .behaviours = { 353 }, .needs = { "tc_bpf", "multi_queue", "second_uid" },
       .guards = { "CVE-2023-1076" })
{
	creds_child(_metadata, open_as_other, self);
}

struct macvtap_sender {
	struct program p;
	struct frame f;
};

/* Opens a queue with another user id, but all capabilities. */
static void macvtap_as_other(struct __test_metadata *_metadata, void *arg)
{
	struct macvtap_sender *s = arg;
	struct tun other;

	ASSERT_OK(seteuid(OTHER_UID));
	creds_capable(true);
	other = macvtap_attach("m0");
	ASSERT_LT(0, tun_send(&other, NULL, &s->f));
	EXPECT_EQ(OTHER_UID, s->p.shared[UID]);
	tun_close(&other);
}

TEST(macvtap_uid, .title = "the socket of a macvtap's file belongs to the user who opened it",
     .behaviours = { 590 }, .needs = { "tc_bpf", "macvtap", "second_uid" },
     .guards = { "66b2c338adce", "CVE-2023-1076" })
{
	const uint8_t from[6] = { 2, 0, 0, 0, 0, 8 }, to[6] = { 2, 0, 0, 0, 0, 9 };
	struct tun t = macvtap_bridge("m0");
	struct macvtap_sender s;

	watch(&s.p, "m0", QDISC_EGRESS);
	macvtap_frame(&s.f, to, from, 64, 1);
	ASSERT_LT(0, tun_send(&t, NULL, &s.f));
	EXPECT_EQ(1, s.p.shared[RUNS]);
	EXPECT_EQ(0, s.p.shared[UID]);
	creds_child(_metadata, macvtap_as_other, &s);
	EXPECT_EQ(2, s.p.shared[RUNS]);
	program_close(&s.p);
	tun_close(&t);
}

TEST(gso, .title = "a GSO packet comes in whole, with the size and number of its segments",
     .behaviours = { 446 }, .needs = { "tc_bpf" })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	struct program p;
	struct frame f;
	struct vnet v;

	watch(&p, "t0", QDISC_INGRESS);
	peer_ipv4(&t, &f, IPPROTO_TCP);
	frame_tcp(&f, 4000, PORT, 1, 1, 0x10);
	frame_pattern(&f, 2500, 1);
	v = frame_finish_gso(&f, 1000);
	ASSERT_LT(0, tun_send(&t, &v, &f));
	EXPECT_EQ(1, p.shared[RUNS]);
	EXPECT_EQ(f.len, p.shared[LEN]);
	EXPECT_EQ(1000, p.shared[GSO_SIZE]);
	program_close(&p);
	tun_close(&t);
}

TEST(egress, .title = "what goes out to the file passes a classifier first", .needs = { "tc_bpf" },
     .behaviours = { 235 })
{
	struct tun t = peer_create("t0", IFF_TUN | IFF_NO_PI);
	int udp = udp_open(KERNEL_IP4, PORT);
	size_t whole = peer_udp_size(&t, PAYLOAD);
	struct program p;
	uint8_t buf[256];

	watch(&p, "t0", QDISC_EGRESS);
	kernel_udp(udp, PORT, PAYLOAD, 1);
	EXPECT_EQ(whole, tun_read(&t, buf, sizeof(buf), TIMEOUT_MS));
	EXPECT_EQ(1, p.shared[RUNS]);
	EXPECT_EQ(whole, p.shared[LEN]);
	EXPECT_EQ(0, memcmp((void *)&p.shared[BYTES], buf, 8));
	EXPECT_NE(0, p.shared[COOKIE]);
	p.shared[VERDICT] = TC_ACT_SHOT;
	udp_send_pattern(udp, PAYLOAD, 1, PEER_IP4, PORT);
	EXPECT_EQ(2, p.shared[RUNS]);
	EXPECT_ERRNO(EAGAIN, tun_read(&t, buf, sizeof(buf), 0));
	program_close(&p);
	close(udp);
	tun_close(&t);
}

TEST(redirect,
     .title = "a packet a classifier sends from a TAP to a TUN is read without its Ethernet header",
     .behaviours = { 440 }, .needs = { "tc_bpf" })
{
	struct tun tap = peer_create("in", IFF_TAP | IFF_NO_PI);
	struct tun tun = tun_create("out", IFF_TUN | IFF_NO_PI);
	struct program p;
	uint8_t buf[256];
	struct frame f;

	ASSERT_OK(link_up("out"));
	program_start(&p, BPF_PROG_TYPE_SCHED_CLS);
	program_call_with(&p, BPF_FUNC_redirect, if_nametoindex("out"), 0);
	ASSERT_LE(0, program_return_result(&p));
	ASSERT_OK(qdisc_add_clsact("in"));
	ASSERT_OK(qdisc_add_bpf("in", QDISC_INGRESS, p.fd));
	peer_udp(&tap, &f, 4000, PORT, PAYLOAD, 1);
	ASSERT_EQ(f.len, tun_send(&tap, NULL, &f));
	ASSERT_EQ(f.len - ETH_HLEN, tun_read(&tun, buf, sizeof(buf), TIMEOUT_MS));
	EXPECT_EQ(0, memcmp(f.data + ETH_HLEN, buf, f.len - ETH_HLEN));
	program_close(&p);
	tun_close(&tun);
	tun_close(&tap);
}
