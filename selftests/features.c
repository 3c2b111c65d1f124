// SPDX-License-Identifier: GPL-2.0-only
/* TUNGETFEATURES and TUNGETIFF: what the driver says of itself and of a device. */
#include <unistd.h>
#include <linux/filter.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sysfs.h"

/* Too low for anybody's mapping. */
#define BAD_POINTER ((void *)8)

/*
 * An old LTP (ioctl03) fails for every bit it does not know. That is no fault: new kernels have
 * new features, and only those of old have to be there.
 */
TEST(known_bits, .title = "TUNGETFEATURES has the flags of TUNSETIFF, and none that are no feature",
     .behaviours = { 123 })
{
	/* All older than any kernel in use. Newer ones may add bits. */
	const unsigned int always = IFF_TUN | IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS |
				    IFF_MULTI_QUEUE | IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR;
	/* IFF_TUN_EXCL is a way to ask, the others are for other ioctls. */
	const unsigned int never = IFF_TUN_EXCL | IFF_PERSIST | IFF_ATTACH_QUEUE | IFF_DETACH_QUEUE;
	unsigned int features = 0;
	int fd = tun_open();

	EXPECT_OK(tun_get_features(fd, &features));
	EXPECT_EQ(always, features & always);
	EXPECT_EQ(0, features & never);
	EXPECT_EQ(0, features >> 16);
	close(fd);
}

TEST(told_bits_work, .title = "IFF_NO_CARRIER is in TUNGETFEATURES if it takes effect",
     .behaviours = { 123 }, .needs = { "no_carrier" })
{
	unsigned int features = 0;
	int fd = tun_open();

	EXPECT_OK(tun_get_features(fd, &features));
	EXPECT_EQ(IFF_NO_CARRIER, features & IFF_NO_CARRIER);
	close(fd);
}

TEST(attached, .title = "TUNGETFEATURES is the same on every file, attached or not",
     .behaviours = { 123 })
{
	unsigned int before = 0, after = 0;
	int fd = tun_open();

	EXPECT_OK(tun_get_features(fd, &before));
	ASSERT_OK(tun_set_iff(fd, "f0", IFF_TAP));
	EXPECT_OK(tun_get_features(fd, &after));
	EXPECT_EQ(before, after);
	ASSERT_OK(link_del("f0"));
	EXPECT_OK(tun_get_features(fd, &after));
	EXPECT_EQ(before, after);
	close(fd);
}

TEST(four_bytes, .title = "TUNGETFEATURES writes four bytes, or gives EFAULT",
     .behaviours = { 124 })
{
	unsigned int words[3] = { 0xa5a5a5a5, 0xa5a5a5a5, 0xa5a5a5a5 };
	int fd = tun_open();

	EXPECT_OK(tun_get_features(fd, &words[1]));
	EXPECT_EQ(0xa5a5a5a5, words[0]);
	EXPECT_NE(0xa5a5a5a5, words[1]);
	EXPECT_EQ(0xa5a5a5a5, words[2]);
	EXPECT_ERRNO(EFAULT, tun_get_features(fd, NULL));
	EXPECT_ERRNO(EFAULT, tun_get_features(fd, BAD_POINTER));
	close(fd);
}

TEST(unattached, .title = "TUNGETIFF without a device gives EBADFD before it looks at its pointer",
     .behaviours = { 125 })
{
	struct ifreq ifr;
	int fd = tun_open();

	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, NULL));
	close(fd);
}

/* A device of each combination of flags that is stored, IFF_NAPI apart: that may be missing. */
FIXTURE(getiff)
{
	struct tun t;
};

FIXTURE_VARIANT(getiff)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(getiff, tun)
{
	.flags = IFF_TUN,
};

FIXTURE_VARIANT_ADD(getiff, tap)
{
	.flags = IFF_TAP,
};

FIXTURE_VARIANT_ADD(getiff, tun_bare)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(getiff, tap_all)
{
	.flags = IFF_TAP | IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE,
};

FIXTURE_SETUP(getiff)
{
	self->t = tun_create("f0", variant->flags);
}

FIXTURE_TEARDOWN(getiff)
{
	tun_close(&self->t);
}

