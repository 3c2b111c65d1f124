// SPDX-License-Identifier: GPL-2.0-only
/* The sweep over read(): packets of all kinds, read into buffers of all sizes. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "device/sweep_read.h"
#include "device/delivered.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"

#define MOST_REPORTS 3
#define LATE_MS	     2000
#define UNTOUCHED    0xa5
#define PACKET_MAX   2000
#define BUFFER_MAX   (PACKET_MAX + 128)
#define SEGMENT	     100 /* of GSO packets, which have PAYLOAD bytes */
#define PAYLOAD	     250
#define TAG	     0x2005

static const bool host_is_be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* A packet on its way to the reader: the frame with its header, and what becomes of it. */
struct sent {
	const char *name;
	struct frame f;
	struct vnet v;
	uint16_t protocol;
	struct model_packet queued;
};

static const uint8_t source[6] = { 0x02, 0, 0, 0, 0, 0x01 };
static const uint8_t somebody[6] = { 0x02, 0, 0, 0, 0, 0x99 };

static struct tun open_device(const char *name, unsigned int flags, int vnet_size)
{
	struct tun t = tun_create(name, flags | (vnet_size ? IFF_VNET_HDR : 0));

	if ((vnet_size && tun_set_vnet_hdr_sz(&t, vnet_size)) || link_up(name))
		TH_BAIL("cannot set up %s: %s", name, strerror(errno));
	return t;
}

static void drain(const struct tun *t)
{
	static uint8_t buf[BUFFER_MAX];

	while (read(t->fd, buf, sizeof(buf)) != -1 || errno != EAGAIN)
		;
}

/* Frames of ours alone: a bridge, and IPv6 where it cannot be kept quiet, asks for groups. */
static void attach_filter(const struct tun *t)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 6), /* of the source's address */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02000000, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x40000),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (tun_attach_filter(t->fd, &program))
		TH_BAIL("TUNATTACHFILTER: %s", strerror(errno));
	drain(t);
}

static void join_bridge(struct sweep_reads *s)
{
	int size = s->kernel.tunnel_gso ? VNET_SIZE_HASH_TUNNEL : VNET_SIZE_LEGACY;

	s->in = open_device("in0", IFF_TAP | IFF_NO_PI, size);
	if (link_add("bridge", "br0") || link_up("br0") || link_set_master("in0", "br0") ||
	    link_set_master("out0", "br0"))
		TH_BAIL("cannot set up the bridge: %s", strerror(errno));
}

void sweep_read_open(struct sweep_reads *s, const struct sweep_setup *setup, unsigned int mask,
		     bool bridge)
{
	unsigned int flags = (setup->tap ? IFF_TAP : IFF_TUN) | (setup->pi ? 0 : IFF_NO_PI);

	*s = (struct sweep_reads){ .kernel = model_kernel_probed(), .in.fd = -1 };
	s->port = (struct model_port){
		.attached = true, .tap = setup->tap, .pi = setup->pi,
		.vnet_hdr = setup->vnet_size, .vnet_size = setup->vnet_size,
		.big_endian = setup->big_endian, .up = true, .nonblock = true,
		.tunnel_gso = mask & TUN_F_UDP_TUNNEL_GSO,
	};
	s->t = open_device("out0", flags, setup->vnet_size);
	if (setup->big_endian != host_is_be && tun_set_vnet_be(s->t.fd, setup->big_endian))
		TH_BAIL("byte order: %s", strerror(errno));
	if (tun_set_offload(s->t.fd, mask))
		TH_BAIL("offloads %#x: %s", mask, strerror(errno));
	s->packet = packet_open("out0", 0, PACKET_VNET);
	if (setup->tap)
		attach_filter(&s->t);
	if (bridge)
		join_bridge(s);
}

void sweep_read_close(struct sweep_reads *s)
{
	close(s->packet);
	if (s->in.fd >= 0)
		tun_close(&s->in);
	tun_close(&s->t);
	link_del("br0");
}

