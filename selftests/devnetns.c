// SPDX-License-Identifier: GPL-2.0-only
/* SIOCGSKNS and TUNGETDEVNETNS: the network namespaces of a file and of its device. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/nsfs.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

/* A namespace that nobody holds goes when the kernel's one worker for that comes to it. */
#define TEARDOWN_MS 10000

/* Both give a descriptor of a network namespace that no child inherits. Looks at it, closes it. */
static void expect_netns(struct __test_metadata *_metadata, int fd, ino_t inode)
{
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(CLONE_NEWNET, ioctl(fd, NS_GET_NSTYPE));
	EXPECT_EQ(inode, netns_inode(fd));
	close(fd);
}

TEST(unattached, .title = "without a device SIOCGSKNS works and TUNGETDEVNETNS gives EBADFD",
     .behaviours = { 245, 246 })
{
	int fd = tun_open();

	expect_netns(_metadata, tun_get_sk_netns(fd), netns_inode(-1));
	EXPECT_ERRNO(EBADFD, tun_get_dev_netns(fd));
	close(fd);
}

TEST(of_opener,
     .title = "SIOCGSKNS gives the namespace the file was opened in, wherever it is asked",
     .behaviours = { 245, 4 }, .needs = { "net_namespaces" })
{
	int home = netns_self(), away = netns_new(), fd = tun_open();

	netns_enter(away);
	expect_netns(_metadata, tun_get_sk_netns(fd), netns_inode(home));
	/* That is where it makes its device, too. */
	ASSERT_OK(tun_set_iff(fd, "n0", IFF_TUN | IFF_NO_PI));
	EXPECT_FALSE(link_exists("n0"));
	expect_netns(_metadata, tun_get_sk_netns(fd), netns_inode(home));
	if (harness_feature("dev_netns"))
		expect_netns(_metadata, tun_get_dev_netns(fd), netns_inode(home));
	netns_enter(home);
	EXPECT_TRUE(link_exists("n0"));
	close(fd);
	close(home);
	close(away);
}

FIXTURE(devnetns)
{
	struct tun t;
};

FIXTURE_VARIANT(devnetns)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(devnetns, tun)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(devnetns, tap)
{
	.flags = IFF_TAP | IFF_NO_PI,
};

FIXTURE_SETUP(devnetns)
{
	self->t = tun_create("n0", variant->flags);
}

FIXTURE_TEARDOWN(devnetns)
{
	tun_close(&self->t);
}

TEST_F(devnetns, at_home,
       .title = "for a device that stays where it was made both give its namespace",
       .behaviours = { 245, 246 }, .needs = { "dev_netns" })
{
	expect_netns(_metadata, tun_get_sk_netns(self->t.fd), netns_inode(-1));
	expect_netns(_metadata, tun_get_dev_netns(self->t.fd), netns_inode(-1));
}

TEST_F(devnetns, moved,
       .title = "after a move TUNGETDEVNETNS gives the new namespace, SIOCGSKNS the old",
       .behaviours = { 245, 246, 247 }, .needs = { "dev_netns", "net_namespaces" },
       .guards = { "0c3e0e3bb623" })
{
	int home = netns_self(), away = netns_new(), fd;
	ino_t home_inode = netns_inode(home), away_inode = netns_inode(away);

	ASSERT_NE(home_inode, away_inode);
	ASSERT_OK(link_set_netns("n0", away));
	expect_netns(_metadata, tun_get_dev_netns(self->t.fd), away_inode);
	expect_netns(_metadata, tun_get_sk_netns(self->t.fd), home_inode);

	/* The descriptor leads to the device. */
	fd = tun_get_dev_netns(self->t.fd);
	ASSERT_LE(0, fd);
	netns_enter(fd);
	EXPECT_TRUE(link_exists("n0"));
	ASSERT_OK(link_set_netns("n0", home));
	netns_enter(home);
	expect_netns(_metadata, tun_get_dev_netns(self->t.fd), home_inode);
	close(fd);
	close(home);
	close(away);
}

