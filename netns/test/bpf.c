// SPDX-License-Identifier: GPL-2.0-only
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_link.h>

#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/sock.h"

TEST(socket_filter, .title = "a socket filter's result is the length it leaves of a datagram",
     .needs = { "bpf" })
{
	int program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 8 + 3), a, b;
	char buf[16];

	ASSERT_LE(0, program);
	ASSERT_OK(link_up("lo"));
	a = udp_open(NULL, 0);
	b = udp_open("127.0.0.1", 0);
	ASSERT_OK(setsockopt(b, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)));
	EXPECT_EQ(5, udp_send(a, "hello", 5, "127.0.0.1", sock_port(b)));
	EXPECT_EQ(3, udp_recv(b, buf, sizeof(buf), 1000));
	close(program);
}

TEST(xdp, .title = "an XDP program drops what it is to drop, until it is taken off",
     .needs = { "bpf" })
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_DROP), a, b;
	struct link lo;
	char buf[16];

	if (program < 0)
		SKIP(return, "bpf() loads no XDP program: %s", strerror(errno));
	ASSERT_OK(link_up("lo"));
	a = udp_open(NULL, 0);
	b = udp_open("127.0.0.1", 0);
	ASSERT_OK(link_set_xdp("lo", program, XDP_FLAGS_SKB_MODE));
	ASSERT_OK(link_get("lo", &lo));
	EXPECT_EQ(XDP_ATTACHED_SKB, lo.xdp.mode);
	EXPECT_NE(0, lo.xdp.id);
	EXPECT_EQ(lo.xdp.id, lo.xdp.skb_id);
	EXPECT_EQ(0, lo.xdp.drv_id);
	EXPECT_ERRNO(EEXIST, link_replace_xdp("lo", program, -1, XDP_FLAGS_SKB_MODE));
	EXPECT_OK(link_replace_xdp("lo", program, program, XDP_FLAGS_SKB_MODE));
	EXPECT_EQ(5, udp_send(a, "hello", 5, "127.0.0.1", sock_port(b)));
	EXPECT_ERRNO(EAGAIN, udp_recv(b, buf, sizeof(buf), 20));
	ASSERT_OK(link_set_xdp("lo", -1, XDP_FLAGS_SKB_MODE));
	EXPECT_EQ(5, udp_send(a, "hello", 5, "127.0.0.1", sock_port(b)));
	EXPECT_EQ(5, udp_recv(b, buf, sizeof(buf), 1000));
	EXPECT_ERRNO(ENODEV, link_set_xdp("nobody", program, 0));
	close(program);
}
