// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel sends to a device, and what a read gives of it.
 *
 * Each packet is sent three times. The first two are read into a large buffer, which holds another
 * byte everywhere each time, so that a byte that nobody wrote is told from one that was written.
 * What was read says what waited in the queue; from that the model says what the third gives, which
 * is read into the buffers of the input. What waited is itself compared with what was sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/peer.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"
#include "netns/program.h"
#include "netns/qdisc.h"
#include "netns/sock.h"

FUZZ_TEXT(tx_read_prologue, FUZZ_FILE("fuzz/targets/tx_read/program.h"));

static const bool host_is_be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* An input, whose numbers of two bytes are little-endian. */
enum { READER, WAY, HEADER_SIZE, MASK, BUFFER = MASK + 2, PIECES = BUFFER + 2, PIECE, HEADER };
#define FRONT	    (HEADER + PORT_HEADER)
#define LONGEST	    2048 /* of a frame */

/* A reader's number has these bits, as far as it names a device. */
#define READER_TAP  1
#define READER_PI   2
#define READER_VNET 4
#define READERS	    8
#define READER_BE   8 /* and this if its header is big-endian */

enum way { WAY_PACKET, WAY_REDIRECT, WAY_UDP, WAYS };

#define LARGE	  (PORT_ROOM + LONGEST + 64) /* a buffer that everything fits into */
#define GUARD	  32			     /* bytes around pieces of a buffer */
#define MOST	  4			     /* pieces */
#define QUEUE	  (LONGEST + 200)	     /* packets that wait at most */
#define MTU	  9000
#define PEER_PORT 4000
#define TUNNEL	  (VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6)

static struct reader {
	struct port port, in; /* what is written to in is sent to port */
	int packet, udp;      /* sockets that send to it */
	char ip[16], peer[16];
	unsigned int mask, active; /* of TUNSETOFFLOAD: the last word, and what is on */
	uint64_t tx_packets, tx_bytes;
} readers[READERS];

static struct model_kernel kernel;
static bool has_redirect;

static void redirect(const char *from, const char *to)
{
	struct program p;

	program_start(&p, BPF_PROG_TYPE_SCHED_CLS);
	program_call_with(&p, BPF_FUNC_redirect, if_nametoindex(to), 0);
	if (program_return_result(&p) < 0 || qdisc_add_clsact(from) ||
	    qdisc_add_bpf(from, QDISC_INGRESS, p.fd))
		TH_BAIL("cannot send what %s gets to %s: %s", from, to, strerror(errno));
	program_close(&p);
}

static void open_reader(struct reader *r, unsigned int n)
{
	bool tap = n & READER_TAP;
	char name[IFNAMSIZ], cidr[24];

	*r = (struct reader){ 0 };
	snprintf(name, sizeof(name), "r%u", n);
	port_create(&r->port, name, tap, n & READER_PI, n & READER_VNET ? VNET_SIZE_LEGACY : 0);
	if (link_set_mtu(name, MTU) || link_set_txqueuelen(name, QUEUE))
		TH_BAIL("cannot set up %s: %s", name, strerror(errno));
	port_up(&r->port);
	snprintf(r->ip, sizeof(r->ip), "10.9.%u.1", n);
	snprintf(r->peer, sizeof(r->peer), "10.9.%u.2", n);
	snprintf(cidr, sizeof(cidr), "%s/24", r->ip);
	if (addr_add(name, cidr) || (tap && neigh_add(name, r->peer, peer_mac)))
		TH_BAIL("no address on %s: %s", name, strerror(errno));
	r->packet = packet_open(name, 0, PACKET_VNET);
	r->udp = udp_open(r->ip, 0);
	if (!has_redirect)
		return;
	snprintf(name, sizeof(name), "i%u", n);
	port_create(&r->in, name, tap, false, PORT_HEADER);
	r->in.model.watched = true; /* the classifier comes before whoever takes it */
	port_up(&r->in);
	redirect(name, r->port.t.name);
}

static void begin(void)
{
	kernel = fuzz_abi.kernel;
	/* A known fault of kernels before 6.15 is none if they are to be held against today's. */
	if (getenv("TUNTESTS_STRICT"))
		kernel.zeroed_tail = true;
	has_redirect = harness_feature("tc_bpf");
	for (unsigned int n = 0; n < READERS; n++)
		open_reader(&readers[n], n);
}

static void check(void)
{
	for (struct reader *r = readers; r < readers + READERS; r++) {
		struct rtnl_link_stats64 s = link_stats(r->port.t.name);

		if (s.tx_packets != r->tx_packets || s.tx_bytes != r->tx_bytes)
			fuzz_wrong(
				"tx_packets and tx_bytes of %s: model %llu %llu, kernel %llu %llu",
				r->port.t.name, (unsigned long long)r->tx_packets,
				(unsigned long long)r->tx_bytes, s.tx_packets, s.tx_bytes);
	}
}

static void end(void)
{
	for (struct reader *r = readers; r < readers + READERS; r++) {
		close(r->packet);
		close(r->udp);
		if (has_redirect)
			port_close(&r->in);
		port_close(&r->port);
	}
}

/* What an input says. */
struct plan {
	struct reader *r;
	enum way way;
	unsigned int mask, active;
	bool taken; /* the mask is */
	struct model_port port;
	size_t buffer; /* of the third read, at least 1 */
	int pieces;
	size_t piece;	     /* bytes of all but the last */
	const uint8_t *data; /* header and frame */
	struct vnet v;
	const uint8_t *frame;
	size_t len;
	uint16_t protocol; /* that the packet socket says */
};

