// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>
#include <linux/pkt_cls.h>

#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/qdisc.h"
#include "netns/sock.h"

TEST(tbf, .title = "a tbf holds what is more than its burst, until it is deleted or changed",
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

	EXPECT_ERRNO(ENOENT, qdisc_change_tbf("a", 1, 2000, 100000));
	ASSERT_OK(qdisc_add_tbf("a", 1, 2000, 100000));
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(sizeof(frame), packet_send(fd, frame, sizeof(frame)));
	}
	EXPECT_EQ(3 + 2, link_stats("a").tx_packets);
	EXPECT_OK(qdisc_change_tbf("a", 1, 10000, 100000));
	EXPECT_EQ(sizeof(frame), packet_send(fd, frame, sizeof(frame)));
	EXPECT_EQ(3 + 6, link_stats("a").tx_packets);
	EXPECT_ERRNO(ENODEV, qdisc_add_tbf("nobody", 1, 2000, 100000));
	close(fd);
}

TEST(bpf, .title = "a classifier drops what comes in or goes out, as it is asked to",
     .needs = { "tc_bpf" })
{
	int program = bpf_load_return(BPF_PROG_TYPE_SCHED_CLS, TC_ACT_SHOT), fd;
	char buf[16];

	ASSERT_LE(0, program);
	ASSERT_OK(link_up("lo"));
	fd = udp_open("127.0.0.1", 0);
	EXPECT_ERRNO(EINVAL, qdisc_add_bpf("lo", QDISC_INGRESS, program));
	ASSERT_OK(qdisc_add_clsact("lo"));
	EXPECT_EQ(5, udp_send(fd, "hello", 5, "127.0.0.1", sock_port(fd)));
	EXPECT_EQ(5, udp_recv(fd, buf, sizeof(buf), 1000));
	ASSERT_OK(qdisc_add_bpf("lo", QDISC_INGRESS, program));
	EXPECT_EQ(5, udp_send(fd, "hello", 5, "127.0.0.1", sock_port(fd)));
	EXPECT_ERRNO(EAGAIN, udp_recv(fd, buf, sizeof(buf), 20));
	EXPECT_EQ(2, link_stats("lo").tx_packets);
	ASSERT_OK(qdisc_add_bpf("lo", QDISC_EGRESS, program));
	udp_send(fd, "hello", 5, "127.0.0.1", sock_port(fd));
	EXPECT_EQ(2, link_stats("lo").tx_packets);
	close(fd);
	close(program);
}
