// SPDX-License-Identifier: GPL-2.0-only
/* The device as rtnetlink and iproute2 see and change it, held against what the ioctls say. */
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/rtnl.h"
#include "netns/sock.h"
#include "netns/tool.h"

#define TIMEOUT_MS 2000
#define MIN_MTU	   68

/* IFLA_TUN_TYPE is the type bit of TUNSETIFF. */
FIXTURE(rtnetlink)
{
	struct tun t;
};

FIXTURE_VARIANT(rtnetlink)
{
	unsigned int flags;
	uint32_t max_mtu;
};

FIXTURE_VARIANT_ADD(rtnetlink, tun) { .flags = IFF_TUN, .max_mtu = 65535 };
FIXTURE_VARIANT_ADD(rtnetlink, tap) { .flags = IFF_TAP, .max_mtu = 65535 - 14 };

FIXTURE_SETUP(rtnetlink)
{
	self->t = tun_create("n0", variant->flags | IFF_NO_PI);
}

FIXTURE_TEARDOWN(rtnetlink)
{
	tun_close(&self->t);
}

TEST(creation_refused, .title = "a device cannot be created by RTM_NEWLINK, the answer says so",
     .behaviours = { 466 })
{
	EXPECT_ERRNO(EOPNOTSUPP, link_add("tun", "n0"));
	EXPECT_STREQ("tun/tap creation via rtnetlink is not supported.", rtnl_extack());
	EXPECT_FALSE(link_exists("n0"));
}

TEST(creation_refused_in_ip, .title = "ip link add type tun fails with the kernel's reason",
     .behaviours = { 466 }, .needs = { "iproute2" })
{
	char text[512];

	EXPECT_NE(0, tool_run(text, sizeof(text), "ip link add n0 type tun"));
	EXPECT_NE(NULL, strstr(text, "tun/tap creation via rtnetlink is not supported."))
	{
		TH_LOG("%s", text);
	}
	EXPECT_FALSE(link_exists("n0"));
}

TEST_F(rtnetlink, deletion, .title = "RTM_DELLINK deletes an attached device under its file",
       .behaviours = { 467, 476 })
{
	struct link_watch *watch = link_watch_open();
	struct pollfd p = { .fd = self->t.fd, .events = POLLIN | POLLOUT };
	struct ifreq ifr;

	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_del("n0"));
	EXPECT_FALSE(link_exists("n0"));
	EXPECT_EQ(1, link_watch_count(watch, "n0", RTM_DELLINK));
	EXPECT_ERRNO(EBADFD, tun_get_iff(self->t.fd, &ifr));
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLERR, p.revents);
	EXPECT_ERRNO(ENODEV, link_del("n0"));
	link_watch_close(watch);
}

TEST_F(rtnetlink, persistent_deletion,
       .title = "RTM_DELLINK deletes a persistent device, attached or not", .behaviours = { 467 })
{
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	tun_close(&self->t);
	ASSERT_TRUE(link_exists("n0"));
	EXPECT_OK(link_del("n0"));
	EXPECT_FALSE(link_exists("n0"));

	self->t = tun_create("n0", variant->flags | IFF_NO_PI);
	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	EXPECT_OK(link_del("n0"));
	EXPECT_FALSE(link_exists("n0"));
}

