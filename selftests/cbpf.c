// SPDX-License-Identifier: GPL-2.0-only
/*
 * TUNATTACHFILTER, TUNDETACHFILTER, TUNGETFILTER: the classic BPF program of a TAP, for what the
 * kernel sends to the file. (How queues get it that come later is cbpf_queue.c.)
 */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <unistd.h>
#include <linux/filter.h>

#include "device/memory.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/program.h"
#include "netns/sock.h"

#define PORT	   7000
#define PAYLOAD	   100

/* A program of one instruction: keep @n bytes. */
#define KEEP(n) ((struct sock_fprog){ 1, (struct sock_filter[]){ BPF_STMT(BPF_RET | BPF_K, n) } })

FIXTURE(cbpf)
{
	struct tun t;
	int udp; /* the kernel's */
	size_t whole; /* bytes of the frame that send_one() makes the kernel send */
};

FIXTURE_SETUP(cbpf)
{
	self->t = peer_create("t0", IFF_TAP | IFF_NO_PI);
	self->udp = udp_open(KERNEL_IP4, PORT);
	self->whole = peer_udp_size(&self->t, PAYLOAD);
}

FIXTURE_TEARDOWN(cbpf)
{
	tun_close(&self->t);
	close(self->udp);
}

/* The kernel sends a datagram: what read() gives then, -1 if nothing came. */
static ssize_t send_one(FIXTURE_DATA(cbpf) *self)
{
	uint8_t buf[2048];

	kernel_udp(self->udp, PORT, PAYLOAD, 1);
	return tun_read(&self->t, buf, sizeof(buf), 0);
}

TEST_F(cbpf, result, .title = "the program's result is the number of bytes kept, 0 drops the frame",
       .behaviours = { 189, 190 })
{
	const size_t kept[] = { 1, ETH_HLEN, 60, self->whole - 1 };
	const uint32_t all[] = { self->whole, self->whole + 1, 0x10000, 0x80000000, 0xffffffff };
	struct rtnl_link_stats64 before = link_stats("t0"), d;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(kept[i])));
		EXPECT_EQ(kept[i], send_one(self));
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(all[i])));
		EXPECT_EQ(self->whole, send_one(self)) { TH_LOG("result %#x", all[i]); }
	}
	EXPECT_EQ(0, link_stats_since("t0", &before).tx_dropped);
	ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(0)));
	EXPECT_EQ(-1, send_one(self));
	d = link_stats_since("t0", &before);
	EXPECT_EQ(1, d.tx_dropped);
	EXPECT_EQ(ARRAY_SIZE(kept) + ARRAY_SIZE(all), d.tx_packets);
}

TEST_F(cbpf, sees, .title = "the program sees the frame from its Ethernet header on",
       .behaviours = { 190 })
{
	/* 60 if the type is that of IPv4 and the port the peer's, otherwise 30. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, ETH_HLEN + 20 + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 60),
		BPF_STMT(BPF_RET | BPF_K, 30),
	};
	struct sock_filter length[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 7),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};

	ASSERT_OK(tun_attach_filter(self->t.fd, &(struct sock_fprog){ 6, code }));
	EXPECT_EQ(60, send_one(self));
	ASSERT_OK(tun_attach_filter(self->t.fd, &(struct sock_fprog){ 3, length }));
	EXPECT_EQ(self->whole - 7, send_one(self));
}

TEST(tun, .title = "a TUN has no classic filter: EINVAL", .behaviours = { 186 })
{
	struct tun t = tun_create("t0", IFF_TUN | IFF_NO_PI);
	struct sock_fprog f = { 77, NULL };

	EXPECT_ERRNO(EINVAL, tun_attach_filter(t.fd, &KEEP(0)));
	EXPECT_ERRNO(EINVAL, tun_attach_filter(t.fd, NULL));
	EXPECT_ERRNO(EINVAL, tun_detach_filter(t.fd));
	EXPECT_ERRNO(EINVAL, tun_get_filter(t.fd, &f));
	EXPECT_EQ(77, f.len);
	tun_close(&t);
}

TEST_F(cbpf, bad_program,
       .title = "a program that cannot be read gives EFAULT, a wrong one EINVAL",
       .behaviours = { 187 })
{
	static struct sock_filter many[BPF_MAXINSNS + 1];
	struct sock_filter no_end = BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	struct sock_filter unknown = { .code = 0xffff };
	struct sock_filter *cut = cut_memory(KEEP(1).filter, sizeof(struct sock_filter));
	struct sock_fprog programs[] = {
		{ 0, &no_end }, { 1, NULL },  { 1, &no_end },
		{ 1, &unknown }, { BPF_MAXINSNS + 1, many },
	};

	for (int i = 0; i <= BPF_MAXINSNS; i++)
		many[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 1);
	EXPECT_ERRNO(EFAULT, tun_attach_filter(self->t.fd, NULL));
	EXPECT_ERRNO(EFAULT, tun_get_filter(self->t.fd, NULL));
	EXPECT_ERRNO(EFAULT, tun_attach_filter(self->t.fd, &(struct sock_fprog){ 2, cut }));
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		EXPECT_ERRNO(EINVAL, tun_attach_filter(self->t.fd, &programs[i]));
	EXPECT_EQ(self->whole, send_one(self));

	/* Just enough of it; and many, but no more than net.core.optmem_max allows. */
	ASSERT_OK(tun_attach_filter(self->t.fd, &(struct sock_fprog){ 1, cut }));
	EXPECT_EQ(1, send_one(self));
	ASSERT_OK(tun_attach_filter(self->t.fd, &(struct sock_fprog){ 1000, many }));
	EXPECT_EQ(1, send_one(self));
}

