// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that moves to another network namespace while files hold it, and namespaces that end.
 *
 * The end of a namespace is the work of a kernel thread that serves the whole machine, one batch
 * after the other; waits for it have a long time-out.
 */
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/blocked.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"

#define TIMEOUT_MS    2000
#define NETNS_EXIT_MS 15000
#define PAYLOAD	      100
#define PORT	      7000

FIXTURE(move)
{
	struct tun t;
	int here, there; /* namespaces */
};

FIXTURE_VARIANT(move)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(move, tun) { .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(move, tap) { .flags = IFF_TAP };

FIXTURE_SETUP(move)
{
	self->t = tun_create("m0", variant->flags | IFF_NO_PI);
	self->here = netns_self();
	self->there = netns_new();
}

FIXTURE_TEARDOWN(move)
{
	tun_close(&self->t);
	netns_enter(self->here);
	close(self->here);
	if (self->there >= 0)
		close(self->there);
}

/* A file of /dev/net/tun that belongs to namespace @netns. */
static int open_in(int netns, int back)
{
	int fd;

	netns_enter(netns);
	fd = tun_open();
	netns_enter(back);
	return fd;
}

static bool exists_in(int netns, int back, const char *name)
{
	bool exists;

	netns_enter(netns);
	exists = link_exists(name);
	netns_enter(back);
	return exists;
}

static ino_t inode_and_close(int netns)
{
	ino_t inode = netns_inode(netns);

	close(netns);
	return inode;
}

/* Traffic both ways between the file and the stack of the current namespace. */
static void expect_traffic(struct __test_metadata *_metadata, const struct tun *t)
{
	int udp = udp_open(KERNEL_IP4, PORT);
	struct frame f;

	peer_udp(t, &f, 4000, PORT, PAYLOAD, 1);
	EXPECT_EQ(f.len, tun_send(t, NULL, &f));
	EXPECT_EQ(PAYLOAD, udp_recv_pattern(udp, 1, TIMEOUT_MS));

	kernel_udp(udp, 4000, PAYLOAD, 2);
	EXPECT_EQ(PAYLOAD, peer_recv_udp(t, 2, TIMEOUT_MS));
	close(udp);
}

TEST_F(move, file_goes_on,
       .title = "after its device moved to another namespace the file works on there",
       .behaviours = { 492 }, .needs = { "net_namespaces" })
{
	uint8_t before[14] = { 0 }, after[14] = { 0 }, buf[2048];
	uint16_t family_before, family_after;
	struct ifreq ifr = { 0 };

	ASSERT_OK(tun_get_hwaddr(self->t.fd, &family_before, before));
	peer_configure(&self->t);
	expect_traffic(_metadata, &self->t);
	ASSERT_OK(link_set_netns("m0", self->there));
	EXPECT_FALSE(link_exists("m0"));
	EXPECT_TRUE(exists_in(self->there, self->here, "m0"));

	EXPECT_ERRNO(EAGAIN, read(self->t.fd, buf, sizeof(buf)));
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("m0", ifr.ifr_name);
	ASSERT_OK(tun_get_hwaddr(self->t.fd, &family_after, after));
	EXPECT_EQ(family_before, family_after);
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));

	netns_enter(self->there);
	peer_configure(&self->t);
	expect_traffic(_metadata, &self->t);
}

TEST_F(move, there_and_back, .title = "a device can move there and back, under the same file",
       .behaviours = { 492 }, .needs = { "net_namespaces" })
{
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(link_set_netns("m0", self->there));
		netns_enter(self->there);
		ASSERT_OK(link_set_netns("m0", self->here));
		netns_enter(self->here);
	}
	peer_configure(&self->t);
	expect_traffic(_metadata, &self->t);
}

TEST_F(move, down_after_move,
       .title = "the move takes the device down: a write gives EIO, queued packets stay readable",
       .behaviours = { 492, 413 }, .needs = { "net_namespaces" })
{
	struct frame f;
	int udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_udp(udp, 4000, PAYLOAD, 3);
	peer_udp(&self->t, &f, 4000, PORT, PAYLOAD, 1);
	ASSERT_OK(link_set_netns("m0", self->there));
	EXPECT_ERRNO(EIO, tun_send(&self->t, NULL, &f));
	EXPECT_EQ(PAYLOAD, peer_recv_udp(&self->t, 3, 0));
	close(udp);
}

