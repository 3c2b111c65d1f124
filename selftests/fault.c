// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation with every one of its allocations failing, one at a time, and every copy from and
 * to the program's memory: it works all the same, or fails with an errno of the few that say so and
 * leaves everything as it was.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_link.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/fault.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"

#define PORT	4001
#define WAIT_MS 2000
/* More allocations than any operation makes. */
#define MANY 3000

/* What an operation works on. */
struct bench {
	const struct op *op;
	struct tun t;  /* with the op's flags, up; .fd -1 for an op without a device */
	int fd;	       /* a second file, not attached before the operation */
	int udp;       /* the kernel's end of the traffic */
	int program;   /* a BPF socket filter */
	struct frame f;
	struct vnet vnet;
};

struct op {
	unsigned int flags; /* of the device */
	bool no_device;
	bool no_file;			  /* no second file */
	void (*prepare)(struct bench *b); /* before each run */
	long (*call)(void *bench);
	void (*undo)(struct bench *b, long ret); /* after a run that worked */
	int errnos[5];
	/* The kernel copies the result when all is done: EFAULT may mean that it worked. */
	bool late_fault;
	bool counted; /* a write: link statistics tell */
};

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

/* Files */

static long call_open(void *bench __UNUSED)
{
	return open(TUN_NODE, O_RDWR | O_CLOEXEC);
}

static void close_result(struct bench *b __UNUSED, long fd)
{
	close(fd);
}

static const struct op op_open = { .no_device = true, .no_file = true, .call = call_open,
				   .undo = close_result, .errnos = { ENOMEM, ENFILE, EFAULT } };

static void new_file(struct bench *b)
{
	if (b->fd < 0)
		b->fd = tun_open();
}

static void close_file(struct bench *b, long ret __UNUSED)
{
	close(b->fd);
	b->fd = -1;
}

/* The second file with the flags of the op: a new device, or a second queue if there is one. */
static long call_set_iff(void *bench)
{
	struct bench *b = bench;

	return tun_set_iff(b->fd, "f0", b->op->flags);
}

/* EINVAL: device_add() says so if there was no memory for the name. */
#define NEW_DEVICE(name, its_flags)                                                          \
	static const struct op op_new_##name = { .flags = its_flags, .no_device = true,      \
						 .prepare = new_file, .call = call_set_iff,  \
						 .undo = close_file,                         \
						 .errnos = { ENOMEM, ENOBUFS, EFAULT, EINVAL }, \
						 .late_fault = true }

NEW_DEVICE(tun, IFF_TUN | IFF_NO_PI);
NEW_DEVICE(tap, IFF_TAP);
NEW_DEVICE(multi_queue, IFF_TAP | IFF_MULTI_QUEUE);
NEW_DEVICE(napi_frags, IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS);

static const struct op op_second_queue = { .flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE,
					   .prepare = new_file, .call = call_set_iff,
					   .undo = close_file, .errnos = { ENOMEM, EFAULT },
					   .late_fault = true };

/* The device goes, whatever happens. */
static void new_device(struct bench *b)
{
	b->fd = tun_open();
	if (tun_set_iff(b->fd, "f0", b->op->flags))
		TH_BAIL("TUNSETIFF: %s", strerror(errno));
}

static long call_close(void *bench)
{
	struct bench *b = bench;
	int fd = b->fd;

	b->fd = -1;
	return close(fd) ?: link_exists("f0") ? 1 : 0;
}

static const struct op op_close = { .flags = IFF_TAP | IFF_NO_PI, .no_device = true,
				    .no_file = true, .prepare = new_device, .call = call_close };

/* ioctls */

static long call_detach(void *bench)
{
	return tun_set_queue(((struct bench *)bench)->t.fd, IFF_DETACH_QUEUE);
}

static void attach(struct bench *b, long ret __UNUSED)
{
	if (tun_set_queue(b->t.fd, IFF_ATTACH_QUEUE))
		TH_BAIL("IFF_ATTACH_QUEUE: %s", strerror(errno));
}

static const struct op op_detach = { .flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI,
				     .call = call_detach, .undo = attach, .errnos = { EFAULT } };

static void detached(struct bench *b)
{
	if (tun_iff_flags(b->t.fd) & IFF_DETACH_QUEUE)
		return;
	if (call_detach(b))
		TH_BAIL("IFF_DETACH_QUEUE: %s", strerror(errno));
}

static long call_attach(void *bench)
{
	return tun_set_queue(((struct bench *)bench)->t.fd, IFF_ATTACH_QUEUE);
}

static const struct op op_attach = { .flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_NAPI,
				     .prepare = detached, .call = call_attach,
				     .errnos = { ENOMEM, EFAULT } };