/* Hands the packet to the kernel, one way or the other. */
static void send_packet(struct sweep_reads *s, const struct sent *p)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(p->protocol),
				  .sll_ifindex = if_nametoindex(s->t.name), .sll_halen = 6 };
	uint8_t header[VNET_SIZE_HASH_TUNNEL];
	struct iovec iov[2] = { { header, s->in.vnet_size }, { (void *)p->f.data, p->f.len } };
	ssize_t n;

	if (s->in.fd >= 0) {
		vnet_encode(&p->v, header, s->in.vnet_size, host_is_be);
		n = writev(s->in.fd, iov, 2);
	} else {
		n = delivered_send(s->packet, &ll, &p->v, p->f.data, p->f.len);
	}
	if (n < 0)
		TH_BAIL("cannot send %s: %s", p->name, strerror(errno));
}

static void report(struct sweep_reads *s, const struct sent *p, size_t size,
		   const struct model_readout *m, ssize_t ret, int err, size_t at)
{
	s->mismatches++;
	if (s->quiet || s->mismatches > MOST_REPORTS)
		return;
	if (!p) {
		TH_LOG("empty queue: expected %zd %s, seen %zd %s", m->ret,
		       harness_errno_name(m->err), ret, harness_errno_name(err));
		return;
	}
	TH_LOG("%s (flags %#x type %#x hdr_len %u size %u csum %u + %u), %zu bytes, PI %d, header %u, "
	       "read into %zu: expected %zd %s, seen %zd %s; first different byte %zu", p->name,
	       p->v.flags, p->v.gso_type, p->v.hdr_len, p->v.gso_size, p->v.csum_start,
	       p->v.csum_offset, p->f.len, s->port.pi, s->port.vnet_size, size, m->ret,
	       harness_errno_name(m->err), ret, harness_errno_name(err), at);
}

/*
 * Through a bridge a packet may be late: while another processor sends one of the bridge's own,
 * that one sends ours, too.
 */
static ssize_t read_when_there(int fd, void *buf, size_t size, bool expected)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t ret = read(fd, buf, size);

	if (ret >= 0 || errno != EAGAIN || !expected)
		return ret;
	poll(&p, 1, LATE_MS);
	return read(fd, buf, size);
}

static void read_point(struct sweep_reads *s, const struct sent *p, size_t size)
{
	static uint8_t seen[BUFFER_MAX], expected[BUFFER_MAX];
	struct model_readout m;
	size_t at = 0;
	ssize_t ret;
	int err;

	memset(seen, UNTOUCHED, sizeof(seen));
	memset(expected, UNTOUCHED, sizeof(expected));
	model_read(&s->kernel, &s->port, p ? &p->queued : NULL, expected, size, &m);
	ret = read_when_there(s->t.fd, seen, size, m.err != EAGAIN);
	err = ret < 0 ? errno : 0;
	while (at < sizeof(seen) && seen[at] == expected[at])
		at++;
	if (ret != m.ret || err != m.err || at < sizeof(seen))
		report(s, p, size, &m, ret, err, at);
	s->tx_packets += m.tx_packets;
	s->tx_bytes += m.tx_bytes;
	s->points++;
}

static void read_sizes(struct sweep_reads *s, const struct sent *p)
{
	size_t all = p->f.len + s->port.vnet_size + sizeof(struct tun_pi) + 8;

	read_point(s, NULL, all);
	for (size_t size = 0; size <= all && !(s->quiet && s->mismatches); size++) {
		/* A read of nothing leaves the packet for the next. */
		if (size != 1)
			send_packet(s, p);
		read_point(s, p, size);
	}
}

