// SPDX-License-Identifier: GPL-2.0-only
/*
 * TUNSETSTEERINGEBPF and TUNSETFILTEREBPF: the eBPF programs that choose a queue for what the
 * kernel sends to the file, and how much of it is kept.
 */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/program.h"
#include "netns/sock.h"

#define PORT	   7000
#define PAYLOAD	   100
#define TIMEOUT_MS 2000

FIXTURE(ebpf)
{
	struct tun t;
	int udp; /* the kernel's */
	size_t whole; /* bytes of the frame that send_one() makes the kernel send */
	struct program p; /* a socket filter, to be written by the test */
};

FIXTURE_VARIANT(ebpf)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(ebpf, tun) { IFF_TUN };
FIXTURE_VARIANT_ADD(ebpf, tap) { IFF_TAP };

FIXTURE_SETUP(ebpf)
{
	self->t = peer_create("t0", variant->flags | IFF_NO_PI);
	self->udp = udp_open(KERNEL_IP4, PORT);
	self->whole = peer_udp_size(&self->t, PAYLOAD);
	program_start(&self->p, BPF_PROG_TYPE_SOCKET_FILTER);
}

FIXTURE_TEARDOWN(ebpf)
{
	tun_close(&self->t);
	close(self->udp);
	program_close(&self->p);
}

/* The kernel sends a datagram: what read() gives then, -1 if nothing came. */
static ssize_t send_one(FIXTURE_DATA(ebpf) *self)
{
	uint8_t buf[2048];

	kernel_udp(self->udp, PORT, PAYLOAD, 1);
	return tun_read(&self->t, buf, sizeof(buf), 0);
}

TEST_F(ebpf, filter_result,
       .title = "the filter's result is the number of bytes kept, 0 drops the packet",
       .behaviours = { 234 }, .needs = { "bpf" })
{
	const int64_t kept[] = { 1, 14, 60, self->whole - 1 };
	const int64_t all[] = { self->whole, self->whole + 1, 0x10000, 0x7fffffff, 0x80000000, -1 };
	struct rtnl_link_stats64 before = link_stats("t0"), d;

	ASSERT_LE(0, program_return_shared(&self->p, 0));
	ASSERT_OK(tun_set_filter_ebpf(self->t.fd, self->p.fd));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		self->p.shared[0] = kept[i];
		EXPECT_EQ(kept[i], send_one(self));
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		self->p.shared[0] = all[i];
		EXPECT_EQ(self->whole, send_one(self)) { TH_LOG("result %#jx", all[i]); }
	}
	EXPECT_EQ(0, link_stats_since("t0", &before).tx_dropped);
	self->p.shared[0] = 0;
	EXPECT_EQ(-1, send_one(self));
	d = link_stats_since("t0", &before);
	EXPECT_EQ(1, d.tx_dropped);
	EXPECT_EQ(ARRAY_SIZE(kept) + ARRAY_SIZE(all), d.tx_packets);
}

TEST_F(ebpf, filter_sees,
       .title = "the filter sees the packet as it is read",
       .behaviours = { 235 }, .needs = { "bpf" })
{
	const int l3 = tun_l2_size(&self->t);
	struct program *p = &self->p;

	program_see(p, 0, PROGRAM_FIELD(struct __sk_buff, len));
	program_see(p, 1, PROGRAM_FIELD(struct __sk_buff, ifindex));
	program_see(p, 2, PROGRAM_FIELD(struct __sk_buff, protocol));
	program_see_bytes(p, 3, 0, 1);
	program_see_bytes(p, 4, l3, 1);
	program_see_bytes(p, 5, l3 + 20 + 2, 2);
	ASSERT_LE(0, program_return(p, -1));
	ASSERT_OK(tun_set_filter_ebpf(self->t.fd, p->fd));
	EXPECT_EQ(self->whole, send_one(self));
	EXPECT_EQ(self->whole, p->shared[0]);
	EXPECT_EQ(if_nametoindex("t0"), p->shared[1]);
	EXPECT_EQ(htons(ETHERTYPE_IP), p->shared[2]);
	EXPECT_EQ(tun_is_tap(&self->t) ? peer_mac[0] : 0x45, p->shared[3]);
	EXPECT_EQ(0x45, p->shared[4]);
	EXPECT_EQ(htons(PORT), p->shared[5]);
}