static long call_tx_filter(void *bench)
{
	static const uint8_t addresses[9][6] = { { 2, 0, 0, 0, 0, 1 }, { 1, 0, 0x5e, 0, 0, 1 } };

	return tun_set_tx_filter(((struct bench *)bench)->t.fd, 0, 9, addresses);
}

static const struct op op_tx_filter = { .flags = IFF_TAP | IFF_NO_PI, .call = call_tx_filter,
					.errnos = { ENOMEM, EFAULT, EINVAL } };

static long call_attach_filter(void *bench)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);

	return tun_attach_filter(((struct bench *)bench)->t.fd,
				 &(struct sock_fprog){ .len = 1, .filter = &all });
}

static void detach_filter(struct bench *b, long ret __UNUSED)
{
	if (tun_detach_filter(b->t.fd))
		TH_BAIL("TUNDETACHFILTER: %s", strerror(errno));
}

static const struct op op_attach_filter = { .flags = IFF_TAP | IFF_NO_PI,
					    .call = call_attach_filter, .undo = detach_filter,
					    .errnos = { ENOMEM, EFAULT } };

static long call_steering(void *bench)
{
	struct bench *b = bench;

	return tun_set_steering_ebpf(b->t.fd, b->program);
}

static const struct op op_steering = { .flags = IFF_TAP | IFF_NO_PI, .call = call_steering,
				       .errnos = { ENOMEM, EFAULT } };

static long call_offload(void *bench)
{
	struct bench *b = bench;

	return tun_set_offload(b->t.fd, TUN_F_CSUM | TUN_F_TSO4);
}

static void no_offload(struct bench *b, long ret __UNUSED)
{
	tun_set_offload(b->t.fd, 0);
}

static const struct op op_offload = { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
				      .call = call_offload, .undo = no_offload };

static long call_dev_netns(void *bench)
{
	return tun_get_dev_netns(((struct bench *)bench)->t.fd);
}

static const struct op op_dev_netns = { .flags = IFF_TUN, .call = call_dev_netns,
					.undo = close_result, .errnos = { ENOMEM, ENFILE } };

static long call_fioasync(void *bench)
{
	int on = 1;

	return ioctl(((struct bench *)bench)->t.fd, FIOASYNC, &on);
}

static void no_async(struct bench *b, long ret __UNUSED)
{
	int off = 0;

	ioctl(b->t.fd, FIOASYNC, &off);
}

static const struct op op_fioasync = { .flags = IFF_TUN, .call = call_fioasync, .undo = no_async,
				       .errnos = { ENOMEM, EFAULT } };

static long call_poll(void *bench)
{
	struct pollfd p[100];

	/* More than fit on the kernel's stack. */
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = (struct pollfd){ .fd = ((struct bench *)bench)->t.fd, .events = POLLIN };
	return poll(p, ARRAY_SIZE(p), 0);
}

static const struct op op_poll = { .flags = IFF_TUN | IFF_NO_PI, .call = call_poll,
				   .errnos = { ENOMEM, EFAULT } };

static long call_epoll(void *bench)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct bench *b = bench;
	int epoll = epoll_create1(EPOLL_CLOEXEC), ret, err;

	if (epoll < 0)
		return -1;
	ret = epoll_ctl(epoll, EPOLL_CTL_ADD, b->t.fd, &event);
	err = errno;
	close(epoll);
	errno = err;
	return ret;
}

static const struct op op_epoll = { .flags = IFF_TUN | IFF_NO_PI, .call = call_epoll,
				    .errnos = { ENOMEM, ENFILE, EFAULT } };

/* The link */

static long link_ioctl(unsigned long request, const struct ifreq *ifr)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return ioctl(fd, request, ifr);
}

/* Has the socket there before anything may fail. */
static void first_ioctl(struct bench *b)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, b->t.name, sizeof(ifr.ifr_name));
	if (link_ioctl(SIOCGIFFLAGS, &ifr))
		TH_BAIL("SIOCGIFFLAGS: %s", strerror(errno));
}

static long call_txqueuelen(void *bench __UNUSED)
{
	return link_ioctl(SIOCSIFTXQLEN,
			  &(struct ifreq){ .ifr_name = "t0", .ifr_qlen = 100 });
}

static void old_txqueuelen(struct bench *b, long ret __UNUSED)
{
	link_set_txqueuelen(b->t.name, 1000);
}

