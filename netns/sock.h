/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP and UDP sockets of the kernel, the other side of the device. All are non-blocking; waits have
 * a time-out. Functions that return descriptors end the test if the socket cannot be made; the
 * caller closes it.
 */
#ifndef NETNS_SOCK_H
#define NETNS_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bound to @ip:@port; port 0 for any. @ip NULL: any IPv4 address. */
int udp_open(const char *ip, uint16_t port);
/* sendto(). */
ssize_t udp_send(int fd, const void *data, size_t len, const char *ip, uint16_t port);
/* The same with @flags of sendto(), MSG_ZEROCOPY for one. */
ssize_t udp_send_flags(int fd, const void *data, size_t len, int flags, const char *ip,
		       uint16_t port);
/* One sendto() that the kernel cuts into datagrams of @gso bytes (UDP_SEGMENT). */
ssize_t udp_send_gso(int fd, const void *data, size_t len, uint16_t gso, const char *ip,
		     uint16_t port);
/* The next datagram within @timeout_ms: its real length, or -1 and EAGAIN. */
ssize_t udp_recv(int fd, void *buf, size_t size, int timeout_ms);
/*
 * The same with a payload of pattern @seed (see below), of at most 65507 bytes. A datagram that is
 * not of that pattern gives -1 and EBADMSG, and the test's log says where it differs.
 */
ssize_t udp_send_pattern(int fd, size_t len, uint32_t seed, const char *ip, uint16_t port);
ssize_t udp_recv_pattern(int fd, uint32_t seed, int timeout_ms);
/* Turns on UDP_GRO; udp_recv_gro() then gives the size of the segments in @gso (0: not merged). */
void udp_enable_gro(int fd);
ssize_t udp_recv_gro(int fd, void *buf, size_t size, int timeout_ms, uint16_t *gso);

/* Listens on @ip:@port. */
int tcp_listen(const char *ip, uint16_t port);
/* Starts to connect; use sock_wait(POLLOUT) and sock_error() to see the outcome. */
int tcp_connect(const char *ip, uint16_t port);
/* The next connection within @timeout_ms, or -1 and EAGAIN. */
int tcp_accept(int fd, int timeout_ms);

/* SO_ERROR. */
int sock_error(int fd);
/* The bound port. */
uint16_t sock_port(int fd);

/*
 * Takes the next message, which has come already (from the error queue with MSG_ERRQUEUE in
 * @flags), and copies the first @size bytes of its control message of this level and type to @data.
 * 1 if it has one, 0 if not, which leaves @data as it was; -1 and errno without a message.
 */
int sock_recv_control(int fd, int flags, int level, int type, void *data, size_t size);

/* poll() for @events (POLLIN, ...): the events that came, 0 after @timeout_ms. */
short sock_wait(int fd, short events, int timeout_ms);

/*
 * Passes descriptor @fd over AF_UNIX socket @sock; takes one there within @timeout_ms, which is the
 * caller's to close. Both end the test if they cannot.
 */
void sock_pass_fd(int sock, int fd);
int sock_take_fd(int sock, int timeout_ms);

/*
 * Fills @len bytes with a sequence that depends on @seed and the position only, and finds the
 * first byte that differs from it: -1 if none does.
 */
void pattern_fill(void *buf, size_t len, uint32_t seed);
ssize_t pattern_check(const void *buf, size_t len, uint32_t seed);

#endif /* NETNS_SOCK_H */
