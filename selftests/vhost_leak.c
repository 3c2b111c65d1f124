// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that vhost-net hands over in a batch lie in pieces of 32 KiB of pages. A piece is free
 * when its last frame is: one frame that is forgotten costs all of it. So some frames fill most of
 * a piece, and between them is one whose fate is of interest.
 */
#include <limits.h>
#include <net/ethernet.h>
#include <unistd.h>
#include <linux/if_link.h>

#include "device/macvtap.h"
#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TIMEOUT_MS 10000
#define TURN_MS	   200 /* for what vhost has been kicked for */
#define ALONE_S	   240 /* for all tests of this file, one after the other */
#define FILLERS	   7   /* of FILLER bytes, and of 3.5 KiB with what the kernel adds */
#define FILLER	   3000
#define GROUPS	   256
#define GROUP_KB   24 /* what a group takes: as much as it leaks */
#define PAIRS	   12
#define LACKING	   3
#define MANY	   200 /* more allocations than vhost's thread makes */
#define GOOD	   60  /* bytes of a frame that is received */

FIXTURE(vhost_leak)
{
	struct vhost v;
	struct tun t;
};

FIXTURE_VARIANT(vhost_leak)
{
	bool macvtap;
};

FIXTURE_VARIANT_ADD(vhost_leak, tap) { false };
FIXTURE_VARIANT_ADD(vhost_leak, macvtap) { true };

static void connect_vhost(FIXTURE_DATA(vhost_leak) *self)
{
	self->v = vhost_open(0);
	if (vhost_attach(&self->v, self->t.fd))
		TH_BAIL("VHOST_NET_SET_BACKEND: %s", strerror(errno));
}

FIXTURE_SETUP(vhost_leak)
{
	if (!variant->macvtap) {
		self->t = vhost_peer(&self->v, 0, 0);
		return;
	}
	if (!harness_feature("macvtap"))
		SKIP(return, "%s", harness_feature_reason("macvtap"));
	self->t = macvtap_bridge("m0");
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX));
	connect_vhost(self);
}

FIXTURE_TEARDOWN(vhost_leak)
{
	vhost_close(&self->v);
	tun_close(&self->t);
}

/* Not by vhost_put(), whose capture would take memory too. */
static void send_fillers(struct vhost *v)
{
	for (int i = 0; i < FILLERS; i++) {
		uint8_t *memory = vhost_add(v, VHOST_TX, FILLER);

		memset(memory, 0, FILLER);
		memory[v->header + 12] = ETH_P_LOCAL >> 8;
		memory[v->header + 13] = ETH_P_LOCAL & 0xff;
	}
	vhost_kick(v, VHOST_TX);
	if (vhost_used(v, VHOST_TX, FILLERS, TIMEOUT_MS) != FILLERS)
		TH_BAIL("the fillers do not come back");
}

/* A frame of interest: its header and length, and the allocation for it that fails, 0 for none. */
struct subject {
	struct vhost *v;
	struct vnet vnet;
	size_t len;
	unsigned int failure;
	int thread;	    /* vhost's, in which it fails */
	const char *device; /* that has the program, which meets the fillers too; or NULL */
	int program;
};

/* Sends it: 0 if its buffer comes back. */
static long call_send(void *subject)
{
	struct subject *s = subject;
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_LOCAL);
	if (s->len > f.len)
		frame_pattern(&f, s->len - f.len, 1);
	vhost_send(s->v, &s->vnet, f.data, s->len);
	return vhost_used(s->v, VHOST_TX, 1, TIMEOUT_MS) == 1 ? 0 : -1;
}

static void send_subject(struct subject *s)
{
	struct fault_result r;

	if (s->failure)
		fault_nth_in(s->thread, s->failure, call_send, s, &r);
	else
		r.ret = call_send(s);
	if (r.ret)
		TH_BAIL("the buffer of a frame of %zu bytes does not come back", s->len);
}

