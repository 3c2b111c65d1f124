// SPDX-License-Identifier: GPL-2.0-only
/* The peer behind the device file. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "device/peer.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/rtnl.h"
#include "netns/sock.h"

#define CONNECT_MS 2000
#define ADDRESS_MS 10000

const uint8_t peer_mac[6] = { 0x02, 0x00, 0x00, 0x00, 0x09, 0x02 };

struct tun peer_create(const char *name, unsigned int flags)
{
	struct tun t = tun_create(name, flags);

	peer_configure(&t);
	return t;
}

static void add_pair(const struct tun *t, const char *cidr, const char *peer)
{
	if (addr_add(t->name, cidr))
		TH_BAIL("cannot give %s the address %s: %s", t->name, cidr, strerror(errno));
	if (tun_is_tap(t) && neigh_add(t->name, peer, peer_mac))
		TH_BAIL("cannot add neighbour %s on %s: %s", peer, t->name, strerror(errno));
}

void peer_configure(const struct tun *t)
{
	/* Neighbours do not outlive a device that goes down, so it comes up first. */
	if (link_up(t->name))
		TH_BAIL("cannot bring %s up: %s", t->name, strerror(errno));
	add_pair(t, KERNEL_IP4 "/24", PEER_IP4);
}

static void note_route_type(const struct nlmsghdr *answer, void *arg)
{
	const struct rtmsg *rtm = NLMSG_DATA(answer);

	*(uint8_t *)arg = rtm->rtm_type;
}

/* True if the kernel takes packets to IPv6 address @ip for its own. */
static bool is_local_ipv6(const char *ip)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *request = rtnl_start(buf, RTM_GETROUTE, 0, sizeof(struct rtmsg));
	struct rtmsg *rtm = NLMSG_DATA(request);
	uint8_t address[16], type = RTN_UNSPEC;

	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = 128;
	inet_pton(AF_INET6, ip, address);
	mnl_attr_put(request, RTA_DST, sizeof(address), address);
	return !rtnl_talk(request, note_route_type, &type) && type == RTN_LOCAL;
}

void peer_configure_ipv6(const struct tun *t)
{
	int64_t deadline = clock_ms() + ADDRESS_MS;

	add_pair(t, KERNEL_IP6 "/64", PEER_IP6);
	/* Even without DAD the kernel leaves the local route to a worker. */
	while (!is_local_ipv6(KERNEL_IP6)) {
		if (!clock_left(deadline))
			TH_BAIL("%s on %s is not usable within %d ms", KERNEL_IP6, t->name,
				ADDRESS_MS);
		usleep(1000);
	}
}

void peer_kernel_mac(const struct tun *t, uint8_t mac[6])
{
	uint16_t family;
	uint8_t address[14];

	if (tun_get_hwaddr(t->fd, &family, address))
		TH_BAIL("SIOCGIFHWADDR on %s: %s", t->name, strerror(errno));
	memcpy(mac, address, 6);
}

static void start(const struct tun *t, struct frame *f, uint16_t ethertype)
{
	uint8_t mac[6];

	frame_start(f);
	if (!tun_is_tap(t))
		return;
	peer_kernel_mac(t, mac);
	frame_eth(f, mac, peer_mac, ethertype);
}

void peer_ipv4(const struct tun *t, struct frame *f, uint8_t proto)
{
	start(t, f, ETHERTYPE_IP);
	frame_ipv4(f, PEER_IP4, KERNEL_IP4, proto);
}

void peer_ipv6(const struct tun *t, struct frame *f, uint8_t next_header)
{
	start(t, f, ETHERTYPE_IPV6);
	frame_ipv6(f, PEER_IP6, KERNEL_IP6, next_header);
}

void peer_udp(const struct tun *t, struct frame *f, uint16_t sport, uint16_t dport, size_t len,
	      uint32_t seed)
{
	peer_ipv4(t, f, IPPROTO_UDP);
	frame_udp(f, sport, dport);
	frame_pattern(f, len, seed);
	frame_finish(f);
}

size_t peer_udp_size(const struct tun *t, size_t len)
{
	return tun_l2_size(t) + 20 + 8 + len;
}