/* What the writer's side makes of the frame is what the reader's has in its queue. */
static void through_bridge(struct sweep_reads *s, struct sent *p)
{
	struct model_port in = { .attached = true, .tap = true, .vnet_hdr = true, .up = true,
				 .vnet_size = s->in.vnet_size, .nonblock = true, .watched = true };
	uint8_t header[VNET_SIZE_HASH_TUNNEL];
	struct iovec iov[2] = { { header, s->in.vnet_size }, { p->f.data, p->f.len } };
	struct model_packet *q = &p->queued;
	struct model_written m;
	static uint8_t bytes[PACKET_MAX];

	vnet_encode(&p->v, header, s->in.vnet_size, host_is_be);
	model_write(&s->kernel, &in, iov, 2, &m);
	*q = (struct model_packet){
		.data = bytes, .len = p->f.len - (m.vlan ? 4 : 0), .protocol = m.seen_protocol,
		.vlan = m.vlan, .vlan_tpid = m.vlan_tpid, .vlan_tci = m.vlan_tci,
		.gso_type = m.vnet.gso_type, .gso_size = m.vnet.gso_size,
		.hdr_len = m.vnet.hdr_len, .partial = m.vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = m.vnet.csum_start, .csum_offset = m.vnet.csum_offset,
	};
	memcpy(bytes, p->f.data, m.vlan ? m.vlan_at : p->f.len);
	if (m.vlan)
		memcpy(bytes + m.vlan_at, p->f.data + m.vlan_at + 4, q->len - m.vlan_at);
}

/* From a packet socket it goes into the queue as it is, all of it in one piece. */
static void from_socket(struct sent *p)
{
	struct model_packet *q = &p->queued;

	*q = (struct model_packet){
		.data = p->f.data, .len = p->f.len, .protocol = p->protocol,
		.gso_type = p->v.gso_type, .gso_size = p->v.gso_size, .hdr_len = p->f.len,
		.partial = p->v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = p->v.csum_start, .csum_offset = p->v.csum_offset,
	};
}

static void start(const struct sweep_reads *s, struct sent *p, uint16_t type, uint8_t l4)
{
	p->protocol = type;
	frame_start(&p->f);
	if (s->port.tap)
		frame_eth(&p->f, somebody, source, type);
	if (type == ETH_P_IP)
		frame_ipv4(&p->f, "192.0.2.2", "192.0.2.1", l4);
	else
		frame_ipv6(&p->f, "2001:db8::2", "2001:db8::1", l4);
	if (l4 == IPPROTO_TCP)
		frame_tcp(&p->f, 4000, 4001, 1000, 1, TH_ACK);
	else
		frame_udp(&p->f, 4000, 4001);
}

/* The fields of a header that know of no tunnel. */
static void add_header(struct vnet *to, struct vnet from)
{
	from.outer_th_offset = to->outer_th_offset;
	from.inner_nh_offset = to->inner_nh_offset;
	*to = from;
}

/* Packet sockets show no tunnel, readers do; of GSO frames only. */
static void add_tunnel(struct sent *p)
{
	if (!p->queued.gso_size)
		return;
	p->queued.gso_type |= p->v.gso_type & VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4;
	p->queued.tunnel_csum = p->v.flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM;
	p->queued.outer_th_offset = p->v.outer_th_offset;
	p->queued.inner_nh_offset = p->v.inner_nh_offset;
}

static void go(struct sweep_reads *s, struct sent *p)
{
	if (s->in.fd >= 0) {
		through_bridge(s, p);
		add_tunnel(p);
	} else {
		from_socket(p);
	}
	read_sizes(s, p);
}

/* A packet without anything, and one with a tag, which is apart once it came through a bridge. */
static void read_plain(struct sweep_reads *s, bool tagged)
{
	static struct sent p;

	p = (struct sent){ .name = tagged ? "tagged" : "plain" };
	start(s, &p, ETH_P_IP, IPPROTO_UDP);
	if (tagged)
		frame_vlan(&p.f, ETH_P_8021Q, TAG);
	frame_pattern(&p.f, 30, 1);
	frame_finish(&p.f);
	go(s, &p);
}

