// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of a macvtap or an ipvtap, with two queues, on a veth pair: settings, frames written to
 * it, which a packet socket sees at the other end of the pair, and frames sent there, which are
 * read.
 *
 *	packet socket -- "world0" ==veth== "lower0" -- "tap0" (macvtap) == two files
 *	packet socket -- "world1" ==veth== "lower1" -- "tap1" (ipvtap)  == two files
 *
 * What is known to go wrong is left out or expected: no frame that is read is of UDP to be
 * segmented (F15 in docs/findings.md), and a read that ends in a VLAN tag may give what it does
 * (F13).
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "device/macvtap.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"
#include "fuzz/targets/macvtap/model.h"
#include "harness/harness.h"
#include "netns/addr.h"
#include "netns/link.h"

FUZZ_TEXT(macvtap_prologue, FUZZ_FILE("fuzz/targets/macvtap/program.h"));

#define QUEUES	   2
#define MAX_OPS	   32
#define MAX_FRAME  16384
#define MAX_HEADER 255
#define SMALL	   64 /* a limit of bytes to be written below it is one */
#define FILL	   0xa5
#define CANARY	   64 /* bytes behind a reader's buffer that stay as they are */
#define FLAGS	   (IFF_TAP | IFF_NO_PI)
#define MTU	   1500
#define HEADERS	   (ETH_HLEN + 20) /* of Ethernet and IPv4 */

enum kind { SET_IFF, SET_SIZE, SET_ORDER, SET_OFFLOAD, SET_QUEUE, SET_LINK, WRITE, SEND, KINDS };

/* How many bytes each takes in an input, without the frame of WRITE. */
static const uint8_t op_bytes[KINDS] = { 2, 2, 2, 2, 2, 1, 14, 6 };

enum shape { PLAIN, TAGGED, PARTIAL, SUPER, SHAPES };

struct tap_op {
	enum kind kind;
	int queue;
	unsigned int value; /* of a setting */
	/* WRITE */
	struct vnet vnet;
	size_t limit; /* of bytes that are written */
	const uint8_t *frame;
	size_t len;
	/* SEND */
	enum shape shape;
	size_t payload, gso_size, size; /* of the reader's buffer */
};

static const uint16_t mtus[] = { MTU, 1000, 9000, 1280 };

/* A link and its wire, as the kernel and the model have it. */
struct side {
	const char *kind, *link, *lower, *world, *ip, *peer_ip;
	uint8_t mac[6], world_mac[6];
	int fd[QUEUES], packet; /* at the other end */
	struct tap_queue q[QUEUES];
	unsigned int offload, mtu;
	bool up, lower_up;
};

static struct side sides[] = {
	{ .kind = "macvtap",
	  .link = "tap0",
	  .lower = "lower0",
	  .world = "world0",
	  .ip = "10.77.0.1",
	  .peer_ip = "10.77.0.2",
	  .world_mac = { 2, 0, 0, 0, 1, 0 } },
	{ .kind = "ipvtap",
	  .link = "tap1",
	  .lower = "lower1",
	  .world = "world1",
	  .ip = "10.77.1.1",
	  .peer_ip = "10.77.1.2",
	  .world_mac = { 2, 0, 0, 0, 1, 1 } },
};
static size_t num_sides;

static void cannot(const char *what, const struct side *s)
{
	TH_BAIL("%s of %s: %s", what, s->link, strerror(errno));
}

/* False if the kernel has not got this kind of link. */
static bool make_links(struct side *s, unsigned int i)
{
	uint8_t lower_mac[6] = { 2, 0, 0, 0, 2, i }, mac[6] = { 2, 0, 0, 0, 3, i };
	/* Every frame that is written goes out to the wire. */
	uint32_t mode = i ? 0 : MACVLAN_MODE_VEPA;
	char cidr[32];

	if (link_add_veth(s->lower, s->world) || link_set_address(s->lower, lower_mac, 6) ||
	    link_set_address(s->world, s->world_mac, 6) || link_up(s->lower) || link_up(s->world))
		cannot("veth pair", s);
	if (link_add_on(s->kind, s->link, s->lower, mode))
		return false;
	if (!i && link_set_address(s->link, mac, 6))
		cannot("address", s);
	memcpy(s->mac, i ? lower_mac : mac, 6);
	if (link_up(s->link))
		cannot("start", s);
	/*
	 * An ipvtap has the address of the link below, and gets frames by their IP address. To
	 * others there is no route, so that nobody answers.
	 */
	snprintf(cidr, sizeof(cidr), "%s/32", s->ip);
	if (i && addr_add(s->link, cidr))
		cannot("address", s);
	return true;
}

static void set_defaults(struct side *s)
{
	for (int i = 0; i < QUEUES; i++)
		s->q[i] = TAP_QUEUE_NEW;
	s->offload = 0;
	s->mtu = MTU;
	s->up = s->lower_up = true;
}

