// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFF: which device a file gets, and which error if none. */
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/memory.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define TIMEOUT_MS 2000
#define TYPE_MASK  (IFF_TUN | IFF_TAP)
/* The flags the driver keeps of those in TUNSETIFF. */
#define STORED                                                                                     \
	(IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS)

/*
 * The stored flags with IFF_NO_PI, which TUNGETIFF hides behind IFF_NOFILTER: by sysfs, or without
 * one by rtnetlink, as far as that tells them.
 */
static unsigned int stored_flags(const struct tun *t)
{
	unsigned int flags = tun_iff_flags(t->fd) & ~IFF_NOFILTER;
	struct link link;

	if (link_get(t->name, &link))
		TH_BAIL("no link %s: %s", t->name, strerror(errno));
	if (!link.data[TUN_LINK_PI])
		flags |= IFF_NO_PI;
	if (harness_feature("sysfs"))
		sscanf(sysfs_get(t->name, "tun_flags"), "%x", &flags);
	return flags;
}

/* A persistent device that no file is attached to. */
static void make_idle(const char *name, unsigned int flags)
{
	struct tun t = tun_create(name, flags);

	if (tun_set_persist(t.fd, 1))
		TH_BAIL("TUNSETPERSIST: %s", strerror(errno));
	tun_close(&t);
}

/* TUNSETIFF with a file of its own, which is closed again: 0 or the errno. */
static int attach_errno(const char *name, unsigned int flags)
{
	int fd = tun_open(), err = tun_set_iff(fd, name, flags) ? errno : 0;

	close(fd);
	return err;
}

FIXTURE(setiff)
{
};

FIXTURE_VARIANT(setiff)
{
	const char *name; /* of the first one without a name */
	unsigned int type, other_type, arphrd, txqueuelen;
	uint8_t address_len;
};

FIXTURE_VARIANT_ADD(setiff, tun)
{
	.name = "tun0",
	.type = IFF_TUN,
	.other_type = IFF_TAP,
	.arphrd = 65534,
	.txqueuelen = 500,
	.address_len = 0,
};

/* ether_setup() sets the queue length again after the driver did. */
FIXTURE_VARIANT_ADD(setiff, tap)
{
	.name = "tap0",
	.type = IFF_TAP,
	.other_type = IFF_TUN,
	.arphrd = 1,
	.txqueuelen = 1000,
	.address_len = 6,
};

TEST(no_type, .title = "flags with neither IFF_TUN nor IFF_TAP give EINVAL",
     .behaviours = { 28, 73 })
{
	static const unsigned int flags[] = { 0,
					      IFF_NO_PI,
					      IFF_VNET_HDR,
					      IFF_MULTI_QUEUE,
					      IFF_NAPI,
					      IFF_TUN_EXCL,
					      0xfffc & ~IFF_NAPI_FRAGS };
	struct link_watch *watch = link_watch_open();
	int fd = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "typeless", flags[i])) {
			TH_LOG("flags %#x", flags[i]);
		}
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, NULL, flags[i]));
	}
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	EXPECT_OK(tun_set_iff(fd, "typeless", IFF_TUN));
	close(fd);
	link_watch_close(watch);
}

TEST(no_capability,
     .title = "a new device without CAP_NET_ADMIN gives EPERM, whatever the flags say of its type",
     .behaviours = { 29, 53 })
{
	static const unsigned int flags[] = { IFF_TUN,
					      IFF_TAP,
					      IFF_TUN | IFF_NO_PI,
					      0,
					      IFF_NO_PI,
					      IFF_TAP | IFF_TUN_EXCL,
					      IFF_TUN | IFF_MULTI_QUEUE };
	struct link_watch *watch = link_watch_open();
	int fd = tun_open();

	creds_net_admin(false);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_ERRNO(EPERM, tun_set_iff(fd, "forbidden", flags[i])) {
			TH_LOG("flags %#x", flags[i]);
		}
		EXPECT_ERRNO(EPERM, tun_set_iff(fd, NULL, flags[i]));
	}
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	/* The capability counts at the time of the call, not of the open. */
	creds_net_admin(true);
	EXPECT_OK(tun_set_iff(fd, "forbidden", IFF_TUN));
	close(fd);
	link_watch_close(watch);
}

TEST(both_types, .title = "IFF_TUN and IFF_TAP together make a TUN", .behaviours = { 30 })
{
	struct tun t = tun_create(NULL, IFF_TUN | IFF_TAP | IFF_NO_PI);
	struct link link;

	EXPECT_STREQ("tun0", t.name);
	EXPECT_EQ(IFF_TUN, tun_iff_flags(t.fd) & TYPE_MASK);
	ASSERT_OK(link_get("tun0", &link));
	EXPECT_EQ(65534, link.type);
	EXPECT_EQ(IFF_TUN, link.data[TUN_LINK_TYPE]);
	tun_close(&t);
}

TEST_F(setiff, both_types_existing,
       .title = "IFF_TUN and IFF_TAP together attach to an existing device of either type",
       .behaviours = { 31 })
{
	unsigned int flags = variant->type | IFF_NO_PI;
	struct tun t;
	int fd;

	make_idle("either", flags);
	t = tun_create("either", IFF_TUN | IFF_TAP | IFF_NO_PI);
	EXPECT_EQ(variant->type, tun_iff_flags(t.fd) & TYPE_MASK);
	fd = tun_open();
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "either", IFF_TUN | IFF_TAP | IFF_NO_PI));
	close(fd);
	tun_close(&t);
}

TEST(ifreq_copied_back,
     .title =
	     "the ifreq comes back with the device's name and for the rest as the caller filled it",
     .behaviours = { 32, 77 })
{
	/* Bits without a meaning here among them: it is the caller's word that comes back. */
	const unsigned short flags = 0x8e82;
	const size_t tail = offsetof(struct ifreq, ifr_flags) + sizeof(flags);
	struct ifreq ifr, asked;
	int fd = tun_open();

	memset(&ifr, 0xa5, sizeof(ifr));
	strcpy(ifr.ifr_name, "back%d");
	ifr.ifr_flags = flags;
	asked = ifr;
	ASSERT_OK(ioctl(fd, TUNSETIFF, &ifr));
	EXPECT_STREQ("back0", ifr.ifr_name);
	EXPECT_EQ(flags, (unsigned short)ifr.ifr_flags);
	EXPECT_EQ(0, memcmp((char *)&asked + tail, (char *)&ifr + tail, sizeof(ifr) - tail));
	EXPECT_EQ(IFF_TAP, tun_iff_flags(fd) & ~IFF_NOFILTER);
	close(fd);
}

/*
 * Another implementation gives EINVAL here (StarryOS, tgoskits pull request 1566). EEXIST is what
 * __tun_chr_ioctl() says, before it looks at anything of the request.
 */
