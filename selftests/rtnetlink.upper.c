// SPDX-License-Identifier: GPL-2.0-only
/* Bridges, macvlans and VLAN devices on a TAP, and what a TUN refuses. */
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/tool.h"

#define TIMEOUT_MS 2000

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
