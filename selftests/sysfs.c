// SPDX-License-Identifier: GPL-2.0-only
/* The device in /sys/class/net, /proc/net/dev and in the uevents of its namespace. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/creds.h"
#include "netns/link.h"
#include "netns/sysfs.h"
#include "netns/uevent.h"

#define TIMEOUT_MS 2000
#define TEXT_SIZE  64

FIXTURE(sysfs)
{
	struct tun t;
};

FIXTURE_VARIANT(sysfs)
{
	unsigned int flags;
	const char *type, *addr_len, *dev_flags;
};

/* dev_flags: IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST, and IFF_BROADCAST | IFF_MULTICAST. */
FIXTURE_VARIANT_ADD(sysfs, tun) {
	.flags = IFF_TUN, .type = "65534\n", .addr_len = "0\n", .dev_flags = "0x1090\n"
};
FIXTURE_VARIANT_ADD(sysfs, tap) {
	.flags = IFF_TAP, .type = "1\n", .addr_len = "6\n", .dev_flags = "0x1002\n"
};

FIXTURE_SETUP(sysfs)
{
	self->t = tun_create("s0", variant->flags | IFF_NO_PI);
}

FIXTURE_TEARDOWN(sysfs)
{
	tun_close(&self->t);
}

/* Opens attribute @file of device @dev. */
static int attr_open(const char *dev, const char *file, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", dev, file);
	return open(path, flags | O_CLOEXEC);
}

/* Reads attribute @file of s0 into @text: the length, or -1 and errno. */
static ssize_t attr(const char *file, char text[TEXT_SIZE])
{
	int fd = attr_open("s0", file, O_RDONLY), err;
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return -1;
	n = read(fd, text, TEXT_SIZE - 1);
	err = errno;
	if (n >= 0)
		text[n] = '\0';
	close(fd);
	errno = err;
	return n;
}

static void expect_attr(struct __test_metadata *_metadata, const char *file, const char *expected)
{
	char text[TEXT_SIZE];

	EXPECT_LT(0, attr(file, text))
	{
		TH_LOG("%s", file);
	}
	EXPECT_STREQ(expected, text)
	{
		TH_LOG("%s", file);
	}
}

FIXTURE(sysfs_flags)
{
	struct tun t;
};

FIXTURE_VARIANT(sysfs_flags)
{
	unsigned int flags;
	const char *shown, *persistent;
};

FIXTURE_VARIANT_ADD(sysfs_flags, tun_pi) { IFF_TUN, "0x1\n", "0x801\n" };
FIXTURE_VARIANT_ADD(sysfs_flags, tap_pi) { IFF_TAP, "0x2\n", "0x802\n" };
FIXTURE_VARIANT_ADD(sysfs_flags, tun) { IFF_TUN | IFF_NO_PI, "0x1001\n", "0x1801\n" };
FIXTURE_VARIANT_ADD(sysfs_flags, tap_vnet) { IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, "0x5002\n",
					    "0x5802\n" };
FIXTURE_VARIANT_ADD(sysfs_flags, tun_queues) { IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE, "0x1101\n",
					      "0x1901\n" };
FIXTURE_VARIANT_ADD(sysfs_flags, tap_one_queue) { IFF_TAP | IFF_ONE_QUEUE, "0x2002\n", "0x2802\n" };

FIXTURE_SETUP(sysfs_flags)
{
	self->t = tun_create("s0", variant->flags);
}

FIXTURE_TEARDOWN(sysfs_flags)
{
	tun_close(&self->t);
}

TEST_F(sysfs_flags, tun_flags,
       .title = "tun_flags is type, features and persistence in hexadecimal", .behaviours = { 482 },
       .needs = { "sysfs", "multi_queue" })
{
	expect_attr(_metadata, "tun_flags", variant->shown);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	expect_attr(_metadata, "tun_flags", variant->persistent);
	ASSERT_OK(tun_set_persist(self->t.fd, 0));
	expect_attr(_metadata, "tun_flags", variant->shown);
}

TEST(flags_of_the_device,
     .title = "tun_flags has no bit that belongs to a file: no filter, detached queue",
     .behaviours = { 482 }, .needs = { "sysfs", "multi_queue" })
{
	struct tun t = tun_create("s0", IFF_TAP | IFF_MULTI_QUEUE);

	/* 0x1000 is IFF_NO_PI here, which this device has not, and IFF_NOFILTER in TUNGETIFF. */
	EXPECT_EQ(IFF_NOFILTER, tun_iff_flags(t.fd) & IFF_NOFILTER);
	expect_attr(_metadata, "tun_flags", "0x102\n");
	ASSERT_OK(tun_set_queue(t.fd, IFF_DETACH_QUEUE));
	EXPECT_EQ(IFF_DETACH_QUEUE, tun_iff_flags(t.fd) & IFF_DETACH_QUEUE);
	expect_attr(_metadata, "tun_flags", "0x102\n");
	tun_close(&t);
}

