// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFF: names that become numbers, alternative names, and those that are refused. */
#include <stdio.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/sysfs.h"
#include "selftests/setiff.h"

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