static void begin(void)
{
	for (num_sides = 0; num_sides < ARRAY_SIZE(sides); num_sides++) {
		struct side *s = &sides[num_sides];

		if (!make_links(s, num_sides))
			break;
		for (int i = 0; i < QUEUES; i++) {
			s->fd[i] = macvtap_open_unmounted(s->link);
			if (s->fd[i] < 0)
				cannot("file", s);
		}
		s->packet = packet_open(s->world, ETH_P_ALL, PACKET_VNET);
		set_defaults(s);
		/* From the start a link has the offloads of the one below. */
		if (tun_set_offload(s->fd[0], 0))
			cannot("TUNSETOFFLOAD", s);
	}
	if (num_sides)
		return;
	fprintf(stderr, "macvtap: this kernel has no macvtap: %s\n", strerror(errno));
	exit(2);
}

static void end(void)
{
	for (struct side *s = sides; s < sides + num_sides; s++) {
		for (int i = 0; i < QUEUES; i++)
			close(s->fd[i]);
		close(s->packet);
	}
}

static unsigned int iff_flags(uint8_t bits)
{
	return FLAGS ^ (bits & 1 ? IFF_VNET_HDR : 0) ^ (bits & 2 ? IFF_MULTI_QUEUE : 0) ^
	       ((bits & 0x70) == 0x70 ? bits >> 7 ? IFF_TUN : IFF_NO_PI : 0);
}

/* The operation at @data; gives what it takes of it, 0 at the end. */
static size_t parse(const uint8_t *data, size_t size, struct tap_op *o)
{
	const uint8_t *d = data + 1;

	if (!size || size < 1u + op_bytes[*data % KINDS])
		return 0;
	*o = (struct tap_op){ .kind = *data % KINDS, .queue = d[0] & 1 };
	switch (o->kind) {
	case SET_IFF:
		o->value = iff_flags(d[1]);
		break;
	case SET_OFFLOAD:
		o->value = edit_get16(d);
		o->queue = 0;
		break;
	case SET_LINK:
		o->value = d[0];
		break;
	case WRITE:
		o->vnet = vnet_decode(d + 1, VNET_SIZE_LEGACY, false);
		o->limit = d[11] < SMALL ? d[11] : SIZE_MAX;
		o->frame = data + 1 + op_bytes[WRITE];
		o->len = edit_get16(d + 12) % (MAX_FRAME + 1);
		if (o->len > size - 1 - op_bytes[WRITE])
			o->len = size - 1 - op_bytes[WRITE];
		break;
	case SEND:
		o->shape = d[0] % SHAPES;
		o->payload = edit_get16(d + 1) % (o->shape == SUPER ? 8000 : 900) + 1;
		o->gso_size = 200 + d[3] * 4;
		o->size = edit_get16(d + 4) % (2 * MAX_FRAME);
		break;
	default:
		o->value = d[1];
	}
	return 1 + op_bytes[o->kind] + o->len;
}

/* Seldom, as it may take a second until the kernel has seen that the link below is up again. */
static bool is_lower_down(unsigned int value)
{
	return (value & 0xf8) == 0xf8;
}

/* Frames pass. */
static bool is_open(const struct side *s)
{
	return s->up && s->lower_up;
}

/* What the model says of a setting: 0 or the errno. */
static int model_setting(struct side *s, const struct tap_op *o)
{
	struct tap_queue *q = &s->q[o->queue];

	switch (o->kind) {
	case SET_IFF:
		return tap_set_iff(q, o->value);
	case SET_SIZE:
		return tap_set_vnet_size(q, o->value);
	case SET_ORDER:
		if (o->value & 2)
			return tap_set_be(&fuzz_abi.kernel, q, o->value & 1);
		q->le = o->value & 1;
		return 0;
	case SET_OFFLOAD:
		return tap_set_offload(&fuzz_abi.kernel, o->value, &s->offload);
	case SET_QUEUE:
		return tap_set_enabled(q, o->value & 1);
	default:
		s->up = o->value & 1;
		s->lower_up = !is_lower_down(o->value);
		s->mtu = mtus[o->value >> 1 & 3];
		return 0;
	}
}

/* Changes what is not so already: a link that goes down takes milliseconds. */
static int set_link(const struct side *was, unsigned int value)
{
	bool up = value & 1, lower_up = !is_lower_down(value);
	unsigned int mtu = mtus[value >> 1 & 3];

	if (mtu != was->mtu && link_set_mtu(was->world, mtu))
		return -1;
	if (up != was->up && (up ? link_up(was->link) : link_down(was->link)))
		return -1;
	if (lower_up == was->lower_up)
		return 0;
	if (lower_up ? link_up(was->lower) : link_down(was->lower))
		return -1;
	if (!link_wait_running(was->world, lower_up, 3000) ||
	    (up && !link_wait_running(was->link, lower_up, 3000)))
		cannot("carrier", was);
	return 0;
}