TEST_F(move, events,
       .title = "the old namespace sees the device deleted, the new one sees it appear",
       .behaviours = { 492, 476 }, .needs = { "net_namespaces" })
{
	struct link_watch *old = link_watch_open(), *new;
	struct link_event event;

	netns_enter(self->there);
	new = link_watch_open();
	netns_enter(self->here);
	ASSERT_OK(link_set_netns("m0", self->there));
	EXPECT_EQ(1, link_watch_count(old, "m0", RTM_DELLINK));
	EXPECT_EQ(0, link_watch_count(new, "m0", RTM_DELLINK));
	ASSERT_TRUE(link_watch_next(new, "m0", TIMEOUT_MS, &event));
	EXPECT_EQ(RTM_NEWLINK, event.type);
	EXPECT_STREQ("tun", event.link.kind);
	EXPECT_EQ(variant->flags, event.link.data[TUN_LINK_TYPE]);
	link_watch_close(new);
	link_watch_close(old);
}

TEST_F(move, two_namespaces,
       .title = "TUNGETDEVNETNS follows the device, SIOCGSKNS stays with the file",
       .behaviours = { 492, 247 }, .needs = { "net_namespaces", "dev_netns" })
{
	ino_t here = netns_inode(self->here), there = netns_inode(self->there);

	EXPECT_EQ(here, inode_and_close(tun_get_dev_netns(self->t.fd)));
	EXPECT_EQ(here, inode_and_close(tun_get_sk_netns(self->t.fd)));
	ASSERT_OK(link_set_netns("m0", self->there));
	EXPECT_EQ(there, inode_and_close(tun_get_dev_netns(self->t.fd)));
	EXPECT_EQ(here, inode_and_close(tun_get_sk_netns(self->t.fd)));
}

TEST_F(move, name_is_free,
       .title =
	       "after the move the name is free: TUNSETIFF in the old namespace makes a new device",
       .behaviours = { 493, 497 }, .needs = { "net_namespaces" })
{
	struct ifreq ifr;
	struct tun other;

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(link_set_netns("m0", self->there));
	/* It would attach to an existing one of any name; this has to be new. */
	other = tun_create("m0", variant->flags | IFF_NO_PI | IFF_TUN_EXCL);
	EXPECT_TRUE(link_exists("m0"));
	EXPECT_EQ(0, tun_iff_flags(other.fd) & IFF_PERSIST);
	EXPECT_EQ(IFF_PERSIST, tun_iff_flags(self->t.fd) & IFF_PERSIST);
	/* The end of one is not the other's. */
	tun_close(&other);
	EXPECT_FALSE(link_exists("m0"));
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("m0", ifr.ifr_name);
}

TEST(attach_there,
     .title = "a moved device takes another queue only from a file of its new namespace",
     .behaviours = { 497 }, .needs = { "net_namespaces", "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
	int here = netns_self(), there = netns_new(), of_there = open_in(there, here);
	struct tun t = tun_create("m0", flags), second;
	struct link link;

	/* Which namespace the thread is in makes no difference, only where the file was opened. */
	ASSERT_OK(link_set_netns("m0", there));
	ASSERT_OK(tun_set_iff(of_there, "m0", flags));
	second = tun_create("m0", flags);
	ASSERT_OK(link_get("m0", &link));
	EXPECT_EQ(1, link.data[TUN_LINK_NUM_QUEUES]);
	netns_enter(there);
	ASSERT_OK(link_get("m0", &link));
	EXPECT_EQ(2, link.data[TUN_LINK_NUM_QUEUES]);
	netns_enter(here);
	tun_close(&second);
	tun_close(&t);
	close(of_there);
}

TEST_F(move, name_clash,
       .title = "a device does not move where its name is taken: EEXIST, and all stays as it was",
       .behaviours = { 498 }, .needs = { "net_namespaces" })
{
	int fd = open_in(self->there, self->here);
	struct ifreq ifr = { 0 };

	ASSERT_OK(tun_set_iff(fd, "m0", variant->flags | IFF_NO_PI));
	EXPECT_ERRNO(EEXIST, link_set_netns("m0", self->there));
	EXPECT_TRUE(link_exists("m0"));
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("m0", ifr.ifr_name);
	peer_configure(&self->t);
	expect_traffic(_metadata, &self->t);
	close(fd);
}

TEST_F(move, rename_there, .title = "a rename in the new namespace is what TUNGETIFF gives",
       .behaviours = { 492 }, .needs = { "net_namespaces" })
{
	struct ifreq ifr = { 0 };

	ASSERT_OK(link_set_netns("m0", self->there));
	netns_enter(self->there);
	ASSERT_OK(link_rename("m0", "elsewhere"));
	netns_enter(self->here);
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("elsewhere", ifr.ifr_name);
}

/* Waits until the file's device is gone: poll() gives POLLERR. */
static bool wait_gone(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, NETNS_EXIT_MS) == 1 && p.revents == POLLERR;
}