TEST_F(getiff, flags,
       .title = "TUNGETIFF gives the flags of TUNSETIFF, IFF_PERSIST and IFF_NOFILTER",
       .behaviours = { 126, 129, 130 })
{
	struct ifreq ifr;

	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("f0", ifr.ifr_name);
	/* IFF_NOFILTER has the value of IFF_NO_PI, so that one cannot be told from here. */
	EXPECT_EQ(variant->flags | IFF_NOFILTER, (unsigned short)ifr.ifr_flags);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	EXPECT_EQ(variant->flags | IFF_NOFILTER | IFF_PERSIST, tun_iff_flags(self->t.fd));
}

TEST_F(getiff, witnesses, .title = "rtnetlink and sysfs show the flags that TUNGETIFF gives",
       .behaviours = { 126, 129 }, .needs = { "sysfs" })
{
	struct link link;

	/* These two know whether there is a packet information header. */
	EXPECT_EQ(variant->flags, sysfs_number("f0", "tun_flags"));
	ASSERT_OK(link_get("f0", &link));
	EXPECT_EQ(variant->flags & (IFF_TUN | IFF_TAP), link.data[TUN_LINK_TYPE]);
	EXPECT_EQ(!(variant->flags & IFF_NO_PI), link.data[TUN_LINK_PI]);
	EXPECT_EQ(!!(variant->flags & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
	EXPECT_EQ(!!(variant->flags & IFF_MULTI_QUEUE), link.data[TUN_LINK_MULTI_QUEUE]);
}

TEST_F(getiff, whole,
       .title = "TUNGETIFF fills the whole structure, with zeroes behind name and flags",
       .behaviours = { 127 })
{
	struct {
		struct ifreq ifr;
		uint8_t guard[16];
	} seen;
	struct ifreq expected = { .ifr_name = "f0" };

	expected.ifr_flags = tun_iff_flags(self->t.fd);
	memset(&seen, 0xa5, sizeof(seen));
	EXPECT_OK(tun_get_iff(self->t.fd, &seen.ifr));
	EXPECT_EQ(0, memcmp(&expected, &seen.ifr, sizeof(expected)));
	for (size_t i = 0; i < sizeof(seen.guard); i++) {
		EXPECT_EQ(0xa5, seen.guard[i]);
	}
}

TEST_F(getiff, bad_pointer, .title = "TUNGETIFF with a bad pointer gives EFAULT",
       .behaviours = { 126 })
{
	EXPECT_ERRNO(EFAULT, tun_get_iff(self->t.fd, NULL));
	EXPECT_ERRNO(EFAULT, tun_get_iff(self->t.fd, BAD_POINTER));
	EXPECT_TRUE(link_exists("f0"));
}

TEST_F(getiff, renamed, .title = "TUNGETIFF gives the present name of a renamed device",
       .behaviours = { 126 })
{
	static const char longest[] = "fifteen_letters";
	struct ifreq ifr;

	ASSERT_OK(link_rename("f0", longest));
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ(longest, ifr.ifr_name);
	/* A shorter name leaves nothing of the longer one. */
	ASSERT_OK(link_rename(longest, "f1"));
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_EQ(0, memcmp("f1\0\0\0\0\0\0\0\0\0\0\0\0\0", ifr.ifr_name, IFNAMSIZ));
	/* A second name is not what the device is called. */
	ASSERT_OK(link_add_altname("f1", "another"));
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("f1", ifr.ifr_name);
}

TEST_F(getiff, moved, .title = "TUNGETIFF gives the name in the namespace the device was moved to",
       .behaviours = { 131 }, .needs = { "net_namespaces" })
{
	const unsigned int flags = tun_iff_flags(self->t.fd);
	int home = netns_self(), away = netns_new();
	struct ifreq ifr;

	ASSERT_OK(link_set_netns("f0", away));
	EXPECT_FALSE(link_exists("f0"));
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("f0", ifr.ifr_name);

	netns_enter(away);
	ASSERT_OK(link_rename("f0", "there"));
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("there", ifr.ifr_name);
	netns_enter(home);
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("there", ifr.ifr_name);
	EXPECT_EQ(flags, (unsigned short)ifr.ifr_flags);
	close(home);
	close(away);
}

TEST(napi, .title = "TUNGETIFF gives IFF_NAPI", .behaviours = { 126 }, .needs = { "napi" })
{
	struct tun t = tun_create("f0", IFF_TUN | IFF_NAPI);

	EXPECT_EQ(IFF_TUN | IFF_NAPI | IFF_NOFILTER, tun_iff_flags(t.fd));
	tun_close(&t);
}

TEST(napi_frags, .title = "TUNGETIFF gives IFF_NAPI_FRAGS", .behaviours = { 126 },
     .needs = { "napi_frags" })
{
	struct tun t = tun_create("f0", IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS);

	EXPECT_EQ(IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NOFILTER, tun_iff_flags(t.fd));
	tun_close(&t);
}

TEST(not_stored, .title = "TUNGETIFF never gives IFF_NO_CARRIER or IFF_TUN_EXCL",
     .behaviours = { 130 })
{
	struct tun t = tun_create("f0", IFF_TAP | IFF_NO_PI | IFF_NO_CARRIER | IFF_TUN_EXCL);

	EXPECT_EQ(IFF_TAP | IFF_NO_PI, tun_iff_flags(t.fd));
	tun_close(&t);
}

/*
 * Many programs take bit 0x1000 of TUNGETIFF for IFF_NO_PI. It is IFF_NOFILTER, of the same value,
 * and says nothing of the PI header.
 */
TEST(no_filter, .title = "IFF_NOFILTER goes when a classic filter is attached, and comes back",
     .behaviours = { 129 })
{
	struct sock_filter all = { .code = BPF_RET | BPF_K, .k = -1 };
	struct sock_fprog filter = { .len = 1, .filter = &all };
	/* With the packet information header, so that the bit is not IFF_NO_PI. */
	struct tun t = tun_create("f0", IFF_TAP | IFF_MULTI_QUEUE);
	struct tun bare = tun_create("f1", IFF_TAP | IFF_NO_PI);
	struct link link;

	EXPECT_EQ(IFF_TAP | IFF_MULTI_QUEUE | IFF_NOFILTER, tun_iff_flags(t.fd));
	ASSERT_OK(tun_attach_filter(t.fd, &filter));
	EXPECT_EQ(IFF_TAP | IFF_MULTI_QUEUE, tun_iff_flags(t.fd));
	ASSERT_OK(tun_detach_filter(t.fd));
	EXPECT_EQ(IFF_TAP | IFF_MULTI_QUEUE | IFF_NOFILTER, tun_iff_flags(t.fd));
	ASSERT_OK(link_get("f0", &link));
	EXPECT_EQ(1, link.data[TUN_LINK_PI]);

	/* Without that header the bit stays, for the other meaning. */
	ASSERT_OK(tun_attach_filter(bare.fd, &filter));
	EXPECT_EQ(IFF_TAP | IFF_NO_PI, tun_iff_flags(bare.fd));
	tun_close(&bare);
	tun_close(&t);
}

TEST(detached_queue, .title = "IFF_DETACH_QUEUE is shown for the file whose queue is detached",
     .behaviours = { 128 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun first = tun_create("f0", flags), second = tun_create("f0", flags);

	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(flags | IFF_DETACH_QUEUE, tun_iff_flags(first.fd));
	EXPECT_EQ(flags, tun_iff_flags(second.fd));
	ASSERT_OK(tun_set_queue(first.fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(flags, tun_iff_flags(first.fd));
	tun_close(&second);
	tun_close(&first);
}

TEST(second_queue,
     .title = "TUNGETIFF of a second queue gives the device's flags, not those asked for",
     .behaviours = { 126, 132 }, .needs = { "multi_queue" })
{
	const unsigned int base = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	unsigned int device, other;
	struct link link;
	int first, second;

	/* Once the first has the vnet header and the second does not want it, once reversed. */
	for (int with = 1; with >= 0; with--) {
		device = base | (with ? IFF_VNET_HDR : 0);
		other = base | (with ? 0 : IFF_VNET_HDR);
		first = tun_open();
		second = tun_open();
		ASSERT_OK(tun_set_iff(first, "f0", device));
		ASSERT_OK(tun_set_iff(second, "f0", other));
		EXPECT_EQ(device, tun_iff_flags(second));
		EXPECT_EQ(device, tun_iff_flags(first));
		ASSERT_OK(link_get("f0", &link));
		EXPECT_EQ(with, link.data[TUN_LINK_VNET_HDR]);
		close(second);
		close(first);
	}
}
