// SPDX-License-Identifier: GPL-2.0-only
/* The device as rtnetlink and iproute2 see and change it, held against what the ioctls say. */
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
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