TEST_F(setiff, attached_already,
       .title = "TUNSETIFF on an attached file gives EEXIST, whatever it asks",
       .behaviours = { 33 })
{
	static const char *const names[] = { NULL, "first", "second", "lo", "bad name" };
	struct tun t = tun_create("first", variant->type);
	const unsigned int flags[] = { variant->type, variant->other_type, 0,
				       variant->type | IFF_TUN_EXCL, IFF_NAPI_FRAGS };
	struct link_watch *watch = link_watch_open();
	struct ifreq ifr;

	for (int capable = 1; capable >= 0; capable--) {
		creds_net_admin(capable);
		for (size_t i = 0; i < ARRAY_SIZE(names) * ARRAY_SIZE(flags); i++) {
			const char *name = names[i / ARRAY_SIZE(flags)];
			unsigned int asked = flags[i % ARRAY_SIZE(flags)];

			EXPECT_ERRNO(EEXIST, tun_set_iff(t.fd, name, asked)) {
				TH_LOG("name '%s', flags %#x", name ?: "", asked);
			}
		}
	}
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	ASSERT_OK(tun_get_iff(t.fd, &ifr));
	EXPECT_STREQ("first", ifr.ifr_name);
	EXPECT_EQ(variant->type, stored_flags(&t));
	tun_close(&t);
	link_watch_close(watch);
}

TEST_F(setiff, detached_already,
       .title = "TUNSETIFF on a file whose queue is detached gives EEXIST", .behaviours = { 34 },
       .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	struct tun t = tun_create("first", flags);

	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EEXIST, tun_set_iff(t.fd, "first", flags));
	EXPECT_ERRNO(EEXIST, tun_set_iff(t.fd, "second", flags));
	EXPECT_EQ(IFF_DETACH_QUEUE, tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	EXPECT_OK(tun_set_queue(t.fd, IFF_ATTACH_QUEUE));
	EXPECT_FALSE(link_exists("second"));
	tun_close(&t);
}

TEST(bad_address, .title = "an ifreq that cannot be read gives EFAULT before anything happens",
     .behaviours = { 35 })
{
	struct link_watch *watch = link_watch_open();
	struct ifreq ifr = { .ifr_flags = IFF_TUN }, got;
	int fd = tun_open();

	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, cut_memory(NULL, 0)));
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, (void *)-1L));
	/* All of it has to be there, although the driver uses no more than name and flags. */
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, cut_memory(&ifr, sizeof(ifr) - 1)));
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &got));

	EXPECT_OK(ioctl(fd, TUNSETIFF, cut_memory(&ifr, sizeof(ifr))));
	/* Attached or not, what cannot be read is the first thing to go wrong. */
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, NULL));
	close(fd);
	link_watch_close(watch);
}

TEST(read_only_address,
     .title = "an ifreq that cannot be written gives EFAULT after the device has been made",
     .behaviours = { 36 })
{
	static const struct ifreq written = { .ifr_name = "written%d",
					      .ifr_flags = IFF_TAP | IFF_NO_PI };
	struct ifreq got;
	int fd = tun_open();

	/* Constants are in memory that is read-only. */
	EXPECT_ERRNO(EFAULT, ioctl(fd, TUNSETIFF, &written));
	EXPECT_STREQ("written%d", written.ifr_name);
	ASSERT_OK(tun_get_iff(fd, &got));
	EXPECT_STREQ("written0", got.ifr_name);
	EXPECT_TRUE(link_exists("written0"));
	close(fd);
}

/*
 * nanos (issue 1825) refused IFF_VNET_HDR as an unknown bit. It is as old as TUNGETFEATURES, which
 * tells of it; bits that are unknown are ignored, not refused.
 */
