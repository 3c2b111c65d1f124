// SPDX-License-Identifier: GPL-2.0-only
#include <net/if_arp.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"

FIXTURE(link)
{
	struct link a, b;
};

FIXTURE_SETUP(link)
{
	if (!harness_feature("veth"))
		SKIP(return, "kernel has no veth device");
	ASSERT_OK(link_add_veth("a", "b"));
	ASSERT_OK(link_get("a", &self->a));
	ASSERT_OK(link_get("b", &self->b));
}

FIXTURE_TEARDOWN(link)
{
}

TEST_F(link, get, .title = "a new link shows its kind, type, limits and address")
{
	EXPECT_STREQ("a", self->a.name);
	EXPECT_STREQ("veth", self->a.kind);
	EXPECT_EQ(ARPHRD_ETHER, self->a.type);
	EXPECT_EQ(1500, self->a.mtu);
	EXPECT_EQ(68, self->a.min_mtu);
	EXPECT_EQ(65535, self->a.max_mtu);
	EXPECT_LE(1, self->a.num_tx_queues);
	EXPECT_LE(65535, self->a.gso_max_size);
	EXPECT_EQ(6, self->a.address_len);
	EXPECT_NE(0, memcmp(self->a.address, self->b.address, 6));
	EXPECT_EQ(0, self->a.flags & IFF_UP);
	EXPECT_EQ(0, self->a.master);
}

TEST_F(link, exact_name, .title = "a name with a colon is not cut there")
{
	struct link l;

	EXPECT_FALSE(link_exists("a:b"));
	EXPECT_FALSE(link_exists("a:"));
	EXPECT_ERRNO(ENODEV, link_get("a:b", &l));
	EXPECT_ERRNO(ENODEV, link_del("a:b"));
	EXPECT_ERRNO(ENODEV, link_set_master("a", "b:c"));
	EXPECT_TRUE(link_exists("a"));
	/* A name too long for a link is nobody's as well. */
	EXPECT_ERRNO(ENODEV, link_get("sixteen_letters_", &l));
	EXPECT_ERRNO(ENODEV, link_get("", &l));
}

TEST_F(link, missing, .title = "a name nobody has gives ENODEV")
{
	struct link l;

	EXPECT_ERRNO(ENODEV, link_get("nobody", &l));
	EXPECT_ERRNO(ENODEV, link_up("nobody"));
	EXPECT_ERRNO(ENODEV, link_del("nobody"));
	EXPECT_ERRNO(ENODEV, link_set_master("a", "nobody"));
	EXPECT_ERRNO(ENODEV, link_add_on("macvlan", "m", "nobody", 0));
	EXPECT_FALSE(link_exists("nobody"));
}

TEST_F(link, del, .title = "a deleted veth takes its peer with it")
{
	EXPECT_OK(link_del("a"));
	EXPECT_FALSE(link_exists("a"));
	EXPECT_FALSE(link_exists("b"));
}

TEST_F(link, mtu, .title = "the MTU is set and read back, and refused beyond the limits")
{
	EXPECT_OK(link_set_mtu("a", 9000));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_EQ(9000, self->a.mtu);
	EXPECT_ERRNO(EINVAL, link_set_mtu("a", 67));
}

TEST_F(link, txqueuelen, .title = "the queue length is set and read back")
{
	EXPECT_OK(link_set_txqueuelen("a", 77));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_EQ(77, self->a.txqueuelen);
}

TEST_F(link, address, .title = "the hardware address is set and read back")
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

	EXPECT_OK(link_set_address("a", mac, sizeof(mac)));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_EQ(0, memcmp(mac, self->a.address, sizeof(mac)));
}

TEST_F(link, flags, .title = "flags of the mask change, others stay")
{
	EXPECT_OK(link_set_flags("a", IFF_ALLMULTI | IFF_UP, IFF_ALLMULTI));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_EQ(IFF_ALLMULTI, self->a.flags & (IFF_ALLMULTI | IFF_UP));
}

TEST_F(link, rename, .title = "a renamed link is found by its new name only")
{
	EXPECT_OK(link_rename("a", "c"));
	EXPECT_FALSE(link_exists("a"));
	EXPECT_OK(link_get("c", &self->b));
	EXPECT_EQ(self->a.index, self->b.index);
	EXPECT_ERRNO(EEXIST, link_rename("c", "b"));
}

TEST_F(link, altname, .title = "a link is found by its second name")
{
	static const char *const name = "a-second-name";

	EXPECT_OK(link_add_altname("a", name));
	EXPECT_OK(link_get(name, &self->b));
	EXPECT_EQ(self->a.index, self->b.index);
	EXPECT_STREQ("a", self->b.name);
	EXPECT_ERRNO(EEXIST, link_add_altname("b", name));
}

TEST_F(link, carrier, .title = "a veth runs while both ends are up")
{
	EXPECT_OK(link_up("a"));
	EXPECT_FALSE(link_wait_running("a", true, 50));
	EXPECT_OK(link_up("b"));
	EXPECT_TRUE(link_wait_running("a", true, 2000));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_TRUE(self->a.carrier);
	EXPECT_TRUE(link_carrier("a"));
	EXPECT_EQ(IF_OPER_UP, self->a.operstate);
	EXPECT_NE(0, self->a.carrier_changes);

	EXPECT_OK(link_down("b"));
	EXPECT_TRUE(link_wait_running("a", false, 2000));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_FALSE(self->a.carrier);
	EXPECT_FALSE(link_carrier("a"));
	EXPECT_TRUE(self->a.operstate == IF_OPER_DOWN ||
		    self->a.operstate == IF_OPER_LOWERLAYERDOWN);
}

