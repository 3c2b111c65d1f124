// SPDX-License-Identifier: GPL-2.0-only
/* The model of read(), tun_put_user() of drivers/net/tun.c, and of TUNSETOFFLOAD, set_offload(). */
#include <errno.h>
#include <string.h>

#include "device/model_io.h"
#include "device/model_rules.h"
#include "device/uapi.h"

/* The reader's buffer: copy_to_iter() and its like, which write what fits. */
struct room {
	uint8_t *at;
	size_t left;
};

static bool put(struct room *r, const void *bytes, size_t n)
{
	bool fits = n <= r->left;

	if (!fits)
		n = r->left;
	memcpy(r->at, bytes, n);
	r->at += n;
	r->left -= n;
	return fits;
}

static bool put_zeros(struct room *r, size_t n)
{
	bool fits = n <= r->left;

	if (!fits)
		n = r->left;
	memset(r->at, 0, n);
	r->at += n;
	r->left -= n;
	return fits;
}

static void skip(struct room *r, size_t n)
{
	r->at += n;
	r->left -= n;
}

static void set16(uint8_t *bytes, uint16_t value, bool big_endian)
{
	bytes[!big_endian] = value >> 8;
	bytes[big_endian] = value & 0xff;
}

static bool in_tunnel(const struct model_packet *q)
{
	return q->gso_type & (RULE(GSO_TUNNEL4) | RULE(GSO_TUNNEL6));
}

/* virtio_net_hdr_from_skb(), and for a tunnel virtio_net_hdr_tnl_from_skb(). */
static void encode(const struct model_port *p, const struct model_packet *q, uint8_t *bytes)
{
	bool be = p->big_endian && !in_tunnel(q);

	bytes[1] = q->gso_type;
	if (q->gso_size) {
		set16(bytes + 2, q->hdr_len, be);
		set16(bytes + 4, q->gso_size, be);
	}
	if (q->partial) {
		bytes[0] = RULE(NEEDS_CSUM);
		/* The tag comes before it. */
		set16(bytes + 6, q->csum_start + (q->vlan ? RULE(VLAN_TAG) : 0), be);
		set16(bytes + 8, q->csum_offset, be);
	} else if (q->data_valid && !in_tunnel(q)) {
		bytes[0] = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	if (!in_tunnel(q))
		return;
	if (q->tunnel_csum)
		bytes[0] |= RULE(TUNNEL_CSUM);
	set16(bytes + 20, q->outer_th_offset, false);
	set16(bytes + 22, q->inner_nh_offset, false);
}

/*
 * The vnet header: 0 or the errno. Since 6.17 the whole header of a tunnel is written if
 * TUN_F_UDP_TUNNEL_GSO is on, though it may not fit in the size that was agreed; then what is left
 * of the buffer is filled with zeros before the read fails.
 */
static int put_header(const struct model_kernel *k, const struct model_port *p,
		      const struct model_packet *q, struct room *r)
{
	size_t parsed = k->tunnel_gso && p->tunnel_gso ? RULE(HDR_TUNNEL) : RULE(HDR_PARSED);
	uint8_t bytes[32] = { 0 };

	if (r->left < p->vnet_size)
		return EINVAL;
	/* No type for UFO; none for a tunnel unless asked for. Neither should come so far. */
	if ((q->gso_type & ~RULE(GSO_ECN)) == RULE(GSO_UDP) || (in_tunnel(q) && !p->tunnel_gso))
		return EINVAL;
	encode(p, q, bytes);
	if (!put(r, bytes, parsed))
		return EFAULT;
	if (!k->zeroed_tail)
		skip(r, p->vnet_size - parsed);
	else if (!put_zeros(r, p->vnet_size - parsed))
		return EFAULT;
	return 0;
}

/* The frame, with a tag that was apart put back; all that fits. */
static void put_frame(const struct model_packet *q, struct room *r)
{
	size_t at = RULE(VLAN_AT);
	uint8_t tag[4];

	if (!q->vlan) {
		put(r, q->data, q->len);
		return;
	}
	set16(tag, q->vlan_tpid, true);
	set16(tag + 2, q->vlan_tci, true);
	put(r, q->data, at);
	put(r, tag, sizeof(tag));
	put(r, q->data + at, q->len - at);
}

static int put_packet(const struct model_kernel *k, const struct model_port *p,
		      const struct model_packet *q, size_t total, struct room *r)
{
	uint8_t pi[4] = { 0 };
	uint16_t flags;
	int err = 0;

	if (p->pi) {
		if (r->left < RULE(PI_SIZE))
			return EINVAL;
		/* Flags in the order of the machine, the protocol as on the wire. */
		flags = r->left < total ? RULE(STRIPPED) : 0;
		memcpy(pi, &flags, sizeof(flags));
		set16(pi + 2, q->protocol, true);
		put(r, pi, sizeof(pi));
	}
	if (p->vnet_hdr)
		err = put_header(k, p, q, r);
	if (!err)
		put_frame(q, r);
	return err;
}

void model_read(const struct model_kernel *k, const struct model_port *p,
		const struct model_packet *q, uint8_t *buf, size_t size, struct model_readout *out)
{
	struct room room = { buf, size };
	size_t frame, total;

	*out = (struct model_readout){ 0 };
	if (!p->attached) {
		out->err = EBADFD;
	} else if (size && !q) {
		out->err = EAGAIN;
	} else if (size) {
		/* From here on the packet is lost if anything fails. */
		frame = q->len + (q->vlan ? RULE(VLAN_TAG) : 0);
		total = frame + (p->pi ? RULE(PI_SIZE) : 0) + (p->vnet_hdr ? p->vnet_size : 0);
		out->taken = true;
		out->err = put_packet(k, p, q, total, &room);
		if (!out->err) {
			out->tx_packets = 1;
			out->tx_bytes = frame;
			out->ret = total < size ? total : size;
		}
	}
	if (out->err)
		out->ret = -1;
}

bool model_offload(const struct model_kernel *k, unsigned long mask, unsigned int *active)
{
	const unsigned long tso = TUN_F_TSO4 | TUN_F_TSO6, uso = TUN_F_USO4 | TUN_F_USO6;
	const unsigned long tunnel = TUN_F_UDP_TUNNEL_GSO, csum = TUN_F_UDP_TUNNEL_GSO_CSUM;
	unsigned long left = mask, on = 0;

	/* Each takes its bits away; what is left at the end is refused. */
	if (left & TUN_F_CSUM) {
		on |= TUN_F_CSUM;
		if (left & tso)
			on |= left & (tso | TUN_F_TSO_ECN);
		/* Taken since 2.6.26, and without an effect since 4.14. */
		left &= ~(unsigned long)TUN_F_UFO;
		if (k->uso && (left & uso) == uso)
			on |= uso;
		if (k->tunnel_gso && on & (tso | uso) && left & tunnel)
			on |= left & (tunnel | csum);
		left &= ~on;
	}
	if (left)
		return false;
	*active = on;
	return true;
}