static int do_setting(const struct side *s, const struct tap_op *o)
{
	int fd = s->fd[o->queue], value = o->value;

	switch (o->kind) {
	case SET_IFF:
		return tun_set_iff(fd, s->link, value);
	case SET_SIZE:
		return ioctl(fd, TUNSETVNETHDRSZ, &value);
	case SET_ORDER:
		return value & 2 ? tun_set_vnet_be(fd, value & 1) : tun_set_vnet_le(fd, value & 1);
	case SET_OFFLOAD:
		return tun_set_offload(fd, value);
	case SET_QUEUE:
		return tun_set_queue(fd, value & 1 ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);
	default:
		return set_link(s, value);
	}
}

static const char *const kind_names[] = { "TUNSETIFF",	   "TUNSETVNETHDRSZ", "TUNSETVNETLE/BE",
					  "TUNSETOFFLOAD", "TUNSETQUEUE",     "link" };

static void run_setting(struct side *s, const struct tap_op *o)
{
	int err = do_setting(s, o) ? errno : 0, expected = model_setting(s, o);

	fuzz_saw(o->kind << 8 | err);
	if (err != expected)
		fuzz_wrong("%s with %#x on a queue of %s: model %s, kernel %s", kind_names[o->kind],
			   o->value, s->kind, strerror(expected), strerror(err));
}

/* As a new input finds it. */
static void restore(struct side *s)
{
	if (!is_open(s) || s->mtu != MTU) {
		if (set_link(s, 1))
			cannot("link", s);
	}
	if (s->offload)
		tun_set_offload(s->fd[0], 0);
	for (int i = 0; i < QUEUES; i++) {
		struct tap_queue *q = &s->q[i];
		int size = VNET_SIZE_LEGACY;

		if (!q->vnet_hdr)
			tun_set_iff(s->fd[i], s->link, FLAGS | IFF_VNET_HDR);
		if (q->vnet_size != size)
			ioctl(s->fd[i], TUNSETVNETHDRSZ, &size);
		if (q->le)
			tun_set_vnet_le(s->fd[i], 0);
		if (q->be)
			tun_set_vnet_be(s->fd[i], 0);
		if (!q->enabled)
			tun_set_queue(s->fd[i], IFF_ATTACH_QUEUE);
	}
	set_defaults(s);
}

/* The bytes of a write: the header as the queue has it, the frame with addresses that are right. */
static size_t assemble(const struct side *s, const struct tap_op *o, uint8_t *buf)
{
	struct model_port p = tap_port(&s->q[o->queue]);
	uint8_t *frame = buf + p.vnet_size;
	size_t len = o->len, total = p.vnet_size + len;

	if (p.vnet_size)
		vnet_encode(&o->vnet, buf, p.vnet_size, p.big_endian);
	memcpy(frame, o->frame, len);
	memcpy(frame, s->world_mac, len < 6 ? len : 6);
	memcpy(frame + 6, s->mac, len < 6 ? 0 : len < 12 ? len - 6 : 6);
	return total < o->limit ? total : o->limit;
}

/* A super-frame in which all is as the header says: everybody lets it through. */
static bool is_sound(const uint8_t *frame, const struct model_written *w)
{
	const struct vnet *v = &w->vnet;
	unsigned int type = v->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	struct parsed p;

	if (!frame_parse(frame, w->len, true, &p) || p.vlans || p.fragment || p.payload < 0)
		return false;
	if (type == VIRTIO_NET_HDR_GSO_UDP_L4 ?
		    p.l4_proto != IPPROTO_UDP :
		    p.l4_proto != IPPROTO_TCP ||
			    p.ip_version != (type == VIRTIO_NET_HDR_GSO_TCPV4 ? 4 : 6))
		return false;
	return p.l4 - p.l3 == (p.ip_version == 4 ? 20 : 40) && p.l3_checksum_ok &&
	       p.ip_len == w->len - ETH_HLEN && v->csum_start == p.l4 &&
	       w->len - p.payload > v->gso_size;
}

/* What has to come at the other end: nothing, this frame, or it cannot be said. */
enum arrival { NOTHING, FRAME, UNKNOWN };

static enum arrival arrival(const struct side *s, const struct tap_written *w, const uint8_t *buf)
{
	if (!is_open(s) || (w->known && w->err))
		return NOTHING;
	if (!w->known || w->seen.ret < 0)
		return UNKNOWN;
	if (w->gso)
		return is_sound(buf + w->seen.at, &w->seen) ? FRAME : UNKNOWN;
	return w->seen.len > s->mtu + ETH_HLEN + 4 ? NOTHING : FRAME;
}