void kernel_udp(int udp, uint16_t dport, size_t len, uint32_t seed)
{
	if (udp_send_pattern(udp, len, seed, PEER_IP4, dport) != len)
		TH_BAIL("the kernel cannot send %zu bytes: %s", len, strerror(errno));
}

ssize_t peer_recv_udp(const struct tun *t, uint32_t seed, int timeout_ms)
{
	struct tun_packet packet;
	struct parsed p;
	ssize_t at;

	if (!tun_recv(t, &packet, timeout_ms))
		return -1;
	if (!frame_parse(packet.data, packet.len, tun_is_tap(t), &p) || p.l4_proto != IPPROTO_UDP) {
		TH_LOG("the next packet on %s is no UDP datagram: IP version %u, protocol %u",
		       t->name, p.ip_version, p.l4_proto);
		return -1;
	}
	at = pattern_check(packet.data + p.payload, p.payload_len, seed);
	if (at == -1)
		return p.payload_len;
	TH_LOG("byte %zd of %zu read on %s is not that of pattern %u", at, p.payload_len, t->name,
	       seed);
	return -1;
}

static void start_tcp(const struct tun *t, struct frame *f, const struct peer_tcp *c, uint8_t flags)
{
	if (c->ipv6)
		peer_ipv6(t, f, IPPROTO_TCP);
	else
		peer_ipv4(t, f, IPPROTO_TCP);
	frame_tcp(f, c->sport, c->dport, c->seq, flags & TH_ACK ? c->ack : 0, flags);
}

void peer_tcp_segment(const struct tun *t, struct frame *f, const struct peer_tcp *c, uint8_t flags)
{
	start_tcp(t, f, c, TH_ACK | flags);
}

static void send_tcp(const struct tun *t, struct frame *f)
{
	frame_finish(f);
	if (tun_send(t, NULL, f) < 0)
		TH_BAIL("cannot send a TCP segment through %s: %s", t->name, strerror(errno));
}

static void send_syn(const struct tun *t, const struct peer_tcp *c, uint16_t mss)
{
	const uint8_t option[4] = { TCPOPT_MAXSEG, TCPOLEN_MAXSEG, mss >> 8, mss };
	struct frame f;

	start_tcp(t, &f, c, TH_SYN);
	if (mss) {
		/* The option makes the header six words long. */
		f.data[f.l4 + 12] = 6 << 4;
		frame_payload(&f, option, sizeof(option));
	}
	send_tcp(t, &f);
}

static bool is_syn_ack(const struct parsed *p, const struct peer_tcp *c)
{
	return p->tcp_flags == (TH_SYN | TH_ACK) && p->sport == c->dport && p->dport == c->sport &&
	       p->ip_version == (c->ipv6 ? 6 : 4) && p->ack == c->seq;
}

/* Notes the kernel's sequence number. */
static void recv_syn_ack(const struct tun *t, struct peer_tcp *c)
{
	struct tun_packet packet;
	struct parsed p;

	do {
		if (!tun_recv_proto(t, &packet, IPPROTO_TCP, CONNECT_MS, &p))
			TH_BAIL("no SYN-ACK from port %u on %s within %d ms", c->dport, t->name,
				CONNECT_MS);
	} while (!is_syn_ack(&p, c));
	c->ack = p.seq + 1;
}

struct peer_tcp peer_tcp_connect(const struct tun *t, uint16_t port, bool ipv6, uint16_t mss)
{
	/* Another port each time, for more than one connection to the same socket address. */
	static uint16_t next_port = 40000;
	int listener = tcp_listen(ipv6 ? KERNEL_IP6 : KERNEL_IP4, port);
	struct peer_tcp c = { .ipv6 = ipv6, .sport = next_port++, .dport = port, .seq = 1000 };
	struct frame f;

	send_syn(t, &c, mss);
	c.seq++;
	recv_syn_ack(t, &c);
	peer_tcp_segment(t, &f, &c, 0);
	send_tcp(t, &f);
	c.fd = tcp_accept(listener, CONNECT_MS);
	if (c.fd < 0)
		TH_BAIL("no connection on port %u of %s: %s", port, t->name, strerror(errno));
	close(listener);
	return c;
}