static uint16_t net16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint16_t protocol_of(bool tap, const uint8_t *frame, size_t len)
{
	uint16_t type = tap && len >= ETH_HLEN ? net16(frame + 12) : 0;

	if (!tap && len && frame[0] >> 4 == 6)
		return ETH_P_IPV6;
	return type <= ETH_P_ALL ? ETH_P_IP : type;
}

static bool read_plan(const uint8_t *data, size_t size, struct plan *p)
{
	unsigned int ways = has_redirect ? WAYS : WAYS - 1;

	if (size < FRONT || size > FRONT + LONGEST)
		return false;
	*p = (struct plan){ .r = &readers[data[READER] % READERS],
			    .mask = edit_get16(data + MASK) };
	p->way = data[WAY] % ways;
	if (!has_redirect && p->way == WAY_REDIRECT)
		p->way = WAY_UDP;
	p->taken = model_offload(&kernel, p->mask, &p->active);
	p->port = p->r->port.model;
	p->port.tunnel_gso = p->active & TUN_F_UDP_TUNNEL_GSO;
	if (p->port.vnet_hdr) {
		p->port.vnet_size = VNET_SIZE_LEGACY + data[HEADER_SIZE] % 91;
		/* With a shorter one nothing can be read. */
		if (p->port.tunnel_gso && p->port.vnet_size < VNET_SIZE_HASH_TUNNEL)
			p->port.vnet_size = VNET_SIZE_HASH_TUNNEL;
		p->port.big_endian = kernel.cross_le && data[READER] & READER_BE;
	}
	p->buffer = 1 + edit_get16(data + BUFFER) % LARGE;
	p->pieces = 1 + data[PIECES] % MOST;
	p->piece = data[PIECE];
	p->data = data + HEADER;
	p->v = vnet_decode(data + HEADER, PORT_HEADER, false);
	p->frame = data + FRONT;
	p->len = size - FRONT;
	p->protocol = protocol_of(p->port.tap, p->frame, p->len);
	return true;
}

/* Sets the reader's device to what the input says, where it is not. */
static void set_up(struct plan *p)
{
	struct reader *r = p->r;
	struct model_port *now = &r->port.model;
	int fd = r->port.t.fd, ret;

	if (p->port.vnet_size != now->vnet_size &&
	    tun_set_vnet_hdr_sz(&r->port.t, p->port.vnet_size))
		fuzz_wrong("TUNSETVNETHDRSZ %u: %s", p->port.vnet_size, strerror(errno));
	if (p->port.big_endian != now->big_endian && tun_set_vnet_be(fd, p->port.big_endian))
		fuzz_wrong("TUNSETVNETBE: %s", strerror(errno));
	if (p->mask != r->mask) {
		ret = tun_set_offload(fd, p->mask);
		if ((ret == 0) != p->taken || (ret && errno != EINVAL))
			fuzz_wrong("TUNSETOFFLOAD %#x: model %s, kernel %s", p->mask,
				   p->taken ? "fine" : "EINVAL", ret ? strerror(errno) : "fine");
		if (!p->taken && tun_set_offload(fd, 0))
			fuzz_wrong("TUNSETOFFLOAD 0: %s", strerror(errno));
	}
	r->mask = p->mask;
	r->active = p->active;
	*now = p->port;
}

static size_t assemble(const struct plan *p, uint8_t *out)
{
	return port_assemble(&p->r->in, p->data, PORT_HEADER + p->len, out);
}

/* -1 if the packet was refused; errno is of interest to nobody. */
static ssize_t send_packet(const struct plan *p)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(p->protocol),
				  .sll_ifindex = if_nametoindex(p->r->port.t.name) };
	uint8_t header[VNET_SIZE_LEGACY];
	struct iovec iov[2] = { { header, sizeof(header) }, { (void *)p->frame, p->len } };
	struct msghdr msg = {
		.msg_name = &ll, .msg_namelen = sizeof(ll), .msg_iov = iov, .msg_iovlen = 2
	};

	vnet_encode(&p->v, header, sizeof(header), host_is_be);
	return sendmsg(p->r->packet, &msg, 0);
}

static ssize_t send_it(const struct plan *p, const struct model_written *w)
{
	static uint8_t buf[PORT_ROOM + LONGEST];
	struct delivered d;

	if (p->way == WAY_PACKET)
		return send_packet(p);
	if (p->way == WAY_UDP && p->v.gso_type)
		return udp_send_gso(p->r->udp, p->frame, p->len, p->v.gso_size, p->r->peer,
				    PEER_PORT);
	if (p->way == WAY_UDP)
		return udp_send(p->r->udp, p->frame, p->len, p->r->peer, PEER_PORT);
	d = (struct delivered){ .ret = write(p->r->in.t.fd, buf, assemble(p, buf)) };
	d.err = d.ret < 0 ? errno : 0;
	if (d.ret != w->ret || d.err != w->err)
		port_wrong(&p->r->in, "result", w, &d);
	return d.ret;
}

/* What waits in the queue, as far as that is known. */
struct expected {
	enum { UNKNOWN, NOTHING, WHOLE, SEGMENTS } what;
	struct model_packet q; /* WHOLE */
	uint8_t bytes[LONGEST];
	/* SEGMENTS */
	const uint8_t *payload;
	size_t len, segment, count;
	bool tcp;
	uint32_t seq;
};

