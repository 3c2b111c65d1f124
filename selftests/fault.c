// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation with every one of its allocations failing, one at a time, and every copy from and
 * to the program's memory: it works all the same, or fails with an errno of the few that say so and
 * leaves everything as it was. (Which operations: fault.*.c.)
 */
#include <sys/prctl.h>
#include <unistd.h>
#include <linux/bpf.h>

#include "device/peer.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "selftests/fault.h"

/* All that can be seen of the bench: it has to be the same after a failure. */
struct state {
	int links, attached_err;
	unsigned int iff_flags;
	struct link link;
};

static int count_links(void)
{
	struct if_nameindex *links = if_nameindex();
	int n = 0;

	if (!links)
		TH_BAIL("if_nameindex: %s", strerror(errno));
	while (links[n].if_index)
		n++;
	if_freenameindex(links);
	return n;
}

static struct state state_of(const struct bench *b)
{
	struct state s;
	struct ifreq ifr;

	/* It is compared as a whole. */
	memset(&s, 0, sizeof(s));
	s.links = count_links();
	if (b->fd >= 0)
		s.attached_err = tun_get_iff(b->fd, &ifr) ? errno : 0;
	if (b->t.fd >= 0) {
		s.iff_flags = tun_iff_flags(b->t.fd);
		link_get(b->t.name, &s.link);
	}
	memset(&s.link.stats, 0, sizeof(s.link.stats));
	s.link.carrier_changes = 0;
	return s;
}

static bool same(const struct state *a, const struct state *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void expect_same(struct __test_metadata *_metadata, const struct state *a,
			const struct state *b)
{
	EXPECT_EQ(a->links, b->links);
	EXPECT_EQ(a->attached_err, b->attached_err);
	EXPECT_EQ(a->iff_flags, b->iff_flags);
	EXPECT_STREQ(a->link.name, b->link.name);
	EXPECT_EQ(a->link.flags, b->link.flags);
	EXPECT_EQ(a->link.txqueuelen, b->link.txqueuelen);
	EXPECT_TRUE(same(a, b));
}

void bench_drain(const struct bench *b)
{
	static struct tun_packet p;

	while (tun_recv(&b->t, &p, 0))
		;
}

void bench_open(struct bench *b, const struct op *op)
{
	if (fault_prepare())
		TH_BAIL("fault injection: %s", strerror(errno));
	*b = (struct bench){ .op = op, .t.fd = -1, .rx.fd = -1, .fd = -1, .udp = -1, .other = -1 };
	b->program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);
	if (!op->no_file)
		b->fd = tun_open();
	if (!op->no_device) {
		b->t = peer_create(op->device ?: "t0", op->flags);
		b->udp = udp_open(KERNEL_IP4, PORT);
		/* The memory of the capture, which the first frame gets, must not be what fails. */
		kernel_udp(b->udp, PORT, 1, 1);
		bench_drain(b);
	}
	if (op->make)
		op->make(b);
}

void bench_close(struct bench *b)
{
	close(b->program);
	if (b->fd >= 0)
		close(b->fd);
	if (b->udp >= 0)
		close(b->udp);
	if (b->other >= 0)
		close(b->other);
	if (b->v.arena)
		vhost_close(&b->v);
	tun_close(&b->rx);
	tun_close(&b->t);
	/* With it go the devices on it; mostly there is none. */
	link_del(MACVTAP_LOWER);
}

static bool allowed(const struct op *op, int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(op->errnos); i++) {
		if (op->errnos[i] && op->errnos[i] == err)
			return true;
	}
	return false;
}

static void expect_failed(struct __test_metadata *_metadata, struct bench *b, unsigned int n,
			  const struct state *before, int err)
{
	struct state after = state_of(b);

	EXPECT_TRUE(allowed(b->op, err))
	{
		TH_LOG("failure %u gave %s", n, harness_errno_name(err));
	}
	if ((err == b->op->late[0] || err == b->op->late[1]) && !same(before, &after)) {
		b->op->undo(b, 0);
		if (b->op->prepare)
			b->op->prepare(b);
		after = state_of(b);
	}
	if (!same(before, &after))
		TH_LOG("after failure %u, which gave %s:", n, harness_errno_name(err));
	expect_same(_metadata, before, &after);
}

