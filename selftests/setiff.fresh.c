// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETIFF: what a device is like that has just been made. */
#include <linux/netlink.h>
#include <stdio.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/sysfs.h"
#include "netns/tool.h"
#include "selftests/setiff.h"

TEST_F(setiff, new_device,
       .title = "a new device is down, without a qdisc, has carrier and MTU 1500, and was "
		"announced once",
       .behaviours = { 61, 75 })
{
	struct link_watch *watch = link_watch_open();
	struct tun t = tun_create(NULL, variant->type);
	struct link_event event;
	struct link link;

	EXPECT_STREQ(variant->name, t.name);
	EXPECT_EQ(1, link_watch_count(watch, NULL, RTM_NEWLINK));
	EXPECT_EQ(0, link_watch_count(watch, NULL, RTM_DELLINK));
	ASSERT_OK(link_get(t.name, &link));
	ASSERT_TRUE(link_watch_next(watch, t.name, 0, &event));
	EXPECT_EQ(link.index, event.link.index);

	EXPECT_EQ(0, link.flags & IFF_UP);
	EXPECT_EQ(1500, link.mtu);
	EXPECT_STREQ("noop", link.qdisc);
	EXPECT_TRUE(link.carrier);
	EXPECT_EQ(variant->arphrd, link.type);
	EXPECT_EQ(variant->txqueuelen, link.txqueuelen);
	EXPECT_EQ(variant->address_len, link.address_len);
	EXPECT_EQ(1, link.num_tx_queues);
	EXPECT_EQ(IF_OPER_DOWN, link.operstate);
	EXPECT_STREQ("tun", link.kind);
	tun_close(&t);
	link_watch_close(watch);
}

TEST_F(setiff, new_device_by_ip, .title = "ip shows a new device as rtnetlink and sysfs do",
       .behaviours = { 61, 75, 76 }, .needs = { "iproute2", "sysfs" })
{
	struct tun t = tun_create(NULL, variant->type);
	json_t *json = tool_ip_link(t.name);
	char text[32];

	EXPECT_EQ(1500, tool_get_int(json, "mtu"));
	EXPECT_STREQ("1500", sysfs_get(t.name, "mtu"));
	EXPECT_STREQ("noop", tool_get_string(json, "qdisc"));
	EXPECT_STREQ("DOWN", tool_get_string(json, "operstate"));
	EXPECT_STREQ("down", sysfs_get(t.name, "operstate"));
	EXPECT_EQ(variant->txqueuelen, tool_get_int(json, "txqlen"));
	snprintf(text, sizeof(text), "%u", variant->txqueuelen);
	EXPECT_STREQ(text, sysfs_get(t.name, "tx_queue_len"));
	snprintf(text, sizeof(text), "%u", variant->arphrd);
	EXPECT_STREQ(text, sysfs_get(t.name, "type"));
	snprintf(text, sizeof(text), "%u", variant->address_len);
	EXPECT_STREQ(text, sysfs_get(t.name, "addr_len"));
	EXPECT_STREQ(variant->type == IFF_TUN ? "none" : "ether",
		     tool_get_string(json, "link_type"));
	EXPECT_EQ(1, tool_get_int(json, "num_tx_queues"));
	/* Carrier can be read of a device that is up only. */
	EXPECT_STREQ("(EINVAL)", sysfs_get(t.name, "carrier"));
	if (link_up(t.name))
		TH_BAIL("cannot bring %s up: %s", t.name, strerror(errno));
	EXPECT_STREQ("1", sysfs_get(t.name, "carrier"));
	json_decref(json);
	tun_close(&t);
}

