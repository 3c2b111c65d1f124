// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls as 32-bit programs call them on a 64-bit kernel: their pointers, their ifreq of 32
 * bytes instead of 40, and the numbers that differ because a struct's size does.
 */
#include <net/if_arp.h>
#include <unistd.h>
#include <linux/filter.h>

#include "device/compat.h"
#include "device/memory.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"

#define IFREQ32 32 /* bytes of their ifreq */
/* The number as it is with a struct sock_fprog of 8 bytes. */
#define NR32(request) _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), 8)

FIXTURE(compat)
{
	struct tun t;
	/* The argument, as long as the call may need it and no longer. */
	int *number;
	struct ifreq *ifr;
};

FIXTURE_VARIANT(compat)
{
	unsigned int type;
};

FIXTURE_VARIANT_ADD(compat, tun) { IFF_TUN };
FIXTURE_VARIANT_ADD(compat, tap) { IFF_TAP };

FIXTURE_SETUP(compat)
{
	self->t = tun_create("t0", variant->type | IFF_NO_PI | IFF_VNET_HDR);
	self->number = cut_memory_low(NULL, sizeof(*self->number));
	self->ifr = cut_memory_low(NULL, IFREQ32);
}

FIXTURE_TEARDOWN(compat)
{
	tun_close(&self->t);
}

TEST_F(compat, attach,
       .title = "TUNSETIFF and TUNGETIFF take and give 32 bytes of ifreq, and no more",
       .behaviours = { 264 }, .needs = { "compat" })
{
	const unsigned int flags = variant->type | IFF_NO_PI | IFF_VNET_HDR;
	int fd = tun_open();

	strcpy(self->ifr->ifr_name, "c%d");
	self->ifr->ifr_flags = flags;
	/* Of 64 bits it is too short. */
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, self->ifr));
	ASSERT_OK(compat_ioctl(fd, TUNSETIFF, self->ifr));
	EXPECT_STREQ("c0", self->ifr->ifr_name);
	EXPECT_TRUE(link_exists("c0"));
	EXPECT_EQ(flags, tun_iff_flags(fd));

	memset(self->ifr, 0xff, IFREQ32);
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNGETIFF, self->ifr));
	ASSERT_OK(compat_ioctl(fd, TUNGETIFF, self->ifr));
	EXPECT_STREQ("c0", self->ifr->ifr_name);
	EXPECT_EQ(flags, self->ifr->ifr_flags);
	close(fd);
}

TEST_F(compat, queue, .title = "TUNSETQUEUE takes 32 bytes of ifreq", .behaviours = { 264 },
       .needs = { "compat", "multi_queue" })
{
	struct tun t = tun_create("t1", variant->type | IFF_NO_PI | IFF_MULTI_QUEUE);

	self->ifr->ifr_flags = IFF_DETACH_QUEUE;
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNSETQUEUE, self->ifr));
	EXPECT_OK(compat_ioctl(t.fd, TUNSETQUEUE, self->ifr));
	EXPECT_EQ(IFF_DETACH_QUEUE, tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	tun_close(&t);
}

TEST_F(compat, numbers,
       .title = "send buffer, header size and features are set and read through an int",
       .behaviours = { 264 }, .needs = { "compat" })
{
	unsigned int features;
	int fd = self->t.fd, seen = 0;

	*self->number = 54321;
	EXPECT_OK(compat_ioctl(fd, TUNSETSNDBUF, self->number));
	EXPECT_OK(tun_get_sndbuf(fd, &seen));
	EXPECT_EQ(54321, seen);
	*self->number = 0;
	EXPECT_OK(compat_ioctl(fd, TUNGETSNDBUF, self->number));
	EXPECT_EQ(54321, *self->number);

	*self->number = 12;
	EXPECT_OK(compat_ioctl(fd, TUNSETVNETHDRSZ, self->number));
	EXPECT_OK(tun_get_vnet_hdr_sz(fd, &seen));
	EXPECT_EQ(12, seen);
	*self->number = 0;
	EXPECT_OK(compat_ioctl(fd, TUNGETVNETHDRSZ, self->number));
	EXPECT_EQ(12, *self->number);

	ASSERT_OK(tun_get_features(fd, &features));
	EXPECT_OK(compat_ioctl(fd, TUNGETFEATURES, self->number));
	EXPECT_EQ(features, *self->number);
}

TEST_F(compat, values, .title = "TUNSETOFFLOAD takes a mask, SIOCGSKNS gives a descriptor",
       .behaviours = { 264 }, .needs = { "compat" })
{
	int netns;

	EXPECT_OK(compat_ioctl(self->t.fd, TUNSETOFFLOAD, (void *)(uintptr_t)TUN_F_CSUM));
	EXPECT_ERRNO(EINVAL, compat_ioctl(self->t.fd, TUNSETOFFLOAD, (void *)0x80000000));
	netns = compat_ioctl(self->t.fd, SIOCGSKNS, NULL);
	ASSERT_LE(0, netns);
	EXPECT_EQ(netns_inode(-1), netns_inode(netns));
	close(netns);
}