/* The driver has but NOTIFY_BAD to say that it could not, which becomes EPERM. */
static const struct op op_txqueuelen = { .flags = IFF_TAP | IFF_NO_PI, .prepare = first_ioctl,
					 .call = call_txqueuelen, .undo = old_txqueuelen,
					 .errnos = { EPERM, ENOMEM, EFAULT } };

static long call_rename(void *bench)
{
	struct bench *b = bench;
	struct ifreq ifr = { .ifr_newname = "renamed" };

	memcpy(ifr.ifr_name, b->t.name, sizeof(ifr.ifr_name));
	return link_ioctl(SIOCSIFNAME, &ifr);
}

static void old_name(struct bench *b, long ret __UNUSED)
{
	if (link_rename("renamed", b->t.name))
		TH_BAIL("rename: %s", strerror(errno));
}

static void go_down(struct bench *b)
{
	first_ioctl(b);
	if (link_down(b->t.name))
		TH_BAIL("down: %s", strerror(errno));
}

static const struct op op_rename = { .flags = IFF_TUN | IFF_NO_PI, .prepare = go_down,
				     .call = call_rename, .undo = old_name,
				     .errnos = { ENOMEM, ENOBUFS, EFAULT },
				     .late_fault = true };

static long call_up(void *bench)
{
	struct bench *b = bench;
	struct ifreq ifr = { .ifr_flags = IFF_UP };

	memcpy(ifr.ifr_name, b->t.name, sizeof(ifr.ifr_name));
	return link_ioctl(SIOCSIFFLAGS, &ifr);
}

static const struct op op_up = { .flags = IFF_TAP | IFF_NO_PI, .prepare = go_down,
				 .call = call_up, .errnos = { ENOMEM, ENOBUFS, EFAULT } };

/* Packets */

static void drain(int fd)
{
	uint8_t buf[4096];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
}

static void nonblocking_datagram(struct bench *b)
{
	drain(b->udp);
	peer_udp(&b->t, &b->f, 4000, PORT, 200, 1);
	b->vnet = (struct vnet){ 0 };
}

/* Not in one page of its own: tun_build_skb() is for those who do not wait. */
static void datagram(struct bench *b)
{
	nonblocking_datagram(b);
	tun_set_blocking(b->t.fd);
}

static void gso_datagram(struct bench *b)
{
	drain(b->udp);
	peer_ipv4(&b->t, &b->f, IPPROTO_TCP);
	frame_tcp(&b->f, 4000, PORT, 1, 1, 0);
	frame_pattern(&b->f, 30000, 1);
	b->vnet = frame_finish_gso(&b->f, 1000);
	tun_set_blocking(b->t.fd);
}

static void xdp_datagram(struct bench *b)
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);

	nonblocking_datagram(b);
	if (program < 0 || link_set_xdp(b->t.name, program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP: %s", strerror(errno));
	close(program);
}

static long call_write(void *bench)
{
	struct bench *b = bench;

	return tun_send(&b->t, &b->vnet, &b->f);
}

/* EINVAL: a header that cannot be pulled together for want of memory is taken for a bad one. */
#define WRITE(name, its_flags, how)                                                            \
	static const struct op op_write_##name = { .flags = its_flags, .prepare = how,         \
						   .call = call_write, .counted = true,        \
						   .errnos = { ENOMEM, ENOBUFS, EFAULT, EINVAL } }

WRITE(tun_pi, IFF_TUN, datagram);
WRITE(tap, IFF_TAP | IFF_NO_PI, datagram);
WRITE(built, IFF_TAP | IFF_NO_PI, nonblocking_datagram);
WRITE(xdp, IFF_TAP | IFF_NO_PI, xdp_datagram);
WRITE(vnet, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, datagram);
WRITE(gso, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, gso_datagram);
WRITE(napi, IFF_TAP | IFF_NO_PI | IFF_NAPI, datagram);
WRITE(napi_frags, IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS, datagram);

static void drain_device(const struct bench *b)
{
	static struct tun_packet p;

	while (tun_recv(&b->t, &p, 0))
		;
}

static void packet_waits(struct bench *b)
{
	drain_device(b);
	kernel_udp(b->udp, 4000, 1000, 1);
}

static long call_read(void *bench)
{
	static uint8_t buf[2048];

	return read(((struct bench *)bench)->t.fd, buf, sizeof(buf));
}

static const struct op op_read = { .flags = IFF_TUN | IFF_VNET_HDR, .prepare = packet_waits,
				   .call = call_read, .errnos = { EFAULT } };

static void drained(struct bench *b)
{
	drain_device(b);
}

static long call_transmit(void *bench)
{
	static const uint8_t data[4000];

	return udp_send(((struct bench *)bench)->udp, data, sizeof(data), PEER_IP4, 4000);
}