/* The device lacks checksums: the kernel fills it in, and 0 becomes its other form. */
static void fill_checksum(struct expected *e)
{
	struct model_packet *q = &e->q;
	size_t at = q->csum_start + q->csum_offset;
	uint16_t sum;

	/* Such a packet is refused. */
	if (at + 2 > q->len)
		return;
	sum = ~checksum_fold(checksum_add(0, q->data + q->csum_start, q->len - q->csum_start));
	sum = sum ? sum : 0xffff;
	e->bytes[at] = sum >> 8;
	e->bytes[at + 1] = sum;
	q->partial = false;
}

/* One frame that is as its headers say, of more than one segment. */
static bool is_super_frame(const struct plan *p, struct parsed *f)
{
	uint8_t type = p->v.gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	bool tcp = type == VIRTIO_NET_HDR_GSO_TCPV4 || type == VIRTIO_NET_HDR_GSO_TCPV6;

	if (!(p->v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	    !frame_parse(p->frame, p->len, p->port.tap, f) || f->vlans || f->payload < 0)
		return false;
	if (!(tcp ? f->l4_proto == IPPROTO_TCP :
		    type == VIRTIO_NET_HDR_GSO_UDP_L4 && f->l4_proto == IPPROTO_UDP))
		return false;
	if (tcp && f->ip_version != (type == VIRTIO_NET_HDR_GSO_TCPV4 ? 4 : 6))
		return false;
	if (f->ip_version == 6 && f->l4 != f->l3 + 40)
		return false;
	if (!tcp && net16(p->frame + f->l4 + 4) != p->len - f->l4)
		return false;
	return !f->fragment && f->l3_checksum_ok && f->l4_checksum_partial &&
	       f->l3 + f->ip_len == p->len && p->v.csum_start == f->l4 &&
	       p->v.csum_offset == (tcp ? 16 : 6) && p->v.gso_size >= 8 &&
	       f->payload_len > p->v.gso_size;
}

/* The bits of TUNSETOFFLOAD that a packet of this type needs. */
static unsigned int needs_of(uint8_t gso_type)
{
	unsigned int ecn = gso_type & VIRTIO_NET_HDR_GSO_ECN ? TUN_F_TSO_ECN : 0;

	if (gso_type & TUNNEL)
		return TUN_F_CSUM | TUN_F_UDP_TUNNEL_GSO;
	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return ecn;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return TUN_F_CSUM | TUN_F_TSO4 | ecn;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return TUN_F_CSUM | TUN_F_TSO6 | ecn;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6 | ecn;
	}
	return ~0u;
}

static void expect_segments(struct expected *e, const uint8_t *payload, size_t len, size_t segment)
{
	e->what = SEGMENTS;
	e->payload = payload;
	e->len = len;
	e->segment = segment;
	e->count = len > segment ? (len + segment - 1) / segment : 1;
}

/* A frame that is in the queue as @q says, or becomes segments before. */
static void expect_frame(const struct plan *p, uint8_t gso_type, struct expected *e)
{
	struct parsed f;

	if (!gso_type) {
		e->what = WHOLE;
		if (e->q.partial && !(p->active & TUN_F_CSUM))
			fill_checksum(e);
	} else if (is_super_frame(p, &f)) {
		expect_segments(e, p->frame + f.payload, f.payload_len, p->v.gso_size);
		e->tcp = f.l4_proto == IPPROTO_TCP;
		e->seq = f.seq;
		if (!(needs_of(gso_type) & ~p->active))
			e->what = WHOLE;
	}
}

static void expect_packet(const struct plan *p, struct expected *e)
{
	const struct vnet *v = &p->v;

	e->q = (struct model_packet){
		.data = e->bytes,
		.len = p->len,
		.protocol = p->protocol,
		.gso_type = v->gso_type,
		.gso_size = v->gso_size,
		.hdr_len = p->len,
		.partial = v->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = v->csum_start,
		.csum_offset = v->csum_offset,
	};
	if (!v->gso_type)
		e->q.gso_size = 0;
	memcpy(e->bytes, p->frame, p->len);
	expect_frame(p, v->gso_type, e);
}

static void expect_redirected(const struct plan *p, const struct model_written *w,
			      struct expected *e)
{
	size_t tag = w->vlan ? 4 : 0;

	if (w->ret < 0 || !w->seen) {
		e->what = NOTHING;
		return;
	}
	/* bpf_redirect() takes no bare Ethernet header. */
	if (w->vnet_err || (p->port.tap && w->len <= ETH_HLEN + tag))
		return;
	e->q = (struct model_packet){
		.data = e->bytes,
		.len = w->len - tag,
		.protocol = w->seen_protocol,
		.vlan = w->vlan,
		.vlan_tpid = w->vlan_tpid,
		.vlan_tci = w->vlan_tci,
		.gso_type = w->vnet.gso_type,
		.gso_size = w->vnet.gso_size,
		.hdr_len = w->vnet.hdr_len,
		.partial = w->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = w->vnet.csum_start,
		.csum_offset = w->vnet.csum_offset,
	};
	memcpy(e->bytes, p->frame, w->vlan ? w->vlan_at : w->len);
	if (tag)
		memcpy(e->bytes + w->vlan_at, p->frame + w->vlan_at + tag,
		       w->len - w->vlan_at - tag);
	expect_frame(p, w->vnet.gso_type, e);
}