TEST(flag_bits, .title = "of the flags the driver keeps its own and ignores all other bits",
     .behaviours = { 37, 38 })
{
	for (unsigned int bit = 1; bit <= 0x8000; bit <<= 1) {
		bool not_here = bit == IFF_NAPI_FRAGS || /* never alone: see napi_frags_flags */
				(bit == IFF_BACKPRESSURE && harness_feature("backpressure")) ||
				(bit == IFF_NAPI && !harness_feature("napi")) ||
				(bit == IFF_MULTI_QUEUE && !harness_feature("multi_queue"));
		struct link link;
		struct tun t;

		if (bit & TYPE_MASK || not_here)
			continue;
		t = tun_create("bit", IFF_TAP | bit);
		EXPECT_EQ(IFF_TAP | (bit & STORED), stored_flags(&t)) {
			TH_LOG("bit %#x", bit);
		}
		/* 0x1000 is IFF_NOFILTER in this direction. */
		EXPECT_EQ(IFF_TAP | IFF_NOFILTER | (bit & STORED), tun_iff_flags(t.fd));
		ASSERT_OK(link_get("bit", &link));
		EXPECT_EQ(!(bit & IFF_NO_PI), link.data[TUN_LINK_PI]);
		EXPECT_EQ(!!(bit & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
		EXPECT_EQ(!!(bit & IFF_MULTI_QUEUE), link.data[TUN_LINK_MULTI_QUEUE]);
		EXPECT_EQ(0, link.data[TUN_LINK_PERSIST]);
		tun_close(&t);
		EXPECT_FALSE(link_exists("bit")) {
			TH_LOG("bit %#x keeps the device", bit);
		}
	}
}

TEST(shown_flags, .title = "TUNGETIFF, tun_flags and rtnetlink show the flags that were asked for",
     .behaviours = { 38, 58, 59, 60 })
{
	static const struct {
		unsigned int asked, shown, tun_flags;
		const char *need;
	} rows[] = {
		{ IFF_TUN, 0x1001, 0x1, NULL },
		{ IFF_TUN | IFF_NO_PI, 0x1001, 0x1001, NULL },
		{ IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 0x5002, 0x5002, NULL },
		{ IFF_TUN | IFF_ONE_QUEUE, 0x3001, 0x2001, NULL },
		{ IFF_TUN | IFF_NAPI, 0x1011, 0x11, "napi" },
		{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, 0x1032, 0x32, "napi_frags" },
		{ IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE, 0x1102, 0x1102, "multi_queue" },
		{ IFF_TUN | (STORED & ~IFF_NAPI_FRAGS), 0x7111, 0x7111, "multi_queue" },
		{ IFF_TAP | STORED, 0x7132, 0x7132, "napi_frags" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct link link;
		struct tun t;

		if (rows[i].need && !harness_feature(rows[i].need))
			continue;
		t = tun_create("shown", rows[i].asked);
		EXPECT_EQ(rows[i].shown, tun_iff_flags(t.fd));
		EXPECT_EQ(rows[i].tun_flags, stored_flags(&t)) {
			TH_LOG("asked for %#x", rows[i].asked);
		}
		ASSERT_OK(link_get("shown", &link));
		EXPECT_EQ(rows[i].asked & TYPE_MASK, link.data[TUN_LINK_TYPE]);
		EXPECT_EQ(!(rows[i].asked & IFF_NO_PI), link.data[TUN_LINK_PI]);
		EXPECT_EQ(!!(rows[i].asked & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
		EXPECT_EQ(!!(rows[i].asked & IFF_MULTI_QUEUE), link.data[TUN_LINK_MULTI_QUEUE]);
		tun_close(&t);
	}
}

TEST_F(setiff, empty_name,
       .title = "without a name the device gets the lowest free number of its kind",
       .behaviours = { 39 })
{
	char prefix[4] = { 0 }, expected[IFNAMSIZ];
	struct tun t[4], again, other;

	memcpy(prefix, variant->name, 3);
	/* The other kind counts on its own. */
	other = tun_create(NULL, variant->other_type);
	for (int i = 0; i < 4; i++) {
		t[i] = tun_create(NULL, variant->type);
		snprintf(expected, sizeof(expected), "%s%d", prefix, i);
		EXPECT_STREQ(expected, t[i].name);
		EXPECT_LT(0, if_nametoindex(expected));
	}
	tun_close(&t[1]);
	tun_close(&t[2]);
	again = tun_create(NULL, variant->type);
	snprintf(expected, sizeof(expected), "%s1", prefix);
	EXPECT_STREQ(expected, again.name);
	tun_close(&again);
	tun_close(&t[0]);
	tun_close(&t[3]);
	tun_close(&other);
}

/* Without a second name: EINVAL. Up to sixteen bytes, those without a NUL too. */
static const struct {
	char asked[IFNAMSIZ + 1];
	const char *name;
} name_forms[] = {
	{ "x%d", "x0" },
	/* a number above 0 was once taken for an error */
	{ "x%d", "x1" },
	{ "%d", "0" },
	{ "%dx", "0x" },
	{ "a%db", "a0b" },
	{ "a", "a" },
	{ "-", "-" },
	{ "...", "..." },
	{ "a\x01\xff", "a\x01\xff" },
	{ "\xc3\xa4", "\xc3\xa4" },
	{ "\x7f", "\x7f" },
	{ "All", "All" },
	{ "abcdefghijklmno", "abcdefghijklmno" },
	{ "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNO" },
	{ "abcdefghijklm%d", "abcdefghijklm0" },
	/* cut to fifteen bytes this ends in a lone % */
	{ "abcdefghijklmn%d", NULL },
	{ "x%dy%d", NULL },
	{ "%d%d", NULL },
	{ "%", NULL },
	{ "a%", NULL },
	{ "a%s", NULL },
	{ "%s", NULL },
	{ "%u", NULL },
	{ "%n", NULL },
	{ "%2d", NULL },
	{ "%ld", NULL },
	{ "a%%d", NULL },
	{ "%%", NULL },
	{ ".", NULL },
	{ "..", NULL },
	{ "all", NULL },
	{ "default", NULL },
	{ "a/b", NULL },
	{ "/", NULL },
	{ "a:b", NULL },
	{ "a b", NULL },
	{ " ", NULL },
	{ "a\tb", NULL },
	{ "a\nb", NULL },
	{ "a\vb", NULL },
	{ "a\fb", NULL },
	{ "a\rb", NULL },
};

static void expect_refused(struct __test_metadata *_metadata, int fd, const char *name)
{
	struct link_watch *watch = link_watch_open();

	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, name, IFF_TUN)) {
		TH_LOG("name '%s'", name);
	}
	/* "all" and "default" are refused so late that the kernel tells of an end. */
	EXPECT_EQ(0, link_watch_count(watch, NULL, RTM_NEWLINK));
	link_watch_close(watch);
}

static void expect_named(struct __test_metadata *_metadata, const char *asked, const char *name)
{
	struct link_watch *watch = link_watch_open();
	/* Left open, so that the numbers count up; the kernel closes it with the test. */
	int fd = tun_open();
	struct ifreq ifr, got;

	ASSERT_OK(tun_set_iff_ifr(fd, &ifr, asked, IFF_TUN)) {
		TH_LOG("name '%s'", asked);
	}
	EXPECT_STREQ(name, ifr.ifr_name);
	ASSERT_OK(tun_get_iff(fd, &got));
	EXPECT_STREQ(name, got.ifr_name);
	EXPECT_TRUE(link_exists(name));
	EXPECT_EQ(1, link_watch_count(watch, name, RTM_NEWLINK));
	link_watch_close(watch);
}

TEST(name_forms,
     .title = "%d in a name becomes a number, 15 bytes count, what no link may be called is EINVAL",
     .behaviours = { 40, 41, 42, 43, 44, 73 },
     .guards = { "0ad646c81b21", "CVE-2018-7191", "5c25f65fd1e4" })
{
	int bad = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(name_forms); i++) {
		if (name_forms[i].name)
			expect_named(_metadata, name_forms[i].asked, name_forms[i].name);
		else
			expect_refused(_metadata, bad, name_forms[i].asked);
	}
	/* All the refusals left the file as it was. */
	EXPECT_OK(tun_set_iff(bad, "good", IFF_TUN));
	close(bad);
}

TEST(foreign_device, .title = "the name of a device that is no TUN or TAP gives EINVAL",
     .behaviours = { 45 })
{
	int fd = tun_open();

	for (int capable = 1; capable >= 0; capable--) {
		creds_net_admin(capable);
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", IFF_TUN));
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", IFF_TAP));
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", IFF_TUN | IFF_TAP | IFF_MULTI_QUEUE));
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", 0));
	}
	close(fd);
}

TEST_F(setiff, wrong_type,
       .title = "an existing device of the other type gives EINVAL, busy or idle",
       .behaviours = { 46 })
{
	struct tun t = tun_create("typed", variant->type);
	int fd = tun_open();

	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "typed", variant->other_type));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "typed", 0));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "typed", variant->other_type));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "typed", 0));
	EXPECT_OK(tun_set_iff(fd, "typed", variant->type));
	close(fd);
}

FIXTURE(setiff_queues)
{
};

FIXTURE_VARIANT(setiff_queues)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(setiff_queues, single_tun)
{
	.flags = IFF_TUN,
};

FIXTURE_VARIANT_ADD(setiff_queues, single_tap)
{
	.flags = IFF_TAP,
};

FIXTURE_VARIANT_ADD(setiff_queues, multi_tun)
{
	.flags = IFF_TUN | IFF_MULTI_QUEUE,
};

FIXTURE_VARIANT_ADD(setiff_queues, multi_tap)
{
	.flags = IFF_TAP | IFF_MULTI_QUEUE,
};