/* Frames of which is only known that they are no longer than what was written. */
static void drain_world(const struct side *s, size_t longest)
{
	struct delivered d = { 0 };

	do {
		memset(&d, 0, sizeof(d));
		delivered_receive(s->packet, &d);
		if (d.len > longest)
			fuzz_wrong("%zu bytes at %s of a write of %zu", d.len, s->world, longest);
	} while (d.seen);
}

static void run_write(struct side *s, const struct tap_op *o)
{
	static uint8_t buf[MAX_HEADER + MAX_FRAME];
	struct iovec iov = { buf, assemble(s, o, buf) };
	struct delivered d = { 0 };
	struct tap_written w;
	enum arrival a;
	const char *what;

	tap_write(&fuzz_abi.kernel, &s->q[o->queue], s->world_mac, &iov, &w);
	d.ret = write(s->fd[o->queue], buf, iov.iov_len);
	d.err = d.ret < 0 ? errno : 0;
	if (d.ret >= 0 ? d.ret != (ssize_t)iov.iov_len || (w.known && w.err) :
			 d.err != (w.known ? w.err : EINVAL))
		fuzz_wrong("write of %zu bytes to %s: model %s%s, kernel %zd (%s)", iov.iov_len,
			   s->kind, strerror(w.err), w.known ? "" : " or EINVAL", d.ret,
			   strerror(d.err));
	a = arrival(s, &w, buf);
	fuzz_saw(a << 24 | (uint32_t)d.err << 16 | w.seen.vnet.gso_type << 8 |
		 w.seen.vnet.flags << 1 | w.seen.vlan);
	if (a == UNKNOWN)
		return drain_world(s, iov.iov_len);
	delivered_receive(s->packet, &d);
	if (a == NOTHING && d.seen)
		fuzz_wrong("%zu bytes at %s of a write that is not to get there", d.len, s->world);
	what = a == FRAME ? delivered_difference(&w.seen, buf + w.seen.at, &d, true) : NULL;
	if (what)
		fuzz_wrong("%s at %s of a frame of %zu bytes written to %s: flags %#x %#x, type "
			   "%#x %#x, size %u %u, checksum %u+%u %u+%u, %zu bytes",
			   what, s->world, w.seen.len, s->kind, w.seen.vnet.flags, d.vnet.flags,
			   w.seen.vnet.gso_type, d.vnet.gso_type, w.seen.vnet.gso_size,
			   d.vnet.gso_size, w.seen.vnet.csum_start, w.seen.vnet.csum_offset,
			   d.vnet.csum_start, d.vnet.csum_offset, d.len);
}

/* What is sent: the frame on the wire, and as the queue has it. */
struct sent {
	struct frame wire, whole, part; /* whole: all checksums in it; part: without tag too */
	struct vnet vnet;
};

static void build(const struct side *s, const struct tap_op *o, struct frame *f)
{
	frame_start(f);
	frame_eth(f, s->mac, s->world_mac, ETH_P_IP);
	frame_ipv4(f, s->peer_ip, s->ip, o->shape == SUPER ? IPPROTO_TCP : IPPROTO_UDP);
	if (o->shape == SUPER)
		frame_tcp(f, 4000, 7, 1000, 0, TH_ACK);
	else
		frame_udp(f, 4000, 7);
	frame_pattern(f, o->payload, o->payload);
}

static void make(const struct side *s, const struct tap_op *o, struct sent *t)
{
	build(s, o, &t->whole);
	frame_finish(&t->whole);
	build(s, o, &t->part);
	if (o->shape == SUPER && o->payload > o->gso_size)
		t->vnet = frame_finish_gso(&t->part, o->gso_size);
	else
		t->vnet = frame_finish_partial(&t->part);
	if (o->shape == PLAIN || o->shape == TAGGED) {
		t->wire = t->whole;
		t->vnet = (struct vnet){ 0 };
	} else {
		t->wire = t->part;
	}
	if (o->shape == TAGGED)
		frame_vlan(&t->wire, ETH_P_8021Q, 7);
}

/* The packet as it waits in queue @q. */
static struct model_packet packet_in(const struct side *s, const struct tap_queue *q,
				     const struct tap_op *o, const struct sent *t)
{
	bool partial = q->vnet_hdr && s->offload & TUN_F_CSUM && o->shape >= PARTIAL;
	const struct frame *f = partial ? &t->part : &t->whole;

	return (struct model_packet){
		.data = f->data,
		.len = f->len,
		.protocol = ETH_P_IP,
		.vlan = o->shape == TAGGED,
		.vlan_tpid = ETH_P_8021Q,
		.vlan_tci = 7,
		.gso_type = partial ? t->vnet.gso_type : 0,
		.gso_size = partial ? t->vnet.gso_size : 0,
		.partial = partial,
		.csum_start = t->vnet.csum_start,
		.csum_offset = t->vnet.csum_offset,
	};
}