static const struct op op_transmit = { .flags = IFF_TAP | IFF_NO_PI, .prepare = drained,
				       .call = call_transmit,
				       .errnos = { ENOMEM, ENOBUFS, EFAULT } };

/* The bench and the runs */

static void bench_open(struct bench *b, const struct op *op)
{
	if (fault_prepare())
		TH_BAIL("fault injection: %s", strerror(errno));
	*b = (struct bench){ .op = op, .t.fd = -1, .fd = -1, .udp = -1 };
	b->program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);
	if (!op->no_file)
		b->fd = tun_open();
	if (op->no_device)
		return;
	b->t = peer_create(op->prepare == new_file ? "f0" : "t0", op->flags);
	b->udp = udp_open(KERNEL_IP4, PORT);
}

static void bench_close(struct bench *b)
{
	close(b->program);
	if (b->fd >= 0)
		close(b->fd);
	if (b->udp >= 0)
		close(b->udp);
	tun_close(&b->t);
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

	EXPECT_TRUE(allowed(b->op, err)) {
		TH_LOG("failure %u gave %s", n, harness_errno_name(err));
	}
	if (err == EFAULT && b->op->late_fault && !same(before, &after)) {
		b->op->undo(b, 0);
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
	failed = fault_nth(n, b->op->call, b, &r);
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

FIXTURE(fault)
{
	struct bench b;
};

FIXTURE_VARIANT(fault)
{
	const struct op *op;
};

#define OPS(each)                                                                            \
	each(open) each(new_tun) each(new_tap) each(new_multi_queue) each(new_napi_frags)    \
	each(second_queue) each(close) each(detach) each(attach) each(tx_filter)             \
	each(attach_filter) each(steering) each(offload) each(dev_netns) each(fioasync)      \
	each(poll) each(epoll) each(txqueuelen) each(rename) each(up) each(write_tun_pi)     \
	each(write_tap) each(write_built) each(write_xdp) each(write_vnet) each(write_gso)   \
	each(write_napi) each(write_napi_frags) each(read) each(transmit)

#define VARIANT(name) FIXTURE_VARIANT_ADD(fault, name) { &op_##name };
OPS(VARIANT)

FIXTURE_SETUP(fault)
{
	bench_open(&self->b, variant->op);
}

FIXTURE_TEARDOWN(fault)
{
	bench_close(&self->b);
}

TEST_F_TIMEOUT(fault, each, 120,
	       .title = "it works or fails with an errno that says why, and leaves all as it was, "
			"whichever allocation or copy fails",
	       .behaviours = { 3, 19, 74, 290, 409 }, .needs = { "fault_injection", "bpf" },
	       .guards = { "158b515f703e" })
{
	run(_metadata, &self->b);
}

#define POINTER(name) &op_##name,

/* Without a qdisc in between: how many packets until the ring takes no more. */
static int ring_takes(const struct bench *b, int packet)
{
	static const uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	int n = 0;

	drain_device(b);
	while (n < 2000 && packet_send(packet, frame, sizeof(frame)) == sizeof(frame))
		n++;
	return n;
}

TEST(txqueuelen_of_ring,
     .title = "a txqueuelen that is refused for want of memory leaves the ring as long as it was",
     .behaviours = { 409 }, .needs = { "fault_injection", "bpf", "packet_socket" })
{
	static struct bench b;
	struct fault_result r;
	int packet;

	bench_open(&b, &op_txqueuelen);
	packet = packet_open("t0", 0, PACKET_BYPASS);
	first_ioctl(&b);
	for (unsigned int n = 1; n < MANY && fault_nth(n, call_txqueuelen, &b, &r); n++) {
		/* It may take a few less: the places of packets just read are given back later. */
		EXPECT_EQ(r.ret == -1, ring_takes(&b, packet) > 500) {
			TH_LOG("failure %u gave %s", n, harness_errno_name(r.err));
		}
		old_txqueuelen(&b, 0);
	}
	EXPECT_GE(100, ring_takes(&b, packet));
	close(packet);
	bench_close(&b);
}

TEST(leaks, .title = "nothing is lost, whichever allocation fails", .behaviours = { 3, 74 },
     .needs = { "fault_injection", "kmemleak", "bpf" }, .waits = true)
{
	static const struct op *const ops[] = { OPS(POINTER) };
	static struct bench b;

	if (prctl(PR_SET_NAME, "tuntests-fault"))
		TH_BAIL("PR_SET_NAME: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		bench_open(&b, ops[i]);
		run(_metadata, &b);
		bench_close(&b);
	}
	EXPECT_EQ(0, fault_leaks("tuntests-fault"));
}