TEST(multi_queue_deletion,
     .title = "RTM_DELLINK deletes a device under all its files, detached ones too",
     .behaviours = { 467 }, .needs = { "multi_queue" })
{
	struct tun q[4];
	struct ifreq ifr;

	for (int i = 0; i < 4; i++)
		q[i] = tun_create("n0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE);
	ASSERT_OK(tun_set_queue(q[0].fd, IFF_DETACH_QUEUE));
	ASSERT_OK(tun_set_queue(q[2].fd, IFF_DETACH_QUEUE));
	ASSERT_OK(link_del("n0"));
	for (int i = 0; i < 4; i++) {
		EXPECT_ERRNO(EBADFD, tun_get_iff(q[i].fd, &ifr));
		EXPECT_OK(tun_set_iff(q[i].fd, "n0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE));
	}
	EXPECT_OK(link_del("n0"));
}

FIXTURE(rtnl_info)
{
	struct tun t;
};

FIXTURE_VARIANT(rtnl_info)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(rtnl_info, tun_pi) { .flags = IFF_TUN };
FIXTURE_VARIANT_ADD(rtnl_info, tap_pi) { .flags = IFF_TAP };
FIXTURE_VARIANT_ADD(rtnl_info, tun_no_pi) { .flags = IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(rtnl_info, tap_vnet) { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(rtnl_info, tun_queues) { .flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE };
FIXTURE_VARIANT_ADD(rtnl_info, tap_all) { .flags = IFF_TAP | IFF_VNET_HDR | IFF_MULTI_QUEUE };

FIXTURE_SETUP(rtnl_info)
{
	self->t = tun_create("n0", variant->flags);
}

FIXTURE_TEARDOWN(rtnl_info)
{
	tun_close(&self->t);
}

TEST_F(rtnl_info, attributes,
       .title = "IFLA_INFO_DATA tells type, PI, vnet header, persistence and queues",
       .behaviours = { 468, 469, 473 }, .needs = { "multi_queue" })
{
	const bool queues = variant->flags & IFF_MULTI_QUEUE;
	struct link link;

	for (int persist = 0; persist <= 1; persist++) {
		ASSERT_OK(tun_set_persist(self->t.fd, persist));
		ASSERT_OK(link_get("n0", &link));
		EXPECT_STREQ("tun", link.kind);
		for (int i = TUN_LINK_TYPE; i <= TUN_LINK_MULTI_QUEUE; i++) {
			EXPECT_TRUE(link.has_data[i])
			{
				TH_LOG("attribute %d", i);
			}
		}
		EXPECT_EQ(variant->flags & (IFF_TUN | IFF_TAP), link.data[TUN_LINK_TYPE]);
		EXPECT_EQ(!(variant->flags & IFF_NO_PI), link.data[TUN_LINK_PI]);
		EXPECT_EQ(!!(variant->flags & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
		EXPECT_EQ(persist, link.data[TUN_LINK_PERSIST]);
		EXPECT_EQ(queues, link.data[TUN_LINK_MULTI_QUEUE]);
		EXPECT_EQ(queues, link.has_data[TUN_LINK_NUM_QUEUES]);
		EXPECT_EQ(queues, link.has_data[TUN_LINK_NUM_DISABLED_QUEUES]);
		EXPECT_FALSE(link.has_data[TUN_LINK_OWNER]);
		EXPECT_FALSE(link.has_data[TUN_LINK_GROUP]);
		EXPECT_EQ(queues ? 256 : 1, link.num_tx_queues);
		if (harness_feature("rps"))
			EXPECT_EQ(queues ? 256 : 1, link.num_rx_queues);
	}
	ASSERT_OK(tun_set_persist(self->t.fd, 0));
}

TEST_F(rtnl_info, attributes_in_ip, .title = "ip -d -j shows the same as the ioctls",
       .behaviours = { 468, 469, 473 }, .needs = { "multi_queue", "iproute2" })
{
	const bool queues = variant->flags & IFF_MULTI_QUEUE;
	json_t *ip = tool_ip_link("n0"), *data;

	EXPECT_STREQ("tun", tool_get_string(ip, "linkinfo.info_kind"));
	data = tool_get(ip, "linkinfo.info_data");
	EXPECT_STREQ(tun_is_tap(&self->t) ? "tap" : "tun", tool_get_string(data, "type"));
	EXPECT_EQ(!(variant->flags & IFF_NO_PI), tool_get_bool(data, "pi"));
	EXPECT_EQ(!!(variant->flags & IFF_VNET_HDR), tool_get_bool(data, "vnet_hdr"));
	EXPECT_EQ(queues, tool_get_bool(data, "multi_queue"));
	EXPECT_FALSE(tool_get_bool(data, "persist"));
	EXPECT_EQ(queues ? 1 : -1, tool_get_int(data, "numqueues"));
	EXPECT_EQ(queues ? 0 : -1, tool_get_int(data, "numdisabled"));
	EXPECT_EQ(queues ? 256 : 1, tool_get_int(ip, "num_tx_queues"));
	EXPECT_EQ(65536, tool_get_int(ip, "gso_max_size"));
	json_decref(ip);
}

TEST_F(rtnetlink, owner_and_group, .title = "owner and group appear once they are set",
       .behaviours = { 469 })
{
	struct link link;

	ASSERT_OK(tun_set_owner(self->t.fd, 0));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_TRUE(link.has_data[TUN_LINK_OWNER]);
	EXPECT_EQ(0, link.data[TUN_LINK_OWNER]);
	EXPECT_FALSE(link.has_data[TUN_LINK_GROUP]);
	ASSERT_OK(tun_set_group(self->t.fd, 0));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_TRUE(link.has_data[TUN_LINK_GROUP]);
	EXPECT_EQ(0, link.data[TUN_LINK_GROUP]);
}

TEST_F(rtnetlink, owner_numbers, .title = "owner and group are the numbers the ioctls were given",
       .behaviours = { 469 }, .needs = { "second_uid" })
{
	struct link link;

	ASSERT_OK(tun_set_owner(self->t.fd, 1234));
	ASSERT_OK(tun_set_group(self->t.fd, 5678));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(1234, link.data[TUN_LINK_OWNER]);
	EXPECT_EQ(5678, link.data[TUN_LINK_GROUP]);
}

/* RTM_NEWLINK for the existing device n0 with the kind's attribute IFLA_TUN_PERSIST 1. */
static int change_kind(const char *kind)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = rtnl_start(buf, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct nlattr *info, *data;

	ifi->ifi_index = if_nametoindex("n0");
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, TUN_LINK_PERSIST, 1);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return rtnl_talk(nlh, NULL, NULL);
}

TEST_F(rtnetlink, attributes_are_fixed,
       .title = "the kind's attributes cannot be changed by rtnetlink", .behaviours = { 470 })
{
	struct link link;

	EXPECT_ERRNO(EOPNOTSUPP, change_kind("tun"));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, link.data[TUN_LINK_PERSIST]);
}

static int mtu_of(const char *name)
{
	struct link link;

	return link_get(name, &link) ? -1 : link.mtu;
}

TEST_F(rtnetlink, mtu_limits,
       .title = "the MTU may be 68 up to 65535 less the Ethernet header, 1500 at first",
       .behaviours = { 471, 560 })
{
	struct link link;

	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(1500, link.mtu);
	EXPECT_EQ(MIN_MTU, link.min_mtu);
	EXPECT_EQ(variant->max_mtu, link.max_mtu);

	EXPECT_OK(link_set_mtu("n0", MIN_MTU));
	EXPECT_EQ(MIN_MTU, mtu_of("n0"));
	EXPECT_OK(link_set_mtu("n0", variant->max_mtu));
	EXPECT_EQ(variant->max_mtu, mtu_of("n0"));
	EXPECT_ERRNO(EINVAL, link_set_mtu("n0", MIN_MTU - 1));
	EXPECT_STREQ("mtu less than device minimum", rtnl_extack());
	EXPECT_ERRNO(EINVAL, link_set_mtu("n0", variant->max_mtu + 1));
	EXPECT_STREQ("mtu greater than device maximum", rtnl_extack());
	EXPECT_EQ(variant->max_mtu, mtu_of("n0"));
}

TEST_F(rtnetlink, mtu_while_up, .title = "the MTU can be changed while packets flow",
       .behaviours = { 471 })
{
	struct tun_packet packet;
	struct parsed p;
	uint8_t payload[1000];
	int udp;

	peer_configure(&self->t);
	udp = udp_open(KERNEL_IP4, 0);
	pattern_fill(payload, sizeof(payload), 1);
	ASSERT_EQ(1000, udp_send(udp, payload, sizeof(payload), PEER_IP4, 9));
	ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, TIMEOUT_MS, &p));
	EXPECT_EQ(1000, p.payload_len);
	EXPECT_FALSE(p.fragment);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 1000, 1));

	ASSERT_OK(link_set_mtu("n0", 576));
	ASSERT_EQ(1000, udp_send(udp, payload, sizeof(payload), PEER_IP4, 9));
	/* Now in two fragments. */
	for (int i = 0; i < 2; i++) {
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_UDP, TIMEOUT_MS, &p));
		EXPECT_TRUE(p.fragment);
		EXPECT_GE(576, p.ip_len);
	}
	close(udp);
}