TEST_F(setiff_queues, wrong_queue_mode,
       .title = "an IFF_MULTI_QUEUE other than the device's gives EINVAL, busy or idle",
       .behaviours = { 47 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->flags | IFF_NO_PI;
	struct tun t = tun_create("queued", flags);
	int fd = tun_open();

	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "queued", flags ^ IFF_MULTI_QUEUE));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "queued", flags ^ IFF_MULTI_QUEUE));
	EXPECT_OK(tun_set_iff(fd, "queued", flags));
	close(fd);
}

TEST_F(setiff_queues, exclusive,
       .title = "IFF_TUN_EXCL on any existing name gives EBUSY before all other checks",
       .behaviours = { 49 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->flags | IFF_TUN_EXCL;
	struct tun t = tun_create("taken", variant->flags);
	int fd = tun_open();

	for (int idle = 0; idle <= 1; idle++) {
		for (int capable = 1; capable >= 0; capable--) {
			creds_net_admin(capable);
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", flags));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", flags ^ IFF_MULTI_QUEUE));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", flags ^ TYPE_MASK));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "taken", IFF_TUN_EXCL));
			EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "lo", flags));
		}
		creds_net_admin(true);
		if (idle)
			break;
		ASSERT_OK(tun_set_persist(t.fd, 1));
		tun_close(&t);
	}
	EXPECT_OK(tun_set_iff(fd, "taken", variant->flags));
	close(fd);
}

TEST_F(setiff, exclusive_new,
       .title = "IFF_TUN_EXCL with a new name makes the device and is forgotten",
       .behaviours = { 50 })
{
	const unsigned int flags = variant->type | IFF_NO_PI;
	struct tun t = tun_create("fresh", flags | IFF_TUN_EXCL);

	EXPECT_EQ(flags, tun_iff_flags(t.fd));
	EXPECT_EQ(flags, stored_flags(&t));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	/* Not remembered: the device can be shared as any other. */
	EXPECT_EQ(0, attach_errno("fresh", flags));
}

TEST_F(setiff, busy, .title = "a single-queue device that has a file gives EBUSY to another",
       .behaviours = { 48 })
{
	struct tun t = tun_create("busy", variant->type);
	int fd = tun_open();
	struct ifreq ifr;

	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "busy", variant->type));
	EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "busy", variant->type | IFF_NO_PI | IFF_VNET_HDR));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	/* Neither attempt changed the device. */
	EXPECT_EQ(variant->type, stored_flags(&t));
	ASSERT_OK(tun_set_persist(t.fd, 1));
	tun_close(&t);
	EXPECT_OK(tun_set_iff(fd, "busy", variant->type));
	close(fd);
}

TEST_F(setiff, altname_second_queue,
       .title = "an alternative name attaches a second queue and comes back as it was given",
       .behaviours = { 51 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE | IFF_NO_PI;
	struct tun t = tun_create("primary", flags);
	struct link link;
	struct ifreq ifr;
	int fd = tun_open();

	if (link_add_altname("primary", "alternative"))
		TH_BAIL("altname: %s", strerror(errno));
	/* The driver copies the device's name for its first queue only. */
	ASSERT_OK(tun_set_iff_ifr(fd, &ifr, "alternative", flags));
	EXPECT_STREQ("alternative", ifr.ifr_name);
	ASSERT_OK(tun_get_iff(fd, &ifr));
	EXPECT_STREQ("primary", ifr.ifr_name);
	ASSERT_OK(link_get("primary", &link));
	EXPECT_EQ(2, link.data[TUN_LINK_NUM_QUEUES]);
	close(fd);
	tun_close(&t);
}

TEST_F(setiff, altname_idle,
       .title = "an alternative name of an idle device comes back as its first name",
       .behaviours = { 51, 32 })
{
	struct ifreq ifr;
	int fd = tun_open();

	make_idle("primary", variant->type);
	if (link_add_altname("primary", "alternative"))
		TH_BAIL("altname: %s", strerror(errno));
	ASSERT_OK(tun_set_iff_ifr(fd, &ifr, "alternative", variant->type));
	EXPECT_STREQ("primary", ifr.ifr_name);
	close(fd);
}

TEST_F(setiff, altname_wrong_type,
       .title = "an alternative name of a device of the other type gives EINVAL and makes none",
       .behaviours = { 52 })
{
	struct link_watch *watch;
	int fd = tun_open();

	make_idle("primary", variant->type);
	if (link_add_altname("primary", "alternative") || link_add_altname("lo", "loopback"))
		TH_BAIL("altname: %s", strerror(errno));
	watch = link_watch_open();
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "alternative", variant->other_type));
	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "loopback", variant->type));
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	EXPECT_OK(tun_set_iff(fd, "alternative", variant->type));
	close(fd);
	link_watch_close(watch);
}

static void create_forbidden(struct __test_metadata *_metadata, void *arg)
{
	int fd = *(int *)arg, own = tun_open();

	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "foreign", IFF_TUN));
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "foreign", IFF_TAP));
	EXPECT_ERRNO(EPERM, tun_set_iff(own, "foreign", IFF_TUN));
	EXPECT_ERRNO(EPERM, tun_set_iff(own, NULL, IFF_TUN));
	close(own);
}

TEST(foreign_user_namespace,
     .title = "the capabilities of a new user namespace do not help in a network namespace of "
	      "another",
     .behaviours = { 54 }, .needs = { "user_namespaces" })
{
	int fd = tun_open();

	creds_userns_child(_metadata, 0, create_forbidden, &fd);
	EXPECT_FALSE(link_exists("foreign"));
	EXPECT_OK(tun_set_iff(fd, "foreign", IFF_TUN));
	close(fd);
}

static void create_allowed(struct __test_metadata *_metadata, void *arg __UNUSED)
{
	struct tun t = tun_create("owned_tun", IFF_TUN), a = tun_create("owned_tap", IFF_TAP);

	EXPECT_EQ(IFF_TUN, tun_iff_flags(t.fd) & TYPE_MASK);
	EXPECT_EQ(IFF_TAP, tun_iff_flags(a.fd) & TYPE_MASK);
	EXPECT_TRUE(link_exists("owned_tun"));
	EXPECT_TRUE(link_exists("owned_tap"));
	tun_close(&t);
	tun_close(&a);
}

TEST(user_namespace_root,
     .title = "root of the user namespace that owns the network namespace makes TUN and TAP",
     .behaviours = { 55 }, .needs = { "user_namespaces", "net_namespaces" })
{
	creds_userns_child(_metadata, CLONE_NEWNET, create_allowed, NULL);
}