static void expect(const struct plan *p, struct model_written *w, struct expected *e)
{
	static uint8_t buf[PORT_ROOM + LONGEST];
	struct iovec iov = { buf, 0 };
	bool whole = (p->active & TUN_F_USO4) || !p->v.gso_type || !p->v.gso_size;

	e->what = UNKNOWN;
	e->tcp = false;
	if (p->way == WAY_PACKET) {
		expect_packet(p, e);
	} else if (p->way == WAY_REDIRECT) {
		iov.iov_len = assemble(p, buf);
		model_write(&kernel, &p->r->in.model, &iov, 1, w);
		expect_redirected(p, w, e);
	} else {
		expect_segments(e, p->frame, p->len, whole ? LONGEST : p->v.gso_size);
	}
	/* Of this protocol it is another checksum that a device can compute. */
	if (p->protocol == ETH_P_FCOE)
		e->what = UNKNOWN;
}

/* A read, whose pieces lie apart from each other. */
struct got {
	uint8_t bytes[LARGE]; /* as if they did not */
	ssize_t ret;
	int err;
	uint8_t fill; /* that was in the buffer */
};

static void read_into(const struct plan *p, size_t size, int pieces, uint8_t fill, struct got *g)
{
	static uint8_t area[LARGE + (MOST + 1) * GUARD];
	uint8_t *at = area + GUARD, *to = g->bytes;
	struct iovec iov[MOST];

	memset(area, fill, sizeof(area));
	memset(g->bytes, fill, sizeof(g->bytes));
	for (int i = 0; i < pieces; i++) {
		size_t n = i < pieces - 1 && p->piece < size ? p->piece : size;

		iov[i] = (struct iovec){ at, n };
		at += n + GUARD;
		size -= n;
	}
	g->fill = fill;
	g->ret = pieces > 1 ? readv(p->r->port.t.fd, iov, pieces) :
			      read(p->r->port.t.fd, iov->iov_base, iov->iov_len);
	g->err = g->ret < 0 ? errno : 0;
	for (int i = 0; i < pieces; i++) {
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
		to += iov[i].iov_len;
		memset(iov[i].iov_base, fill, iov[i].iov_len);
	}
	for (at = area; at < area + sizeof(area); at++) {
		if (*at != fill)
			fuzz_wrong("a read of %s writes outside of the buffer", p->r->port.t.name);
	}
}

/* The packet that has been in the queue, by what was read of all of it. */
static struct model_packet waited(const struct plan *p, const struct got *g)
{
	const struct model_port *m = &p->port;
	size_t pi = m->pi ? 4 : 0, front = pi + m->vnet_size;
	struct model_packet q = { .data = g->bytes + front, .len = g->ret - front };
	bool tunnel = m->vnet_hdr && g->bytes[pi + 1] & TUNNEL;
	struct vnet v = { 0 };

	if (g->ret < (ssize_t)front)
		fuzz_wrong("a read of %s gives %zd bytes", p->r->port.t.name, g->ret);
	if (m->pi)
		q.protocol = net16(g->bytes + 2);
	if (m->vnet_hdr)
		v = vnet_decode(g->bytes + pi, m->vnet_size, m->big_endian && !tunnel);
	q.gso_type = v.gso_type;
	q.gso_size = v.gso_size;
	q.hdr_len = v.hdr_len;
	q.partial = v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	q.data_valid = v.flags & VIRTIO_NET_HDR_F_DATA_VALID;
	q.csum_start = v.csum_start;
	q.csum_offset = v.csum_offset;
	q.tunnel_csum = v.flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM;
	if (tunnel) {
		q.outer_th_offset = v.outer_th_offset;
		q.inner_nh_offset = v.inner_nh_offset;
	}
	return q;
}

/* Holds a read of @size bytes against the model's, and counts it. */
static void judge(const struct plan *p, const struct model_packet *q, size_t size,
		  const struct got *g)
{
	static uint8_t expected[LARGE];
	struct model_readout m;
	size_t at = 0;

	memset(expected, g->fill, sizeof(expected));
	model_read(&kernel, &p->port, q, expected, size, &m);
	while (at < LARGE && g->bytes[at] == expected[at])
		at++;
	if (g->ret != m.ret || g->err != m.err || at < LARGE)
		fuzz_wrong(
			"a read of %zu bytes from %s (header of %u, mask %#x, way %d): model %zd "
			"(%s), kernel %zd (%s); first different byte %zu, model %#x, kernel %#x",
			size, p->r->port.t.name, p->port.vnet_size, p->active, p->way, m.ret,
			strerror(m.err), g->ret, strerror(g->err), at,
			at < LARGE ? expected[at] : 0, at < LARGE ? g->bytes[at] : 0);
	p->r->tx_packets += m.tx_packets;
	p->r->tx_bytes += m.tx_bytes;
}

/* A byte of the buffer that two reads of the same left as it was. */
static void compare_reads(const struct plan *p, const struct got *a, const struct got *b)
{
	size_t pi = p->port.pi ? 4 : 0, tail = pi + VNET_SIZE_LEGACY;

	if (a->ret != b->ret || a->err != b->err)
		fuzz_wrong("the same packet of %s gives %zd and %zd", p->r->port.t.name, a->ret,
			   b->ret);
	for (size_t i = 0; a->ret > 0 && i < (size_t)a->ret; i++) {
		if (a->bytes[i] == a->fill && b->bytes[i] == b->fill) {
			if (kernel.zeroed_tail || i < tail || i >= pi + p->port.vnet_size)
				fuzz_wrong(
					"a read of %zd bytes from %s (header of %u) does not write "
					"byte %zu",
					a->ret, p->r->port.t.name, p->port.vnet_size, i);
		} else if (a->bytes[i] != b->bytes[i]) {
			fuzz_wrong("the same packet of %s (way %d) has %#x and %#x in byte %zu",
				   p->r->port.t.name, p->way, a->bytes[i], b->bytes[i], i);
		}
	}
}

