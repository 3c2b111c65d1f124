// SPDX-License-Identifier: GPL-2.0-only
/* The model of the vnet header of a write: tun_vnet.h and virtio_net.h of include/linux. */
#include <errno.h>
#include <string.h>

#include "device/model_rules.h"
#include "device/model_vnet.h"

#define HEADER_MAX 32 /* more than RULE(HDR_TUNNEL) */

uint16_t model_rules[NUM_MODEL_RULES] = {
#define MODEL_RULE_VALUE(name, value) [RULE_##name] = value,
	MODEL_RULES(MODEL_RULE_VALUE)
#undef MODEL_RULE_VALUE
};

const char *const model_rule_names[NUM_MODEL_RULES] = {
#define MODEL_RULE_TEXT(name, value) [RULE_##name] = #name,
	MODEL_RULES(MODEL_RULE_TEXT)
#undef MODEL_RULE_TEXT
};

bool model_peek(const struct model_cursor *c, size_t offset, void *to, size_t n)
{
	const struct iovec *iov = c->iov;
	size_t at = c->at + offset, part;

	for (; n; iov++, at = 0) {
		for (; at >= iov->iov_len; iov++)
			at -= iov->iov_len;
		part = iov->iov_len - at < n ? iov->iov_len - at : n;
		if (!iov->iov_base)
			return false;
		memcpy(to, (const uint8_t *)iov->iov_base + at, part);
		to = (uint8_t *)to + part;
		n -= part;
	}
	return true;
}

/* It leaves a segment that is used up, but not the empty ones behind it. */
bool model_copy(struct model_cursor *c, void *to, size_t n)
{
	size_t len;

	if (c->left < n || !model_peek(c, 0, to, n))
		return false;
	c->left -= n;
	c->at += n;
	while (n && c->segments > 1 && c->at >= c->iov->iov_len) {
		len = c->iov->iov_len;
		c->iov++;
		c->segments--;
		c->at -= len;
		if (!c->at)
			break;
	}
	return true;
}

/* It leaves the empty ones too. */
void model_advance(struct model_cursor *c, size_t n)
{
	if (!c->left)
		return;
	c->left -= n;
	c->at += n;
	while (c->segments > 1 && c->at >= c->iov->iov_len) {
		c->at -= c->iov->iov_len;
		c->iov++;
		c->segments--;
	}
}

static uint16_t get16(const uint8_t *bytes, bool big_endian)
{
	return big_endian ? bytes[0] << 8 | bytes[1] : bytes[0] | bytes[1] << 8;
}

static void decode(const struct model_port *p, const uint8_t *bytes, struct model_header *h)
{
	h->flags = bytes[0];
	h->gso_type = bytes[1];
	h->hdr_len = get16(bytes + 2, p->big_endian);
	h->gso_size = get16(bytes + 4, p->big_endian);
	h->csum_start = get16(bytes + 6, p->big_endian);
	h->csum_offset = get16(bytes + 8, p->big_endian);
	/* Those of tunnels came later and know little-endian only. */
	h->outer_th_offset = get16(bytes + 20, false);
	h->inner_nh_offset = get16(bytes + 22, false);
}

/*
 * tun_get_user() until 6.14, since then __tun_vnet_hdr_get() of tun_vnet.h, which holds hdr_len
 * against all that comes behind the bytes it looks at.
 */
int model_vnet_get(const struct model_kernel *k, const struct model_port *p,
		   struct model_cursor *c, struct model_header *h)
{
	size_t size = p->vnet_size, parsed = RULE(HDR_PARSED), limit;
	uint8_t bytes[HEADER_MAX] = { 0 };
	unsigned int needed;

	if (c->left < size)
		return EINVAL;
	h->has_tunnel = k->tunnel_gso && size >= RULE(HDR_TUNNEL);
	if (h->has_tunnel)
		parsed = RULE(HDR_TUNNEL);
	if (!model_copy(c, bytes, parsed))
		return EFAULT;
	decode(p, bytes, h);
	limit = k->hdr_slack ? c->left : c->left - (size - parsed);
	if (h->flags & RULE(NEEDS_CSUM)) {
		needed = h->csum_start + h->csum_offset + RULE(CSUM_SIZE);
		/* Back in 16 bits: it may come out as nothing. */
		if (needed > h->hdr_len)
			h->hdr_len = needed;
	}
	if (h->hdr_len > limit)
		return EINVAL;
	model_advance(c, size - parsed);
	return 0;
}

/* What belongs to a type of GSO. */
struct gso {
	unsigned int type; /* without the bits of ECN and of a tunnel; 0: none */
	unsigned int th_len, nh_len;
};

/* The types that are known, in a tunnel all but UFO; UDP_L4 since 6.2. */
static bool find_gso(const struct model_kernel *k, unsigned int type, struct gso *gso)
{
	gso->nh_len = RULE(IPV4_HEADER);
	gso->type = type & ~RULE(GSO_ECN);
	if (!type)
		return true;
	if (gso->type == RULE(GSO_TCPV4) || gso->type == RULE(GSO_TCPV6)) {
		gso->th_len = RULE(TCP_HEADER);
		if (gso->type == RULE(GSO_TCPV6))
			gso->nh_len = RULE(IPV6_HEADER);
		return true;
	}
	gso->th_len = RULE(UDP_HEADER);
	return gso->type == RULE(GSO_UDP) || (gso->type == RULE(GSO_UDP_L4) && k->uso);
}