static void frags_forbidden(struct __test_metadata *_metadata, void *arg __UNUSED)
{
	int own = tun_open();

	EXPECT_ERRNO(EPERM, tun_set_iff(own, "frags", IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS));
	/* What is missing besides is not looked at. */
	EXPECT_ERRNO(EPERM, tun_set_iff(own, "frags", IFF_TAP | IFF_NAPI_FRAGS));
	EXPECT_ERRNO(EPERM, tun_set_iff(own, "frags", IFF_TUN | IFF_NAPI | IFF_NAPI_FRAGS));
	EXPECT_ERRNO(EPERM, tun_set_iff(own, "lo", IFF_TUN | IFF_NAPI_FRAGS));
	EXPECT_OK(tun_set_iff(own, "frags", IFF_TAP | IFF_NAPI));
	close(own);
}

TEST(napi_frags_capability,
     .title = "IFF_NAPI_FRAGS without CAP_NET_ADMIN in the initial user namespace gives EPERM",
     .behaviours = { 56 }, .needs = { "napi", "user_namespaces", "net_namespaces" })
{
	int fd = tun_open();

	creds_net_admin(false);
	EXPECT_ERRNO(EPERM, tun_set_iff(fd, "frags", IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS));
	creds_net_admin(true);
	close(fd);
	/* Root there, but not of the machine. */
	creds_userns_child(_metadata, CLONE_NEWNET, frags_forbidden, NULL);
}

TEST(napi_frags_flags, .title = "IFF_NAPI_FRAGS wants IFF_NAPI and a TAP, otherwise EINVAL",
     .behaviours = { 57, 58 }, .needs = { "napi_frags" })
{
	static const unsigned int refused[] = {
		IFF_TAP | IFF_NAPI_FRAGS,
		IFF_TUN | IFF_NAPI_FRAGS,
		IFF_TUN | IFF_NAPI | IFF_NAPI_FRAGS,
		IFF_TUN | IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS,
		IFF_NAPI | IFF_NAPI_FRAGS,
		IFF_NAPI_FRAGS,
		/* before the name is looked at */
		IFF_TAP | IFF_NAPI_FRAGS | IFF_TUN_EXCL,
	};
	struct link_watch *watch = link_watch_open();
	int fd = tun_open();

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "frags", refused[i])) {
			TH_LOG("flags %#x", refused[i]);
		}
		EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "lo", refused[i]));
	}
	EXPECT_EQ(0, link_watch_count(watch, NULL, 0));
	EXPECT_OK(tun_set_iff(fd, "frags", IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS));
	EXPECT_EQ(0x1032, tun_iff_flags(fd));
	close(fd);
	link_watch_close(watch);
}

TEST_F(setiff, new_device,
       .title = "a new device is down, without a qdisc, has carrier and MTU 1500, and was "
		"announced once",
       .behaviours = { 61, 75 })
{
	struct link_watch *watch = link_watch_open();
	struct tun t = tun_create(NULL, variant->type);
	struct link_event event;
	struct link link;

	EXPECT_STREQ(variant->name, t.name);
	EXPECT_EQ(1, link_watch_count(watch, NULL, RTM_NEWLINK));
	EXPECT_EQ(0, link_watch_count(watch, NULL, RTM_DELLINK));
	ASSERT_OK(link_get(t.name, &link));
	ASSERT_TRUE(link_watch_next(watch, t.name, 0, &event));
	EXPECT_EQ(link.index, event.link.index);

	EXPECT_EQ(0, link.flags & IFF_UP);
	EXPECT_EQ(1500, link.mtu);
	EXPECT_STREQ("noop", link.qdisc);
	EXPECT_TRUE(link.carrier);
	EXPECT_EQ(variant->arphrd, link.type);
	EXPECT_EQ(variant->txqueuelen, link.txqueuelen);
	EXPECT_EQ(variant->address_len, link.address_len);
	EXPECT_EQ(1, link.num_tx_queues);
	EXPECT_EQ(IF_OPER_DOWN, link.operstate);
	EXPECT_STREQ("tun", link.kind);
	tun_close(&t);
	link_watch_close(watch);
}

TEST_F(setiff, new_device_by_ip, .title = "ip shows a new device as rtnetlink and sysfs do",
       .behaviours = { 61, 75, 76 }, .needs = { "iproute2", "sysfs" })
{
	struct tun t = tun_create(NULL, variant->type);
	json_t *json = tool_ip_link(t.name);
	char text[32];

	EXPECT_EQ(1500, tool_get_int(json, "mtu"));
	EXPECT_STREQ("1500", sysfs_get(t.name, "mtu"));
	EXPECT_STREQ("noop", tool_get_string(json, "qdisc"));
	EXPECT_STREQ("DOWN", tool_get_string(json, "operstate"));
	EXPECT_STREQ("down", sysfs_get(t.name, "operstate"));
	EXPECT_EQ(variant->txqueuelen, tool_get_int(json, "txqlen"));
	snprintf(text, sizeof(text), "%u", variant->txqueuelen);
	EXPECT_STREQ(text, sysfs_get(t.name, "tx_queue_len"));
	snprintf(text, sizeof(text), "%u", variant->arphrd);
	EXPECT_STREQ(text, sysfs_get(t.name, "type"));
	snprintf(text, sizeof(text), "%u", variant->address_len);
	EXPECT_STREQ(text, sysfs_get(t.name, "addr_len"));
	EXPECT_STREQ(variant->type == IFF_TUN ? "none" : "ether",
		     tool_get_string(json, "link_type"));
	EXPECT_EQ(1, tool_get_int(json, "num_tx_queues"));
	/* Carrier can be read of a device that is up only. */
	EXPECT_STREQ("(EINVAL)", sysfs_get(t.name, "carrier"));
	if (link_up(t.name))
		TH_BAIL("cannot bring %s up: %s", t.name, strerror(errno));
	EXPECT_STREQ("1", sysfs_get(t.name, "carrier"));
	json_decref(json);
	tun_close(&t);
}

/* Did "add" of an object with this path arrive among @fd's uevents? */
static int count_added(int fd, const char *path)
{
	char buf[8192], wanted[256];
	ssize_t len;
	int n = 0;

	snprintf(wanted, sizeof(wanted), "add@/devices/virtual/net/%s", path);
	while ((len = recv(fd, buf, sizeof(buf) - 1, MSG_PEEK | MSG_DONTWAIT)) > 0) {
		buf[len] = '\0';
		n += !strcmp(buf, wanted);
		recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
	return n;
}

TEST_F(setiff, uevents, .title = "a new device is announced to udev, and so is its queue",
       .behaviours = { 61 }, .needs = { "sysfs" })
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int device = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	int queue = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct tun t;
	char path[64];

	if (bind(device, (void *)&address, sizeof(address)) ||
	    bind(queue, (void *)&address, sizeof(address)))
		TH_BAIL("uevents: %s", strerror(errno));
	t = tun_create(NULL, variant->type);
	EXPECT_EQ(1, count_added(device, t.name));
	snprintf(path, sizeof(path), "%s/queues/tx-0", t.name);
	EXPECT_EQ(1, count_added(queue, path));
	close(device);
	close(queue);
	tun_close(&t);
}