/* Nothing but what the reader has asked for. */
static void check_asked(const struct plan *p, const struct model_packet *q)
{
	unsigned int needs = needs_of(q->gso_type) | (q->partial ? TUN_F_CSUM : 0);

	if (needs & ~p->active)
		fuzz_wrong("%s gives a packet of type %#x, flags %d, to a reader of mask %#x",
			   p->r->port.t.name, q->gso_type, q->partial, p->active);
}

/* What is in the queue against what was sent, all of it in one piece. */
static void check_whole(const struct plan *p, const struct expected *e, const struct got *g)
{
	static struct got m;
	struct model_readout out;

	memset(m.bytes, g->fill, sizeof(m.bytes));
	model_read(&kernel, &p->port, &e->q, m.bytes, LARGE, &out);
	for (size_t i = 0; i < LARGE; i++) {
		if (m.bytes[i] != g->bytes[i])
			fuzz_wrong(
				"a packet comes to %s (header of %u, mask %#x, way %d) with %#x in "
				"byte %zu, which should be %#x",
				p->r->port.t.name, p->port.vnet_size, p->active, p->way,
				g->bytes[i], i, m.bytes[i]);
	}
	if (out.ret != g->ret)
		fuzz_wrong("a packet comes to %s with %zd bytes instead of %zd", p->r->port.t.name,
			   g->ret, out.ret);
}

/* Segment number @n: its part of what was sent, and checksums that are right or left to the reader.
 */
static void check_segment(const struct plan *p, const struct expected *e, size_t n,
			  const struct model_packet *q)
{
	size_t at = n * e->segment, len = e->len - at < e->segment ? e->len - at : e->segment;
	bool known = p->port.vnet_hdr || !(p->active & TUN_F_CSUM);
	const char *what = NULL;
	struct parsed f;

	if (!frame_parse(q->data, q->len, p->port.tap, &f) || f.l4 < 0)
		what = "headers";
	else if (f.payload_len != len || memcmp(q->data + f.payload, e->payload + at, len))
		what = "payload";
	else if (!f.l3_checksum_ok)
		what = "IP checksum";
	else if (known && !(q->partial ? f.l4_checksum_partial : f.l4_checksum_ok))
		what = "checksum";
	else if (f.l4_proto == IPPROTO_UDP && !net16(q->data + f.l4 + 6))
		what = "absent checksum";
	else if (e->tcp && f.seq != e->seq + (uint32_t)at)
		what = "sequence number";
	if (what)
		fuzz_wrong("segment %zu of %zu comes to %s (mask %#x, way %d) with a wrong %s", n,
			   e->count, p->r->port.t.name, p->active, p->way, what);
}

static void check_expected(const struct plan *p, const struct expected *e, size_t n,
			   const struct got *g, const struct model_packet *q)
{
	if (p->port.vnet_hdr)
		check_asked(p, q);
	if (e->what == WHOLE && !n)
		check_whole(p, e, g);
	if (e->what == SEGMENTS && n < e->count)
		check_segment(p, e, n, q);
}

/* Reads that were made of the packets of one sending. */
static struct got first[QUEUE];

/* The packets of one sending, each into a buffer of @size bytes; how many. */
static size_t read_all(const struct plan *p, size_t size, int pieces, uint8_t fill,
		       void (*each)(const struct plan *p, size_t n, const struct got *g))
{
	static struct got g;
	size_t n = 0;

	for (;; n++) {
		read_into(p, size, pieces, fill, &g);
		if (g.ret < 0 && g.err == EAGAIN)
			return n;
		if (n == QUEUE)
			fuzz_wrong("%s gives more packets than there can be", p->r->port.t.name);
		each(p, n, &g);
	}
}

static void keep(const struct plan *p, size_t n, const struct got *g)
{
	if (g->ret < 0)
		fuzz_wrong("a packet of %s cannot be read (way %d): %s", p->r->port.t.name, p->way,
			   strerror(g->err));
	first[n] = *g;
}