TEST_F(link, set_carrier, .title = "a carrier that the driver does not let users set is refused")
{
	EXPECT_ERRNO(EOPNOTSUPP, link_set_carrier("lo", false));
}

TEST_F(link, stats, .title = "a frame is counted on both ends", .needs = { "packet_socket" })
{
	static const uint8_t frame[60] = { [0] = 2, [6] = 2, [12] = 0x88, [13] = 0xb5 };
	struct rtnl_link_stats64 before, gained;
	int fd;

	EXPECT_OK(link_up("a"));
	EXPECT_OK(link_up("b"));
	EXPECT_TRUE(link_wait_running("a", true, 2000));
	fd = packet_open("a", 0, 0);
	EXPECT_EQ(sizeof(frame), packet_send(fd, frame, sizeof(frame)));
	EXPECT_EQ(1, link_stats("a").tx_packets);
	EXPECT_EQ(60, link_stats("a").tx_bytes);
	EXPECT_EQ(1, link_stats("b").rx_packets);

	before = link_stats("a");
	EXPECT_EQ(0, link_stats_since("a", &before).tx_packets);
	EXPECT_EQ(sizeof(frame), packet_send(fd, frame, sizeof(frame)));
	gained = link_stats_since("a", &before);
	EXPECT_EQ(1, gained.tx_packets);
	EXPECT_EQ(60, gained.tx_bytes);
	EXPECT_EQ(0, gained.rx_packets);
	EXPECT_EQ(0, gained.tx_dropped);
}

TEST_F(link, master, .title = "a bridge's port names it as its master, until released",
       .needs = { "bridge" })
{
	struct link bridge;

	ASSERT_OK(link_add("bridge", "br"));
	ASSERT_OK(link_get("br", &bridge));
	EXPECT_STREQ("bridge", bridge.kind);
	EXPECT_OK(link_set_master("a", "br"));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_EQ(bridge.index, self->a.master);
	EXPECT_OK(link_set_master("a", NULL));
	EXPECT_OK(link_get("a", &self->a));
	EXPECT_EQ(0, self->a.master);
}

TEST_F(link, macvlan, .title = "a link on top of another shows the mode asked for",
       .needs = { "macvlan" })
{
	struct link l;

	EXPECT_OK(link_add_on("macvlan", "m", "a", MACVLAN_MODE_VEPA));
	EXPECT_OK(link_get("m", &l));
	EXPECT_STREQ("macvlan", l.kind);
	EXPECT_TRUE(l.has_data[IFLA_MACVLAN_MODE]);
	EXPECT_EQ(MACVLAN_MODE_VEPA, l.data[IFLA_MACVLAN_MODE]);
}

TEST_F(link, vlan, .title = "a VLAN link shows its id", .needs = { "vlan" })
{
	struct link l;

	EXPECT_OK(link_add_on("vlan", "v", "a", 5));
	EXPECT_OK(link_get("v", &l));
	EXPECT_EQ(5, l.data[IFLA_VLAN_ID]);
}

TEST_F(link, netns, .title = "a link moved to another namespace is there and no longer here",
       .needs = { "net_namespaces" })
{
	int other = netns_new();

	EXPECT_OK(link_set_netns("b", other));
	EXPECT_FALSE(link_exists("b"));
	netns_enter(other);
	EXPECT_OK(link_get("b", &self->b));
	EXPECT_STREQ("veth", self->b.kind);
}

TEST_F(link, events, .title = "every change is seen as an event, in order and once")
{
	struct link_watch *w = link_watch_open();
	struct link_event e;

	EXPECT_FALSE(link_watch_next(w, NULL, 0, &e));
	EXPECT_OK(link_set_mtu("a", 1400));
	EXPECT_OK(link_set_mtu("b", 1401));
	EXPECT_OK(link_set_mtu("a", 1402));
	EXPECT_LE(1, link_watch_count(w, "b", RTM_NEWLINK));
	ASSERT_TRUE(link_watch_next(w, "b", 0, &e));
	EXPECT_EQ(1401, e.link.mtu);
	ASSERT_TRUE(link_watch_next(w, "a", 0, &e));
	EXPECT_EQ(RTM_NEWLINK, e.type);
	EXPECT_EQ(1400, e.link.mtu);

	EXPECT_OK(link_del("a"));
	EXPECT_EQ(1, link_watch_count(w, "a", RTM_DELLINK));
	EXPECT_EQ(1, link_watch_count(w, "b", RTM_DELLINK));
	EXPECT_EQ(2, link_watch_count(w, NULL, RTM_DELLINK));
	EXPECT_EQ(0, link_watch_count(w, "c", 0));
	EXPECT_FALSE(link_watch_next(w, "c", 20, &e));
	/* Those that were taken count still. */
	while (link_watch_next(w, "a", 0, &e))
		;
	EXPECT_EQ(1, link_watch_count(w, "a", RTM_DELLINK));
	link_watch_close(w);
}

TEST_F(link, bridge_events, .title = "what a bridge says of its ports is not taken for link events",
       .needs = { "bridge" })
{
	struct link_watch *w;

	ASSERT_OK(link_add("bridge", "br"));
	ASSERT_OK(link_set_master("a", "br"));
	w = link_watch_open();
	EXPECT_OK(link_set_master("a", NULL));
	EXPECT_EQ(0, link_watch_count(w, "a", RTM_DELLINK));
	EXPECT_LE(1, link_watch_count(w, "a", RTM_NEWLINK));
	link_watch_close(w);
}