/*
 * skb_partial_csum_set() and what stands around it. Since 6.12 the transport header is behind an IP
 * header of the smallest size, wherever that begins.
 */
static bool set_partial(const struct model_kernel *k, const struct model_header *h,
			const struct gso *gso, struct model_skb *skb)
{
	unsigned int rest = h->csum_offset + RULE(CSUM_SIZE);

	if (!model_pull(skb, h->csum_start + (rest > gso->th_len ? rest : gso->th_len)))
		return false;
	if (skb->headroom + h->csum_start >= RULE(CSUM_END))
		return false;
	if (k->csum_behind_ip && h->csum_start < gso->nh_len)
		return false;
	skb->partial = true;
	skb->csum_start = h->csum_start;
	skb->csum_offset = h->csum_offset;
	return true;
}

/*
 * The size of segments. UFO counts from the transport header on, the others from behind it. A frame
 * that is not longer than a segment is no GSO frame.
 */
static bool set_gso(const struct model_kernel *k, const struct model_header *h,
		    const struct gso *gso, size_t headers, struct model_skb *skb)
{
	unsigned int size = h->gso_size;

	if (gso->type == RULE(GSO_UDP)) {
		headers -= gso->th_len;
	} else if (gso->type == RULE(GSO_UDP_L4)) {
		if (!skb->partial || skb->csum_offset != RULE(UDP_CHECK) ||
		    h->gso_type & RULE(GSO_ECN) ||
		    skb->len - headers > size * RULE(USO_SEGMENTS))
			return false;
	} else {
		if (skb->partial && skb->csum_offset != RULE(TCP_CHECK))
			return false;
		if (k->tcp_min_gso && size < RULE(TCP_MIN_GSO))
			size = RULE(TCP_MIN_GSO);
	}
	if (size == RULE(GSO_BY_FRAGS))
		return false;
	if (skb->len - headers > size) {
		skb->gso_size = size;
		skb->gso_type = gso->type;
		skb->ecn = h->gso_type & RULE(GSO_ECN);
	}
	return true;
}

static bool plain_to_skb(const struct model_kernel *k, const struct model_header *h,
			 unsigned int type, struct model_skb *skb)
{
	size_t headers;
	struct gso gso = { 0 };

	if (!find_gso(k, type, &gso) || (type && !h->gso_size))
		return false;
	if (h->flags & RULE(NEEDS_CSUM)) {
		if (!set_partial(k, h, &gso, skb))
			return false;
		headers = h->csum_start + gso.th_len;
	} else {
		/* Before 6.12 an IP header did not count here; no dissection: nh is not set yet. */
		headers = gso.th_len + (k->csum_behind_ip ? gso.nh_len : 0);
	}
	if (!type)
		return true;
	return model_pull(skb, headers) && set_gso(k, h, &gso, headers, skb);
}

/*
 * virtio_net_hdr_tnl_to_skb(), since 6.17. The offsets have to leave room for an Ethernet header
 * even on a TUN; the fields are little-endian, but for csum_start in this comparison.
 */
static bool tunnel_to_skb(const struct model_kernel *k, const struct model_header *h,
			  unsigned int tunnel, const struct model_cursor *frame,
			  struct model_skb *skb)
{
	unsigned int type = h->gso_type & ~tunnel, inner = type & ~RULE(GSO_ECN);
	unsigned int outer_l3 = tunnel == RULE(GSO_TUNNEL6) ? RULE(IPV6_HEADER) :
							      RULE(IPV4_HEADER);
	unsigned int inner_l3 = inner == RULE(GSO_TCPV6) ? RULE(IPV6_HEADER) : RULE(IPV4_HEADER);
	uint8_t version;

	if (!h->has_tunnel || tunnel == (RULE(GSO_TUNNEL4) | RULE(GSO_TUNNEL6)))
		return false;
	if (!inner || inner == RULE(GSO_UDP) || !(h->flags & RULE(NEEDS_CSUM)))
		return false;
	if (h->outer_th_offset < RULE(ETH_HEADER) + outer_l3 ||
	    h->inner_nh_offset < h->outer_th_offset + RULE(UDP_HEADER) ||
	    h->csum_start < h->inner_nh_offset + inner_l3)
		return false;
	if (!plain_to_skb(k, h, type, skb))
		return false;
	/* Only the frame knows the inner protocol of UDP. */
	if (inner != RULE(GSO_UDP_L4))
		return true;
	model_peek(frame, h->inner_nh_offset, &version, 1);
	return version >> 4 != 6 || h->csum_start >= h->inner_nh_offset + RULE(IPV6_HEADER);
}

bool model_vnet_to_skb(const struct model_kernel *k, const struct model_header *h,
		       const struct model_cursor *frame, struct model_skb *skb)
{
	unsigned int tunnel = h->gso_type & (RULE(GSO_TUNNEL4) | RULE(GSO_TUNNEL6));

	/* Until 6.16 these bits are of a type that nobody knows. */
	if (tunnel && k->tunnel_gso)
		return tunnel_to_skb(k, h, tunnel, frame, skb);
	return plain_to_skb(k, h, h->gso_type, skb);
}