TEST_F(rtnetlink, rename,
       .title = "after a rename the file works on and TUNGETIFF gives the new name",
       .behaviours = { 472 })
{
	struct ifreq ifr;
	struct frame f;

	ASSERT_OK(link_rename("n0", "other"));
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("other", ifr.ifr_name);
	EXPECT_FALSE(link_exists("n0"));
	strcpy(self->t.name, "other");
	peer_configure(&self->t);
	peer_udp(&self->t, &f, 1, 2, 10, 3);
	EXPECT_EQ(f.len, tun_send(&self->t, NULL, &f));

	/* Down, since not every kernel renames a device that is up. */
	ASSERT_OK(link_down("other"));
	EXPECT_ERRNO(EEXIST, link_rename("other", "lo"));
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ("other", ifr.ifr_name);
}

TEST_F(rtnetlink, rename_while_up,
       .title = "a device that is up takes a new name, or refuses it and keeps the old",
       .behaviours = { 472 })
{
	struct ifreq ifr;
	bool renamed;

	ASSERT_OK(link_up("n0"));
	renamed = !link_rename("n0", "other");
	/* Refused before Linux 6.2. */
	if (!renamed) {
		EXPECT_EQ(EBUSY, errno);
	}
	ASSERT_OK(tun_get_iff(self->t.fd, &ifr));
	EXPECT_STREQ(renamed ? "other" : "n0", ifr.ifr_name);
	EXPECT_TRUE(link_exists(ifr.ifr_name));
}