static void set_program(const struct subject *s, int program)
{
	if (s->device && link_set_xdp(s->device, program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP program on %s: %s", s->device, strerror(errno));
}

/* How much less memory is available after GROUPS groups with such a frame in each. */
static long lost(const void *subject)
{
	struct subject s = *(const struct subject *)subject;
	long before = fault_available();

	set_program(&s, s.program);
	for (int i = 0; i < GROUPS; i++) {
		send_fillers(s.v);
		send_subject(&s);
	}
	set_program(&s, -1);
	return before - fault_available();
}

/*
 * True if @lose(@bad) takes the @kib of memory that it may leak, and @lose(@good) does not. What is
 * available is the machine's affair: others take of it too, and much. So the two are done in turn,
 * now the one and now the other first, and only a difference in each of PAIRS pairs is a leak;
 * fewer than LACKING more may lack it, when another test gave back its memory. Where that comes
 * more often a leak is missed. Where all is chance a pair has the difference half of the time, and
 * six of them were too few.
 */
static bool takes_more(long (*lose)(const void *), const void *good, const void *bad, long kib)
{
	int pairs = 0, without = 0;

	fault_alone(true);
	/* Our own memory is touched for the first time. */
	lose(good);
	while (pairs - without < PAIRS && without < LACKING) {
		bool good_first = pairs % 2 == 0;
		long first = lose(good_first ? good : bad);
		long second = lose(good_first ? bad : good);
		long more = good_first ? second - first : first - second;

		TH_LOG("pair %d: %ld KiB more than good ones", pairs++, more);
		if (more < kib / 2)
			without++;
	}
	fault_alone(false);
	return without < LACKING;
}

/* True if such frames cost the memory of their groups, and frames that are received do not. */
static bool leaks(struct subject bad)
{
	struct subject good = { .v = bad.v, .len = GOOD };

	return takes_more(lost, &good, &bad, GROUPS * GROUP_KB);
}

TEST_F_TIMEOUT(vhost_leak, short_frame, ALONE_S,
	       .title = "the memory of a frame shorter than an Ethernet header is freed",
	       .behaviours = { 545 }, .needs = { "vhost" },
	       .guards = { "CVE-2026-46321", "CVE-2026-46320", "3bcf7aec6a9d" }, .waits = true)
{
	EXPECT_FALSE(leaks((struct subject){ .v = &self->v, .len = ETH_HLEN - 1 }));
}

TEST_F_TIMEOUT(vhost_leak, bad_header, ALONE_S,
	       .title = "the memory of a frame with a wrong vnet header is freed",
	       .behaviours = { 545 }, .needs = { "vhost" }, .waits = true)
{
	EXPECT_FALSE(leaks((struct subject){
		.v = &self->v, .vnet = { .gso_type = 0x3f }, .len = GOOD }));
}

/* The frames that came from vhost and were not refused for want of memory. */
static uint64_t taken(const struct tun *t)
{
	struct rtnl_link_stats64 s = link_stats(t->name);

	return s.rx_packets + s.tx_packets;
}

/* 0 if the buffer comes back without another kick. */
static long call_try(void *subject)
{
	struct subject *s = subject;
	uint8_t *memory = vhost_add(s->v, VHOST_TX, s->v->header + s->len);

	memset(memory, 0, s->v->header + s->len);
	vhost_kick(s->v, VHOST_TX);
	return vhost_used(s->v, VHOST_TX, 1, TURN_MS) == 1 ? 0 : -1;
}

TEST_F_TIMEOUT(vhost_leak, no_skb, ALONE_S,
	       .title = "the memory of a frame for which there is no skb is freed",
	       .behaviours = { 545 }, .needs = { "vhost_thread", "fault_injection" },
	       .guards = { "CVE-2026-46322", "CVE-2026-46320", "3bcf7aec6a9d" }, .waits = true)
{
	struct subject s = { .v = &self->v, .len = GOOD };
	struct fault_result r;
	int frames = 0;

	if (fault_prepare())
		TH_BAIL("fault injection: %s", strerror(errno));
	/* The one of which the buffer comes back while the frame is lost, whichever it is. */
	for (s.failure = 1; s.failure < MANY; s.failure++) {
		uint64_t before = taken(&self->t);

		s.thread = vhost_thread();
		if (!fault_nth_in(s.thread, s.failure, call_try, &s, &r))
			break;
		if (r.ret) {
			vhost_close(&self->v);
			connect_vhost(self);
		} else if (taken(&self->t) == before) {
			frames++;
			EXPECT_FALSE(leaks(s)) { TH_LOG("failure %u", s.failure); }
		}
	}
	EXPECT_LT(0, frames);
}

/* --- XDP programs that take the frames of a batch -------------------------------------------- */

FIXTURE(vhost_leak_xdp)
{
	struct vhost v;
	struct tun t;
	int program;
};

FIXTURE_VARIANT(vhost_leak_xdp)
{
	int verdict;
};

FIXTURE_VARIANT_ADD(vhost_leak_xdp, drop) { XDP_DROP };
/* Which fails, as it has no target. */
FIXTURE_VARIANT_ADD(vhost_leak_xdp, redirect) { XDP_REDIRECT };

FIXTURE_SETUP(vhost_leak_xdp)
{
	self->t = vhost_peer(&self->v, 0, 0);
	self->program = bpf_load_return(BPF_PROG_TYPE_XDP, variant->verdict);
	if (self->program < 0)
		TH_BAIL("XDP program: %s", strerror(errno));
}

FIXTURE_TEARDOWN(vhost_leak_xdp)
{
	close(self->program);
	vhost_close(&self->v);
	tun_close(&self->t);
}

TEST_F_TIMEOUT(vhost_leak_xdp, xdp, ALONE_S,
	       .title = "the memory of a batch that XDP drops, or sends nowhere, is freed",
	       .behaviours = { 449, 453 }, .needs = { "vhost", "xdp" }, .waits = true)
{
	EXPECT_FALSE(leaks((struct subject){ .v = &self->v,
					     .len = GOOD,
					     .device = self->t.name,
					     .program = self->program }));
}

/* --- packets that vhost took before their device went ---------------------------------------- */

#define PORT	 4000
#define ROUNDS	 2
#define PACKETS	 64 /* that vhost takes at once */
#define LONG	 60000
#define LONG_MTU 65521

FIXTURE(vhost_leak_device)
{
	int udp;
};

FIXTURE_SETUP(vhost_leak_device)
{
	self->udp = udp_open("0.0.0.0", PORT);
}

FIXTURE_TEARDOWN(vhost_leak_device)
{
	close(self->udp);
}

/* How a device goes whose packets vhost has. */
struct end {
	int udp;
	bool buffer; /* there is one for them after that */
};

static void lose_device(const struct end *end)
{
	struct tun t = peer_create("v0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	struct vhost v = vhost_open(0);
	struct frame f;

	peer_udp(&t, &f, PORT, PORT, 0, 0);
	/* The buffers of a batch for a device that is gone do not come back. */
	if (link_set_mtu(t.name, LONG_MTU) || tun_set_sndbuf(t.fd, INT_MAX - 1))
		TH_BAIL("%s: %s", t.name, strerror(errno));
	for (int i = 0; i < PACKETS; i++)
		kernel_udp(end->udp, PORT, LONG, i);
	if (vhost_attach(&v, t.fd) || !vhost_takes_all(&t, TIMEOUT_MS) || link_del(t.name))
		TH_BAIL("vhost does not take what is in the device: %s", strerror(errno));
	if (end->buffer) {
		vhost_post(&v, 1, v.header + ETH_HLEN + LONG_MTU);
		/* vhost does one thing after the other. */
		vhost_send(&v, NULL, f.data, f.len);
		if (vhost_used(&v, VHOST_TX, 1, TIMEOUT_MS) != 1)
			TH_BAIL("a buffer for a device that is gone does not come back");
	}
	vhost_close(&v);
	tun_close(&t);
}

static long lost_with_devices(const void *end)
{
	long before = fault_available();

	for (int i = 0; i < ROUNDS; i++)
		lose_device(end);
	return before - fault_available();
}

TEST_F_TIMEOUT(
	vhost_leak_device, packets, ALONE_S,
	.title = "the packets that vhost had when the device went are freed when there is a buffer",
	.behaviours = { 549 }, .needs = { "vhost" }, .waits = true)
{
	const struct end good = { self->udp, false }, bad = { self->udp, true };

	EXPECT_FALSE(takes_more(lost_with_devices, &good, &bad, ROUNDS * PACKETS * LONG / 1024));
}
