// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETLINK, and the two old ioctls that changed less over time: TUNSETDEBUG, TUNSETNOCSUM. */
#include <fcntl.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "device/uapi.h"
#include "harness/harness.h"
#include "netns/ethtool.h"
#include "netns/klog.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "netns/sysfs.h"
#include "netns/tool.h"

#define TIMEOUT_MS    2000
#define NETIF_MSG_DRV 1 /* not in the headers for user space */

FIXTURE(linktype)
{
	struct tun t;
	unsigned int type;  /* the new device's */
	unsigned int flags; /* the link's */
};

FIXTURE_VARIANT(linktype)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(linktype, tun)
{
	.flags = IFF_TUN | IFF_NO_PI,
};

FIXTURE_VARIANT_ADD(linktype, tap)
{
	.flags = IFF_TAP | IFF_NO_PI,
};

FIXTURE_SETUP(linktype)
{
	struct link link;

	self->t = tun_create("l0", variant->flags);
	if (link_get("l0", &link))
		TH_BAIL("l0: %s", strerror(errno));
	self->type = link.type;
	self->flags = link.flags;
}

FIXTURE_TEARDOWN(linktype)
{
	tun_close(&self->t);
}

TEST_F(linktype, up, .title = "TUNSETLINK on a device that is up gives EBUSY and changes nothing",
       .behaviours = { 113 })
{
	struct link link;

	ASSERT_OK(link_up("l0"));
	EXPECT_ERRNO(EBUSY, tun_set_link(self->t.fd, ARPHRD_PPP));
	/* Not even to the type it has. */
	EXPECT_ERRNO(EBUSY, tun_set_link(self->t.fd, self->type));
	ASSERT_OK(link_get("l0", &link));
	EXPECT_EQ(self->type, link.type);

	ASSERT_OK(link_down("l0"));
	EXPECT_OK(tun_set_link(self->t.fd, ARPHRD_PPP));
	ASSERT_OK(link_get("l0", &link));
	EXPECT_EQ(ARPHRD_PPP, link.type);
}

TEST_F(linktype, low_16_bits, .title = "only the low 16 bits of TUNSETLINK's argument count",
       .behaviours = { 114 })
{
	struct link link;

	EXPECT_OK(tun_set_link(self->t.fd, 0x10000 | ARPHRD_PPP));
	ASSERT_OK(link_get("l0", &link));
	EXPECT_EQ(ARPHRD_PPP, link.type);
	EXPECT_OK(tun_set_link(self->t.fd, -1UL));
	ASSERT_OK(link_get("l0", &link));
	EXPECT_EQ(0xffff, link.type);
	EXPECT_OK(tun_set_link(self->t.fd, 0));
	ASSERT_OK(link_get("l0", &link));
	EXPECT_EQ(0, link.type);
}

TEST_F(linktype, address_length, .title = "the address has the length of the new type's addresses",
       .behaviours = { 114, 115 }, .guards = { "cca8ea3b05c9" })
{
	/* Lengths as the protocols have them; a type the driver does not know gets none. */
	static const struct {
		unsigned int type, len;
	} types[] = {
		{ ARPHRD_IP6GRE, 16 },	  { ARPHRD_TUNNEL6, 16 },
		{ ARPHRD_IPGRE, 4 },	  { ARPHRD_TUNNEL, 4 },
		{ ARPHRD_SIT, 4 },	  { ARPHRD_ETHER, 6 },
		{ ARPHRD_IEEE802154, 8 }, { ARPHRD_IEEE802154_MONITOR, 8 },
		{ ARPHRD_6LOWPAN, 8 },	  { ARPHRD_FDDI, 6 },
		{ ARPHRD_HIPPI, 6 },	  { ARPHRD_IEEE802, 6 },
		{ ARPHRD_ROSE, 5 },	  { ARPHRD_NETROM, 7 },
		{ ARPHRD_LOCALTLK, 1 },	  { ARPHRD_NONE, 0 },
		{ ARPHRD_PPP, 0 },	  { ARPHRD_PHONET_PIPE, 0 },
		{ ARPHRD_ARCNET, 0 },	  { 0xfff0, 0 },
	};
	struct link link;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_OK(tun_set_link(self->t.fd, types[i].type));
		ASSERT_OK(link_get("l0", &link));
		EXPECT_EQ(types[i].type, link.type);
		EXPECT_EQ(types[i].len, link.address_len) {
			TH_LOG("with type %u", types[i].type);
		}
		if (harness_feature("sysfs"))
			EXPECT_EQ(types[i].len, sysfs_number("l0", "addr_len"));
	}
}