TEST_F(rtnetlink, gso_sizes, .title = "the device takes segments-to-be of up to 65536 bytes",
       .behaviours = { 473 })
{
	struct link link;

	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(65536, link.gso_max_size);
	EXPECT_EQ(65535, link.gso_max_segs);
	/* Not told by older kernels. */
	if (link.tso_max_size) {
		EXPECT_EQ(65536, link.tso_max_size);
	}
}

static int persist_on(struct tun *t)
{
	return tun_set_persist(t->fd, 1);
}

static int persist_off(struct tun *t)
{
	return tun_set_persist(t->fd, 0);
}

static int owner(struct tun *t)
{
	return tun_set_owner(t->fd, 0);
}

static int group(struct tun *t)
{
	return tun_set_group(t->fd, 0);
}

static int sndbuf(struct tun *t)
{
	return tun_set_sndbuf(t->fd, 4096);
}

static int vnet_size(struct tun *t)
{
	return tun_set_vnet_hdr_sz(t, VNET_SIZE_MRG_RXBUF);
}

static int filter(struct tun *t)
{
	static const uint8_t mac[1][6] = { { 2 } };

	return tun_set_tx_filter(t->fd, 0, 1, mac) == 1 ? 0 : -1;
}

static int debug(struct tun *t)
{
	return tun_set_debug(t->fd, 0x80);
}

static int offload(struct tun *t)
{
	return tun_set_offload(t->fd, TUN_F_CSUM);
}

static int hwaddr(struct tun *t)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	return tun_set_hwaddr(t->fd, ARPHRD_ETHER, mac, 6);
}

static int link_type(struct tun *t)
{
	return tun_set_link(t->fd, ARPHRD_ETHER);
}

/* One change after the other, the events it makes of a device that is down and of one that is up.
 */
static const struct {
	const char *what;
	int (*change)(struct tun *t);
	int down, up;
} changes[] = {
	{ "persist on", persist_on, 0, 1 },
	{ "persist on again", persist_on, 0, 0 },
	{ "persist off", persist_off, 0, 1 },
	{ "persist off again", persist_off, 0, 0 },
	{ "owner", owner, 0, 1 },
	{ "owner again", owner, 0, 1 },
	{ "group", group, 0, 1 },
	{ "send buffer", sndbuf, 0, 0 },
	{ "vnet header size", vnet_size, 0, 0 },
	{ "TX filter", filter, 0, 0 },
	{ "debug level", debug, 0, 0 },
	{ "offload", offload, 1, 1 },
	{ "offload again", offload, 0, 0 },
	{ "hardware address", hwaddr, 1, 1 },
	{ "link type", link_type, 1, -1 /* refused */ },
};

FIXTURE(rtnl_events)
{
	struct tun t;
};

FIXTURE_VARIANT(rtnl_events)
{
	bool up;
};

FIXTURE_VARIANT_ADD(rtnl_events, down) { .up = false };
FIXTURE_VARIANT_ADD(rtnl_events, up) { .up = true };

FIXTURE_SETUP(rtnl_events)
{
	self->t = tun_create("n0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	if (variant->up && link_up("n0"))
		TH_BAIL("n0 up: %s", strerror(errno));
}

FIXTURE_TEARDOWN(rtnl_events)
{
	tun_close(&self->t);
}

TEST_F(rtnl_events, of_ioctls,
       .title = "which ioctls tell of themselves in a link event depends on whether the device is "
		"up",
       .behaviours = { 474, 475 })
{
	struct link_watch *watch = link_watch_open();
	int before, expected;

	for (int i = 0; i < ARRAY_SIZE(changes); i++) {
		before = link_watch_count(watch, "n0", 0);
		expected = variant->up ? changes[i].up : changes[i].down;
		if (expected < 0) {
			EXPECT_ERRNO(EBUSY, changes[i].change(&self->t));
			expected = 0;
		} else {
			EXPECT_OK(changes[i].change(&self->t));
		}
		EXPECT_EQ(expected, link_watch_count(watch, "n0", 0) - before)
		{
			TH_LOG("%s", changes[i].what);
		}
	}
	EXPECT_EQ(0, link_watch_count(watch, "n0", RTM_DELLINK));
	link_watch_close(watch);
}

TEST(creation_events, .title = "one link event for the creation of a device and one for its end",
     .behaviours = { 474, 476 })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;
	struct tun t = tun_create("n0", IFF_TUN | IFF_NO_PI);

	EXPECT_EQ(1, link_watch_count(watch, NULL, 0));
	ASSERT_TRUE(link_watch_next(watch, "n0", 0, &event));
	EXPECT_EQ(RTM_NEWLINK, event.type);
	EXPECT_STREQ("tun", event.link.kind);
	EXPECT_EQ(IFF_TUN, event.link.data[TUN_LINK_TYPE]);
	tun_close(&t);
	EXPECT_EQ(2, link_watch_count(watch, NULL, 0));
	ASSERT_TRUE(link_watch_next(watch, "n0", 0, &event));
	EXPECT_EQ(RTM_DELLINK, event.type);
	link_watch_close(watch);
}