/* Did "add" of an object with this path arrive among @fd's uevents? */
static int count_added(int fd, const char *path)
{
	char buf[8192], wanted[256];
	ssize_t len;
	int n = 0;

	snprintf(wanted, sizeof(wanted), "add@/devices/virtual/net/%s", path);
	while ((len = recv(fd, buf, sizeof(buf) - 1, MSG_PEEK | MSG_DONTWAIT)) > 0) {
		buf[len] = '\0';
		n += !strcmp(buf, wanted);
		recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
	return n;
}

TEST_F(setiff, uevents, .title = "a new device is announced to udev, and so is its queue",
       .behaviours = { 61 }, .needs = { "sysfs" })
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int device = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	int queue = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct tun t;
	char path[64];

	if (bind(device, (void *)&address, sizeof(address)) ||
	    bind(queue, (void *)&address, sizeof(address)))
		TH_BAIL("uevents: %s", strerror(errno));
	t = tun_create(NULL, variant->type);
	EXPECT_EQ(1, count_added(device, t.name));
	snprintf(path, sizeof(path), "%s/queues/tx-0", t.name);
	EXPECT_EQ(1, count_added(queue, path));
	close(device);
	close(queue);
	tun_close(&t);
}

/* Waits for @operstate, which the kernel sets asynchronously. */
static bool settles(const char *name, uint8_t operstate)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	struct link link;

	while (!link_get(name, &link) && link.operstate != operstate) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return link.operstate == operstate;
}

TEST_F(setiff, no_carrier,
       .title = "IFF_NO_CARRIER makes a device that comes up without carrier and never had one",
       .behaviours = { 62 }, .needs = { "no_carrier" })
{
	struct link_watch *watch = link_watch_open();
	struct tun t = tun_create("lonely", variant->type | IFF_NO_CARRIER);
	struct link_event event;
	int events = 0;

	EXPECT_FALSE(link_carrier("lonely"));
	ASSERT_OK(link_up("lonely"));
	EXPECT_FALSE(link_carrier("lonely"));
	EXPECT_TRUE(settles("lonely", IF_OPER_DOWN));
	EXPECT_FALSE(link_carrier("lonely"));
	while (link_watch_next(watch, "lonely", 0, &event)) {
		EXPECT_EQ(0, event.link.flags & IFF_LOWER_UP);
		/* What registration says is from before the flag counts. */
		if (events++) {
			EXPECT_FALSE(event.link.carrier);
		}
	}
	EXPECT_LE(2, events);
	if (harness_feature("iproute2")) {
		json_t *json = tool_ip_link("lonely");

		EXPECT_TRUE(tool_has(json, "flags", "NO-CARRIER"));
		json_decref(json);
	}
	tun_close(&t);
	link_watch_close(watch);
}

TEST(tap_address,
     .title = "a TAP gets a random, locally administered unicast address, a TUN gets none",
     .behaviours = { 76 })
{
	struct tun tap = tun_create(NULL, IFF_TAP), other = tun_create(NULL, IFF_TAP);
	struct tun tun = tun_create(NULL, IFF_TUN);
	struct link a, b, c;
	uint8_t address[14];
	uint16_t family;

	ASSERT_OK(link_get(tap.name, &a));
	ASSERT_OK(link_get(other.name, &b));
	ASSERT_OK(link_get(tun.name, &c));
	EXPECT_EQ(6, a.address_len);
	EXPECT_EQ(2, a.address[0] & 3);
	EXPECT_EQ(2, b.address[0] & 3);
	EXPECT_NE(0, memcmp(a.address, b.address, 6));
	EXPECT_EQ(0, c.address_len);

	ASSERT_OK(tun_get_hwaddr(tap.fd, &family, address));
	EXPECT_EQ(1, family);
	EXPECT_EQ(0, memcmp(a.address, address, 6));
	if (harness_feature("sysfs")) {
		EXPECT_STREQ("1", sysfs_get(tap.name, "addr_assign_type"));
		EXPECT_STREQ("0", sysfs_get(tun.name, "addr_assign_type"));
		EXPECT_STREQ("0", sysfs_get(tun.name, "addr_len"));
	}
	tun_close(&tap);
	tun_close(&other);
	tun_close(&tun);
}