/* UDP to be fragmented: in IPv6 the fragments get a number at random. */
static bool is_fragmented(const struct plan *p)
{
	return p->way != WAY_UDP &&
	       (p->v.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_UDP;
}

/* What may differ between two of the same: the number of an IP packet, and so its checksum. */
static void adopt_number(const struct plan *p, struct got *to, const struct got *from)
{
	static const uint8_t offsets[] = { 4, 5, 10, 11 };
	size_t ip = (p->port.pi ? 4 : 0) + p->port.vnet_size + (p->port.tap ? ETH_HLEN : 0);

	for (size_t i = 0; p->way == WAY_UDP && i < sizeof(offsets); i++) {
		if (from->ret > (ssize_t)(ip + offsets[i]))
			to->bytes[ip + offsets[i]] = from->bytes[ip + offsets[i]];
	}
	if (is_fragmented(p) && from->ret > (ssize_t)ip && to->ret >= from->ret)
		memcpy(to->bytes + ip, from->bytes + ip, from->ret - ip);
}

static void again(const struct plan *p, size_t n, const struct got *g)
{
	struct model_packet q = waited(p, &first[n]);

	adopt_number(p, &first[n], g);
	compare_reads(p, &first[n], g);
	judge(p, &q, LARGE, &first[n]);
	judge(p, &q, LARGE, g);
}

static void cut(const struct plan *p, size_t n, const struct got *g)
{
	struct model_packet q = waited(p, &first[n]);

	adopt_number(p, &first[n], g);
	judge(p, &q, p->buffer, g);
}

static bool is_right_number(const struct expected *e, bool sent, size_t n)
{
	if (!sent || e->what == NOTHING)
		return !n;
	if (e->what == WHOLE)
		return n == 1;
	return e->what == UNKNOWN || n == e->count;
}

static int run(const uint8_t *data, size_t size)
{
	static struct expected e;
	struct model_written w = { 0 };
	struct plan p;
	size_t n;
	bool sent;

	if (!read_plan(data, size, &p))
		return -1;
	set_up(&p);
	expect(&p, &w, &e);
	sent = send_it(&p, &w) >= 0;
	n = read_all(&p, LARGE, 1, 0xa5, keep);
	if (!is_right_number(&e, sent, n))
		fuzz_wrong("%zu packets come to %s (mask %#x, way %d) of one that was %s", n,
			   p.r->port.t.name, p.active, p.way, sent ? "taken" : "refused");
	if (!sent)
		return 0;
	send_it(&p, &w);
	if (read_all(&p, LARGE, 1, 0x5a, again) != n)
		fuzz_wrong("the same packet sent to %s again is another number", p.r->port.t.name);
	for (size_t i = 0; i < n; i++) {
		struct model_packet q = waited(&p, &first[i]);

		check_expected(&p, &e, i, &first[i], &q);
		fuzz_saw(p.way << 24 | e.what << 22 | q.gso_type << 12 | q.partial << 11 |
			 (p.active & 0x3ff));
	}
	send_it(&p, &w);
	if (read_all(&p, p.buffer, p.pieces, 0x5a, cut) != n)
		fuzz_wrong("the same packet sent to %s again is another number", p.r->port.t.name);
	fuzz_saw(0x80000000 | (n > 200 ? 200 : n) << 8 | (data[READER] & 15) << 4 | p.pieces);
	return 0;
}

static void print_mask(FILE *out, unsigned int mask)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} bits[] = {
		{ "TUN_F_CSUM", TUN_F_CSUM },
		{ "TUN_F_TSO4", TUN_F_TSO4 },
		{ "TUN_F_TSO6", TUN_F_TSO6 },
		{ "TUN_F_TSO_ECN", TUN_F_TSO_ECN },
		{ "TUN_F_UFO", TUN_F_UFO },
		{ "0x20 /* TUN_F_USO4 */", TUN_F_USO4 },
		{ "0x40 /* TUN_F_USO6 */", TUN_F_USO6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		if (mask & bits[i].bit)
			fprintf(out, "%s | ", bits[i].name);
		mask &= ~bits[i].bit;
	}
	fprintf(out, "%#x", mask);
}

static void print_settings(FILE *out, const struct plan *p)
{
	struct port port = p->r->port;

	/* What it is made with; its header becomes another one afterwards. */
	port.model.vnet_size = port.model.vnet_hdr ? VNET_SIZE_LEGACY : 0;
	port.model.big_endian = false;
	fputs("\t\tint reader = ", out);
	print_device(out, &port);
	fputs(";\n\n\t\tset_mtu(\"", out);
	fprintf(out, "%s\", %u);\n", port.t.name, MTU);
	if (p->port.vnet_hdr)
		fprintf(out, "\t\tCHECK(set_int(reader, TUNSETVNETHDRSZ, %u), 0);\n",
			p->port.vnet_size);
	if (p->port.vnet_hdr && kernel.cross_le)
		fprintf(out, "\t\tCHECK(set_int(reader, TUNSETVNETBE, %d), 0);\n",
			p->port.big_endian);
	fputs("\t\tCHECK(by_value(reader, TUNSETOFFLOAD, ", out);
	print_mask(out, p->mask);
	fprintf(out, "), %s);\n", p->taken ? "0" : "-EINVAL");
	if (!p->taken)
		fputs("\t\tCHECK(by_value(reader, TUNSETOFFLOAD, 0), 0);\n", out);
}

static void print_send(FILE *out, const struct plan *p, const struct model_written *w)
{
	const struct reader *r = p->r;

	if (p->way == WAY_UDP) {
		fprintf(out, "\t\tsent = send_udp(\"%s\", \"%s\", \"%s\", %u, frame, %zu);\n",
			r->port.t.name, r->ip, r->peer, p->v.gso_type ? p->v.gso_size : 0, p->len);
	} else if (p->way == WAY_PACKET) {
		fprintf(out, "\t\tsent = send_packet(\"%s\", %#x, &header, frame, %zu);\n",
			r->port.t.name, p->protocol, p->len);
	} else {
		fputs("\t\tsent = write_frame(redirected(", out);
		print_device(out, &r->in);
		fprintf(out,
			",\n\t\t\t\t\t      \"%s\", \"%s\"), -1, &header, %u, 0, frame, %zu);\n",
			r->in.t.name, r->port.t.name, PORT_HEADER, p->len);
		fputs("\t\tCHECK(sent, ", out);
		print_result(out, w->ret, w->err);
	}
}

