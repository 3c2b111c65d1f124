// SPDX-License-Identifier: GPL-2.0-only
#include <sys/stat.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "harness/harness.h"
#include "netns/link.h"

#define TIMEOUT_MS 2000

TEST(node, .title = "a node is made for the link that is named, and again when asked again",
     .needs = { "macvtap" })
{
	char first[MACVTAP_NODE_SIZE], again[MACVTAP_NODE_SIZE], other[MACVTAP_NODE_SIZE];
	struct tun t = macvtap_bridge("m0"), u = macvtap_bridge("m1");
	struct stat st;

	ASSERT_OK(macvtap_node("m0", first));
	ASSERT_OK(macvtap_node("m0", again));
	ASSERT_OK(macvtap_node("m1", other));
	EXPECT_STREQ(first, again);
	EXPECT_STRNE(first, other);
	ASSERT_OK(stat(first, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_ERRNO(ENODEV, macvtap_node("m2", other));
	EXPECT_ERRNO(ENOENT, macvtap_node(MACVTAP_LOWER, other));
	tun_close(&u);
	tun_close(&t);
}

TEST(recv_same, .title = "a frame is told from one of another length, other content, or none",
     .needs = { "macvtap" })
{
	struct tun t = macvtap_bridge("m0"), u = macvtap_bridge("m1");
	struct frame sent, longer, differs;
	uint8_t to[6], from[6];

	macvtap_mac("m0", to);
	macvtap_mac("m1", from);
	macvtap_frame(&sent, to, from, 64, 1);
	macvtap_frame(&longer, to, from, 65, 1);
	macvtap_frame(&differs, to, from, 64, 2);
	EXPECT_EQ(64, sent.len);
	EXPECT_FALSE(macvtap_recv_same(&t, &sent, 0));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(74, tun_send(&u, NULL, &sent));
	EXPECT_TRUE(macvtap_recv_same(&t, &sent, TIMEOUT_MS));
	EXPECT_FALSE(macvtap_recv_same(&t, &longer, TIMEOUT_MS));
	EXPECT_FALSE(macvtap_recv_same(&t, &differs, TIMEOUT_MS));
	tun_close(&u);
	tun_close(&t);
}