TEST_F(cbpf, none, .title = "without a filter detaching succeeds, and TUNGETFILTER gives zeros",
       .behaviours = { 191 })
{
	struct sock_fprog f = { 77, (void *)1 };

	EXPECT_OK(tun_get_filter(self->t.fd, &f));
	EXPECT_EQ(0, f.len);
	EXPECT_NULL(f.filter);
	EXPECT_OK(tun_detach_filter(self->t.fd));
	EXPECT_EQ(self->whole, send_one(self));
}

TEST_F(cbpf, get,
       .title = "TUNGETFILTER gives the struct last passed, also if that failed, and after detaching",
       .behaviours = { 188, 192 })
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 50);
	struct sock_fprog good = { 1, &code }, bad = { 0, (void *)0x1234 }, f;

	ASSERT_OK(tun_attach_filter(self->t.fd, &good));
	/* The instructions were copied. */
	code.k = 0;
	EXPECT_EQ(50, send_one(self));
	ASSERT_OK(tun_get_filter(self->t.fd, &f));
	EXPECT_EQ(1, f.len);
	EXPECT_EQ((uintptr_t)&code, (uintptr_t)f.filter);

	EXPECT_ERRNO(EINVAL, tun_attach_filter(self->t.fd, &bad));
	ASSERT_OK(tun_get_filter(self->t.fd, &f));
	EXPECT_EQ(0, f.len);
	EXPECT_EQ(0x1234, (uintptr_t)f.filter);
	/* But it is the good one that runs. */
	EXPECT_EQ(50, send_one(self));

	ASSERT_OK(tun_detach_filter(self->t.fd));
	EXPECT_EQ(self->whole, send_one(self));
	ASSERT_OK(tun_get_filter(self->t.fd, &f));
	EXPECT_EQ(0x1234, (uintptr_t)f.filter);
}

TEST_F(cbpf, detach_argument, .title = "TUNDETACHFILTER does not look at its argument",
       .behaviours = { 193 })
{
	ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(1)));
	EXPECT_OK(ioctl(self->t.fd, TUNDETACHFILTER, (void *)1));
	EXPECT_EQ(self->whole, send_one(self));
	ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(1)));
	EXPECT_EQ(1, send_one(self));
	EXPECT_OK(ioctl(self->t.fd, TUNDETACHFILTER, NULL));
	EXPECT_EQ(self->whole, send_one(self));
}

TEST_F(cbpf, before_ebpf,
       .title = "the address filter comes first, then the classic filter, then the eBPF filter",
       .behaviours = { 190, 202 }, .needs = { "bpf" })
{
	const uint8_t nobody[1][6] = { { 0x02, 0xbb } };
	struct program *p = &(struct program){ 0 };

	program_start(p, BPF_PROG_TYPE_SOCKET_FILTER);
	program_count(p, 0);
	program_see(p, 1, PROGRAM_FIELD(struct __sk_buff, len));
	ASSERT_LE(0, program_return_shared(p, 2));
	ASSERT_OK(tun_set_filter_ebpf(self->t.fd, p->fd));
	ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(80)));
	/* It sees what the classic one left, and can only take more away. */
	p->shared[2] = 60;
	EXPECT_EQ(60, send_one(self));
	EXPECT_EQ(80, p->shared[1]);
	p->shared[2] = 90;
	EXPECT_EQ(80, send_one(self));
	EXPECT_EQ(2, p->shared[0]);
	/* What others drop it does not see. */
	ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(0)));
	EXPECT_EQ(-1, send_one(self));
	ASSERT_OK(tun_attach_filter(self->t.fd, &KEEP(80)));
	ASSERT_EQ(1, tun_set_tx_filter(self->t.fd, 0, 1, nobody));
	EXPECT_EQ(-1, send_one(self));
	EXPECT_EQ(2, p->shared[0]);
	program_close(p);
}