TEST(flags_no_carrier, .title = "IFF_NO_CARRIER and IFF_TUN_EXCL are not kept in tun_flags",
     .behaviours = { 482 }, .needs = { "sysfs", "no_carrier" })
{
	struct tun t = tun_create("s0", IFF_TUN | IFF_NO_PI | IFF_NO_CARRIER | IFF_TUN_EXCL);

	expect_attr(_metadata, "tun_flags", "0x1001\n");
	tun_close(&t);
}

TEST_F(sysfs, owner, .title = "owner and group are -1 until they are set", .behaviours = { 483 },
       .needs = { "sysfs" })
{
	expect_attr(_metadata, "owner", "-1\n");
	expect_attr(_metadata, "group", "-1\n");
	ASSERT_OK(tun_set_owner(self->t.fd, 0));
	expect_attr(_metadata, "owner", "0\n");
	expect_attr(_metadata, "group", "-1\n");
	ASSERT_OK(tun_set_group(self->t.fd, 0));
	expect_attr(_metadata, "group", "0\n");
}

TEST_F(sysfs, owner_numbers, .title = "owner and group are shown as decimal numbers",
       .behaviours = { 483 }, .needs = { "sysfs", "second_uid" })
{
	ASSERT_OK(tun_set_owner(self->t.fd, 1234));
	ASSERT_OK(tun_set_group(self->t.fd, 2147483648));
	expect_attr(_metadata, "owner", "1234\n");
	expect_attr(_metadata, "group", "2147483648\n");
}

TEST_F(sysfs, read_only,
       .title = "tun_flags, owner and group cannot be opened for writing, not even by root",
       .behaviours = { 484 }, .needs = { "sysfs" })
{
	static const char *const files[] = { "tun_flags", "owner", "group" };
	struct stat st;
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = attr_open("s0", files[i], O_RDONLY);
		ASSERT_OK(fstat(fd, &st));
		EXPECT_EQ(0444, st.st_mode & 0777)
		{
			TH_LOG("%s", files[i]);
		}
		close(fd);
		EXPECT_ERRNO(EACCES, attr_open("s0", files[i], O_WRONLY));
		EXPECT_ERRNO(EACCES, attr_open("s0", files[i], O_RDWR));
	}
}

TEST_F(sysfs, attributes, .title = "type, address length and flags are those of the device's kind",
       .behaviours = { 485 }, .needs = { "sysfs" })
{
	struct link link;

	expect_attr(_metadata, "type", variant->type);
	expect_attr(_metadata, "addr_len", variant->addr_len);
	expect_attr(_metadata, "flags", variant->dev_flags);
	expect_attr(_metadata, "broadcast",
		    variant->flags & IFF_TUN ? "\n" : "ff:ff:ff:ff:ff:ff\n");
	expect_attr(_metadata, "mtu", "1500\n");
	expect_attr(_metadata, "tx_queue_len", variant->flags & IFF_TUN ? "500\n" : "1000\n");
	ASSERT_OK(link_get("s0", &link));
	EXPECT_EQ(strtoul(variant->type, NULL, 10), link.type);
	EXPECT_EQ(strtoul(variant->dev_flags, NULL, 16), link.flags & 0xffff & ~IFF_RUNNING);
	EXPECT_EQ(link.index, sysfs_number("s0", "ifindex"));
}

TEST_F(sysfs, carrier,
       .title = "carrier is 0 or 1 while the device is up, and unreadable while it is down",
       .behaviours = { 486 }, .needs = { "sysfs" })
{
	char text[TEXT_SIZE];

	EXPECT_ERRNO(EINVAL, attr("carrier", text));
	ASSERT_OK(link_up("s0"));
	expect_attr(_metadata, "carrier", "1\n");
	/* The bit itself: it does not wait for the link watch. */
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	expect_attr(_metadata, "carrier", "0\n");
	ASSERT_OK(tun_set_carrier(self->t.fd, 1));
	expect_attr(_metadata, "carrier", "1\n");
	ASSERT_OK(link_down("s0"));
	EXPECT_ERRNO(EINVAL, attr("carrier", text));
}

TEST_F(sysfs, queues, .title = "a single-queue device has one directory for each direction",
       .behaviours = { 487 }, .needs = { "sysfs" })
{
	EXPECT_OK(access("/sys/class/net/s0/queues/tx-0", F_OK));
	EXPECT_ERRNO(ENOENT, access("/sys/class/net/s0/queues/tx-1", F_OK));
	if (harness_feature("rps"))
		EXPECT_OK(access("/sys/class/net/s0/queues/rx-0", F_OK));
	EXPECT_ERRNO(ENOENT, access("/sys/class/net/s0/queues/rx-1", F_OK));
}

TEST_F(sysfs, place, .title = "the device is a virtual one, without a parent device",
       .behaviours = { 490 }, .needs = { "sysfs" })
{
	char *path = realpath("/sys/class/net/s0", NULL);

	ASSERT_NE(NULL, path);
	EXPECT_STREQ("/sys/devices/virtual/net/s0", path);
	EXPECT_ERRNO(ENOENT, access("/sys/class/net/s0/device", F_OK));
	EXPECT_OK(access("/sys/class/net/s0/statistics/tx_dropped", F_OK));
	free(path);
	tun_close(&self->t);
	EXPECT_ERRNO(ENOENT, access("/sys/class/net/s0", F_OK));
	EXPECT_ERRNO(ENOENT, access("/sys/devices/virtual/net/s0", F_OK));
}

