// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"

#define LO "127.0.0.1"

TEST(udp, .title = "a datagram arrives whole over lo")
{
	uint8_t out[100], in[200];
	int a, b;

	ASSERT_OK(link_up("lo"));
	a = udp_open(NULL, 0);
	b = udp_open(LO, 0);
	pattern_fill(out, sizeof(out), 1);
	EXPECT_ERRNO(EAGAIN, udp_recv(b, in, sizeof(in), 10));
	EXPECT_EQ(sizeof(out), udp_send(a, out, sizeof(out), LO, sock_port(b)));
	EXPECT_EQ(sizeof(out), udp_recv(b, in, sizeof(in), 1000));
	EXPECT_EQ(-1, pattern_check(in, sizeof(out), 1));
	EXPECT_EQ(sizeof(out), udp_send(a, out, sizeof(out), LO, sock_port(b)));
	EXPECT_EQ(sizeof(out), udp_recv(b, in, 10, 1000));
}

TEST(udp_pattern, .title = "a datagram of a pattern is told from one of another")
{
	int a, b;

	ASSERT_OK(link_up("lo"));
	a = udp_open(NULL, 0);
	b = udp_open(LO, 0);
	EXPECT_ERRNO(EAGAIN, udp_recv_pattern(b, 1, 10));
	EXPECT_EQ(1000, udp_send_pattern(a, 1000, 1, LO, sock_port(b)));
	EXPECT_EQ(1000, udp_recv_pattern(b, 1, 1000));
	EXPECT_EQ(1000, udp_send_pattern(a, 1000, 1, LO, sock_port(b)));
	EXPECT_ERRNO(EBADMSG, udp_recv_pattern(b, 2, 1000));
	EXPECT_EQ(65507, udp_send_pattern(a, 65507, 3, LO, sock_port(b)));
	EXPECT_EQ(65507, udp_recv_pattern(b, 3, 1000));
	EXPECT_EQ(0, udp_send_pattern(a, 0, 4, LO, sock_port(b)));
	EXPECT_EQ(0, udp_recv_pattern(b, 4, 1000));
}

TEST(pass_fd, .title = "a descriptor passed over a socket is a new one of the same file")
{
	int pair[2], pipe_fds[2], taken;
	char byte = 0;

	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_OK(pipe2(pipe_fds, O_CLOEXEC));
	sock_pass_fd(pair[0], pipe_fds[1]);
	close(pipe_fds[1]);
	taken = sock_take_fd(pair[1], 1000);
	EXPECT_EQ(FD_CLOEXEC, fcntl(taken, F_GETFD));
	EXPECT_EQ(1, write(taken, "x", 1));
	EXPECT_EQ(1, read(pipe_fds[0], &byte, 1));
	EXPECT_EQ('x', byte);
	/* It was the last end to write to. */
	close(taken);
	EXPECT_EQ(0, read(pipe_fds[0], &byte, 1));
}

TEST(control, .title = "a control message is found by level and type, and taken with its datagram")
{
	int a, b, on = 1, ttl = 0;

	ASSERT_OK(link_up("lo"));
	a = udp_open(LO, 0);
	b = udp_open(LO, 0);
	EXPECT_ERRNO(EAGAIN, sock_recv_control(b, 0, SOL_IP, IP_TTL, &ttl, sizeof(ttl)));
	ASSERT_OK(setsockopt(b, SOL_IP, IP_PKTINFO, &on, sizeof(on)));
	ASSERT_EQ(1, udp_send(a, "x", 1, LO, sock_port(b)));
	ASSERT_EQ(POLLIN, sock_wait(b, POLLIN, 1000));
	EXPECT_EQ(0, sock_recv_control(b, 0, SOL_IP, IP_TTL, &ttl, sizeof(ttl)));
	EXPECT_EQ(0, ttl);
	ASSERT_OK(setsockopt(b, SOL_IP, IP_RECVTTL, &on, sizeof(on)));
	ASSERT_EQ(1, udp_send(a, "x", 1, LO, sock_port(b)));
	ASSERT_EQ(POLLIN, sock_wait(b, POLLIN, 1000));
	EXPECT_EQ(1, sock_recv_control(b, 0, SOL_IP, IP_TTL, &ttl, sizeof(ttl)));
	EXPECT_EQ(64, ttl);
	EXPECT_ERRNO(EAGAIN, sock_recv_control(b, 0, SOL_IP, IP_TTL, &ttl, sizeof(ttl)));
}