/* What is read of the one packet into so many bytes, which hold others before. */
struct reading {
	const char *name;
	size_t room, len; /* of the buffer; bytes of it that are looked at */
	struct model_readout m;
};

static void print_expected(FILE *out, const struct plan *p, const struct expected *e,
			   struct reading *r)
{
	static uint8_t bytes[LARGE];

	memset(bytes, 0xa5, sizeof(bytes));
	model_read(&kernel, &p->port, &e->q, bytes, r->room, &r->m);
	r->len = r->room < LARGE ? r->room : r->m.ret > 0 ? r->m.ret : 0;
	print_bytes(out, r->name, bytes, r->len);
}

static void print_whole(FILE *out, const struct reading *r)
{
	fprintf(out, "\t\tif (sent >= 0) {\n\t\t\tCHECK(read_packet(reader, %zu), ", r->room);
	print_result(out, r->m.ret, r->m.err);
	fprintf(out, "\t\t\tCHECK(memcmp(got, %s, %zu), 0);\n\t\t}\n", r->name, r->len);
}

static void print_segments(FILE *out, const struct plan *p, const struct expected *e)
{
	size_t front = (p->port.pi ? 4 : 0) + p->port.vnet_size, headers;

	headers = p->way == WAY_UDP ? (p->port.tap ? ETH_HLEN : 0) + 28 :
				      (size_t)(e->payload - p->frame);
	fprintf(out, "\t\tfor (int i = 0; sent >= 0 && i < %zu; i++) {\n", e->count);
	fprintf(out, "\t\t\tCHECK(read_packet(reader, %d), i < %zu ? %zu : %zu);\n", LARGE,
		e->count - 1, front + headers + e->segment,
		front + headers + e->len - (e->count - 1) * e->segment);
	fprintf(out,
		"\t\t\tCHECK(memcmp(got + %zu, frame + %zu + i * %zu, i < %zu ? %zu : %zu), 0);\n",
		front + headers, (size_t)(e->payload - p->frame), e->segment, e->count - 1,
		e->segment, e->len - (e->count - 1) * e->segment);
	if (!(p->active & TUN_F_CSUM))
		fprintf(out, "\t\t\tCHECK(right_checksum(got + %zu), 1);\n",
			front + (p->port.tap ? ETH_HLEN : 0));
	fputs("\t\t}\n", out);
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static struct expected e;
	struct model_written w = { 0 };
	struct reading all = { .name = "whole", .room = LARGE }, part = { .name = "expected" };
	struct plan p;

	if (!read_plan(data, size, &p))
		return;
	part.room = p.buffer;
	expect(&p, &w, &e);
	if (p.way != WAY_UDP)
		print_vnet(out, "header", &p.v);
	print_bytes(out, "frame", p.frame, p.len);
	if (e.what == WHOLE) {
		print_expected(out, &p, &e, &all);
		print_expected(out, &p, &e, &part);
	}
	fputs("\t\tlong long sent;\n", out);
	print_settings(out, &p);
	print_send(out, &p, &w);
	if (e.what == WHOLE) {
		print_whole(out, &all);
		print_send(out, &p, &w);
		print_whole(out, &part);
	} else if (e.what == SEGMENTS) {
		print_segments(out, &p, &e);
	}
	/* What becomes of the others the model does not know: they can only be read. */
	fprintf(out, "\t\twhile (read_packet(reader, %d) >= 0)\n\t\t\t;\n", LARGE);
}

/* A mask that is taken mostly. */
static unsigned int draw_mask(struct draw *draw)
{
	static const unsigned int masks[] = {
		0,
		TUN_F_CSUM,
		TUN_F_CSUM | TUN_F_TSO4,
		TUN_F_CSUM | TUN_F_TSO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
		TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_UFO,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_UDP_TUNNEL_GSO |
			TUN_F_UDP_TUNNEL_GSO_CSUM,
	};

	if (edit_chance(draw, 10))
		return draw->below(draw, 1 << 9);
	return masks[draw->below(draw, ARRAY_SIZE(masks))];
}

static void edit_settings(uint8_t *data, struct draw *draw)
{
	static const uint8_t sizes[] = { 0, 1, 2, 10, 14, 30, 90 };

	switch (draw->below(draw, 6)) {
	case 0:
		data[READER] = draw->below(draw, 2 * READERS);
		break;
	case 1:
		data[WAY] = draw->below(draw, WAYS);
		break;
	case 2:
		data[HEADER_SIZE] = sizes[draw->below(draw, sizeof(sizes))];
		break;
	case 3:
		edit_put16(data + MASK, draw_mask(draw));
		break;
	case 4:
		edit_put16(data + BUFFER,
			   edit_number(edit_get16(data + BUFFER), 8 + draw->below(draw, 4), draw));
		break;
	default:
		data[PIECES] = draw->below(draw, MOST);
		data[PIECE] = edit_number(data[PIECE], 7, draw);
	}
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	bool tap;

	if (size < FRONT) {
		memset(data, 0, FRONT);
		size = FRONT;
	}
	if (edit_chance(draw, 30)) {
		edit_settings(data, draw);
		return size;
	}
	tap = data[READER] & READER_TAP;
	if (edit_chance(draw, 30)) {
		edit_header(data + HEADER, data + FRONT, size - FRONT, tap, draw);
		return size;
	}
	return FRONT + edit_frame(data + FRONT, size - FRONT, max - FRONT, tap, draw);
}

