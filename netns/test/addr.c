// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>

#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/sock.h"
#include "netns/tool.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

static void make_pair(void)
{
	if (link_add_veth("a", "b") || link_up("a") || link_up("b"))
		TH_BAIL("veth pair: %s", strerror(errno));
}

static bool prints(const char *command, const char *wanted)
{
	char out[4096];

	if (!tool_run(out, sizeof(out), "%s", command) && strstr(out, wanted))
		return true;
	TH_LOG("'%s' printed: %s", command, out);
	return false;
}

TEST(ipv4, .title = "an IPv4 address is added once, used, and removed once", .needs = { "veth" })
{
	make_pair();
	EXPECT_OK(addr_add("a", "10.9.0.1/24"));
	EXPECT_ERRNO(EEXIST, addr_add("a", "10.9.0.1/24"));
	EXPECT_LE(0, udp_open("10.9.0.1", 0));
	EXPECT_OK(addr_del("a", "10.9.0.1/24"));
	EXPECT_ERRNO(EADDRNOTAVAIL, addr_del("a", "10.9.0.1/24"));
	EXPECT_ERRNO(ENODEV, addr_add("nobody", "10.9.0.1/24"));
}

TEST(ipv6, .title = "an IPv6 address is usable at once, on a link that has no other",
     .needs = { "veth", "ipv6", "iproute2" })
{
	json_t *json;

	netns_ipv6();
	make_pair();
	EXPECT_TRUE(link_wait_running("a", true, 2000));
	EXPECT_OK(addr_add("a", "fd09::1/64"));
	EXPECT_LE(0, udp_open("fd09::1", 0));
	json = tool_json("ip -6 -j addr show dev a");
	EXPECT_STREQ("fd09::1", tool_get_string(json, "0.addr_info.0.local"));
	EXPECT_EQ(64, tool_get_int(json, "0.addr_info.0.prefixlen"));
	EXPECT_NULL(tool_get(json, "0.addr_info.1"));
	json_decref(json);
	EXPECT_OK(addr_del("a", "fd09::1/64"));
}

TEST(route, .title = "routes are added with and without a gateway", .needs = { "veth", "iproute2" })
{
	make_pair();
	ASSERT_OK(addr_add("a", "10.9.0.1/24"));
	EXPECT_OK(route_add("10.8.0.0/16", NULL, "a"));
	EXPECT_OK(route_add("0.0.0.0/0", "10.9.0.2", "a"));
	EXPECT_ERRNO(EEXIST, route_add("0.0.0.0/0", "10.9.0.2", "a"));
	EXPECT_TRUE(prints("ip route show", "default via 10.9.0.2 dev a"));
	EXPECT_TRUE(prints("ip route show", "10.8.0.0/16 dev a"));
}

TEST(route_ipv6, .title = "an IPv6 route is added", .needs = { "veth", "ipv6", "iproute2" })
{
	netns_ipv6();
	make_pair();
	ASSERT_OK(addr_add("a", "fd09::1/64"));
	EXPECT_OK(route_add("fd08::/64", "fd09::2", "a"));
	EXPECT_TRUE(prints("ip -6 route show", "fd08::/64 via fd09::2 dev a"));
}

TEST(neigh, .title = "a neighbour is permanent, and replaced when added again",
     .needs = { "veth", "iproute2" })
{
	static const uint8_t other[6] = { 2, 0, 0, 0, 0, 8 };

	make_pair();
	EXPECT_OK(neigh_add("a", "10.9.0.2", other));
	EXPECT_OK(neigh_add("a", "10.9.0.2", mac));
	EXPECT_TRUE(prints("ip neigh show dev a", "10.9.0.2 lladdr 02:00:00:00:00:09 PERMANENT"));
}

TEST(sock_addr, .title = "text becomes a socket address of the right family")
{
	socklen_t len;
	struct sockaddr_storage ss = sock_addr("10.9.0.1", 80, &len);

	EXPECT_EQ(AF_INET, ss.ss_family);
	EXPECT_EQ(sizeof(struct sockaddr_in), len);
	EXPECT_EQ(htons(80), ((struct sockaddr_in *)&ss)->sin_port);
	EXPECT_EQ(htonl(0x0a090001), ((struct sockaddr_in *)&ss)->sin_addr.s_addr);
	ss = sock_addr("fd09::1", 80, &len);
	EXPECT_EQ(AF_INET6, ss.ss_family);
	EXPECT_EQ(sizeof(struct sockaddr_in6), len);
	EXPECT_EQ(0xfd, ((struct sockaddr_in6 *)&ss)->sin6_addr.s6_addr[0]);
}