static bool is_segmented(const struct side *s, const struct tap_queue *q, const struct sent *t)
{
	return t->vnet.gso_type && !(q->vnet_hdr && s->offload & TUN_F_TSO4);
}

/* Reads the one packet into a buffer of the size that the input says, and looks at all of it. */
static void expect_packet(const struct side *s, int queue, const struct tap_op *o,
			  const struct sent *t, const uint8_t *buf, ssize_t got, int err)
{
	static uint8_t expected[2 * MAX_FRAME + CANARY];
	const struct tap_queue *q = &s->q[queue];
	struct model_packet packet = packet_in(s, q, o, t);
	struct model_readout r;
	ssize_t other;

	/* How far a super-frame is in one piece is nobody's promise. */
	if (packet.gso_type && o->size >= VNET_SIZE_LEGACY)
		packet.hdr_len = vnet_decode(buf, VNET_SIZE_LEGACY, tap_port(q).big_endian).hdr_len;
	memset(expected, FILL, o->size + CANARY);
	other = tap_read(&fuzz_abi.kernel, q, &packet, expected, o->size, &r);
	if (got != r.ret && !(other && got == other))
		fuzz_wrong("read of %zu bytes from %s, a frame of %zu: model %zd (%s), "
			   "kernel %zd (%s)",
			   o->size, s->kind, t->wire.len, r.ret, strerror(r.err), got,
			   strerror(err));
	if (r.err != err)
		fuzz_wrong("read from %s: model %s, kernel %s", s->kind, strerror(r.err),
			   strerror(err));
	for (size_t i = 0; i < o->size + CANARY; i++) {
		if (buf[i] != expected[i])
			fuzz_wrong("byte %zu of a read of %zu from %s: model %#x, kernel %#x", i,
				   o->size, s->kind, expected[i], buf[i]);
	}
}

/* Reads what is there; the frame behind the header, NULL if there is nothing. */
static const uint8_t *next(const struct side *s, int queue, size_t *len)
{
	static uint8_t buf[MAX_HEADER + MAX_FRAME];
	size_t front = tap_port(&s->q[queue]).vnet_size;
	ssize_t n = read(s->fd[queue], buf, sizeof(buf));

	if (n < (ssize_t)front)
		return NULL;
	*len = n - front;
	return buf + front;
}

/* All segments have to be there, in order, of the same queue. */
static void expect_segments(const struct side *s, int queue, const struct tap_op *o,
			    const struct sent *t)
{
	size_t headers = HEADERS + 20, len, part;

	for (size_t at = 0; at < o->payload; at += part) {
		const uint8_t *frame = next(s, queue, &len);

		part = o->payload - at < o->gso_size ? o->payload - at : o->gso_size;
		if (!frame || len != headers + part ||
		    memcmp(frame + headers, t->whole.data + headers + at, part))
			fuzz_wrong("a segment of %zu bytes at %zu of %zu is not what %s gives",
				   part, at, o->payload, s->kind);
	}
}