FIXTURE(ebpf_ioctl)
{
	struct tun t;
};

FIXTURE_VARIANT(ebpf_ioctl)
{
	unsigned int flags;
	unsigned long command;
	int (*set)(int fd, int program);
};

FIXTURE_VARIANT_ADD(ebpf_ioctl, tun_steering)
{
	IFF_TUN, TUNSETSTEERINGEBPF, tun_set_steering_ebpf
};
FIXTURE_VARIANT_ADD(ebpf_ioctl, tun_filter)
{
	IFF_TUN, TUNSETFILTEREBPF, tun_set_filter_ebpf
};
FIXTURE_VARIANT_ADD(ebpf_ioctl, tap_steering)
{
	IFF_TAP, TUNSETSTEERINGEBPF, tun_set_steering_ebpf
};
FIXTURE_VARIANT_ADD(ebpf_ioctl, tap_filter)
{
	IFF_TAP, TUNSETFILTEREBPF, tun_set_filter_ebpf
};

FIXTURE_SETUP(ebpf_ioctl)
{
	self->t = tun_create("t0", variant->flags | IFF_NO_PI);
}

FIXTURE_TEARDOWN(ebpf_ioctl)
{
	tun_close(&self->t);
}

TEST_F(ebpf_ioctl, descriptors,
       .title = "only a socket filter's descriptor is taken, and -1 for none",
       .behaviours = { 228, 229, 230 }, .needs = { "bpf" })
{
	int fd = self->t.fd, filter, xdp, closed = dup(fd);

	filter = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);
	xdp = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);
	close(closed);
	EXPECT_OK(variant->set(fd, -1));
	EXPECT_ERRNO(EFAULT, ioctl(fd, variant->command, NULL));
	EXPECT_ERRNO(EBADF, variant->set(fd, closed));
	EXPECT_ERRNO(EBADF, variant->set(fd, -2));
	EXPECT_ERRNO(EINVAL, variant->set(fd, fd));
	if (xdp >= 0)
		EXPECT_ERRNO(EINVAL, variant->set(fd, xdp));
	EXPECT_OK(variant->set(fd, filter));
	EXPECT_OK(variant->set(fd, filter));
	EXPECT_OK(variant->set(fd, -1));
	close(filter);
	close(xdp);
}

/* A program, and its number, whose only user is the device. */
static uint32_t give_program(FIXTURE_DATA(ebpf_ioctl) *self,
			     const FIXTURE_VARIANT(ebpf_ioctl) *variant)
{
	int program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);
	uint32_t id = program_id(program);

	if (variant->set(self->t.fd, program))
		TH_BAIL("cannot set a program: %s", strerror(errno));
	close(program);
	return id;
}

TEST_F(ebpf_ioctl, released,
       .title = "a program stays until another one comes, or none, or the device goes",
       .behaviours = { 229, 236, 237 }, .needs = { "bpf_ids" })
{
	uint32_t first = give_program(self, variant), second, third;

	EXPECT_FALSE(program_gone(first, 20));
	/* A descriptor that is refused changes nothing. */
	EXPECT_ERRNO(EBADF, variant->set(self->t.fd, -2));
	EXPECT_FALSE(program_gone(first, 20));
	second = give_program(self, variant);
	EXPECT_TRUE(program_gone(first, TIMEOUT_MS));
	EXPECT_TRUE(program_exists(second));
	EXPECT_OK(variant->set(self->t.fd, -1));
	EXPECT_TRUE(program_gone(second, TIMEOUT_MS));

	third = give_program(self, variant);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	EXPECT_FALSE(program_gone(third, 20));
	ASSERT_OK(link_del("t0"));
	EXPECT_TRUE(program_gone(third, TIMEOUT_MS));
}