TEST_F(rtnl_events, of_attach,
       .title = "attaching to and closing a persistent device is told if it is up",
       .behaviours = { 474, 475 })
{
	struct link_watch *watch;

	ASSERT_OK(tun_set_persist(self->t.fd, 1));
	watch = link_watch_open();
	tun_close(&self->t);
	/* The carrier goes with the file, which the link watch tells later once more. */
	EXPECT_LE(variant->up, link_watch_count(watch, "n0", RTM_NEWLINK));
	EXPECT_EQ(0, link_watch_count(watch, "n0", RTM_DELLINK));
	ASSERT_TRUE(link_wait_running("n0", false, TIMEOUT_MS));
	if (!variant->up) {
		EXPECT_EQ(0, link_watch_count(watch, "n0", 0));
	}
	link_watch_close(watch);
}

/* The number of link events of n0 that say carrier @on, within a time that is enough for one. */
static int carrier_events(struct link_watch *watch, bool on)
{
	struct link_event event;
	int n = 0;

	while (link_watch_next(watch, "n0", n ? 0 : TIMEOUT_MS, &event))
		n += !!(event.link.flags & IFF_LOWER_UP) == on;
	return n;
}

TEST(carrier_events,
     .title = "one link event for each change of the carrier of a device that is up, counted in "
	      "carrier_changes",
     .behaviours = { 475, 242 })
{
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct link before, after;
	struct link_watch *watch;

	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_get("n0", &before));
	watch = link_watch_open();
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	EXPECT_EQ(1, carrier_events(watch, false));
	ASSERT_OK(tun_set_carrier(t.fd, 0));
	ASSERT_OK(tun_set_carrier(t.fd, 1));
	EXPECT_EQ(1, carrier_events(watch, true));
	ASSERT_OK(link_get("n0", &after));
	EXPECT_EQ(before.carrier_changes + 2, after.carrier_changes);
	link_watch_close(watch);
	tun_close(&t);
}

TEST(bridge_port, .title = "a TAP becomes a port of a bridge and stays one until it is deleted",
     .behaviours = { 477, 467 }, .needs = { "bridge" })
{
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct link link;

	ASSERT_OK(link_add("bridge", "br0"));
	ASSERT_OK(link_set_master("n0", "br0"));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(if_nametoindex("br0"), link.master);
	EXPECT_OK(link_set_master("n0", NULL));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, link.master);

	ASSERT_OK(link_set_master("n0", "br0"));
	EXPECT_OK(link_del("n0"));
	EXPECT_FALSE(link_exists("n0"));
	EXPECT_TRUE(link_exists("br0"));
	tun_close(&t);
}

TEST(tun_is_no_port, .title = "a TUN cannot be a port of a bridge", .behaviours = { 477 },
     .needs = { "bridge" })
{
	struct tun t = tun_create("n0", IFF_TUN | IFF_NO_PI);
	struct link link;

	ASSERT_OK(link_add("bridge", "br0"));
	EXPECT_ERRNO(EINVAL, link_set_master("n0", "br0"));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, link.master);
	tun_close(&t);
}

TEST(bridge_in_tool, .title = "bridge link shows a TAP with its master and state",
     .behaviours = { 477 }, .needs = { "bridge", "bridge_tool", "iproute2" })
{
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	json_t *ports;

	tool_must("ip link add br0 type bridge");
	tool_must("ip link set br0 up");
	tool_must("ip link set n0 master br0 up");
	ports = tool_json("bridge -j link show dev n0");
	EXPECT_STREQ("n0", tool_get_string(ports, "0.ifname"));
	EXPECT_STREQ("br0", tool_get_string(ports, "0.master"));
	EXPECT_STREQ("forwarding", tool_get_string(ports, "0.state"));
	json_decref(ports);
	tun_close(&t);
	ports = tool_json("bridge -j link show");
	EXPECT_EQ(0, json_array_size(ports));
	json_decref(ports);
}

/* Waits for frame @f on a TAP; what a bridge sends of its own (IGMP) is passed over. */
static bool recv_frame(const struct tun *t, const struct frame *f, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct tun_packet packet;

	while (tun_recv(t, &packet, clock_left(deadline))) {
		if (packet.len == f->len && !memcmp(packet.data, f->data, f->len))
			return true;
	}
	return false;
}