TEST(udp_gso, .title = "a UDP_SEGMENT send arrives as datagrams of that size",
     .needs = { "udp_gso" })
{
	uint8_t out[2500], in[3000];
	uint16_t gso;
	int a, b;

	ASSERT_OK(link_up("lo"));
	a = udp_open(LO, 0);
	b = udp_open(LO, 0);
	pattern_fill(out, sizeof(out), 2);
	EXPECT_EQ(sizeof(out), udp_send_gso(a, out, sizeof(out), 1000, LO, sock_port(b)));
	EXPECT_EQ(1000, udp_recv_gro(b, in, sizeof(in), 1000, &gso));
	EXPECT_EQ(0, gso);
	EXPECT_EQ(1000, udp_recv(b, in + 1000, sizeof(in) - 1000, 1000));
	EXPECT_EQ(500, udp_recv(b, in + 2000, sizeof(in) - 2000, 1000));
	EXPECT_EQ(-1, pattern_check(in, sizeof(out), 2));
}

TEST(udp_gro, .title = "with UDP_GRO a merged datagram comes with the size of its segments",
     .needs = { "udp_gso" })
{
	uint8_t out[2500], in[3000];
	uint16_t gso;
	int a, b;

	ASSERT_OK(link_up("lo"));
	a = udp_open(LO, 0);
	b = udp_open(LO, 0);
	udp_enable_gro(b);
	pattern_fill(out, sizeof(out), 2);
	EXPECT_EQ(sizeof(out), udp_send_gso(a, out, sizeof(out), 1000, LO, sock_port(b)));
	EXPECT_EQ(sizeof(out), udp_recv_gro(b, in, sizeof(in), 1000, &gso));
	EXPECT_EQ(1000, gso);
	EXPECT_EQ(-1, pattern_check(in, sizeof(out), 2));
}

TEST(tcp, .title = "a TCP connection is made and carries bytes over lo")
{
	int listener, client, server;
	uint8_t buf[100];

	ASSERT_OK(link_up("lo"));
	listener = tcp_listen(LO, 0);
	EXPECT_ERRNO(EAGAIN, tcp_accept(listener, 0));
	client = tcp_connect(LO, sock_port(listener));
	server = tcp_accept(listener, 1000);
	ASSERT_LE(0, server);
	EXPECT_EQ(POLLOUT, sock_wait(client, POLLOUT, 1000));
	EXPECT_EQ(0, sock_error(client));
	EXPECT_EQ(0, sock_wait(server, POLLIN, 10));
	pattern_fill(buf, sizeof(buf), 3);
	EXPECT_EQ(sizeof(buf), send(client, buf, sizeof(buf), 0));
	EXPECT_EQ(POLLIN, sock_wait(server, POLLIN, 1000));
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(sizeof(buf), recv(server, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, pattern_check(buf, sizeof(buf), 3));
}

TEST(tcp_refused, .title = "a refused connection shows as the socket's error")
{
	int listener, client;
	uint16_t port;

	ASSERT_OK(link_up("lo"));
	listener = tcp_listen(LO, 0);
	port = sock_port(listener);
	close(listener);
	client = tcp_connect(LO, port);
	sock_wait(client, POLLOUT, 1000);
	EXPECT_EQ(ECONNREFUSED, sock_error(client));
}

TEST(ipv6, .title = "sockets of IPv6 addresses are IPv6 sockets", .needs = { "ipv6" })
{
	int listener;

	ASSERT_OK(link_up("lo"));
	listener = tcp_listen("::1", 0);
	EXPECT_LE(0, tcp_connect("::1", sock_port(listener)));
	EXPECT_LE(0, tcp_accept(listener, 1000));
}

TEST(pattern, .title = "a pattern depends on seed and position, and its first change is found")
{
	uint8_t a[1000], b[1000];

	pattern_fill(a, sizeof(a), 7);
	EXPECT_EQ(-1, pattern_check(a, sizeof(a), 7));
	a[567] ^= 1;
	a[678] ^= 1;
	EXPECT_EQ(567, pattern_check(a, sizeof(a), 7));
	EXPECT_EQ(-1, pattern_check(a, 567, 7));
	pattern_fill(b, sizeof(b), 8);
	EXPECT_NE(0, memcmp(a, b, 100));
	/* neither shifted nor repeated */
	EXPECT_NE(0, memcmp(a + 1, b, 100));
	EXPECT_NE(0, memcmp(a, a + 256, 100));
}