TEST_F(move, netns_exit,
       .title = "the moved device ends with its namespace, which it does not keep; the file can "
		"attach anew",
       .behaviours = { 494, 496 }, .needs = { "net_namespaces" })
{
	struct ifreq ifr;
	char buf[64] = { 0x45 };

	ASSERT_OK(link_set_netns("m0", self->there));
	close(self->there);
	self->there = -1;
	ASSERT_TRUE(wait_gone(self->t.fd));
	EXPECT_ERRNO(EBADFD, read(self->t.fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EBADFD, write(self->t.fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EBADFD, tun_get_iff(self->t.fd, &ifr));

	/* The file's own namespace is this one still. TUNSETIFF takes the old queue's number for an
	 * index. */
	EXPECT_OK(tun_set_ifindex(self->t.fd, 0));
	EXPECT_OK(tun_set_iff(self->t.fd, "m0", variant->flags | IFF_NO_PI));
	EXPECT_TRUE(link_exists("m0"));
}

TEST_F(move, persistent_netns_exit,
       .title = "a persistent device ends with its namespace as any other", .behaviours = { 494 },
       .needs = { "net_namespaces" })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	ASSERT_OK(link_set_netns("m0", self->there));
	close(self->there);
	self->there = -1;
	EXPECT_TRUE(wait_gone(self->t.fd));
	/* Nor did it come back here. */
	EXPECT_FALSE(link_exists("m0"));
}

/* Ends a namespace with a device in it, and waits until that is done. */
static void end_another(void)
{
	struct tun marker = tun_create("mark", IFF_TUN | IFF_NO_PI);
	int netns = netns_new();

	if (link_set_netns("mark", netns))
		TH_BAIL("cannot move mark: %s", strerror(errno));
	close(netns);
	if (!wait_gone(marker.fd))
		TH_BAIL("a namespace does not end within %d ms", NETNS_EXIT_MS);
	tun_close(&marker);
}

TEST_F(move, kept_by_devnetns,
       .title = "the descriptor of TUNGETDEVNETNS keeps the device's namespace and the device",
       .behaviours = { 496 }, .needs = { "net_namespaces", "dev_netns" })
{
	struct ifreq ifr;
	int netns;

	ASSERT_OK(link_set_netns("m0", self->there));
	netns = tun_get_dev_netns(self->t.fd);
	ASSERT_LE(0, netns);
	close(self->there);
	self->there = -1;
	/* Had its namespace lost its last user, it would have ended before this one. */
	end_another();
	EXPECT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_TRUE(exists_in(netns, self->here, "m0"));
	close(netns);
	EXPECT_TRUE(wait_gone(self->t.fd));
}

/* A process with a namespace of its own makes a device there, passes the file and ends. */
static int file_of_ended_process(unsigned int flags)
{
	int ends[2], status, fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		TH_BAIL("socketpair: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		TH_BAIL("fork: %s", strerror(errno));
	if (pid == 0) {
		netns_enter(netns_new());
		sock_pass_fd(ends[1], tun_create("m1", flags).fd);
		_exit(0);
	}
	close(ends[1]);
	fd = sock_take_fd(ends[0], TIMEOUT_MS);
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		TH_BAIL("the process that opens the file ended with %#x", status);
	return fd;
}

TEST_F(move, passed_file,
       .title = "a file keeps the namespace it was opened in, and the device, after its opener "
		"ended",
       .behaviours = { 495, 499 }, .needs = { "net_namespaces" })
{
	struct tun t = { .fd = file_of_ended_process(variant->flags | IFF_NO_PI),
			 .flags = variant->flags | IFF_NO_PI,
			 .name = "m1" };
	struct ifreq ifr = { 0 };
	int netns;

	end_another();
	ASSERT_OK(tun_get_iff(t.fd, &ifr));
	EXPECT_STREQ("m1", ifr.ifr_name);
	EXPECT_FALSE(link_exists("m1"));
	netns = tun_get_sk_netns(t.fd);
	ASSERT_LE(0, netns);
	EXPECT_NE(netns_inode(self->here), netns_inode(netns));
	netns_enter(netns);
	peer_configure(&t);
	expect_traffic(_metadata, &t);
	netns_enter(self->here);
	close(netns);
	tun_close(&t);
}

TEST(unattached_file, .title = "a file without a device keeps its namespace until it is closed",
     .behaviours = { 499 }, .needs = { "net_namespaces", "veth" })
{
	int here = netns_self(), there = netns_new(), fd = open_in(there, here);
	struct link_watch *watch;
	struct link_event event = { 0 };

	/* What is left here of a veth pair goes with the namespace of the other end. */
	ASSERT_OK(link_add_veth("v0", "v1"));
	ASSERT_OK(link_set_netns("v1", there));
	close(there);
	end_another();
	EXPECT_TRUE(link_exists("v0"));

	watch = link_watch_open();
	close(fd);
	while (event.type != RTM_DELLINK) {
		ASSERT_TRUE(link_watch_next(watch, "v0", NETNS_EXIT_MS, &event));
	}
	EXPECT_FALSE(link_exists("v0"));
	link_watch_close(watch);
	close(here);
}

TEST_F(move, deleted_under_reader,
       .title = "deletion does not wait for a blocked read, which ends with EFAULT",
       .behaviours = { 501 }, .needs = { "net_namespaces" })
{
	struct blocked r;

	tun_set_blocking(self->t.fd);
	ASSERT_TRUE(blocked_read(&r, self->t.fd));
	ASSERT_OK(link_del("m0"));
	ASSERT_TRUE(blocked_ended(&r, NETNS_EXIT_MS));
	EXPECT_EQ(-1, r.ret);
	EXPECT_EQ(EFAULT, r.err);
	EXPECT_FALSE(link_exists("m0"));
}

TEST_F(move, moved_under_reader,
       .title = "a blocked read outlasts the move and gets what is sent there",
       .behaviours = { 492, 501 }, .needs = { "net_namespaces" })
{
	struct blocked r;
	int udp;

	tun_set_blocking(self->t.fd);
	ASSERT_TRUE(blocked_read(&r, self->t.fd));
	ASSERT_OK(link_set_netns("m0", self->there));
	netns_enter(self->there);
	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, PORT);
	kernel_udp(udp, 4000, PAYLOAD, 1);
	ASSERT_TRUE(blocked_ended(&r, NETNS_EXIT_MS));
	EXPECT_EQ(peer_udp_size(&self->t, PAYLOAD), r.ret);
	close(udp);
}

TEST_F(move, netns_exit_under_reader,
       .title = "the end of the device's namespace ends a blocked read with EFAULT",
       .behaviours = { 494, 501 }, .needs = { "net_namespaces" })
{
	struct blocked r;

	tun_set_blocking(self->t.fd);
	ASSERT_TRUE(blocked_read(&r, self->t.fd));
	ASSERT_OK(link_set_netns("m0", self->there));
	close(self->there);
	self->there = -1;
	ASSERT_TRUE(blocked_ended(&r, NETNS_EXIT_MS));
	EXPECT_EQ(-1, r.ret);
	EXPECT_EQ(EFAULT, r.err);
	EXPECT_TRUE(wait_gone(self->t.fd));
}
