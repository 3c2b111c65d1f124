// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rtnetlink.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/rtnl.h"

static void count(const struct nlmsghdr *nlh, void *arg)
{
	*(int *)arg += nlh->nlmsg_type == RTM_NEWLINK;
}

TEST(dump, .title = "a dump gives every message to the callback and ends with success",
     .needs = { "veth" })
{
	char buf[RTNL_REQUEST_SIZE];
	int links = 0;

	ASSERT_OK(link_add_veth("a", "b"));
	ASSERT_OK(rtnl_talk(rtnl_start(buf, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg)),
			    count, &links));
	EXPECT_LE(3, links);
}

TEST(error, .title = "an error gives the kernel's errno and its extended acknowledgement")
{
	EXPECT_ERRNO(EOPNOTSUPP, link_add("no-such-kind", "a"));
	EXPECT_STREQ("Unknown device type", rtnl_extack());
	EXPECT_OK(link_up("lo"));
	EXPECT_STREQ("", rtnl_extack());
}