TEST_F(linktype, event, .title = "TUNSETLINK is one link event, although the device is down",
       .behaviours = { 116 })
{
	struct link_watch *watch = link_watch_open();
	struct link_event event;

	/* Even to the type it has. */
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(tun_set_link(self->t.fd, ARPHRD_PPP));
		ASSERT_TRUE(link_watch_next(watch, "l0", 0, &event));
		EXPECT_EQ(RTM_NEWLINK, event.type);
		EXPECT_EQ(ARPHRD_PPP, event.link.type);
		EXPECT_EQ(0, event.link.flags & IFF_UP);
		EXPECT_FALSE(link_watch_next(watch, "l0", 0, &event));
	}
	ASSERT_OK(link_up("l0"));
	while (link_watch_next(watch, "l0", 0, &event))
		;
	EXPECT_ERRNO(EBUSY, tun_set_link(self->t.fd, ARPHRD_ETHER));
	EXPECT_EQ(false, link_watch_next(watch, "l0", 0, &event));
	link_watch_close(watch);
}

TEST_F(linktype, flags_stay, .title = "a new link type leaves the link's flags and limits alone",
       .behaviours = { 118 })
{
	struct link before, after;

	ASSERT_OK(link_get("l0", &before));
	EXPECT_OK(tun_set_link(self->t.fd, tun_is_tap(&self->t) ? ARPHRD_NONE : ARPHRD_ETHER));
	ASSERT_OK(link_get("l0", &after));
	EXPECT_NE(before.type, after.type);
	EXPECT_EQ(before.flags, after.flags);
	EXPECT_EQ(before.mtu, after.mtu);
	EXPECT_EQ(before.max_mtu, after.max_mtu);
	EXPECT_EQ(before.txqueuelen, after.txqueuelen);
}

TEST_F(linktype, shown, .title = "sysfs, ip and packet sockets show the new link type",
       .behaviours = { 119 }, .needs = { "sysfs", "iproute2", "packet_socket" })
{
	struct packet_info info;
	uint8_t buf[256];
	struct frame f;
	json_t *json;
	int fd;

	EXPECT_EQ(self->type, sysfs_number("l0", "type"));
	EXPECT_OK(tun_set_link(self->t.fd, ARPHRD_IPGRE));
	EXPECT_EQ(ARPHRD_IPGRE, sysfs_number("l0", "type"));
	json = tool_ip_link("l0");
	EXPECT_STREQ("gre", tool_get_string(json, "link_type"));
	json_decref(json);

	peer_configure(&self->t);
	fd = packet_open("l0", ETH_P_IP, 0);
	peer_udp(&self->t, &f, 4000, 4000, 40, 1);
	ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
	ASSERT_EQ(f.len, packet_recv(fd, buf, sizeof(buf), TIMEOUT_MS, &info));
	EXPECT_EQ(ARPHRD_IPGRE, info.from.sll_hatype);
	EXPECT_EQ(0, memcmp(f.data, buf, f.len));
	close(fd);
}

TEST(tun_stays_raw, .title = "a TUN with the link type of Ethernet still carries bare IP packets",
     .behaviours = { 118 })
{
	struct tun t = tun_create("l0", IFF_TUN | IFF_NO_PI);
	int fd = udp_open(NULL, 4000);
	struct tun_packet p;
	struct parsed ip;
	struct frame f;

	ASSERT_OK(tun_set_link(t.fd, ARPHRD_ETHER));
	peer_configure(&t);
	peer_udp(&t, &f, 4000, 4000, 100, 1);
	ASSERT_EQ(0x45, f.data[0]);
	EXPECT_EQ(f.len, tun_send(&t, NULL, &f));
	EXPECT_EQ(100, udp_recv_pattern(fd, 1, TIMEOUT_MS));

	kernel_udp(fd, 4000, 100, 2);
	ASSERT_TRUE(tun_recv_proto(&t, &p, IPPROTO_UDP, TIMEOUT_MS, &ip));
	EXPECT_EQ(0, ip.l3);
	ASSERT_EQ(100, ip.payload_len);
	EXPECT_EQ(-1, pattern_check(p.data + ip.payload, 100, 2));
	close(fd);
	tun_close(&t);
}

TEST(address_family, .title = "SIOCSIFHWADDR wants the family of the link type that was set",
     .behaviours = { 120 })
{
	static const uint8_t address[6] = { 2, 0, 0, 0, 0, 7 };
	struct tun t = tun_create("l0", IFF_TAP | IFF_NO_PI);
	uint16_t family;
	uint8_t seen[14];

	ASSERT_OK(tun_set_link(t.fd, ARPHRD_FDDI));
	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(t.fd, ARPHRD_ETHER, address, 6));
	EXPECT_OK(tun_set_hwaddr(t.fd, ARPHRD_FDDI, address, 6));
	ASSERT_OK(tun_get_hwaddr(t.fd, &family, seen));
	EXPECT_EQ(ARPHRD_FDDI, family);
	EXPECT_EQ(0, memcmp(address, seen, 6));

	ASSERT_OK(tun_set_link(t.fd, ARPHRD_ETHER));
	EXPECT_ERRNO(EINVAL, tun_set_hwaddr(t.fd, ARPHRD_FDDI, address, 6));
	EXPECT_OK(tun_set_hwaddr(t.fd, ARPHRD_ETHER, address, 6));
	tun_close(&t);
}

