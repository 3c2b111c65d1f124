// SPDX-License-Identifier: GPL-2.0-only
/* Where allocations fail: packets, written, read and sent to the device. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>

#include "device/peer.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "netns/sock.h"
#include "selftests/fault.h"

static void drain(int fd)
{
	uint8_t buf[4096];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
}

static void nonblocking_datagram(struct bench *b)
{
	drain(b->udp);
	peer_udp(&b->t, &b->f, 4000, PORT, 200, 1);
	b->vnet = (struct vnet){ 0 };
}

/* Its first piece does not fit into what NAPI has ready. */
static void long_datagram(struct bench *b)
{
	drain(b->udp);
	peer_udp(&b->t, &b->f, 4000, PORT, 3000, 1);
	b->vnet = (struct vnet){ 0 };
	tun_set_blocking(b->t.fd);
}

/* Not in one page of its own: tun_build_skb() is for those who do not wait. */
static void datagram(struct bench *b)
{
	nonblocking_datagram(b);
	tun_set_blocking(b->t.fd);
}

static void gso_datagram(struct bench *b)
{
	drain(b->udp);
	peer_ipv4(&b->t, &b->f, IPPROTO_TCP);
	frame_tcp(&b->f, 4000, PORT, 1, 1, 0);
	frame_pattern(&b->f, 30000, 1);
	b->vnet = frame_finish_gso(&b->f, 1000);
	tun_set_blocking(b->t.fd);
}

static void xdp_datagram(struct bench *b)
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);

	nonblocking_datagram(b);
	if (program < 0 || link_set_xdp(b->t.name, program, XDP_FLAGS_DRV_MODE))
		TH_BAIL("XDP: %s", strerror(errno));
	close(program);
}

long bench_write(void *bench)
{
	struct bench *b = bench;

	return tun_send(&b->t, &b->vnet, &b->f);
}

/* EINVAL: a header that cannot be pulled together for want of memory is taken for a bad one. */
#define WRITE(name, its_flags, how)                                                                \
	const struct op fault_op_write_##name = { .flags = its_flags,                              \
						  .prepare = how,                                  \
						  .call = bench_write,                             \
						  .counted = true,                                 \
						  .errnos = { ENOMEM, ENOBUFS, EFAULT, EINVAL } }

WRITE(tun_pi, IFF_TUN, datagram);
WRITE(tap, IFF_TAP | IFF_NO_PI, datagram);
WRITE(built, IFF_TAP | IFF_NO_PI, nonblocking_datagram);
WRITE(xdp, IFF_TAP | IFF_NO_PI, xdp_datagram);
WRITE(vnet, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, datagram);
WRITE(gso, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, gso_datagram);
WRITE(napi, IFF_TAP | IFF_NO_PI | IFF_NAPI, datagram);
WRITE(napi_frags, IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS, datagram);
WRITE(napi_frags_long, IFF_TAP | IFF_NO_PI | IFF_NAPI | IFF_NAPI_FRAGS, long_datagram);

static void packet_waits(struct bench *b)
{
	bench_drain(b);
	kernel_udp(b->udp, 4000, 1000, 1);
}

static long call_read(void *bench)
{
	static uint8_t buf[2048];

	return read(((struct bench *)bench)->t.fd, buf, sizeof(buf));
}

const struct op fault_op_read = { .flags = IFF_TUN | IFF_VNET_HDR,
				  .prepare = packet_waits,
				  .call = call_read,
				  .errnos = { EFAULT } };

static void drained(struct bench *b)
{
	bench_drain(b);
}

static long call_transmit(void *bench)
{
	static const uint8_t data[4000];

	return udp_send(((struct bench *)bench)->udp, data, sizeof(data), PEER_IP4, 4000);
}

const struct op fault_op_transmit = { .flags = IFF_TAP | IFF_NO_PI,
				      .prepare = drained,
				      .call = call_transmit,
				      .errnos = { ENOMEM, ENOBUFS, EFAULT } };

/* More than there is in one piece. */
#define BIG_MTU 60000
#define BIG	50000

static long call_transmit_big(void *bench)
{
	static const uint8_t data[BIG];

	return udp_send(((struct bench *)bench)->udp, data, sizeof(data), PEER_IP4, 4000);
}

/* The packet has its data in pages, and a packet socket has it too: to trim it takes a copy. */
static void trimmed(struct bench *b)
{
	int program = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 100), off = 0;

	if (link_set_mtu(b->t.name, BIG_MTU) || tun_set_filter_ebpf(b->t.fd, program))
		TH_BAIL("filter: %s", strerror(errno));
	close(program);
	/* It keeps what it gets. One for all devices would get the frames of other tests, too. */
	b->other = packet_open(b->t.name, ETH_P_ALL, 0);
	if (setsockopt(b->other, SOL_PACKET, PACKET_IGNORE_OUTGOING, &off, sizeof(off)))
		TH_BAIL("PACKET_IGNORE_OUTGOING: %s", strerror(errno));
}

const struct op fault_op_transmit_trimmed = { .flags = IFF_TAP | IFF_NO_PI,
					      .needs = { "packet_socket" },
					      .make = trimmed,
					      .prepare = drained,
					      .call = call_transmit_big,
					      .errnos = { ENOMEM, ENOBUFS, EFAULT } };

/* The driver copies what is the program's own memory. */
static void no_copy(struct bench *b)
{
	int on = 1;

	if (link_set_mtu(b->t.name, BIG_MTU) || tun_set_offload(b->t.fd, TUN_F_CSUM) ||
	    setsockopt(b->udp, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		TH_BAIL("zero-copy: %s", strerror(errno));
}

static void told(struct bench *b)
{
	uint8_t buf[256];
	struct msghdr msg = { .msg_control = buf, .msg_controllen = sizeof(buf) };

	bench_drain(b);
	while (recvmsg(b->udp, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		msg.msg_controllen = sizeof(buf);
}

static long call_transmit_zerocopy(void *bench)
{
	static uint8_t data[BIG];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4000) };

	inet_pton(AF_INET, PEER_IP4, &to.sin_addr);
	return sendto(((struct bench *)bench)->udp, data, sizeof(data), MSG_ZEROCOPY,
		      (struct sockaddr *)&to, sizeof(to));
}

const struct op fault_op_transmit_zerocopy = { .flags = IFF_TAP | IFF_NO_PI,
					       .make = no_copy,
					       .prepare = told,
					       .call = call_transmit_zerocopy,
					       .errnos = { ENOMEM, ENOBUFS, EFAULT } };