/* What was written is received or dropped, and counted so; a header is read before it counts. */
static void expect_counted(struct __test_metadata *_metadata, const struct bench *b,
			   const struct rtnl_link_stats64 *before, const struct fault_result *r)
{
	struct rtnl_link_stats64 d = link_stats_since(b->t.name, before);

	EXPECT_EQ(r->ret == -1 ? 0 : 1, d.rx_packets);
	if (r->err == ENOMEM || r->err == ENOBUFS) {
		EXPECT_EQ(1, d.rx_dropped);
	} else {
		EXPECT_GE(1, d.rx_dropped);
	}
}

/* False if there were less than @n to fail. */
static bool run_once(struct __test_metadata *_metadata, struct bench *b, unsigned int n)
{
	struct rtnl_link_stats64 stats = { 0 };
	struct fault_result r;
	struct state before;
	bool failed;

	if (b->op->prepare)
		b->op->prepare(b);
	before = state_of(b);
	if (b->op->counted)
		stats = link_stats(b->t.name);
	failed = b->thread ? fault_nth_in(b->thread, n, b->op->call, b, &r) :
			     fault_nth(n, b->op->call, b, &r);
	if (b->op->counted)
		expect_counted(_metadata, b, &stats, &r);
	if (r.ret == -1)
		expect_failed(_metadata, b, n, &before, r.err);
	else if (b->op->undo)
		b->op->undo(b, r.ret);
	if (!failed) {
		EXPECT_NE(-1, r.ret);
	}
	return failed;
}

static void run(struct __test_metadata *_metadata, struct bench *b)
{
	unsigned int n = 1;

	while (n < MANY && run_once(_metadata, b, n))
		n++;
	EXPECT_LT(1, n);
	EXPECT_GT(MANY, n);
	TH_LOG("%u failures", n - 1);
}

/* The reason why the kernel cannot do it, NULL if it can. */
static const char *lack_of(const struct op *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(op->needs); i++) {
		if (op->needs[i] && !harness_feature(op->needs[i]))
			return harness_feature_reason(op->needs[i]);
	}
	return NULL;
}

FIXTURE(fault)
{
	struct bench b;
};

FIXTURE_VARIANT(fault)
{
	const struct op *op;
};

#define VARIANT(name) FIXTURE_VARIANT_ADD(fault, name){ &fault_op_##name };
OPS(VARIANT)

FIXTURE_SETUP(fault)
{
	self->b = (struct bench){
		.program = -1, .t.fd = -1, .rx.fd = -1, .fd = -1, .udp = -1, .other = -1
	};
	if (lack_of(variant->op))
		SKIP(return, "%s", lack_of(variant->op));
	bench_open(&self->b, variant->op);
}

FIXTURE_TEARDOWN(fault)
{
	bench_close(&self->b);
}

TEST_F_TIMEOUT(fault, each, 120,
	       .title = "it works or fails with an errno that says why, and leaves all as it was, "
			"whichever allocation or copy fails",
	       .behaviours = { 3, 19, 74, 290, 409, 545 }, .needs = { "fault_injection", "bpf" },
	       .guards = { "158b515f703e" })
{
	run(_metadata, &self->b);
}

#define POINTER(name) &fault_op_##name,

TEST(leaks, .title = "nothing is lost, whichever allocation fails", .behaviours = { 3, 74 },
     .needs = { "fault_injection", "kmemleak", "bpf" }, .waits = true)
{
	static const struct op *const ops[] = { OPS(POINTER) };
	static struct bench b;

	if (prctl(PR_SET_NAME, "tuntests-fault"))
		TH_BAIL("PR_SET_NAME: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (lack_of(ops[i]))
			continue;
		bench_open(&b, ops[i]);
		run(_metadata, &b);
		bench_close(&b);
	}
	EXPECT_EQ(0, fault_leaks("tuntests-fault"));
}