TEST(bridge_forwards, .title = "a bridge forwards frames between two TAPs unchanged",
     .behaviours = { 477 }, .needs = { "bridge" })
{
	struct tun a = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct tun b = tun_create("n1", IFF_TAP | IFF_NO_PI);
	static const uint8_t mac_a[6] = { 2, 0, 0, 0, 0, 0xa }, mac_b[6] = { 2, 0, 0, 0, 0, 0xb };
	struct frame f;

	ASSERT_OK(link_add("bridge", "br0"));
	ASSERT_OK(link_set_master("n0", "br0"));
	ASSERT_OK(link_set_master("n1", "br0"));
	ASSERT_OK(link_up("br0"));
	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_up("n1"));
	frame_start(&f);
	frame_eth(&f, mac_b, mac_a, 0x88b5);
	frame_pattern(&f, 100, 1);
	ASSERT_EQ(f.len, tun_send(&a, NULL, &f));
	EXPECT_TRUE(recv_frame(&b, &f, TIMEOUT_MS));
	/* Not back where it came from. */
	EXPECT_FALSE(recv_frame(&a, &f, 0));
	tun_close(&b);
	tun_close(&a);
}

TEST(address, .title = "IFLA_ADDRESS changes a TAP's address while it is up, the file sees it",
     .behaviours = { 478 })
{
	static const uint8_t mac[6] = { 0x02, 0x12, 0x34, 0x56, 0x78, 0x9a };
	static const uint8_t multicast[6] = { 0x01, 0x12, 0x34, 0x56, 0x78, 0x9a };
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct link link;
	uint16_t family;
	uint8_t seen[14];

	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_set_address("n0", mac, 6));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(6, link.address_len);
	EXPECT_EQ(0, memcmp(mac, link.address, 6));
	ASSERT_OK(tun_get_hwaddr(t.fd, &family, seen));
	EXPECT_EQ(ARPHRD_ETHER, family);
	EXPECT_EQ(0, memcmp(mac, seen, 6));

	EXPECT_ERRNO(EADDRNOTAVAIL, link_set_address("n0", multicast, 6));
	EXPECT_ERRNO(EINVAL, link_set_address("n0", mac, 5));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, memcmp(mac, link.address, 6));
	tun_close(&t);
}

TEST(no_address, .title = "a TUN has no address and takes none", .behaviours = { 478 })
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct tun t = tun_create("n0", IFF_TUN | IFF_NO_PI);
	struct link link;

	EXPECT_ERRNO(EOPNOTSUPP, link_set_address("n0", mac, 6));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(0, link.address_len);
	EXPECT_EQ(ARPHRD_NONE, link.type);
	tun_close(&t);
}

FIXTURE(rtnl_upper)
{
	struct tun t;
};

FIXTURE_VARIANT(rtnl_upper)
{
	bool delete; /* by RTM_DELLINK, not by closing the file */
};

FIXTURE_VARIANT_ADD(rtnl_upper, close) { .delete = false };
FIXTURE_VARIANT_ADD(rtnl_upper, dellink) { .delete = true };

FIXTURE_SETUP(rtnl_upper)
{
	self->t = tun_create("n0", IFF_TAP | IFF_NO_PI);
}

FIXTURE_TEARDOWN(rtnl_upper)
{
	tun_close(&self->t);
}

static void end_of(struct tun *t, bool delete)
{
	if (!delete)
		tun_close(t);
	else if (link_del(t->name))
		TH_BAIL("RTM_DELLINK %s: %s", t->name, strerror(errno));
}

TEST_F(rtnl_upper, macvlan, .title = "a macvlan goes with the TAP below it", .behaviours = { 479 },
       .needs = { "macvlan" })
{
	ASSERT_OK(link_add_on("macvlan", "up0", "n0", MACVLAN_MODE_BRIDGE));
	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_up("up0"));
	end_of(&self->t, variant->delete);
	EXPECT_FALSE(link_exists("up0"));
	EXPECT_FALSE(link_exists("n0"));
}

TEST_F(rtnl_upper, vlan, .title = "a VLAN device goes with the TAP below it", .behaviours = { 479 },
       .needs = { "vlan" })
{
	ASSERT_OK(link_add_on("vlan", "up0", "n0", 5));
	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_up("up0"));
	end_of(&self->t, variant->delete);
	EXPECT_FALSE(link_exists("up0"));
	EXPECT_FALSE(link_exists("n0"));
}

TEST(macvlan_on_tun, .title = "a macvlan on a TUN is refused", .behaviours = { 479 },
     .needs = { "macvlan" })
{
	struct tun t = tun_create("n0", IFF_TUN | IFF_NO_PI);

	EXPECT_ERRNO(EINVAL, link_add_on("macvlan", "up0", "n0", MACVLAN_MODE_BRIDGE));
	EXPECT_FALSE(link_exists("up0"));
	tun_close(&t);
}

