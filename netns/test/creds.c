// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/netns.h"

TEST(capable, .title = "capabilities go out of force and come back")
{
	EXPECT_OK(link_set_mtu("lo", 2000));
	creds_capable(false);
	EXPECT_ERRNO(EPERM, link_set_mtu("lo", 2001));
	EXPECT_ERRNO(EPERM, sethostname("x", 1));
	creds_capable(true);
	EXPECT_OK(link_set_mtu("lo", 2001));
	EXPECT_OK(sethostname("x", 1));
}

TEST(net_admin, .title = "CAP_NET_ADMIN goes out of force alone, and comes back alone")
{
	creds_net_admin(false);
	EXPECT_ERRNO(EPERM, link_set_mtu("lo", 2001));
	EXPECT_OK(sethostname("x", 1));
	creds_capable(false);
	creds_net_admin(true);
	EXPECT_OK(link_set_mtu("lo", 2001));
	EXPECT_ERRNO(EPERM, sethostname("x", 1));
}

static ino_t user_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/user", &st))
		TH_BAIL("/proc/self/ns/user: %s", strerror(errno));
	return st.st_ino;
}

/* What a child is to find, and a trace that it ran. */
struct seen {
	ino_t user, net;
	int pipe;
};

static void expect_same(struct __test_metadata *_metadata, void *arg)
{
	const struct seen *parent = arg;

	EXPECT_EQ(parent->user, user_namespace());
	EXPECT_EQ(parent->net, netns_inode(-1));
	EXPECT_EQ(1, write(parent->pipe, "x", 1));
}

static void expect_own(struct __test_metadata *_metadata, void *arg)
{
	const struct seen *parent = arg;

	EXPECT_NE(parent->user, user_namespace());
	EXPECT_NE(parent->net, netns_inode(-1));
	EXPECT_EQ(0, geteuid());
	EXPECT_EQ(0, getegid());
	EXPECT_ERRNO(EINVAL, setuid(1));
	EXPECT_OK(link_set_mtu("lo", 2001));
	EXPECT_EQ(1, write(parent->pipe, "x", 1));
}

static bool left_a_trace(const int fds[2])
{
	char byte;

	close(fds[1]);
	return read(fds[0], &byte, 1) == 1;
}

TEST(child, .title = "a child runs where the test does")
{
	struct seen self = { .user = user_namespace(), .net = netns_inode(-1) };
	int fds[2];

	ASSERT_OK(pipe(fds));
	self.pipe = fds[1];
	creds_child(_metadata, expect_same, &self);
	EXPECT_TRUE(left_a_trace(fds));
}

TEST(userns_child, .title = "a child in namespaces of its own is root there, with no other id",
     .needs = { "user_namespaces", "net_namespaces" })
{
	struct seen self = { .user = user_namespace(), .net = netns_inode(-1) };
	int fds[2];

	ASSERT_OK(pipe(fds));
	self.pipe = fds[1];
	creds_userns_child(_metadata, CLONE_NEWNET, expect_own, &self);
	EXPECT_TRUE(left_a_trace(fds));
	EXPECT_EQ(self.user, user_namespace());
}