static void read_partial(struct sweep_reads *s, uint16_t type, uint8_t l4, bool tagged)
{
	static struct sent p;

	p = (struct sent){ .name = tagged ? "partial checksum, tagged" : "partial checksum" };
	start(s, &p, type, l4);
	if (tagged)
		frame_vlan(&p.f, ETH_P_8021AD, TAG);
	frame_pattern(&p.f, 31, 2);
	p.v = frame_finish_partial(&p.f);
	go(s, &p);
}

static void read_gso(struct sweep_reads *s, uint16_t type, uint8_t l4, bool ecn)
{
	static struct sent p;

	p = (struct sent){ .name = "GSO" };
	start(s, &p, type, l4);
	frame_pattern(&p.f, PAYLOAD, 3);
	p.v = frame_finish_gso(&p.f, SEGMENT);
	p.v.gso_type |= ecn ? VIRTIO_NET_HDR_GSO_ECN : 0;
	go(s, &p);
}

/* TCP in Ethernet in VXLAN; with an outer checksum, that too is partial. */
static void read_tunnel(struct sweep_reads *s, bool outer_checksum, uint16_t segment)
{
	static const uint8_t vxlan[8] = { 0x08, [4] = 1 };
	static struct sent p;

	p = (struct sent){ .name = "GSO in a tunnel" };
	start(s, &p, ETH_P_IP, IPPROTO_UDP);
	p.v.outer_th_offset = p.f.l4;
	frame_payload(&p.f, vxlan, sizeof(vxlan));
	frame_eth(&p.f, somebody, source, ETH_P_IP);
	frame_ipv4(&p.f, "198.51.100.2", "198.51.100.1", IPPROTO_TCP);
	p.v.inner_nh_offset = p.f.l3;
	frame_tcp(&p.f, 4000, 4001, 1000, 1, TH_ACK);
	frame_pattern(&p.f, PAYLOAD, 4);
	add_header(&p.v, frame_finish_gso(&p.f, segment));
	p.v.gso_type |= VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4;
	p.v.flags |= outer_checksum ? VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM : 0;
	go(s, &p);
}

void sweep_read_short_tunnel(struct sweep_reads *s)
{
	read_tunnel(s, false, PAYLOAD);
}

void sweep_read_again(struct sweep_reads *s)
{
	drain(&s->t);
	s->mismatches = 0;
}

void sweep_read_all(struct sweep_reads *s, unsigned int mask)
{
	struct rtnl_link_stats64 stats = link_stats(s->t.name);

	s->tx_packets = 0;
	s->tx_bytes = 0;
	read_plain(s, false);
	if (s->in.fd >= 0)
		read_plain(s, true);
	if (mask & TUN_F_CSUM) {
		read_partial(s, ETH_P_IP, IPPROTO_UDP, false);
		read_partial(s, ETH_P_IPV6, IPPROTO_TCP, false);
	}
	if (mask & TUN_F_CSUM && s->in.fd >= 0)
		read_partial(s, ETH_P_IP, IPPROTO_TCP, true);
	if (mask & TUN_F_TSO4)
		read_gso(s, ETH_P_IP, IPPROTO_TCP, mask & TUN_F_TSO_ECN);
	if (mask & TUN_F_TSO6)
		read_gso(s, ETH_P_IPV6, IPPROTO_TCP, false);
	if (mask & TUN_F_USO4) {
		read_gso(s, ETH_P_IP, IPPROTO_UDP, false);
		read_gso(s, ETH_P_IPV6, IPPROTO_UDP, false);
	}
	if (mask & TUN_F_UDP_TUNNEL_GSO && s->in.fd >= 0) {
		read_tunnel(s, false, SEGMENT);
		read_tunnel(s, true, SEGMENT);
	}
	stats = link_stats_since(s->t.name, &stats);
	if (s->tx_packets == stats.tx_packets && s->tx_bytes == stats.tx_bytes)
		return;
	s->mismatches++;
	if (!s->quiet)
		TH_LOG("counters: tx_packets %llu/%llu tx_bytes %llu/%llu",
		       (unsigned long long)s->tx_packets, stats.tx_packets,
		       (unsigned long long)s->tx_bytes, stats.tx_bytes);
}