static void send_it(const struct side *s, const struct sent *t)
{
	uint8_t header[VNET_SIZE_LEGACY];
	struct iovec iov[] = { { header, sizeof(header) }, { (void *)t->wire.data, t->wire.len } };
	ssize_t ret;

	vnet_encode(&t->vnet, header, sizeof(header), __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	ret = writev(s->packet, iov, 2);
	if (is_open(s) && ret != (ssize_t)(sizeof(header) + t->wire.len))
		fuzz_wrong("%zu bytes sent at %s: %zd (%s)", t->wire.len, s->world, ret,
			   strerror(errno));
}

/* Nothing waits in any queue. */
static void expect_empty(const struct side *s)
{
	size_t len;

	for (int i = 0; i < QUEUES; i++) {
		if (next(s, i, &len))
			fuzz_wrong("%zu bytes in queue %d of %s that should not be there", len, i,
				   s->kind);
	}
}

/* Which of two queues gets it is up to a hash: the first one that has something. */
static void run_send(struct side *s, const struct tap_op *o)
{
	static uint8_t buf[2 * MAX_FRAME + CANARY];
	static struct sent t;
	size_t len;

	make(s, o, &t);
	send_it(s, &t);
	for (int i = 0; i < QUEUES && is_open(s); i++) {
		struct pollfd p = { s->fd[i], POLLIN, 0 };
		ssize_t got;

		if (!s->q[i].enabled)
			continue;
		if (poll(&p, 1, 0) != 1 || !(p.revents & POLLIN)) {
			if (!s->q[!i].enabled || i)
				fuzz_wrong("nothing to read from %s of a frame of %zu bytes",
					   s->kind, t.wire.len);
			continue;
		}
		fuzz_saw(1u << 30 | o->shape << 8 | s->q[i].vnet_hdr << 4 |
			 is_segmented(s, &s->q[i], &t));
		if (is_segmented(s, &s->q[i], &t)) {
			expect_segments(s, i, o, &t);
			break;
		}
		memset(buf, FILL, o->size + CANARY);
		got = read(s->fd[i], buf, o->size);
		expect_packet(s, i, o, &t, buf, got, got < 0 ? errno : 0);
		if (!o->size && !next(s, i, &len))
			fuzz_wrong("a read of no bytes takes the packet of %s", s->kind);
		break;
	}
	expect_empty(s);
}

static int run(const uint8_t *data, size_t size)
{
	struct tap_op o;
	struct side *s;
	size_t n;

	if (!size)
		return -1;
	s = &sides[*data % num_sides];
	size--;
	data++;
	for (int i = 0; i < MAX_OPS && (n = parse(data, size, &o)); i++, data += n, size -= n) {
		if (o.kind == WRITE)
			run_write(s, &o);
		else if (o.kind == SEND)
			run_send(s, &o);
		else
			run_setting(s, &o);
	}
	restore(s);
	return 0;
}

/* The file of queue @queue in a program. */
static const char *file(const struct side *s, int queue)
{
	static char text[2][48];

	snprintf(text[queue], sizeof(text[queue]), "tap_queue(\"%s\", %d)", s->kind, queue);
	return text[queue];
}

static void print_setting(FILE *out, struct side *s, const struct tap_op *o)
{
	const char *fd = file(s, o->queue);
	int err = model_setting(s, o), value = o->value;

	fputs("\t\tCHECK(", out);
	switch (o->kind) {
	case SET_IFF:
		fprintf(out, "set_flags(%s, TUNSETIFF, ", fd);
		print_iff(out, o->value);
		break;
	case SET_SIZE:
		fprintf(out, "set_int(%s, TUNSETVNETHDRSZ, %d", fd, value);
		break;
	case SET_ORDER:
		fprintf(out, "set_int(%s, TUNSETVNET%s, %d", fd, value & 2 ? "BE" : "LE",
			value & 1);
		break;
	case SET_OFFLOAD:
		fprintf(out, "by_value(%s, TUNSETOFFLOAD, %#x", fd, o->value);
		break;
	case SET_QUEUE:
		fprintf(out, "set_flags(%s, TUNSETQUEUE, IFF_%s_QUEUE", fd,
			value & 1 ? "ATTACH" : "DETACH");
		break;
	default:
		fprintf(out, "set_wire(\"%s\", %d, %d, %u", s->kind, s->up, s->lower_up, s->mtu);
	}
	fputc(')', out);
	fputs(", ", out);
	print_result(out, err ? -1 : 0, err);
}

static void print_write_op(FILE *out, const struct side *s, const struct tap_op *o)
{
	static uint8_t buf[MAX_HEADER + MAX_FRAME];
	struct iovec iov = { buf, assemble(s, o, buf) };
	struct model_port p = tap_port(&s->q[o->queue]);
	struct tap_written w;
	enum arrival a;

	tap_write(&fuzz_abi.kernel, &s->q[o->queue], s->world_mac, &iov, &w);
	a = arrival(s, &w, buf);
	p.watched = a == FRAME;
	w.seen.ret = w.err ? -1 : (ssize_t)iov.iov_len;
	w.seen.err = w.err;
	fputs("\t\t{\n", out);
	print_write_to(out, file(s, o->queue), &p, buf, iov.iov_len, w.known ? &w.seen : NULL);
	if (a == NOTHING)
		fputs("\t\tCHECK(receive(), -EAGAIN);\n", out);
	else if (a == UNKNOWN)
		fputs("\t\twhile (receive() != -EAGAIN)\n\t\t\t;\n", out);
	fputs("\t\t}\n", out);
}

/* Which queue it is and what the file gives, if one alone is there; otherwise how much there is. */
static void print_send(FILE *out, const struct side *s, const struct tap_op *o)
{
	static struct sent t;
	int queue = s->q[0].enabled ? 0 : 1;
	const struct tap_queue *q = &s->q[queue];
	size_t front = tap_port(q).vnet_size;

	make(s, o, &t);
	fputs("\t\t{\n", out);
	print_vnet(out, "header", &t.vnet);
	print_bytes(out, "frame", t.wire.data, t.wire.len);
	fprintf(out, "\n\t\tsend_from_world(\"%s\", &header, frame, %zu);\n", s->kind, t.wire.len);
	if (is_open(s) && s->q[0].enabled != s->q[1].enabled && !is_segmented(s, q, &t))
		fprintf(out, "\t\tCHECK(read_frame(%s), %zu);\n", file(s, queue),
			t.wire.len + front);
	if (is_open(s) && s->q[0].enabled != s->q[1].enabled && o->shape == PLAIN)
		fprintf(out, "\t\tCHECK(memcmp(seen_frame + %zu, frame, %zu), 0);\n", front,
			t.wire.len);
	for (int i = 0; i < QUEUES; i++)
		fprintf(out, "\t\twhile (read_frame(%s) > 0)\n\t\t\t;\n", file(s, i));
	fputs("\t\t}\n", out);
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static struct side copy;
	struct tap_op o;
	size_t n;

	if (!size)
		return;
	copy = sides[*data % num_sides];
	size--;
	data++;
	fprintf(out, "\t\ttap_defaults(\"%s\");\n", copy.kind);
	for (int i = 0; i < MAX_OPS && (n = parse(data, size, &o)); i++, data += n, size -= n) {
		if (o.kind == WRITE)
			print_write_op(out, &copy, &o);
		else if (o.kind == SEND)
			print_send(out, &copy, &o);
		else
			print_setting(out, &copy, &o);
	}
}

/* Where operation @n begins, and the size of it; 0 behind the last. */
static size_t find(const uint8_t *data, size_t size, uint32_t n, size_t *at)
{
	struct tap_op o;
	size_t len;

	for (*at = 1; (len = parse(data + *at, size - *at, &o)) && n; n--)
		*at += len;
	return len;
}

static uint32_t count_ops(const uint8_t *data, size_t size)
{
	size_t at;
	uint32_t n = 0;

	while (n < MAX_OPS && find(data, size, n, &at))
		n++;
	return n;
}

/* What takes effect, mostly. */
static void draw_setting(uint8_t *op, struct draw *draw)
{
	static const uint8_t masks[] = { 0, 1, 3, 5, 7, 0xf, 0x10, 0x61, 0x6f, 0x80 };

	op[0] = draw->below(draw, edit_chance(draw, 5) ? WRITE : SET_LINK);
	op[1] = draw->below(draw, 2);
	op[2] = edit_chance(draw, 50) ? draw->below(draw, 4) : draw->below(draw, 256);
	if (op[0] == SET_OFFLOAD) {
		op[1] = masks[draw->below(draw, sizeof(masks))];
		op[2] = edit_chance(draw, 95) ? 0 : 1;
	} else if (op[0] == SET_SIZE && edit_chance(draw, 80)) {
		op[2] = 9 + draw->below(draw, 20);
	} else if (op[0] == SET_LINK) {
		op[1] = edit_chance(draw, 80) ? draw->below(draw, 8) | 1 :
			edit_chance(draw, 98) ? 0 :
						0xf9;
	}
}

static void draw_send(uint8_t *op, struct draw *draw)
{
	op[0] = SEND;
	op[1] = draw->below(draw, SHAPES);
	edit_put16(op + 2, edit_number(100, 13, draw));
	op[4] = draw->below(draw, 256);
	edit_put16(op + 5, edit_chance(draw, 50) ? 2000 : edit_number(24, 7, draw));
}

static void edit_tap_header(uint8_t *header, const uint8_t *frame, size_t len, struct draw *draw)
{
	uint8_t longer[EDIT_HEADER] = { 0 };

	memcpy(longer, header, VNET_SIZE_LEGACY);
	edit_header(longer, frame, len, true, draw);
	memcpy(header, longer, VNET_SIZE_LEGACY);
}

/* The write at @at, of @len bytes: the new size of the input. */
static size_t edit_write(uint8_t *data, size_t size, size_t max, size_t at, size_t len,
			 struct draw *draw)
{
	size_t front = 1 + op_bytes[WRITE], behind = size - at - len, now;
	static uint8_t rest[FUZZ_MAX_LEN];
	uint8_t *op = data + at;

	if (edit_chance(draw, 10))
		op[1] ^= 1;
	if (edit_chance(draw, 10))
		op[12] = edit_number(op[12], 8, draw);
	if (edit_chance(draw, 50)) {
		edit_tap_header(op + 2, op + front, len - front, draw);
		return size;
	}
	memcpy(rest, op + len, behind);
	max -= behind + at + front;
	now = edit_frame(op + front, len - front, max < MAX_FRAME ? max : MAX_FRAME, true, draw);
	edit_put16(op + 13, now);
	memcpy(op + front + now, rest, behind);
	return at + front + now + behind;
}

/* Puts an operation that is no write in at @at. */
static size_t insert(uint8_t *data, size_t size, size_t max, size_t at, struct draw *draw)
{
	uint8_t op[16];
	size_t len;

	if (edit_chance(draw, 40))
		draw_send(op, draw);
	else
		draw_setting(op, draw);
	len = 1 + op_bytes[op[0]];
	if (size + len > max)
		return size;
	memmove(data + at + len, data + at, size - at);
	memcpy(data + at, op, len);
	return size + len;
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	uint32_t n = size ? count_ops(data, size) : 0;
	size_t at, len;

	if (!n)
		return edit_raw(data, size, max, draw);
	if (edit_chance(draw, 5))
		data[0] ^= 1;
	len = find(data, size, draw->below(draw, n), &at);
	if (n < MAX_OPS && edit_chance(draw, 25))
		return insert(data, size, max, at, draw);
	if (n > 1 && edit_chance(draw, 15)) {
		memmove(data + at, data + at + len, size - at - len);
		return size - len;
	}
	if (data[at] % KINDS == WRITE)
		return edit_write(data, size, max, at, len, draw);
	if (data[at] % KINDS == SEND)
		draw_send(data + at, draw);
	else
		edit_raw(data + at + 1, len - 1, len - 1, draw);
	return size;
}

/* The settings that an input begins with, each of op_bytes[] bytes and its number. */
static const struct {
	const char *name;
	uint8_t ops[12];
	size_t size;
} settings[] = {
	{ "plain", { 0 }, 0 },
	{ "no_header", { SET_IFF, 0, 0 }, 3 },
	{ "header_24", { SET_SIZE, 0, 24 }, 3 },
	{ "big_endian", { SET_ORDER, 0, 3 }, 3 },
	{ "offloads", { SET_OFFLOAD, 0x0f, 0 }, 3 },
	{ "one_queue", { SET_QUEUE, 1, 0, SET_OFFLOAD, 1, 0 }, 6 },
	{ "no_queue", { SET_QUEUE, 0, 0, SET_QUEUE, 1, 0 }, 6 },
	{ "down", { SET_LINK, 0 }, 2 },
	{ "below_down", { SET_LINK, 0xf9 }, 2 },
	{ "refused",
	  { SET_IFF, 0, 0x70, SET_SIZE, 0, 9, SET_OFFLOAD, 0x80, 0, SET_QUEUE, 0, 1 },
	  12 },
};

/* A write of one of three frames, then one that is sent to be read. */
static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static const unsigned int frames[] = { 0, 1, 12 };
	static struct seed s;
	static char text[64];
	unsigned int set = n / 4, shape = n % SHAPES;
	bool ipvtap = set % 2;
	struct vnet v = { 0 };
	size_t at = 1;

	if (set >= ARRAY_SIZE(settings))
		return 0;
	seed_frame(frames[n % 3], true, &s);
	if (shape == PARTIAL)
		v = frame_finish_partial(&s.frame);
	else if (shape == SUPER)
		v = frame_finish_gso(&s.frame, 20);
	data[0] = ipvtap;
	memcpy(data + at, settings[set].ops, settings[set].size);
	at += settings[set].size;
	data[at] = WRITE;
	data[at + 1] = 0;
	vnet_encode(&v, data + at + 2, VNET_SIZE_LEGACY, false);
	data[at + 12] = SMALL;
	edit_put16(data + at + 13, s.frame.len);
	at += 1 + op_bytes[WRITE];
	memcpy(data + at, s.frame.data, s.frame.len);
	at += s.frame.len;
	data[at] = SEND;
	data[at + 1] = shape;
	edit_put16(data + at + 2, shape == SUPER ? 3000 : 100);
	data[at + 4] = 200;
	edit_put16(data + at + 5, 4000);
	at += 1 + op_bytes[SEND];
	snprintf(text, sizeof(text), "%s_%s_%s_%u", ipvtap ? "ipvtap" : "macvtap",
		 settings[set].name, s.name, shape);
	*name = text;
	return at;
}

const struct fuzz_target fuzz_target = {
	.name = "macvtap",
	.format =
		"1 byte: bit 0 an ipvtap instead of a macvtap; then up to 32 operations, each a byte "
		"modulo 8 and: 0 TUNSETIFF, queue, flags; 1 TUNSETVNETHDRSZ, queue, size; 2 "
		"TUNSETVNETLE (bit 1: BE), queue, value; 3 TUNSETOFFLOAD, mask (2 bytes); 4 "
		"TUNSETQUEUE, queue, on or off; 5 bit 0 the link below is up, bits 1 and 2 the MTU at "
		"the other end; 6 a write: queue, vnet header (10), bytes written if below 64, length "
		"(2), the frame, whose addresses are filled in; 7 a frame sent to it and read: plain, "
		"tagged, partial checksum or super-frame, payload (2), size of segments, of the "
		"reader's buffer (2)",
	.max_len = FUZZ_MAX_LEN,
	.reset_inputs = 20000,
	.begin = begin,
	.end = end,
	.run = run,
	.print = print,
	.prologue = macvtap_prologue,
	.mutate = mutate,
	.seed = seed,
};
