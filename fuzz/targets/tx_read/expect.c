// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/tx_read/expect.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "device/frame.h"
#include "device/uapi.h"
#include "fuzz/targets/edit.h"

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
	    !frame_parse_whole(p->frame, p->len, p->port.tap, f))
		return false;
	if (!(tcp ? f->l4_proto == IPPROTO_TCP :
		    type == VIRTIO_NET_HDR_GSO_UDP_L4 && f->l4_proto == IPPROTO_UDP))
		return false;
	if (tcp && f->ip_version != (type == VIRTIO_NET_HDR_GSO_TCPV4 ? 4 : 6))
		return false;
	if (f->ip_version == 6 && f->l4 != f->l3 + 40)
		return false;
	if (!tcp && edit_get_net16(p->frame + f->l4 + 4) != p->len - f->l4)
		return false;
	return f->l4_checksum_partial && p->v.csum_start == f->l4 &&
	       p->v.csum_offset == (tcp ? 16 : 6) && p->v.gso_size >= 8 &&
	       f->payload_len > p->v.gso_size;
}

unsigned int expect_offloads(uint8_t gso_type)
{
	unsigned int ecn = gso_type & VIRTIO_NET_HDR_GSO_ECN ? TUN_F_TSO_ECN : 0;

	if (gso_type & PLAN_TUNNEL)
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
		if (!(expect_offloads(gso_type) & ~p->active))
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

void expect(const struct plan *p, struct model_written *w, struct expected *e)
{
	static uint8_t buf[PORT_ROOM + READER_FRAME];
	struct iovec iov = { buf, 0 };
	bool whole = (p->active & TUN_F_USO4) || !p->v.gso_type || !p->v.gso_size;

	e->what = UNKNOWN;
	e->tcp = false;
	if (p->way == WAY_PACKET) {
		expect_packet(p, e);
	} else if (p->way == WAY_REDIRECT) {
		iov.iov_len = plan_assemble(p, buf);
		model_write(&kernel, &p->r->in.model, &iov, 1, w);
		expect_redirected(p, w, e);
	} else {
		expect_segments(e, p->frame, p->len, whole ? READER_FRAME : p->v.gso_size);
	}
	/* Of this protocol it is another checksum that a device can compute. */
	if (p->protocol == ETH_P_FCOE)
		e->what = UNKNOWN;
}

void expect_cut(const struct plan *p, const struct model_packet *q, uint8_t fill, uint8_t *buf,
		struct model_readout *out)
{
	size_t pi = p->port.pi ? sizeof(struct tun_pi) : 0;
	size_t headers = pi + (p->port.vnet_hdr ? VNET_SIZE_LEGACY : 0);

	model_read(&kernel, &p->port, q, buf, p->buffer, out);
	if (p->pieces)
		return;
	memset(buf + p->piece, fill, LARGE - p->piece);
	/* That a frame cannot be written all of it is told to nobody. */
	if ((p->piece < pi && p->buffer >= pi) || (!out->err && p->piece < headers))
		*out = (struct model_readout){ .ret = -1, .err = EFAULT, .taken = true };
}