TEST_F(sysfs, removed_while_open,
       .title = "an attribute that is open outlives the device and gives ENODEV",
       .behaviours = { 482, 490 }, .needs = { "sysfs" })
{
	int fd = attr_open("s0", "tun_flags", O_RDONLY);
	char text[TEXT_SIZE];

	ASSERT_LE(0, fd);
	tun_close(&self->t);
	EXPECT_ERRNO(ENODEV, read(fd, text, sizeof(text)));
	close(fd);
}

/* True if /proc/net/dev has a line for @name; its first number, the received bytes, is stored. */
static bool proc_line(const char *name, unsigned long long *rx_bytes)
{
	FILE *f = fopen("/proc/net/dev", "re");
	char line[512], dev[64];
	bool found = false;

	if (!f)
		TH_BAIL("/proc/net/dev: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, " %63[^:]: %llu", dev, rx_bytes) == 2 && !strcmp(dev, name);
	fclose(f);
	return found;
}

TEST_F(sysfs, proc_net_dev,
       .title = "/proc/net/dev has a line for the device under its present name",
       .behaviours = { 489 })
{
	unsigned long long bytes;
	struct frame f;

	EXPECT_TRUE(proc_line("s0", &bytes));
	EXPECT_EQ(0, bytes);
	ASSERT_OK(link_rename("s0", "renamed"));
	strcpy(self->t.name, "renamed");
	peer_configure(&self->t);
	peer_udp(&self->t, &f, 1, 2, 100, 3);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	EXPECT_TRUE(proc_line("renamed", &bytes));
	EXPECT_EQ(f.len, bytes);
	EXPECT_FALSE(proc_line("s0", &bytes));
	tun_close(&self->t);
	EXPECT_FALSE(proc_line("renamed", &bytes));
}

TEST_F(sysfs, renamed, .title = "a rename moves the device's directory and its attributes",
       .behaviours = { 482, 490 }, .needs = { "sysfs" })
{
	int fd = attr_open("s0", "tun_flags", O_RDONLY);
	char text[TEXT_SIZE] = "";

	ASSERT_OK(link_rename("s0", "renamed"));
	EXPECT_ERRNO(ENOENT, access("/sys/class/net/s0", F_OK));
	EXPECT_OK(access("/sys/devices/virtual/net/renamed/tun_flags", F_OK));
	/* The file that was open is the same attribute still. */
	EXPECT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_STREQ(variant->flags & IFF_TUN ? "0x1001\n" : "0x1002\n", text);
	close(fd);
}

static void read_without_names(struct __test_metadata *_metadata, void *arg __UNUSED)
{
	/* In a user namespace without a map no id has a name. */
	if (unshare(CLONE_NEWUSER))
		TH_BAIL("new user namespace: %s", strerror(errno));
	expect_attr(_metadata, "owner", "65534\n");
	expect_attr(_metadata, "group", "65534\n");
}

TEST_F(sysfs, owner_elsewhere,
       .title = "an owner that the reader's user namespace does not know is shown as 65534",
       .behaviours = { 491 }, .needs = { "sysfs", "user_namespaces" })
{
	ASSERT_OK(tun_set_owner(self->t.fd, 0));
	ASSERT_OK(tun_set_group(self->t.fd, 0));
	creds_child(_metadata, read_without_names, NULL);
}

TEST_F(sysfs, uevents, .title = "uevents tell of the device and its queues, with name and index",
       .behaviours = { 488 }, .needs = { "sysfs" })
{
	int fd = uevent_open(), index;
	char event[UEVENT_SIZE], text[16];
	struct tun t;
	size_t len;

	t = tun_create("s1", variant->flags | IFF_NO_PI);
	index = if_nametoindex("s1");
	len = uevent_wait(fd, "add@/devices/virtual/net/s1", event, TIMEOUT_MS);
	ASSERT_NE(0, len);
	snprintf(text, sizeof(text), "%d", index);
	EXPECT_STREQ("s1", uevent_value(event, len, "INTERFACE") ?: "");
	EXPECT_STREQ(text, uevent_value(event, len, "IFINDEX") ?: "");
	EXPECT_STREQ("net", uevent_value(event, len, "SUBSYSTEM") ?: "");
	EXPECT_NE(0, uevent_wait(fd, "add@/devices/virtual/net/s1/queues/tx-0", event, TIMEOUT_MS));

	tun_close(&t);
	EXPECT_NE(0, uevent_wait(fd, "remove@/devices/virtual/net/s1/queues/tx-0", event, TIMEOUT_MS));
	len = uevent_wait(fd, "remove@/devices/virtual/net/s1", event, TIMEOUT_MS);
	ASSERT_NE(0, len);
	EXPECT_STREQ("s1", uevent_value(event, len, "INTERFACE") ?: "");
	EXPECT_STREQ(text, uevent_value(event, len, "IFINDEX") ?: "");
	close(fd);
}
