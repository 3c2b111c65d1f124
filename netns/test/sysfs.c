// SPDX-License-Identifier: GPL-2.0-only
/* The small files of /proc and /sys. */
#include "harness/harness.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/sysfs.h"

TEST(file_line, .title = "a file's first line is read without its newline, and cut to the room")
{
	char line[64], few[4];

	ASSERT_OK(file_write("/proc/self/comm", "a name"));
	EXPECT_OK(file_read_line("/proc/self/comm", line, sizeof(line)));
	EXPECT_STREQ("a name", line);
	EXPECT_OK(file_read_line("/proc/self/comm", few, sizeof(few)));
	EXPECT_STREQ("a n", few);
	EXPECT_OK(file_read_line("/proc/self/status", line, sizeof(line)));
	EXPECT_STREQ("Name:\ta name", line);
}

TEST(file_errors, .title = "a file that cannot be read or written gives its errno and no line")
{
	char line[8] = "before";

	EXPECT_ERRNO(ENOENT, file_read_line("/proc/self/nothing", line, sizeof(line)));
	EXPECT_STREQ("", line);
	EXPECT_ERRNO(EISDIR, file_read_line("/proc/self", line, sizeof(line)));
	EXPECT_ERRNO(ENOENT, file_write("/proc/self/nothing", "x"));
	EXPECT_ERRNO(EINVAL, file_write("/proc/self/oom_score_adj", "x"));
}

TEST(get, .title = "a link's file is read as text and as a number, and its errno if it cannot be",
     .needs = { "sysfs" })
{
	ASSERT_OK(link_set_mtu("lo", 3456));
	EXPECT_STREQ("3456", sysfs_get("lo", "mtu"));
	EXPECT_EQ(3456, sysfs_number("lo", "mtu"));
	EXPECT_EQ(IFF_LOOPBACK, sysfs_number("lo", "flags") & IFF_LOOPBACK);
	EXPECT_STREQ("(ENOENT)", sysfs_get("lo", "nothing"));
	EXPECT_STREQ("(ENOENT)", sysfs_get("nobody", "mtu"));
	EXPECT_EQ(-1, sysfs_number("lo", "operstate"));
	EXPECT_EQ(-1, sysfs_number("lo", "nothing"));
}

TEST(set, .title = "a link's file is written, or gives its errno", .needs = { "sysfs", "veth" })
{
	struct link link;

	/* Not lo's: it may be made before the user namespace has ids, and belong to nobody here. */
	ASSERT_OK(link_add_veth("a", "b"));
	EXPECT_OK(sysfs_set("a", "mtu", "1234"));
	EXPECT_OK(link_get("a", &link));
	EXPECT_EQ(1234, link.mtu);
	EXPECT_ERRNO(EINVAL, sysfs_set("a", "mtu", "x"));
	EXPECT_ERRNO(EACCES, sysfs_set("a", "address", "x"));
}

TEST(queues, .title = "a link's queues are counted by direction", .needs = { "sysfs" })
{
	EXPECT_EQ(1, sysfs_queues("lo", "tx-"));
	EXPECT_EQ(0, sysfs_queues("lo", "no-"));
}