static const struct {
	const char *name;
	unsigned int mask;
	uint16_t gso; /* 0: a partial checksum */
	uint8_t way, reader, header_size;
	uint8_t frame; /* number of the frame of seed_frame() */
	uint16_t buffer;
	uint8_t pieces;
} seeds[] = {
	{ "packet_tun_csum_filled", 0, 0, WAY_PACKET, 4, 0, 0, LARGE - 1, 0 },
	{ "packet_tap_csum_left", 1, 0, WAY_PACKET, 5, 2, 1, LARGE - 1, 0 },
	{ "packet_tap_pi_strip", 0, 0, WAY_PACKET, 7, 2, 0, 70, 0 },
	{ "packet_tap_pi_fits", 0, 0, WAY_PACKET, 7, 2, 0, 89, 0 },
	{ "packet_tap_pi_one_short", 0, 0, WAY_PACKET, 7, 2, 0, 88, 0 },
	{ "packet_tap_short_header", 1, 0, WAY_PACKET, 5, 30, 4, 20, 0 },
	{ "packet_tun_pi_readv", 0, 0, WAY_PACKET, 6, 10, 5, 100, 3 },
	{ "packet_tun_be", 3, 20, WAY_PACKET, 12, 2, 1, LARGE - 1, 0 },
	{ "packet_tap_tso_segmented", 1, 20, WAY_PACKET, 5, 0, 1, LARGE - 1, 0 },
	{ "packet_tun_tso_filled", 0, 500, WAY_PACKET, 4, 0, 2, LARGE - 1, 0 },
	{ "packet_tun_tso6_filled", 0, 20, WAY_PACKET, 4, 14, 5, 50, 1 },
	{ "packet_tap_uso_kept", 0x61, 10, WAY_PACKET, 5, 14, 0, LARGE - 1, 0 },
	{ "packet_plain_tap", 0, 0, WAY_PACKET, 1, 0, 12, 100, 1 },
	{ "packet_plain_tun_tso", 3, 20, WAY_PACKET, 0, 0, 1, 100, 1 },
	{ "redirect_tun_csum_filled", 0, 0, WAY_REDIRECT, 4, 2, 0, LARGE - 1, 0 },
	{ "redirect_tap_csum_left", 1, 0, WAY_REDIRECT, 5, 2, 5, LARGE - 1, 0 },
	{ "redirect_tap_tso_kept", 3, 20, WAY_REDIRECT, 5, 2, 1, LARGE - 1, 0 },
	{ "redirect_tap_tso_filled", 0, 20, WAY_REDIRECT, 5, 2, 1, LARGE - 1, 0 },
	{ "redirect_tun_tso6_segmented", 1, 20, WAY_REDIRECT, 4, 14, 5, 60, 2 },
	{ "redirect_tun_uso_filled", 0, 10, WAY_REDIRECT, 4, 0, 4, LARGE - 1, 0 },
	{ "redirect_vlan_tap_filled", 0, 0, WAY_REDIRECT, 5, 2, 12, 40, 0 },
	{ "redirect_vlan_tap_left", 1, 0, WAY_REDIRECT, 7, 2, 12, 26, 2 },
	{ "udp_tun_filled", 0, 0, WAY_UDP, 4, 2, 0, LARGE - 1, 0 },
	{ "udp_tap_left", 1, 0, WAY_UDP, 5, 0, 0, 60, 1 },
	{ "udp_tap_uso_kept", 0x61, 7, WAY_UDP, 5, 2, 0, LARGE - 1, 0 },
	{ "udp_tun_uso_segmented", 1, 7, WAY_UDP, 6, 14, 0, 90, 3 },
	{ "udp_tap_plain", 0, 0, WAY_UDP, 1, 0, 0, 33, 0 },
};

static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static struct seed s;
	struct vnet v;

	if (n >= ARRAY_SIZE(seeds) || !seed_frame(seeds[n].frame, seeds[n].reader & READER_TAP, &s))
		return 0;
	v = seeds[n].gso ? frame_finish_gso(&s.frame, seeds[n].gso) :
			   frame_finish_partial(&s.frame);
	memset(data, 0, FRONT);
	data[READER] = seeds[n].reader;
	data[WAY] = seeds[n].way;
	data[HEADER_SIZE] = seeds[n].header_size;
	edit_put16(data + MASK, seeds[n].mask);
	edit_put16(data + BUFFER, seeds[n].buffer);
	data[PIECES] = seeds[n].pieces;
	data[PIECE] = 17;
	vnet_encode(&v, data + HEADER, PORT_HEADER, false);
	memcpy(data + FRONT, s.frame.data, s.frame.len);
	*name = seeds[n].name;
	return FRONT + s.frame.len;
}

const struct fuzz_target fuzz_target = {
	.name = "tx_read",
	.format =
		"1 byte: bit 0 TAP, 1 PI, 2 vnet header, 3 big-endian; 1 byte: the way: packet "
		"socket, redirected from another device, UDP socket; 1 byte: the header's size less "
		"10; 2 bytes: TUNSETOFFLOAD; 2 bytes: the buffer's size less 1; 1 byte: its pieces "
		"less 1; 1 byte: the length of these; 24 bytes: the vnet header; then the frame, or "
		"the payload of UDP. All numbers are little-endian",
	.max_len = FRONT + LONGEST,
	.reset_inputs = 10000,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.print = print,
	.prologue = tx_read_prologue,
	.mutate = mutate,
	.seed = seed,
};
