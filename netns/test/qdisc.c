// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/qdisc.h"

TEST(tbf, .title = "a tbf holds what is more than its burst, until it is deleted",
     .needs = { "veth", "tbf", "packet_socket" })
{
	static const uint8_t frame[1000] = { [0] = 2, [6] = 2, [12] = 0x88, [13] = 0xb5 };
	struct link link;
	int fd;

	ASSERT_OK(link_add_veth("a", "b"));
	ASSERT_OK(link_up("a"));
	ASSERT_OK(link_up("b"));
	ASSERT_TRUE(link_wait_running("a", true, 2000));
	ASSERT_OK(qdisc_add_tbf("a", 1, 2000, 100000));
	ASSERT_OK(link_get("a", &link));
	EXPECT_STREQ("tbf", link.qdisc);
	EXPECT_ERRNO(EEXIST, qdisc_add_tbf("a", 1, 2000, 100000));

	fd = packet_open("a", 0, 0);
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(sizeof(frame), packet_send(fd, frame, sizeof(frame)));
	}
	EXPECT_EQ(2, link_stats("a").tx_packets);
	EXPECT_OK(qdisc_del("a"));
	ASSERT_OK(link_get("a", &link));
	EXPECT_STRNE("tbf", link.qdisc);
	EXPECT_EQ(sizeof(frame), packet_send(fd, frame, sizeof(frame)));
	EXPECT_EQ(3, link_stats("a").tx_packets);
	EXPECT_ERRNO(ENODEV, qdisc_add_tbf("nobody", 1, 2000, 100000));
	close(fd);
}
