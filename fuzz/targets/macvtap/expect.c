// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/macvtap/expect.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/macvtap/query.h"

/* SIOCSIFHWADDR with the address that the link has. */
static int expect_address(const struct side *s, const struct tap_op *o)
{
	if (s->gone)
		return ENOLINK;
	if (!strcmp(s->kind, "ipvtap"))
		return EOPNOTSUPP; /* it has that of the link below */
	return o->value & 1 ? EINVAL : 0;
}

static int expect_reopen(const struct side *s, struct tap_queue *q)
{
	if (s->gone)
		return ENODEV;
	*q = TAP_QUEUE_NEW;
	return 0;
}

static int expect_offload(struct side *s, const struct tap_op *o)
{
	unsigned int offload = s->offload;
	int err = tap_set_offload(&fuzz_abi.kernel, o->value, &offload);

	if (err || s->gone)
		return err ? err : ENOLINK;
	s->offload = offload;
	return 0;
}

static int expect_delete(struct side *s)
{
	if (s->gone)
		return ENODEV;
	s->gone = true;
	s->up = false;
	return 0;
}

static int expect_link(struct side *s, const struct tap_op *o)
{
	if (s->gone)
		return 0; /* nothing is done */
	s->up = o->up;
	s->lower_up = o->lower_up;
	s->mtu = o->mtu;
	return 0;
}

int expect_setting(struct side *s, const struct tap_op *o)
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
		return expect_offload(s, o);
	case SET_QUEUE:
		return s->gone ? EINVAL : tap_set_enabled(q, o->value & 1);
	case SET_SNDBUF:
		return (int)o->value > 0 ? 0 : EINVAL;
	case SET_ADDRESS:
		return expect_address(s, o);
	case SET_TXQUEUELEN:
		return s->gone ? ENODEV : 0;
	case REOPEN:
		return expect_reopen(s, q);
	case DELETE:
		return expect_delete(s);
	default:
		return expect_link(s, o);
	}
}

/* An ioctl with a bad pointer: those that are about the link look for it first. */
static int expect_bad(const struct side *s, unsigned long request)
{
	if (request == TUNGETVNETBE && !fuzz_abi.kernel.cross_le)
		return -EINVAL;
	return s->gone && (request == TUNGETIFF || request == SIOCGIFHWADDR) ? -ENOLINK : -EFAULT;
}

int expect_query(const struct side *s, const struct tap_op *o)
{
	const struct tap_queue *q = &s->q[o->queue];
	const uint8_t *mac = s->mac;

	switch (o->value) {
	case TAP_FLAGS:
		return s->gone ? -ENOLINK :
				 IFF_TAP | IFF_NO_PI | (q->vnet_hdr ? IFF_VNET_HDR : 0) |
					 (q->multi ? IFF_MULTI_QUEUE : 0);
	case TAP_FEATURES:
		return IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	case TAP_SIZE:
		return q->vnet_size;
	case TAP_LE:
		return q->le;
	case TAP_BE:
		return fuzz_abi.kernel.cross_le ? q->be : -EINVAL;
	case TAP_ADDRESS:
		return s->gone ? -ENOLINK : mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5];
	case TAP_POLL:
		return POLLOUT;
	case TAP_READ:
	case TAP_READ_NOWAIT:
		return -EAGAIN;
	case TAP_READ_NOTHING:
		return 0;
	case TAP_READ_WAIT:
		return -EINTR;
	case TAP_UNKNOWN:
		return -EINVAL;
	default:
		return expect_bad(s, tap_bad(o->value - TAP_BAD));
	}
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

	if (!frame_parse_whole(frame, w->len, true, &p))
		return false;
	if (type == VIRTIO_NET_HDR_GSO_UDP_L4 ?
		    p.l4_proto != IPPROTO_UDP :
		    p.l4_proto != IPPROTO_TCP ||
			    p.ip_version != (type == VIRTIO_NET_HDR_GSO_TCPV4 ? 4 : 6))
		return false;
	return p.l4 - p.l3 == (p.ip_version == 4 ? 20 : 40) && v->csum_start == p.l4 &&
	       w->len - p.payload > v->gso_size;
}

static enum arrival arrival(const struct side *s, const struct tap_written *w, const uint8_t *buf)
{
	if (!side_open(s) || (w->known && w->err))
		return NOTHING;
	if (!w->known || w->seen.ret < 0)
		return UNKNOWN;
	if (w->gso)
		return is_sound(buf + w->seen.at, &w->seen) ? FRAME : UNKNOWN;
	return w->seen.len > s->mtu + ETH_HLEN + 4 ? NOTHING : FRAME;
}

/* The header is copied before anything is looked at but the length, the frame after that. */
static void tear(const struct tap_queue *q, struct expected_write *e)
{
	size_t header = tap_port(q).vnet_size;
	bool whole = !header || e->there >= VNET_SIZE_LEGACY;

	if (e->len < header || (whole && e->w.early))
		e->w.err = EINVAL;
	else
		e->w.err = EFAULT;
	e->w.known = true;
}

void expect_write(const struct side *s, const struct tap_op *o, struct expected_write *e)
{
	struct iovec iov = { e->bytes, 0 };

	iov.iov_len = e->len = assemble(s, o, e->bytes);
	e->there = o->torn ? e->len / 2 : e->len;
	tap_write(&fuzz_abi.kernel, &s->q[o->queue], s->world_mac, &iov, &e->w);
	if (e->there < e->len)
		tear(&s->q[o->queue], e);
	else if (s->gone && !e->w.early)
		e->w = (struct tap_written){ .known = true }; /* nobody looks at it */
	e->arrival = arrival(s, &e->w, e->bytes);
}

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

void expect_sent(const struct side *s, const struct tap_op *o, struct sent *t)
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

struct model_packet expect_packet(const struct side *s, const struct tap_queue *q,
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

bool expect_segmented(const struct side *s, const struct tap_queue *q, const struct sent *t)
{
	return t->vnet.gso_type && !(q->vnet_hdr && s->offload & TUN_F_TSO4);
}