TEST(macvlan_frames,
     .title = "what is written to a TAP for a macvlan on it arrives there, and back",
     .behaviours = { 479 }, .needs = { "macvlan", "packet_socket" })
{
	struct tun t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	struct link link;
	struct frame f;
	uint8_t buf[2048];
	int ps;

	ASSERT_OK(link_add_on("macvlan", "up0", "n0", MACVLAN_MODE_BRIDGE));
	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_up("up0"));
	ASSERT_OK(link_get("up0", &link));
	ps = packet_open("up0", 0x88b5, 0);
	frame_start(&f);
	frame_eth(&f, link.address, peer_mac, 0x88b5);
	frame_pattern(&f, 100, 1);
	ASSERT_EQ(f.len, tun_send(&t, NULL, &f));
	ASSERT_EQ(f.len, packet_recv(ps, buf, sizeof(buf), TIMEOUT_MS, NULL));
	EXPECT_EQ(0, memcmp(f.data, buf, f.len));

	frame_start(&f);
	frame_eth(&f, peer_mac, link.address, 0x88b5);
	frame_pattern(&f, 100, 2);
	ASSERT_EQ(f.len, packet_send(ps, f.data, f.len));
	EXPECT_TRUE(recv_frame(&t, &f, TIMEOUT_MS));
	close(ps);
	tun_close(&t);
}

TEST_F(rtnetlink, operstate,
       .title = "a device that came up is in state UNKNOWN with carrier, UP or DOWN once the "
		"carrier changed",
       .behaviours = { 480 })
{
	struct link link;

	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(IF_OPER_UNKNOWN, link.operstate);
	EXPECT_TRUE(link.carrier);
	EXPECT_TRUE(link.flags & IFF_LOWER_UP);
	ASSERT_OK(tun_set_carrier(self->t.fd, 0));
	ASSERT_TRUE(link_wait_running("n0", false, TIMEOUT_MS));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(IF_OPER_DOWN, link.operstate);
	ASSERT_OK(tun_set_carrier(self->t.fd, 1));
	ASSERT_TRUE(link_wait_running("n0", true, TIMEOUT_MS));
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(IF_OPER_UP, link.operstate);
}

TEST_F(rtnetlink, operstate_in_ip,
       .title = "ip shows UNKNOWN and LOWER_UP for a device that came up", .behaviours = { 480 },
       .needs = { "iproute2" })
{
	json_t *ip;

	tool_must("ip link set n0 up");
	ip = tool_ip_link("n0");
	EXPECT_STREQ("UNKNOWN", tool_get_string(ip, "operstate"));
	EXPECT_TRUE(tool_has(ip, "flags", "LOWER_UP"));
	json_decref(ip);
}

/*
 * The link-local IPv6 address of @name in hexadecimal digits as the kernel lists it, and its flags;
 * false if it gets none in time.
 */
static bool link_local(const char *name, char address[33], unsigned int *flags)
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	char dev[IFNAMSIZ], line[128];
	bool found = false;
	FILE *f;

	while (!found && clock_left(deadline)) {
		f = fopen("/proc/net/if_inet6", "re");
		while (f && !found && fgets(line, sizeof(line), f))
			found = sscanf(line, "%32s %*x %*x %*x %x %15s", address, flags, dev) ==
					3 &&
				!strcmp(dev, name) && !strncmp(address, "fe80", 4);
		if (f)
			fclose(f);
		if (!found)
			usleep(2000);
	}
	return found;
}

/* IPv6 as it is by default, but for the sysctls that matter here. */
static void enable_ipv6(void)
{
	if (netns_sysctl("ipv6/conf/default/disable_ipv6", "0") ||
	    netns_sysctl("ipv6/conf/default/addr_gen_mode", "0") ||
	    netns_sysctl("ipv6/conf/default/accept_dad", "1") ||
	    netns_sysctl("ipv6/conf/default/dad_transmits", "1"))
		TH_BAIL("IPv6 sysctls: %s", strerror(errno));
}

#define ADDRESS_TENTATIVE 0x40 /* IFA_F_TENTATIVE */

/* Waits until the link-local address of @name is not tentative any more. */
static bool usable(const char *name, char address[33])
{
	int64_t deadline = clock_ms() + TIMEOUT_MS;
	unsigned int flags = ADDRESS_TENTATIVE;

	while (link_local(name, address, &flags) && flags & ADDRESS_TENTATIVE &&
	       clock_left(deadline))
		usleep(2000);
	return !(flags & ADDRESS_TENTATIVE);
}

