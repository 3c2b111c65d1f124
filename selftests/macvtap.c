// SPDX-License-Identifier: GPL-2.0-only
/*
 * macvtap: its link and its device node. A device of tun.c is made by TUNSETIFF on one node for
 * all; of these each has a node of its own, which rtnetlink makes with the link.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/klog.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/sysfs.h"
#include "netns/uevent.h"

#define TIMEOUT_MS 2000
#define MAX_QUEUES 256

/* The file of @file below the node's directory in sysfs, which is named by the link's index. */
static const char *node_file(const char *link, const char *file)
{
	static char path[64];
	struct link l;

	if (link_get(link, &l))
		TH_BAIL("index of %s: %s", link, strerror(errno));
	snprintf(path, sizeof(path), "tap%d/%s", l.index, file);
	return path;
}

TEST(node, .title = "the device of a macvtap is in sysfs below its link and in class macvtap",
     .behaviours = { 503 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("m0");
	unsigned int major = 0, minor = 0;
	char path[64], target[256] = "";
	struct stat st;
	struct link l;

	ASSERT_OK(link_get("m0", &l));
	EXPECT_STREQ("macvtap", l.kind);
	ASSERT_EQ(2, sscanf(sysfs_get("m0", node_file("m0", "dev")), "%u:%u", &major, &minor));
	/* Not the misc device's: a major number of its own, the minor numbers start with 1. */
	EXPECT_NE(10, major);
	EXPECT_LE(1, minor);
	ASSERT_OK(fstat(t.fd, &st));
	EXPECT_EQ(makedev(major, minor), st.st_rdev);

	snprintf(path, sizeof(path), "/sys/class/macvtap/tap%d", l.index);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	snprintf(path, sizeof(path), "/net/m0/macvtap/tap%d", l.index);
	EXPECT_TRUE(strstr(target, path)) {
		TH_LOG("link to %s", target);
	}
	tun_close(&t);
}

TEST(uevents, .title = "uevents tell of the node of a macvtap, with its name and numbers",
     .behaviours = { 503 }, .needs = { "macvtap" })
{
	int fd = uevent_open();
	char first[96], event[UEVENT_SIZE], name[16], numbers[32];
	struct tun t = macvtap_bridge("m0");
	struct stat st;
	size_t len;

	ASSERT_OK(fstat(t.fd, &st));
	tun_close(&t);
	snprintf(name, sizeof(name), "tap%u", if_nametoindex("m0"));
	snprintf(first, sizeof(first), "add@/devices/virtual/net/m0/macvtap/%s", name);
	len = uevent_wait(fd, first, event, TIMEOUT_MS);
	ASSERT_NE(0, len);
	EXPECT_STREQ("macvtap", uevent_value(event, len, "SUBSYSTEM") ?: "");
	EXPECT_STREQ(name, uevent_value(event, len, "DEVNAME") ?: "");
	snprintf(numbers, sizeof(numbers), "%s:%s", uevent_value(event, len, "MAJOR") ?: "",
		 uevent_value(event, len, "MINOR") ?: "");
	EXPECT_STREQ(sysfs_get("m0", node_file("m0", "dev")), numbers);

	ASSERT_OK(link_del("m0"));
	snprintf(first, sizeof(first), "remove@/devices/virtual/net/m0/macvtap/%s", name);
	EXPECT_NE(0, uevent_wait(fd, first, event, TIMEOUT_MS));
	close(fd);
}

TEST(node_elsewhere,
     .title = "class macvtap shows the nodes of one network namespace; whoever can reach a node may "
	      "open it from any",
     .behaviours = { 503, 535 }, .needs = { "macvtap", "net_namespaces" })
{
	int here = netns_self(), other = netns_new();
	char path[MACVTAP_NODE_SIZE];
	struct ifreq ifr;
	struct link l;
	int fd;

	netns_enter(other);
	ASSERT_OK(macvtap_add_lower());
	ASSERT_OK(link_add_on("macvtap", "far", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	ASSERT_OK(link_get("far", &l));
	/* /sys shows the namespace it was mounted in. */
	EXPECT_STREQ("(ENOENT)", sysfs_get("far", "ifindex"));
	snprintf(path, sizeof(path), "/sys/class/macvtap/tap%d", l.index);
	EXPECT_ERRNO(ENOENT, access(path, F_OK));
	ASSERT_OK(mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	EXPECT_OK(access(path, F_OK));
	ASSERT_OK(macvtap_node("far", path));

	netns_enter(here);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_OK(tun_get_iff(fd, &ifr));
	EXPECT_STREQ("far", ifr.ifr_name);
	close(fd);
	close(other);
	close(here);
}

FIXTURE(macvtap_mode)
{
};

FIXTURE_VARIANT(macvtap_mode)
{
	uint32_t mode;
};

FIXTURE_VARIANT_ADD(macvtap_mode, private) { MACVLAN_MODE_PRIVATE };
FIXTURE_VARIANT_ADD(macvtap_mode, vepa) { MACVLAN_MODE_VEPA };
FIXTURE_VARIANT_ADD(macvtap_mode, bridge) { MACVLAN_MODE_BRIDGE };
FIXTURE_VARIANT_ADD(macvtap_mode, passthru) { MACVLAN_MODE_PASSTHRU };
FIXTURE_VARIANT_ADD(macvtap_mode, source) { MACVLAN_MODE_SOURCE };

FIXTURE_SETUP(macvtap_mode)
{
}

FIXTURE_TEARDOWN(macvtap_mode)
{
}

TEST_F(macvtap_mode, add, .title = "rtnetlink makes a macvtap of each mode, with 500 packets of queue",
       .behaviours = { 504, 530 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_create("macvtap", "m0", variant->mode);
	struct link l, lower;

	ASSERT_OK(link_get("m0", &l));
	ASSERT_OK(link_get(MACVTAP_LOWER, &lower));
	EXPECT_EQ(variant->mode, l.data[IFLA_MACVLAN_MODE]);
	EXPECT_EQ(500, l.txqueuelen);
	EXPECT_EQ(lower.mtu, l.mtu);
	EXPECT_TRUE(l.carrier);
	/* Random, as that of a TAP; but passthru takes that of the link it lies on. */
	EXPECT_EQ(variant->mode == MACVLAN_MODE_PASSTHRU, !memcmp(l.address, lower.address, 6));
	EXPECT_EQ(0, l.address[0] & 1);
	tun_close(&t);
}

TEST_F(macvtap_mode, one_passthru,
       .title = "a macvtap of mode passthru lies alone on its link, the others share it",
       .behaviours = { 504 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_create("macvtap", "m0", variant->mode);
	bool alone = variant->mode == MACVLAN_MODE_PASSTHRU;

	EXPECT_ERRNO(alone ? EINVAL : 0,
		     link_add_on("macvtap", "m1", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	EXPECT_ERRNO(EINVAL, link_add_on("macvtap", "m2", MACVTAP_LOWER, MACVLAN_MODE_PASSTHRU));
	tun_close(&t);
}

/* Who gets a frame: bits. */
enum { WORLD = 1, OTHER = 2 };

/* Writes a frame, for which it waits where it is expected: who got it. */
static int receivers(const struct tun *t, const struct tun *other, int world, const uint8_t to[6],
		     int expected)
{
	uint8_t from[6], buf[256];
	struct frame f;
	int seen = 0;

	macvtap_mac(t->name, from);
	macvtap_frame(&f, to, from, 64, 1);
	if (tun_send(t, NULL, &f) < 0)
		TH_BAIL("cannot write to %s: %s", t->name, strerror(errno));
	if (expected & WORLD && packet_recv(world, buf, sizeof(buf), TIMEOUT_MS, NULL) > 0)
		seen |= WORLD;
	if (tun_read(other, buf, sizeof(buf), expected & OTHER ? TIMEOUT_MS : 0) > 0)
		seen |= OTHER;
	if (packet_recv(world, buf, sizeof(buf), 0, NULL) > 0)
		seen |= WORLD;
	return seen;
}

TEST_F(macvtap_mode, sends,
       .title = "only mode bridge brings a frame to another macvtap of the same link, all bring it out",
       .behaviours = { 504, 521 }, .needs = { "macvtap", "packet_socket" })
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	bool bridge = variant->mode == MACVLAN_MODE_BRIDGE;
	struct tun t = macvtap_create("macvtap", "m0", variant->mode), other = { .fd = -1 };
	int world = packet_open(MACVTAP_WORLD, MACVTAP_ETHERTYPE, 0), expected;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

	if (variant->mode != MACVLAN_MODE_PASSTHRU) {
		other = macvtap_create("macvtap", "m1", variant->mode);
		macvtap_mac("m1", mac);
	}
	/* In the other modes the switch outside would have to send it back. */
	expected = bridge ? OTHER : WORLD;
	EXPECT_EQ(expected, receivers(&t, &other, world, mac, expected));
	expected |= WORLD;
	EXPECT_EQ(expected, receivers(&t, &other, world, all, expected));
	tun_close(&other);
	close(world);
	tun_close(&t);
}

TEST_F(macvtap_mode, receives,
       .title = "a frame from outside comes to the macvtap with its address; passthru takes all, source none",
       .behaviours = { 504, 521 }, .needs = { "macvtap", "packet_socket" })
{
	static const uint8_t from[6] = { 2, 0, 0, 0, 0, 9 }, nobody[6] = { 2, 0, 0, 0, 0, 8 };
	struct tun t = macvtap_create("macvtap", "m0", variant->mode);
	int world = packet_open(MACVTAP_WORLD, 0, 0);
	int n = variant->mode == MACVLAN_MODE_SOURCE   ? 0 :
		variant->mode == MACVLAN_MODE_PASSTHRU ? 2 :
							 1;
	struct frame f;
	uint8_t mac[6], buf[256];

	macvtap_mac("m0", mac);
	macvtap_frame(&f, mac, from, 64, 1);
	ASSERT_EQ(64, packet_send(world, f.data, f.len));
	macvtap_frame(&f, nobody, from, 64, 2);
	ASSERT_EQ(64, packet_send(world, f.data, f.len));
	while (n--)
		EXPECT_EQ(74, tun_read(&t, buf, sizeof(buf), TIMEOUT_MS));
	EXPECT_ERRNO(EAGAIN, tun_read(&t, buf, sizeof(buf), 0));
	close(world);
	tun_close(&t);
}

TEST(not_by_ioctl, .title = "TUNSETIFF on the TUN device does not attach to a macvtap",
     .behaviours = { 504 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("m0");
	int fd = tun_open();

	EXPECT_ERRNO(EINVAL, tun_set_iff(fd, "m0", IFF_TAP | IFF_NO_PI));
	close(fd);
	tun_close(&t);
}

TEST(no_lower, .title = "a macvtap needs a link to lie on",
     .behaviours = { 504 }, .needs = { "macvtap" })
{
	EXPECT_ERRNO(EINVAL, link_add("macvtap", "m0"));
	EXPECT_FALSE(link_exists("m0"));
}

TEST(opened, .title = "open() attaches a queue at once, without a TUNSETIFF and on a link that is down",
     .behaviours = { 505, 508 }, .needs = { "macvtap" })
{
	struct ifreq ifr;
	int fd;

	ASSERT_OK(macvtap_add_lower());
	ASSERT_OK(link_add_on("macvtap", "m0", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	fd = macvtap_open("m0");
	ASSERT_LE(0, fd);
	ASSERT_OK(tun_get_iff(fd, &ifr));
	EXPECT_STREQ("m0", ifr.ifr_name);
	EXPECT_EQ(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, (unsigned short)ifr.ifr_flags);
	/* The link stays when its last file is closed, without a TUNSETPERSIST. */
	close(fd);
	EXPECT_TRUE(link_exists("m0"));
}

TEST(renamed, .title = "TUNGETIFF gives the name that the link has now",
     .behaviours = { 508 }, .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("m0");
	struct ifreq ifr;

	ASSERT_OK(link_down("m0"));
	ASSERT_OK(link_rename("m0", "other"));
	ASSERT_OK(tun_get_iff(t.fd, &ifr));
	EXPECT_STREQ("other", ifr.ifr_name);
	EXPECT_ERRNO(EFAULT, ioctl(t.fd, TUNGETIFF, NULL));
	tun_close(&t);
}

#define CLOSERS 32

static void *close_some(void *arg)
{
	int *fds = arg;

	for (int i = 0; i < MAX_QUEUES; i += CLOSERS)
		close(fds[i]);
	return NULL;
}

/* Closing waits for a grace period each time, whatever became of the link. */
static void close_all(int *fds)
{
	pthread_t threads[CLOSERS];

	for (int i = 0; i < CLOSERS; i++) {
		if (pthread_create(&threads[i], NULL, close_some, &fds[i]))
			TH_BAIL("cannot start a thread");
	}
	for (int i = 0; i < CLOSERS; i++)
		pthread_join(threads[i], NULL);
}

TEST(queue_limit,
     .title = "256 queues are the limit, detached ones too: open() then gives EBUSY, not E2BIG",
     .behaviours = { 505 }, .needs = { "macvtap" }, .waits = true)
{
	struct rlimit limit = { MAX_QUEUES + 64, MAX_QUEUES + 64 };
	struct tun t = macvtap_bridge("m0");
	int fds[MAX_QUEUES] = { t.fd };

	ASSERT_OK(setrlimit(RLIMIT_NOFILE, &limit));
	/* Short rings: this is about their number. */
	ASSERT_OK(link_set_txqueuelen("m0", 2));
	for (int i = 1; i < MAX_QUEUES; i++) {
		fds[i] = macvtap_open("m0");
		ASSERT_LE(0, fds[i]) {
			TH_LOG("queue %d: %s", i, strerror(errno));
		}
	}
	EXPECT_ERRNO(EBUSY, macvtap_open("m0"));
	ASSERT_OK(tun_set_queue(fds[100], IFF_DETACH_QUEUE));
	EXPECT_ERRNO(EBUSY, macvtap_open("m0"));
	/* One gone makes room for one. */
	close(fds[100]);
	fds[100] = macvtap_open("m0");
	EXPECT_LE(0, fds[100]);
	close_all(fds);
}

/* True if @path is no node of link @name: its minor number may be another test's link by now. */
static bool is_gone(const char *path, const char *name)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct ifreq ifr;
	bool gone;

	if (fd < 0)
		return errno == ENODEV;
	gone = !tun_get_iff(fd, &ifr) ? strcmp(name, ifr.ifr_name) : errno == ENOLINK;
	close(fd);
	return gone;
}

TEST(open_deleted, .title = "the node of a link that was deleted gives ENODEV",
     .behaviours = { 506 }, .needs = { "macvtap" })
{
	char path[MACVTAP_NODE_SIZE], name[IFNAMSIZ];

	klog_link_name(name);
	ASSERT_OK(macvtap_add_lower());
	ASSERT_OK(link_add_on("macvtap", name, MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	ASSERT_OK(macvtap_node(name, path));
	EXPECT_FALSE(is_gone(path, name));
	ASSERT_OK(link_del(name));
	EXPECT_TRUE(is_gone(path, name));
}

static void open_and_ask(struct __test_metadata *_metadata, void *arg)
{
	const char *path = arg;
	unsigned int features;
	struct ifreq ifr;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	int fd;

	ASSERT_OK(setresgid(1000, 1000, 1000));
	ASSERT_OK(setresuid(1000, 1000, 1000));
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_OK(tun_set_iff(fd, NULL, MACVTAP_FLAGS));
	EXPECT_OK(tun_get_iff(fd, &ifr));
	EXPECT_OK(tun_get_features(fd, &features));
	EXPECT_OK(tun_set_offload(fd, TUN_F_CSUM));
	EXPECT_OK(tun_set_sndbuf(fd, 100000));
	EXPECT_OK(tun_set_hwaddr(fd, 1, mac, 6));
	EXPECT_OK(tun_set_queue(fd, IFF_DETACH_QUEUE));
	close(fd);
}

static void open_forbidden(struct __test_metadata *_metadata, void *arg)
{
	ASSERT_OK(setresgid(1000, 1000, 1000));
	ASSERT_OK(setresuid(1000, 1000, 1000));
	EXPECT_ERRNO(EACCES, open(arg, O_RDWR | O_CLOEXEC));
}

TEST(permission,
     .title = "the mode of the node alone says who may use a macvtap, all of its ioctls too",
     .behaviours = { 535 }, .needs = { "macvtap", "second_uid" })
{
	char path[MACVTAP_NODE_SIZE];

	ASSERT_OK(macvtap_add_lower());
	ASSERT_OK(link_add_on("macvtap", "m0", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE));
	ASSERT_OK(macvtap_node("m0", path));
	creds_child(_metadata, open_forbidden, path);
	ASSERT_OK(chmod(path, 0666));
	creds_child(_metadata, open_and_ask, path);
}

/* How many lines of /proc/devices are of @driver. */
static int listed(const char *driver)
{
	FILE *f = fopen("/proc/devices", "re");
	char line[128], name[64];
	int count = 0;

	if (!f)
		TH_BAIL("/proc/devices: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		count += sscanf(line, "%*d %63s", name) == 1 && !strcmp(name, driver);
	fclose(f);
	return count;
}

TEST(listed, .title = "macvtap and ipvtap have one number of devices each",
     .behaviours = { 601 }, .needs = { "macvtap", "ipvtap" })
{
	EXPECT_EQ(1, listed("macvtap"));
	EXPECT_EQ(1, listed("ipvtap"));
}