/* Waits for @operstate, which the kernel sets asynchronously. */
static bool settles(const char *name, uint8_t operstate)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	struct link link;

	while (!link_get(name, &link) && link.operstate != operstate) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return link.operstate == operstate;
}

TEST_F(setiff, no_carrier,
       .title = "IFF_NO_CARRIER makes a device that comes up without carrier and never had one",
       .behaviours = { 62 }, .needs = { "no_carrier" })
{
	struct link_watch *watch = link_watch_open();
	struct tun t = tun_create("lonely", variant->type | IFF_NO_CARRIER);
	struct link_event event;
	int events = 0;

	EXPECT_FALSE(link_carrier("lonely"));
	ASSERT_OK(link_up("lonely"));
	EXPECT_FALSE(link_carrier("lonely"));
	EXPECT_TRUE(settles("lonely", IF_OPER_DOWN));
	EXPECT_FALSE(link_carrier("lonely"));
	while (link_watch_next(watch, "lonely", 0, &event)) {
		EXPECT_EQ(0, event.link.flags & IFF_LOWER_UP);
		/* What registration says is from before the flag counts. */
		if (events++) {
			EXPECT_FALSE(event.link.carrier);
		}
	}
	EXPECT_LE(2, events);
	if (harness_feature("iproute2")) {
		json_t *json = tool_ip_link("lonely");

		EXPECT_TRUE(tool_has(json, "flags", "NO-CARRIER"));
		json_decref(json);
	}
	tun_close(&t);
	link_watch_close(watch);
}

TEST_F(setiff, carrier_at_attach,
       .title = "attaching to an idle device sets carrier, or with IFF_NO_CARRIER clears it",
       .behaviours = { 63 }, .needs = { "no_carrier" })
{
	struct tun t;

	make_idle("carrier", variant->type);
	EXPECT_FALSE(link_carrier("carrier"));
	t = tun_create("carrier", variant->type);
	EXPECT_TRUE(link_carrier("carrier"));
	/* Whatever it was before: the last file switched it off. */
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	EXPECT_FALSE(link_carrier("carrier"));
	tun_close(&t);
	t = tun_create("carrier", variant->type);
	EXPECT_TRUE(link_carrier("carrier"));
	tun_close(&t);
	t = tun_create("carrier", variant->type | IFF_NO_CARRIER);
	EXPECT_FALSE(link_carrier("carrier"));
	EXPECT_OK(tun_set_carrier(t.fd, 1));
	EXPECT_TRUE(link_carrier("carrier"));
	tun_close(&t);
}

TEST_F(setiff, queue_numbers,
       .title = "a multi-queue device has room for 256 queues, those in use are the attached ones",
       .behaviours = { 64 }, .needs = { "multi_queue", "sysfs" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	struct tun q[3] = { tun_create("many", flags) };
	struct link link;

	ASSERT_OK(link_get("many", &link));
	EXPECT_EQ(256, link.num_tx_queues);
	/* Told by a kernel with receive queues in sysfs only (CONFIG_RPS). */
	EXPECT_TRUE(link.num_rx_queues == 256 || link.num_rx_queues == 0);
	EXPECT_EQ(1, sysfs_queues("many", "tx-"));

	q[1] = tun_create("many", flags);
	EXPECT_EQ(2, sysfs_queues("many", "tx-"));
	q[2] = tun_create("many", flags);
	EXPECT_EQ(3, sysfs_queues("many", "tx-"));
	if (link.num_rx_queues) {
		EXPECT_EQ(3, sysfs_queues("many", "rx-"));
	}
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(2, sysfs_queues("many", "tx-"));
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_ATTACH_QUEUE));
	EXPECT_EQ(3, sysfs_queues("many", "tx-"));
	tun_close(&q[0]);
	EXPECT_EQ(2, sysfs_queues("many", "tx-"));
	tun_close(&q[1]);
	tun_close(&q[2]);
}