TEST_F(devnetns, keeps_alive,
       .title = "TUNGETDEVNETNS's descriptor keeps the namespace, and the device in it",
       .behaviours = { 246 }, .needs = { "dev_netns", "net_namespaces" })
{
	/* Who waits for POLLIN is woken when the device goes; POLLERR alone wakes nobody. */
	struct pollfd p = { .fd = self->t.fd, .events = POLLIN };
	int away = netns_new(), fd;

	ASSERT_OK(link_set_netns("n0", away));
	fd = tun_get_dev_netns(self->t.fd);
	ASSERT_LE(0, fd);
	close(away);
	EXPECT_OK(tun_set_persist(self->t.fd, 0));
	expect_netns(_metadata, tun_get_dev_netns(self->t.fd), netns_inode(fd));
	EXPECT_EQ(0, poll(&p, 1, 0));
	/* Without it the namespace goes, in its own time, and the device with it. */
	close(fd);
	EXPECT_EQ(1, poll(&p, 1, TEARDOWN_MS));
	EXPECT_EQ(POLLERR, p.revents);
	EXPECT_ERRNO(EBADFD, tun_get_dev_netns(self->t.fd));
	expect_netns(_metadata, tun_get_sk_netns(self->t.fd), netns_inode(-1));
}

TEST_F(devnetns, no_capability,
       .title = "without CAP_NET_ADMIN both give EPERM, even to the device's owner",
       .behaviours = { 245, 246, 248 }, .needs = { "dev_netns" })
{
	int unattached = tun_open();

	ASSERT_OK(tun_set_owner(self->t.fd, geteuid()));
	creds_capable(false);
	EXPECT_ERRNO(EPERM, tun_get_dev_netns(self->t.fd));
	EXPECT_ERRNO(EPERM, tun_get_sk_netns(self->t.fd));
	EXPECT_ERRNO(EPERM, tun_get_sk_netns(unattached));
	/* There is no device whose namespace could be guarded. */
	EXPECT_ERRNO(EBADFD, tun_get_dev_netns(unattached));
	creds_capable(true);
	expect_netns(_metadata, tun_get_dev_netns(self->t.fd), netns_inode(-1));
	close(unattached);
}

/*
 * In a child: takes all capabilities over a namespace of its own and none over the test's, says so
 * on @ready, and waits for the end of @moved, when the device has come over.
 */
static void ask_from_both_sides(struct __test_metadata *_metadata, int fd, int ready, int moved)
{
	char byte = 0;

	if (creds_unshare(CLONE_NEWNET))
		TH_BAIL("new user namespace: %s", strerror(errno));
	EXPECT_ERRNO(EPERM, tun_get_dev_netns(fd));
	EXPECT_ERRNO(EPERM, tun_get_sk_netns(fd));
	sock_pass_fd(ready, netns_self());
	if (read(moved, &byte, 1))
		TH_BAIL("no word from the parent: %s", strerror(errno));
	EXPECT_TRUE(link_exists("n0"));
	expect_netns(_metadata, tun_get_dev_netns(fd), netns_inode(-1));
	EXPECT_ERRNO(EPERM, tun_get_sk_netns(fd));
}

TEST_F(devnetns, which_capability,
       .title = "TUNGETDEVNETNS asks for the capability over the device's namespace alone",
       .behaviours = { 245, 246, 248 },
       .needs = { "dev_netns", "net_namespaces", "user_namespaces" })
{
	int to_child[2], to_parent[2], status, child_netns;
	pid_t pid;

	ASSERT_OK(pipe2(to_child, O_CLOEXEC));
	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to_parent));
	pid = fork();
	if (pid == 0) {
		close(to_child[1]);
		ask_from_both_sides(_metadata, self->t.fd, to_parent[1], to_child[0]);
		_exit(0);
	}
	ASSERT_LE(0, pid);
	close(to_child[0]);
	close(to_parent[1]);
	child_netns = sock_take_fd(to_parent[0], 2000);
	EXPECT_OK(link_set_netns("n0", child_netns));
	close(child_netns);
	close(to_child[1]);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}