TEST(address, .title = "a TAP's address is set and read in 32 bytes of ifreq",
     .behaviours = { 264 }, .needs = { "compat" })
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };
	struct tun tap = tun_create("t1", IFF_TAP | IFF_NO_PI);
	struct ifreq *ifr = cut_memory_low(NULL, IFREQ32);
	uint8_t seen[14];
	uint16_t family;

	ifr->ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr->ifr_hwaddr.sa_data, mac, sizeof(mac));
	EXPECT_ERRNO(EFAULT, ioctl(tap.fd, SIOCSIFHWADDR, ifr));
	EXPECT_OK(compat_ioctl(tap.fd, SIOCSIFHWADDR, ifr));
	ASSERT_OK(tun_get_hwaddr(tap.fd, &family, seen));
	EXPECT_EQ(0, memcmp(mac, seen, sizeof(mac)));

	memset(ifr, 0, IFREQ32);
	EXPECT_ERRNO(EFAULT, ioctl(tap.fd, SIOCGIFHWADDR, ifr));
	EXPECT_OK(compat_ioctl(tap.fd, SIOCGIFHWADDR, ifr));
	EXPECT_EQ(ARPHRD_ETHER, ifr->ifr_hwaddr.sa_family);
	EXPECT_EQ(0, memcmp(mac, ifr->ifr_hwaddr.sa_data, sizeof(mac)));
	tun_close(&tap);
}

TEST(filters,
     .title = "the classic filter's ioctls are unknown by the numbers of 32-bit programs",
     .behaviours = { 265 }, .needs = { "compat" })
{
	/* With the packet information header IFF_NOFILTER tells whether there is a filter. */
	struct tun tap = tun_create("t1", IFF_TAP);
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog program = { 1, &code };
	void *zeros = cut_memory_low(NULL, sizeof(program));

	EXPECT_ERRNO(EINVAL, compat_ioctl(tap.fd, NR32(TUNATTACHFILTER), zeros));
	EXPECT_ERRNO(EINVAL, compat_ioctl(tap.fd, NR32(TUNGETFILTER), zeros));
	EXPECT_EQ(IFF_NOFILTER, tun_iff_flags(tap.fd) & IFF_NOFILTER);
	ASSERT_OK(tun_attach_filter(tap.fd, &program));
	EXPECT_ERRNO(EINVAL, compat_ioctl(tap.fd, NR32(TUNDETACHFILTER), zeros));
	EXPECT_EQ(0, tun_iff_flags(tap.fd) & IFF_NOFILTER);
	/* By the number of 64 bits it works: it reads nothing. */
	EXPECT_OK(compat_ioctl(tap.fd, TUNDETACHFILTER, zeros));
	EXPECT_EQ(IFF_NOFILTER, tun_iff_flags(tap.fd) & IFF_NOFILTER);
	tun_close(&tap);
}

TEST_F(compat, owner, .title = "TUNSETOWNER and TUNSETGROUP of 0xffffffff give EINVAL, as nobody's id",
       .behaviours = { 266 }, .needs = { "compat" })
{
	void *nobody = (void *)0xffffffff;
	struct link link;

	EXPECT_ERRNO(EINVAL, compat_ioctl(self->t.fd, TUNSETOWNER, nobody));
	EXPECT_ERRNO(EINVAL, compat_ioctl(self->t.fd, TUNSETGROUP, nobody));
	ASSERT_OK(link_get("t0", &link));
	EXPECT_FALSE(link.has_data[TUN_LINK_OWNER]);
	EXPECT_FALSE(link.has_data[TUN_LINK_GROUP]);
	EXPECT_OK(compat_ioctl(self->t.fd, TUNSETOWNER, 0));
	ASSERT_OK(link_get("t0", &link));
	EXPECT_TRUE(link.has_data[TUN_LINK_OWNER]);
}

TEST_F(compat, pointers,
       .title = "a TX filter and the descriptor of a BPF program are read where a 32-bit pointer says",
       .behaviours = { 267 }, .needs = { "compat" })
{
	/* A struct tun_filter with one address. */
	static const struct {
		uint16_t flags, count;
		uint8_t address[6];
	} filter = { 0, 1, { 0x02, 9 } };
	struct tun tap = tun_create("t1", IFF_TAP | IFF_NO_PI);
	int fd = self->t.fd;

	EXPECT_EQ(1, compat_ioctl(tap.fd, TUNSETTXFILTER, cut_memory_low(&filter, 10)));
	EXPECT_ERRNO(EFAULT, compat_ioctl(tap.fd, TUNSETTXFILTER, cut_memory_low(&filter, 9)));

	*self->number = 12345;
	EXPECT_ERRNO(EBADF, compat_ioctl(fd, TUNSETSTEERINGEBPF, self->number));
	EXPECT_ERRNO(EBADF, compat_ioctl(fd, TUNSETFILTEREBPF, self->number));
	*self->number = -1;
	EXPECT_OK(compat_ioctl(fd, TUNSETSTEERINGEBPF, self->number));
	EXPECT_OK(compat_ioctl(fd, TUNSETFILTEREBPF, self->number));
	EXPECT_ERRNO(EFAULT, compat_ioctl(fd, TUNSETSTEERINGEBPF, self->number + 1));
	EXPECT_ERRNO(EFAULT, compat_ioctl(fd, TUNSETFILTEREBPF, self->number + 1));
	tun_close(&tap);
}