/* How many neighbour solicitations, which duplicate detection starts with, the kernel has sent. */
static int solicitations(const struct tun *t)
{
	struct tun_packet packet;
	struct parsed p;
	int n = 0;

	while (tun_recv_proto(t, &packet, IPPROTO_ICMPV6, 0, &p))
		n += p.icmp_type == ND_NEIGHBOR_SOLICIT;
	return n;
}

TEST(tun_link_local,
     .title = "a TUN gets a random link-local address, usable without duplicate detection",
     .behaviours = { 481, 561 }, .needs = { "ipv6", "sysctl" })
{
	char first[33], second[33];
	struct tun a, b;

	enable_ipv6();
	a = tun_create("n0", IFF_TUN | IFF_NO_PI);
	b = tun_create("n1", IFF_TUN | IFF_NO_PI);
	ASSERT_OK(link_up("n0"));
	ASSERT_OK(link_up("n1"));
	ASSERT_TRUE(usable("n0", first));
	ASSERT_TRUE(usable("n1", second));
	EXPECT_EQ(0, solicitations(&a));
	EXPECT_EQ(0, solicitations(&b));
	/* There is no hardware address it could be made of. */
	EXPECT_STRNE(first, second);
	tun_close(&b);
	tun_close(&a);
}

TEST(tap_link_local, .title = "a TAP's link-local address is made of its Ethernet address (EUI-64)",
     .behaviours = { 481 }, .needs = { "ipv6", "sysctl" })
{
	static const uint8_t mac[6] = { 0x02, 0x12, 0x34, 0x56, 0x78, 0x9a };
	char address[33];
	unsigned int flags;
	struct tun t;

	enable_ipv6();
	t = tun_create("n0", IFF_TAP | IFF_NO_PI);
	ASSERT_OK(link_set_address("n0", mac, 6));
	ASSERT_OK(link_up("n0"));
	ASSERT_TRUE(link_local("n0", address, &flags));
	EXPECT_STREQ("fe80000000000000001234fffe56789a", address);
	tun_close(&t);
}

FIXTURE(rtnl_tuntap)
{
};

FIXTURE_VARIANT(rtnl_tuntap)
{
	const char *mode, *options;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(rtnl_tuntap, tun) { "tun", "", IFF_TUN | IFF_NO_PI };
FIXTURE_VARIANT_ADD(rtnl_tuntap, tap) { "tap", "", IFF_TAP | IFF_NO_PI };
FIXTURE_VARIANT_ADD(rtnl_tuntap, pi) { "tun", "pi", IFF_TUN };
FIXTURE_VARIANT_ADD(rtnl_tuntap, all) {
	"tap", "vnet_hdr multi_queue", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE
};

FIXTURE_SETUP(rtnl_tuntap)
{
}

FIXTURE_TEARDOWN(rtnl_tuntap)
{
}

TEST_F(rtnl_tuntap, add_and_del,
       .title = "ip tuntap makes a persistent device with the flags asked for, and deletes it",
       .behaviours = { 469, 476 }, .needs = { "iproute2", "multi_queue" })
{
	struct link link;
	int fd = tun_open();

	tool_must("ip tuntap add dev n0 mode %s user 0 group 0 %s", variant->mode,
		  variant->options);
	ASSERT_OK(link_get("n0", &link));
	EXPECT_EQ(variant->flags & (IFF_TUN | IFF_TAP), link.data[TUN_LINK_TYPE]);
	EXPECT_EQ(!(variant->flags & IFF_NO_PI), link.data[TUN_LINK_PI]);
	EXPECT_EQ(!!(variant->flags & IFF_VNET_HDR), link.data[TUN_LINK_VNET_HDR]);
	EXPECT_EQ(!!(variant->flags & IFF_MULTI_QUEUE), link.data[TUN_LINK_MULTI_QUEUE]);
	EXPECT_EQ(1, link.data[TUN_LINK_PERSIST]);
	EXPECT_TRUE(link.has_data[TUN_LINK_OWNER]);
	EXPECT_TRUE(link.has_data[TUN_LINK_GROUP]);
	/* It exists already: ip asks for an exclusive creation. */
	EXPECT_NE(0, tool_run(NULL, 0, "ip tuntap add dev n0 mode %s %s", variant->mode,
			      variant->options));

	ASSERT_OK(tun_set_iff(fd, "n0", variant->flags));
	EXPECT_EQ(variant->flags & IFF_VNET_HDR, tun_iff_flags(fd) & IFF_VNET_HDR);
	close(fd);
	ASSERT_TRUE(link_exists("n0"));
	tool_must("ip tuntap del dev n0 mode %s %s", variant->mode,
		  variant->flags & IFF_MULTI_QUEUE ? "multi_queue" : "");
	EXPECT_FALSE(link_exists("n0"));
}