/* What stacks on an Ethernet device forbids it to become another kind of device. */
static void expect_veto(struct __test_metadata *_metadata, const struct tun *t)
{
	struct link link;

	EXPECT_ERRNO(EPERM, tun_set_link(t->fd, ARPHRD_NONE));
	ASSERT_OK(link_get(t->name, &link));
	EXPECT_EQ(ARPHRD_ETHER, link.type);
	EXPECT_EQ(6, link.address_len);
}

TEST(bridge_veto, .title = "a bridge forbids its ports another link type", .behaviours = { 117 },
     .needs = { "bridge" })
{
	struct tun t = tun_create("l0", IFF_TAP | IFF_NO_PI);

	ASSERT_OK(link_add("bridge", "br"));
	ASSERT_OK(link_set_master("l0", "br"));
	expect_veto(_metadata, &t);
	ASSERT_OK(link_set_master("l0", NULL));
	EXPECT_OK(tun_set_link(t.fd, ARPHRD_NONE));
	tun_close(&t);
}

TEST(macvlan_veto, .title = "a macvlan forbids the device below it another link type",
     .behaviours = { 117 }, .needs = { "macvlan" })
{
	struct tun t = tun_create("l0", IFF_TAP | IFF_NO_PI);

	ASSERT_OK(link_add_on("macvlan", "mv", "l0", MACVLAN_MODE_BRIDGE));
	expect_veto(_metadata, &t);
	ASSERT_OK(link_del("mv"));
	EXPECT_OK(tun_set_link(t.fd, ARPHRD_NONE));
	tun_close(&t);
}

static uint32_t message_level(const char *name)
{
	return ethtool_value(name, ETHTOOL_GMSGLVL);
}

TEST_F(linktype, debug, .title = "TUNSETDEBUG sets the message level of ethtool, by value",
       .behaviours = { 121 })
{
	/* Bits that make the driver talk (NETIF_MSG_DRV, _TX_QUEUED) are left out. */
	const unsigned long values[] = { 0x20, 0x7f000004, 0xfffffefe, 0 };

	EXPECT_EQ(0, message_level(self->t.name));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_OK(tun_set_debug(self->t.fd, values[i]));
		EXPECT_EQ(values[i], message_level(self->t.name));
	}
	if (sizeof(long) > 4) {
		/* u32, as is the level. */
		EXPECT_OK(tun_set_debug(self->t.fd, (unsigned long)(1ULL << 32) | 4));
		EXPECT_EQ(4, message_level(self->t.name));
	}
}

TEST_F(linktype, debug_ethtool, .title = "ethtool sets and shows the word that TUNSETDEBUG sets",
       .behaviours = { 121 }, .needs = { "ethtool" })
{
	char text[4096];

	EXPECT_OK(tun_set_debug(self->t.fd, 0x24));
	EXPECT_EQ(0, tool_run(text, sizeof(text), "ethtool l0"));
	EXPECT_TRUE(strstr(text, "Current message level: 0x00000024") != NULL) {
		TH_LOG("%s", text);
	}
	tool_must("ethtool -s l0 msglvl 0x42");
	EXPECT_EQ(0x42, message_level(self->t.name));
}

TEST_F(linktype, debug_logs, .title = "NETIF_MSG_DRV in TUNSETDEBUG logs every later ioctl",
       .behaviours = { 121 }, .needs = { "kernel_log" })
{
	char name[IFNAMSIZ];
	int log = klog_open(), on;

	klog_link_name(name);
	ASSERT_OK(link_rename("l0", name));

	EXPECT_OK(tun_get_sndbuf(self->t.fd, &on));
	EXPECT_EQ(0, klog_count(log, name, "tun_chr_ioctl"));
	ASSERT_OK(tun_set_debug(self->t.fd, NETIF_MSG_DRV));
	EXPECT_OK(tun_get_sndbuf(self->t.fd, &on));
	EXPECT_OK(tun_get_sndbuf(self->t.fd, &on));
	EXPECT_EQ(2, klog_count(log, name, "tun_chr_ioctl"));
	/* Logged before it takes effect. */
	ASSERT_OK(tun_set_debug(self->t.fd, 0));
	EXPECT_OK(tun_get_sndbuf(self->t.fd, &on));
	EXPECT_EQ(1, klog_count(log, name, "tun_chr_ioctl"));
	close(log);
}

