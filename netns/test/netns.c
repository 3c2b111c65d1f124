// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"

/* The first character of a setting of the current namespace. */
static char setting(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = 0;

	if (fd < 0 || read(fd, &c, 1) != 1)
		TH_BAIL("%s: %s", path, strerror(errno));
	close(fd);
	return c;
}

TEST(new, .title = "a new namespace is another one, with lo up, and the caller stays",
     .needs = { "net_namespaces" })
{
	ino_t before = netns_inode(-1);
	int fd = netns_new();
	struct link lo;

	EXPECT_EQ(before, netns_inode(-1));
	EXPECT_NE(before, netns_inode(fd));
	netns_enter(fd);
	EXPECT_EQ(netns_inode(fd), netns_inode(-1));
	EXPECT_OK(link_get("lo", &lo));
	EXPECT_NE(0, lo.flags & IFF_UP);
}

TEST(self, .title = "a descriptor of the current namespace leads back to it",
     .needs = { "net_namespaces" })
{
	ino_t before = netns_inode(-1);
	int self = netns_self();

	netns_enter(netns_new());
	EXPECT_NE(before, netns_inode(-1));
	netns_enter(self);
	EXPECT_EQ(before, netns_inode(-1));
}

TEST(sysctl, .title = "a setting is written in the current namespace only",
     .needs = { "net_namespaces", "sysctl" })
{
	static const char path[] = "/proc/sys/net/ipv4/conf/default/forwarding";
	int other = netns_new(), self = netns_self();

	netns_enter(other);
	EXPECT_OK(netns_sysctl("ipv4/conf/default/forwarding", "0"));
	netns_enter(self);
	EXPECT_OK(netns_sysctl("ipv4/conf/default/forwarding", "1"));
	EXPECT_EQ('1', setting(path));
	netns_enter(other);
	EXPECT_EQ('0', setting(path));
	EXPECT_ERRNO(ENOENT, netns_sysctl("no/such/setting", "1"));
	EXPECT_ERRNO(EINVAL, netns_sysctl("ipv4/conf/default/forwarding", "x"));
}

TEST(quiet, .title = "IPv6 is off on new devices of a quiet namespace, and on after netns_ipv6()",
     .needs = { "veth", "ipv6", "sysctl" })
{
	EXPECT_TRUE(netns_quiet());
	ASSERT_OK(link_add_veth("a", "b"));
	EXPECT_EQ('1', setting("/proc/sys/net/ipv6/conf/a/disable_ipv6"));
	netns_ipv6();
	ASSERT_OK(link_add_veth("c", "d"));
	EXPECT_EQ('0', setting("/proc/sys/net/ipv6/conf/c/disable_ipv6"));
	EXPECT_EQ('0', setting("/proc/sys/net/ipv6/conf/c/accept_dad"));
	EXPECT_EQ('1', setting("/proc/sys/net/ipv6/conf/a/disable_ipv6"));
}