TEST_F(setiff, second_queue_flags,
       .title = "a further queue leaves the device's flags as its first queue set them",
       .behaviours = { 65 }, .needs = { "multi_queue" })
{
	static const unsigned int sets[][2] = {
		{ IFF_NO_PI | IFF_VNET_HDR, IFF_NO_PI },
		{ IFF_NO_PI, IFF_NO_PI | IFF_VNET_HDR },
		{ 0, IFF_NO_PI | IFF_ONE_QUEUE },
		{ IFF_NO_PI | IFF_ONE_QUEUE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const unsigned int base = variant->type | IFF_MULTI_QUEUE;
		struct tun first = tun_create("shared", base | sets[i][0]);
		struct tun second = tun_create("shared", base | sets[i][1]);

		EXPECT_EQ(base | sets[i][0], stored_flags(&second)) {
			TH_LOG("first %#x, second %#x", sets[i][0], sets[i][1]);
		}
		EXPECT_EQ(tun_iff_flags(first.fd), tun_iff_flags(second.fd));
		EXPECT_EQ(sets[i][0] & IFF_VNET_HDR, tun_iff_flags(second.fd) & IFF_VNET_HDR);
		tun_close(&first);
		tun_close(&second);
	}
}

TEST(second_queue_header,
     .title = "a further queue that asks for a vnet header in vain writes and reads without one",
     .behaviours = { 65 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
	struct tun first = peer_create("header", flags);
	int fd = tun_open(), sock = udp_open(KERNEL_IP4, 4000);
	struct tun second = { .fd = fd, .name = "header", .flags = flags };
	struct frame f;

	ASSERT_OK(tun_set_iff(fd, "header", flags | IFF_VNET_HDR));
	peer_udp(&second, &f, 4000, 4000, 120, 3);
	EXPECT_EQ(f.len, tun_write(&second, f.data, f.len));
	EXPECT_EQ(120, udp_recv_pattern(sock, 3, TIMEOUT_MS));

	/* All flows on the second queue: the first is detached. */
	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	kernel_udp(sock, 4000, 80, 4);
	EXPECT_EQ(80, peer_recv_udp(&second, 4, TIMEOUT_MS));
	close(sock);
	close(fd);
	tun_close(&first);
}

TEST_F(setiff, second_queue_carrier, .title = "a further queue does not touch the carrier",
       .behaviours = { 66 }, .needs = { "multi_queue", "no_carrier" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	struct tun first = tun_create("steady", flags), second, third;

	second = tun_create("steady", flags | IFF_NO_CARRIER);
	EXPECT_TRUE(link_carrier("steady"));
	ASSERT_OK(tun_set_carrier(first.fd, 0));
	third = tun_create("steady", flags);
	EXPECT_FALSE(link_carrier("steady"));
	tun_close(&third);
	tun_close(&second);
	tun_close(&first);
}

TEST_F(setiff, second_queue_napi,
       .title = "each queue has NAPI or not as its own file asked; the device shows what the first "
		"did",
       .behaviours = { 65, 67 }, .needs = { "multi_queue", "napi" })
{
	const unsigned int base = variant->type | IFF_MULTI_QUEUE | IFF_NO_PI;

	for (int napi_first = 0; napi_first <= 1; napi_first++) {
		struct tun plain, napi, *first = napi_first ? &napi : &plain;
		struct frame f;

		*first = tun_create("mixed", napi_first ? base | IFF_NAPI : base);
		if (napi_first)
			plain = tun_create("mixed", base);
		else
			napi = tun_create("mixed", base | IFF_NAPI);
		EXPECT_EQ(napi_first ? IFF_NAPI : 0, tun_iff_flags(plain.fd) & IFF_NAPI);
		EXPECT_EQ(napi_first ? IFF_NAPI : 0, tun_iff_flags(napi.fd) & IFF_NAPI);

		/* Who has NAPI is seen when detached: without its poller no write is taken. */
		peer_configure(first);
		peer_udp(first, &f, 1, 2, 10, 1);
		EXPECT_EQ(f.len, tun_send(&plain, NULL, &f));
		EXPECT_EQ(f.len, tun_send(&napi, NULL, &f));
		ASSERT_OK(tun_set_queue(plain.fd, IFF_DETACH_QUEUE));
		EXPECT_EQ(f.len, tun_send(&plain, NULL, &f));
		ASSERT_OK(tun_set_queue(plain.fd, IFF_ATTACH_QUEUE));
		ASSERT_OK(tun_set_queue(napi.fd, IFF_DETACH_QUEUE));
		EXPECT_ERRNO(EBUSY, tun_send(&napi, NULL, &f));
		/* Also after the device's flags had a chance to count. */
		ASSERT_OK(tun_set_queue(napi.fd, IFF_ATTACH_QUEUE));
		EXPECT_EQ(f.len, tun_send(&napi, NULL, &f));
		tun_close(&plain);
		tun_close(&napi);
	}
}

TEST_F(setiff, idle_flags_replaced,
       .title = "attaching to an idle persistent device replaces all its flags but the type and "
		"persistence",
       .behaviours = { 68 })
{
	static const unsigned int sets[] = {
		IFF_NO_PI | IFF_VNET_HDR, 0, IFF_NO_PI | IFF_ONE_QUEUE, IFF_NAPI, IFF_VNET_HDR,
	};
	unsigned int base = variant->type | 0x800; /* IFF_PERSIST */

	make_idle("idle", variant->type | IFF_NO_PI);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct link link;
		struct tun t;

		if (sets[i] & IFF_NAPI && !harness_feature("napi"))
			continue;
		t = tun_create("idle", variant->type | sets[i]);
		ASSERT_OK(link_get("idle", &link));
		EXPECT_EQ(!(sets[i] & IFF_NO_PI), link.data[TUN_LINK_PI]);
		EXPECT_EQ(!!(sets[i] & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
		EXPECT_EQ(1, link.data[TUN_LINK_PERSIST]);
		EXPECT_EQ(base | sets[i], stored_flags(&t));
		tun_close(&t);
	}
	EXPECT_TRUE(link_exists("idle"));
}

TEST_F(setiff, disabled_queues_keep_flags,
       .title = "a device whose queues are all detached keeps flags and carrier for a new queue",
       .behaviours = { 69 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE | IFF_NO_PI;
	struct tun first = tun_create("detached", flags | IFF_VNET_HDR), second;
	struct link link;

	ASSERT_OK(tun_set_queue(first.fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_carrier(first.fd, 0));
	second = tun_create("detached", flags);
	EXPECT_EQ(flags | IFF_VNET_HDR, stored_flags(&second));
	EXPECT_FALSE(link_carrier("detached"));
	ASSERT_OK(link_get("detached", &link));
	EXPECT_EQ(1, link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(1, link.data[TUN_LINK_NUM_DISABLED_QUEUES]);
	tun_close(&second);
	tun_close(&first);
}

TEST_F(setiff, attach_wakes_queue,
       .title = "a running device whose ring was full when its file closed sends again after a "
		"re-attach",
       .behaviours = { 70 })
{
	struct tun t = tun_create("awake", variant->type | IFF_NO_PI);
	int sock;

	if (link_set_txqueuelen("awake", 4) || tun_set_persist(t.fd, 1))
		TH_BAIL("a short queue: %s", strerror(errno));
	peer_configure(&t);
	sock = udp_open(KERNEL_IP4, 4000);
	for (int i = 0; i < 20; i++)
		udp_send_pattern(sock, 64, 1, PEER_IP4, 4000);
	EXPECT_LT(0, link_stats("awake").tx_dropped);
	tun_close(&t);

	t = tun_create("awake", variant->type | IFF_NO_PI);
	ASSERT_TRUE(link_wait_running("awake", true, TIMEOUT_MS));
	for (int i = 0; i < 8; i++) {
		kernel_udp(sock, 4000, 64, 2 + i);
		ASSERT_EQ(64, peer_recv_udp(&t, 2 + i, TIMEOUT_MS));
	}
	close(sock);
	tun_close(&t);
}

TEST_F(setiff, attach_events,
       .title = "a re-attach sends one RTM_NEWLINK if the device is up, none if down",
       .behaviours = { 71 }, .needs = { "no_carrier" })
{
	struct link_watch *watch;
	struct tun t;

	make_idle("told", variant->type);
	watch = link_watch_open();
	t = tun_create("told", variant->type);
	EXPECT_EQ(0, link_watch_count(watch, "told", 0));
	link_watch_close(watch);

	/* Without a change of carrier, which would send its own events at its own time. */
	ASSERT_OK(link_up("told"));
	tun_close(&t);
	ASSERT_TRUE(link_wait_running("told", false, TIMEOUT_MS));
	watch = link_watch_open();
	t = tun_create("told", variant->type | IFF_NO_CARRIER);
	EXPECT_EQ(1, link_watch_count(watch, "told", RTM_NEWLINK));
	EXPECT_EQ(0, link_watch_count(watch, "told", RTM_DELLINK));
	link_watch_close(watch);
	tun_close(&t);
}

TEST_F(setiff, too_many_queues,
       .title = "the 257th queue gives E2BIG, detached ones counted, and the file stays free",
       .behaviours = { 72 }, .needs = { "multi_queue" })
{
	const unsigned int flags = variant->type | IFF_MULTI_QUEUE;
	int fd = tun_open(), queues[256];
	struct link link;
	struct ifreq ifr;

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		queues[i] = tun_open();
		ASSERT_OK(tun_set_iff(queues[i], "crowd", flags)) {
			TH_LOG("queue %zu", i);
		}
	}
	EXPECT_ERRNO(E2BIG, tun_set_iff(fd, "crowd", flags));
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(tun_set_queue(queues[100 * i], IFF_DETACH_QUEUE));
	}
	ASSERT_OK(link_get("crowd", &link));
	EXPECT_EQ(253, link.data[TUN_LINK_NUM_QUEUES]);
	EXPECT_EQ(3, link.data[TUN_LINK_NUM_DISABLED_QUEUES]);
	EXPECT_ERRNO(E2BIG, tun_set_iff(fd, "crowd", flags));
	/* A detached one has its place still. */
	EXPECT_OK(tun_set_queue(queues[0], IFF_ATTACH_QUEUE));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	close(queues[7]);
	EXPECT_OK(tun_set_iff(fd, "crowd", flags));
	/* Much faster than 256 times close. */
	ASSERT_OK(link_del("crowd"));
	close(fd);
}

TEST_F(setiff, failed_then_used,
       .title = "a device that cannot be registered leaves nothing behind and the file usable",
       .behaviours = { 73 }, .guards = { "158b515f703e", "CVE-2021-47082" })
{
	struct link_watch *watch = link_watch_open();
	int fd = tun_open();
	struct ifreq ifr;

	for (int i = 0; i < 3; i++) {
		/* The index of "lo" is found to be taken late in the registration. */
		if (tun_set_ifindex(fd, 1))
			TH_BAIL("TUNSETIFINDEX: %s", strerror(errno));
		EXPECT_ERRNO(EBUSY, tun_set_iff(fd, "unlucky", variant->type | IFF_NO_PI));
		EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
		EXPECT_ERRNO(EBADFD, read(fd, &ifr, sizeof(ifr)));
		EXPECT_FALSE(link_exists("unlucky"));
		EXPECT_EQ(0, link_watch_count(watch, NULL, RTM_NEWLINK));
	}
	if (tun_set_ifindex(fd, 0))
		TH_BAIL("TUNSETIFINDEX: %s", strerror(errno));
	EXPECT_OK(tun_set_iff(fd, "unlucky", variant->type | IFF_NO_PI));
	EXPECT_TRUE(link_exists("unlucky"));
	close(fd);
	link_watch_close(watch);
}

TEST_F(setiff, no_memory,
       .title = "an idle device whose ring no memory can hold gives ENOMEM, and attaches when it "
		"can",
       .behaviours = { 74 })
{
	int fd = tun_open();
	struct ifreq ifr;

	make_idle("huge", variant->type);
	/* More than the largest allocation, which the kernel refuses without trying. */
	if (link_set_txqueuelen("huge", UINT32_MAX) && errno == ERANGE)
		SKIP(return, "kernel limits txqueuelen");
	EXPECT_ERRNO(ENOMEM, tun_set_iff(fd, "huge", variant->type));
	EXPECT_ERRNO(EBADFD, tun_get_iff(fd, &ifr));
	EXPECT_FALSE(link_carrier("huge"));
	if (link_set_txqueuelen("huge", 500))
		TH_BAIL("txqueuelen: %s", strerror(errno));
	EXPECT_OK(tun_set_iff(fd, "huge", variant->type));
	close(fd);
}

TEST(tap_address,
     .title = "a TAP gets a random, locally administered unicast address, a TUN gets none",
     .behaviours = { 76 })
{
	struct tun tap = tun_create(NULL, IFF_TAP), other = tun_create(NULL, IFF_TAP);
	struct tun tun = tun_create(NULL, IFF_TUN);
	struct link a, b, c;
	uint8_t address[14];
	uint16_t family;

	ASSERT_OK(link_get(tap.name, &a));
	ASSERT_OK(link_get(other.name, &b));
	ASSERT_OK(link_get(tun.name, &c));
	EXPECT_EQ(6, a.address_len);
	EXPECT_EQ(2, a.address[0] & 3);
	EXPECT_EQ(2, b.address[0] & 3);
	EXPECT_NE(0, memcmp(a.address, b.address, 6));
	EXPECT_EQ(0, c.address_len);

	ASSERT_OK(tun_get_hwaddr(tap.fd, &family, address));
	EXPECT_EQ(1, family);
	EXPECT_EQ(0, memcmp(a.address, address, 6));
	if (harness_feature("sysfs")) {
		EXPECT_STREQ("1", sysfs_get(tap.name, "addr_assign_type"));
		EXPECT_STREQ("0", sysfs_get(tun.name, "addr_assign_type"));
		EXPECT_STREQ("0", sysfs_get(tun.name, "addr_len"));
	}
	tun_close(&tap);
	tun_close(&other);
	tun_close(&tun);
}

TEST_F(setiff, name_assign_type,
       .title = "how a device came by its name is not known: name_assign_type gives EINVAL",
       .behaviours = { 79 }, .needs = { "sysfs" })
{
	struct tun named = tun_create("named", variant->type);
	struct tun numbered = tun_create(NULL, variant->type);

	EXPECT_STREQ("(EINVAL)", sysfs_get("named", "name_assign_type"));
	EXPECT_STREQ("(EINVAL)", sysfs_get(numbered.name, "name_assign_type"));
	tun_close(&named);
	tun_close(&numbered);
}

static int alarms;

static void on_alarm(int sig __UNUSED)
{
	alarms++;
}

/* A process that makes and unmakes devices until it is killed: it has the lock for them mostly. */
static pid_t busy_neighbour(void)
{
	pid_t pid = fork();
	struct tun t;

	if (pid < 0)
		TH_BAIL("fork: %s", strerror(errno));
	while (pid == 0) {
		t = tun_create(NULL, IFF_TUN);
		tun_close(&t);
	}
	return pid;
}

TEST(signals, .title = "no signal ends a TUNSETIFF, which waits for others who make devices",
     .behaviours = { 78 })
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	pid_t neighbour = busy_neighbour();
	int64_t start = clock_ms();
	int during = 0;

	ASSERT_OK(sigaction(SIGALRM, &action, NULL));
	ASSERT_OK(setitimer(ITIMER_REAL, &often, NULL));
	while (during < 3 && clock_ms() - start < 5000) {
		int fd = tun_open(), before = alarms;

		EXPECT_OK(tun_set_iff(fd, NULL, IFF_TUN));
		during += alarms - before;
		close(fd);
	}
	ASSERT_OK(setitimer(ITIMER_REAL, &never, NULL));
	kill(neighbour, SIGKILL);
	waitpid(neighbour, NULL, 0);
	if (!during)
		SKIP(return, "no signal came during a call");
}