TEST(debug_says,
     .title = "with all bits of TUNSETDEBUG the ioctls work as without, and the log tells what each did",
     .behaviours = { 117, 121 }, .needs = { "kernel_log", "bridge" })
{
	static const uint8_t frame[60] = { 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 0x88, 0xb5 };
	int log = klog_open(), ps;
	char name[IFNAMSIZ];
	struct tun t;

	klog_link_name(name);
	t = tun_create(name, IFF_TAP | IFF_NO_PI);
	ASSERT_OK(tun_set_debug(t.fd, -1UL));
	EXPECT_OK(tun_set_nocsum(t.fd, 1));
	EXPECT_EQ(1, klog_count(log, name, "ignored: set checksum disabled"));
	EXPECT_OK(tun_set_nocsum(t.fd, 0));
	EXPECT_EQ(1, klog_count(log, name, "ignored: set checksum enabled"));
	EXPECT_OK(tun_set_persist(t.fd, 1));
	EXPECT_EQ(1, klog_count(log, name, "persist enabled"));
	EXPECT_OK(tun_set_persist(t.fd, 0));
	EXPECT_EQ(1, klog_count(log, name, "persist disabled"));
	EXPECT_OK(tun_set_owner(t.fd, 0));
	EXPECT_EQ(1, klog_count(log, name, "owner set to 0"));
	EXPECT_OK(tun_set_group(t.fd, 0));
	EXPECT_EQ(1, klog_count(log, name, "group set to 0"));
	EXPECT_OK(tun_set_link(t.fd, ARPHRD_ETHER));
	EXPECT_EQ(1, klog_count(log, name, "linktype set to 1"));
	ASSERT_OK(link_add("bridge", "br"));
	ASSERT_OK(link_set_master(name, "br"));
	EXPECT_ERRNO(EPERM, tun_set_link(t.fd, ARPHRD_PPP));
	EXPECT_EQ(1, klog_count(log, name, "Refused to change device type"));
	ASSERT_OK(link_up(name));
	EXPECT_ERRNO(EBUSY, tun_set_link(t.fd, ARPHRD_PPP));
	EXPECT_EQ(1, klog_count(log, name, "Linktype set failed because interface is up"));
	ps = packet_open(name, 0, 0);
	ASSERT_EQ(sizeof(frame), packet_send(ps, frame, sizeof(frame)));
	EXPECT_EQ(1, klog_count(log, name, "tun_net_xmit 60"));
	close(ps);
	close(log);
	tun_close(&t);
}

TEST_F(linktype, nocsum, .title = "TUNSETNOCSUM takes any value and changes nothing",
       .behaviours = { 122 })
{
	const unsigned long values[] = { 0, 1, 7, -1UL };
	int fd = udp_open(NULL, 4000);
	struct tun_packet p;
	struct parsed ip;
	struct frame f;
	uint8_t byte;

	peer_configure(&self->t);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_OK(tun_set_nocsum(self->t.fd, values[i]));
		/* Checksums are still computed on the way out ... */
		ASSERT_EQ(1, udp_send(fd, "x", 1, PEER_IP4, 4000));
		ASSERT_TRUE(tun_recv_proto(&self->t, &p, IPPROTO_UDP, TIMEOUT_MS, &ip));
		EXPECT_TRUE(ip.l4_checksum_ok);
		EXPECT_NE(0, p.data[ip.l4 + 6] | p.data[ip.l4 + 7]);
		/* ... and verified on the way in: of these two the second comes alone. */
		peer_udp(&self->t, &f, 4000, 4000, 1, 0);
		f.data[f.payload] = 'b';
		ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
		peer_udp(&self->t, &f, 4000, 4000, 0, 0);
		frame_payload(&f, "g", 1);
		frame_finish(&f);
		ASSERT_EQ(f.len, tun_send(&self->t, NULL, &f));
		ASSERT_EQ(1, udp_recv(fd, &byte, 1, TIMEOUT_MS));
		EXPECT_EQ('g', byte);
	}
	close(fd);
}

TEST_F(linktype, nocsum_features, .title = "TUNSETNOCSUM leaves the features of ethtool alone",
       .behaviours = { 122 }, .needs = { "ethtool" })
{
	json_t *before = tool_json("ethtool --json -k l0"), *after;

	EXPECT_OK(tun_set_nocsum(self->t.fd, 1));
	after = tool_json("ethtool --json -k l0");
	EXPECT_TRUE(json_equal(before, after));
	json_decref(after);
	/* ... while TUNSETOFFLOAD does not. */
	EXPECT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM));
	after = tool_json("ethtool --json -k l0");
	EXPECT_FALSE(json_equal(before, after));
	json_decref(after);
	json_decref(before);
}
