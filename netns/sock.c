// SPDX-License-Identifier: GPL-2.0-only
/* TCP and UDP sockets of the kernel. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/clock.h"
#include "netns/sock.h"

#define UDP_MAX 65507 /* bytes of payload over IPv4 */

static int open_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		TH_BAIL("%s socket: %s", type == SOCK_DGRAM ? "UDP" : "TCP", strerror(errno));
	return fd;
}

static int open_bound(int type, const char *ip, uint16_t port)
{
	socklen_t len;
	struct sockaddr_storage ss = sock_addr(ip, port, &len);
	int fd = open_socket(ss.ss_family, type), on = 1;

	/* A TCP port is in use for a minute after its connections closed. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&ss, len))
		TH_BAIL("bind to %s port %u: %s", ip, port, strerror(errno));
	return fd;
}

int udp_open(const char *ip, uint16_t port)
{
	return open_bound(SOCK_DGRAM, ip ? ip : "0.0.0.0", port);
}

ssize_t udp_send_flags(int fd, const void *data, size_t len, int flags, const char *ip,
		       uint16_t port)
{
	socklen_t addrlen;
	struct sockaddr_storage ss = sock_addr(ip, port, &addrlen);

	return sendto(fd, data, len, flags, (void *)&ss, addrlen);
}

ssize_t udp_send(int fd, const void *data, size_t len, const char *ip, uint16_t port)
{
	return udp_send_flags(fd, data, len, 0, ip, port);
}

ssize_t udp_send_gso(int fd, const void *data, size_t len, uint16_t gso, const char *ip,
		     uint16_t port)
{
	socklen_t addrlen;
	struct sockaddr_storage ss = sock_addr(ip, port, &addrlen);
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(gso))];
	} control = { 0 };
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_namelen = addrlen,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_UDP;
	control.header.cmsg_type = UDP_SEGMENT;
	control.header.cmsg_len = CMSG_LEN(sizeof(gso));
	memcpy(CMSG_DATA(&control.header), &gso, sizeof(gso));
	return sendmsg(fd, &msg, 0);
}

ssize_t udp_recv(int fd, void *buf, size_t size, int timeout_ms)
{
	sock_wait(fd, POLLIN, timeout_ms);
	return recv(fd, buf, size, MSG_TRUNC);
}

ssize_t udp_send_pattern(int fd, size_t len, uint32_t seed, const char *ip, uint16_t port)
{
	uint8_t data[UDP_MAX];

	if (len > sizeof(data))
		TH_BAIL("a datagram of %zu bytes is none", len);
	pattern_fill(data, len, seed);
	return udp_send(fd, data, len, ip, port);
}

ssize_t udp_recv_pattern(int fd, uint32_t seed, int timeout_ms)
{
	uint8_t data[UDP_MAX];
	ssize_t len = udp_recv(fd, data, sizeof(data), timeout_ms), at;

	if (len < 0)
		return -1;
	at = pattern_check(data, len, seed);
	if (at == -1)
		return len;
	TH_LOG("byte %zd of %zd received is not that of pattern %u", at, len, seed);
	errno = EBADMSG;
	return -1;
}

void udp_enable_gro(int fd)
{
	int on = 1;

	if (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)))
		TH_BAIL("UDP_GRO: %s", strerror(errno));
}

ssize_t udp_recv_gro(int fd, void *buf, size_t size, int timeout_ms, uint16_t *gso)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(_Alignof(struct cmsghdr))));
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t len;
	int segment;

	*gso = 0;
	sock_wait(fd, POLLIN, timeout_ms);
	len = recvmsg(fd, &msg, MSG_TRUNC);
	if (len < 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
		memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		*gso = segment;
	}
	return len;
}

int tcp_listen(const char *ip, uint16_t port)
{
	int fd = open_bound(SOCK_STREAM, ip, port);

	if (listen(fd, 16))
		TH_BAIL("listen on %s port %u: %s", ip, port, strerror(errno));
	return fd;
}

int tcp_connect(const char *ip, uint16_t port)
{
	socklen_t len;
	struct sockaddr_storage ss = sock_addr(ip, port, &len);
	int fd = open_socket(ss.ss_family, SOCK_STREAM);

	if (connect(fd, (void *)&ss, len) && errno != EINPROGRESS)
		TH_BAIL("connect to %s port %u: %s", ip, port, strerror(errno));
	return fd;
}

int tcp_accept(int fd, int timeout_ms)
{
	sock_wait(fd, POLLIN, timeout_ms);
	return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int sock_error(int fd)
{
	int err;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		TH_BAIL("SO_ERROR of descriptor %d: %s", fd, strerror(errno));
	return err;
}

uint16_t sock_port(int fd)
{
	struct sockaddr_in6 sin6; /* the port is at the same place in both families */
	socklen_t len = sizeof(sin6);

	if (getsockname(fd, (void *)&sin6, &len))
		TH_BAIL("port of descriptor %d: %s", fd, strerror(errno));
	return ntohs(sin6.sin6_port);
}

short sock_wait(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t deadline = clock_ms() + timeout_ms;
	int n;

	do
		n = poll(&p, 1, clock_left(deadline));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		TH_BAIL("poll of descriptor %d: %s", fd, strerror(errno));
	return p.revents;
}

union fd_message {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

void sock_pass_fd(int sock, int fd)
{
	union fd_message control = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		TH_BAIL("cannot pass descriptor %d: %s", fd, strerror(errno));
}

int sock_take_fd(int sock, int timeout_ms)
{
	union fd_message control = { 0 };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	sock_wait(sock, POLLIN, timeout_ms);
	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1 ||
	    control.header.cmsg_type != SCM_RIGHTS)
		TH_BAIL("no descriptor came: %s", strerror(errno));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

int sock_recv_control(int fd, int flags, int level, int type, void *data, size_t size)
{
	char control[256] __attribute__((aligned(_Alignof(struct cmsghdr))));
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	if (recvmsg(fd, &msg, flags | MSG_DONTWAIT) < 0)
		return -1;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != level || c->cmsg_type != type ||
		    c->cmsg_len < CMSG_LEN(size))
			continue;
		memcpy(data, CMSG_DATA(c), size);
		return 1;
	}
	return 0;
}

/* Multiplications by odd constants spread every bit of seed and position into the top byte. */
static uint8_t pattern_byte(uint32_t pos, uint32_t seed)
{
	return ((seed * 0x9e3779b1u ^ pos) * 0x85ebca6bu) >> 24;
}

void pattern_fill(void *buf, size_t len, uint32_t seed)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = pattern_byte(i, seed);
}

ssize_t pattern_check(const void *buf, size_t len, uint32_t seed)
{
	const uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		if (p[i] != pattern_byte(i, seed))
			return i;
	}
	return -1;
}
