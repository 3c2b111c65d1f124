/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network that most traffic tests live in:
 *
 *	kernel's sockets -- 10.9.0.1/24 fd09::1/64 -- device == file -- 10.9.0.2 fd09::2, the peer
 *
 * The kernel has the first address of each pair on the device; the test plays the peer through the
 * device file.
 */
#ifndef DEVICE_PEER_H
#define DEVICE_PEER_H

#include "device/tun.h"

#define KERNEL_IP4 "10.9.0.1"
#define PEER_IP4   "10.9.0.2"
#define KERNEL_IP6 "fd09::1"
#define PEER_IP6   "fd09::2"

/* The peer's Ethernet address. */
extern const uint8_t peer_mac[6];

/*
 * A device with the kernel's IPv4 address, up, and on a TAP a permanent neighbour for the peer.
 * Ends the test if anything fails.
 */
struct tun peer_create(const char *name, unsigned int flags);
/* Gives an existing device the addresses and brings it up. */
void peer_configure(const struct tun *t);
/* Adds the IPv6 pair and waits until it is usable. Call netns_ipv6() before the device is made. */
void peer_configure_ipv6(const struct tun *t);

/* The device's own Ethernet address (TAP). */
void peer_kernel_mac(const struct tun *t, uint8_t mac[6]);

/* Starts a frame from the peer to the kernel: Ethernet header on a TAP, and the IP header. */
void peer_ipv4(const struct tun *t, struct frame *f, uint8_t proto);
void peer_ipv6(const struct tun *t, struct frame *f, uint8_t next_header);
/* A finished UDP datagram from the peer, with a payload of @len bytes of pattern @seed. */
void peer_udp(const struct tun *t, struct frame *f, uint16_t sport, uint16_t dport, size_t len,
	      uint32_t seed);

/* The length of the frame that holds an IPv4 datagram with @len bytes of payload, either way. */
size_t peer_udp_size(const struct tun *t, size_t len);
/*
 * The other way: the kernel sends the peer's port @dport a datagram of @len bytes of pattern @seed,
 * from socket @udp. Ends the test if it does not.
 */
void kernel_udp(int udp, uint16_t dport, size_t len, uint32_t seed);
/*
 * Reads the very next packet: the length of its payload if it is a UDP datagram of pattern @seed,
 * otherwise -1, and the test's log says what it is.
 */
ssize_t peer_recv_udp(const struct tun *t, uint32_t seed, int timeout_ms);

/*
 * A TCP connection from the peer (seq 1000 onwards) to a socket listening on @port, made by hand
 * through the file. Afterwards @seq and @ack are the peer's next values; returns the accepted
 * socket. @ipv6 chooses the address family; @mss is the largest segment that the peer offers, with
 * 0 it makes no offer.
 */
struct peer_tcp {
	int fd; /* the kernel's end, the caller's to close */
	bool ipv6;
	uint16_t sport, dport;
	uint32_t seq, ack;
};
struct peer_tcp peer_tcp_connect(const struct tun *t, uint16_t port, bool ipv6, uint16_t mss);
/* Starts a segment of that connection with TH_ACK | @flags; payload and finish are the caller's. */
void peer_tcp_segment(const struct tun *t, struct frame *f, const struct peer_tcp *c,
		      uint8_t flags);

#endif /* DEVICE_PEER_H */
