// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFF: which device a file gets, and which error if none. */
#include <sched.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/memory.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "selftests/setiff.h"

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
