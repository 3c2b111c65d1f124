// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of write(): tun_get_user() of drivers/net/tun.c step by step, and what of the way to a
 * packet socket can be seen.
 */
#include <errno.h>
#include <string.h>
#include <linux/if_packet.h>

#include "device/model_io.h"
#include "device/model_rules.h"
#include "device/model_vnet.h"
#include "device/uapi.h"

#define HEAD_MAX	 32 /* bytes of a frame's start that the model looks at */
#define HIGH_ORDER_PAGES 8  /* of a fragment of a long frame: PAGE_ALLOC_COSTLY_ORDER */

/* All that is left can be read. */
static bool is_readable(const struct model_cursor *c)
{
	/* Of the first one a part has been taken, if it is the last perhaps all. */
	for (int i = 0; i < c->segments; i++) {
		if (!c->iov[i].iov_base && c->iov[i].iov_len > (i ? 0 : c->at))
			return false;
	}
	return true;
}

/* iov_iter_single_seg_count() */
static size_t first_segment(const struct model_cursor *c)
{
	size_t first = c->iov->iov_len - c->at;

	return c->segments > 1 && first < c->left ? first : c->left;
}

static unsigned int headroom(const struct model_kernel *k, const struct model_port *p)
{
	return k->net_skb_pad + (p->tap || p->napi_frags ? k->net_ip_align : 0);
}

static void refuse(struct model_written *out, int err, unsigned int dropped)
{
	out->ret = -1;
	out->err = err;
	out->rx_dropped += dropped;
}

/*
 * tun_napi_alloc_frags(): an iovec becomes a fragment, which is at most a page; the first the
 * linear part. All but the first have to have something in them.
 */
static int frags_error(const struct model_kernel *k, const struct model_cursor *c, size_t len)
{
	if (c->segments > k->max_frags + 1 ||
	    len > RULE(FRAME_LIMIT) - k->net_skb_pad - k->net_ip_align)
		return EMSGSIZE;
	for (int i = 1; i < c->segments; i++) {
		if (!c->iov[i].iov_len || c->iov[i].iov_len > k->page_size)
			return EINVAL;
	}
	return 0;
}

/*
 * tun_alloc_skb() and alloc_skb_with_frags(): how much of the frame is in one piece. The frames
 * of a page and those that tun_build_skb() makes are in one piece all of them. 0 if the rest has
 * too many pages.
 */
static size_t linear_part(const struct model_kernel *k, const struct model_port *p,
			  size_t hdr_len, size_t len)
{
	unsigned int align = headroom(k, p);
	size_t good = k->page_size - align - k->shared_info;
	size_t linear = hdr_len > good ? good : hdr_len, most;

	if (align + len < k->page_size)
		return len;
	if (!linear)
		linear = k->paged && len > good ? good : len;
	/* 6.1 takes single pages. */
	if (!k->paged)
		return len - linear > (size_t)k->max_frags * k->page_size ? 0 : linear;
	most = (size_t)k->max_frags * HIGH_ORDER_PAGES * k->page_size;
	return len - linear > most ? len - most : linear;
}

static bool is_vlan(uint16_t type)
{
	return type == RULE(ETH_TYPE_VLAN) || type == RULE(ETH_TYPE_QINQ);
}

static uint16_t be16(const uint8_t *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

/*
 * eth_type_trans() and vlan_set_encap_proto(): the protocol by type @type, behind which the frame
 * has @left bytes, two of them @next.
 */
static uint16_t type_to_protocol(uint16_t type, size_t left, const uint8_t *next)
{
	if (type >= RULE(ETH_TYPE_MIN))
		return type;
	return left >= 2 && be16(next) == 0xffff ? RULE(ETH_TYPE_IPX) : RULE(ETH_TYPE_LLC);
}

/* eth_skb_pkt_type() */
static uint8_t packet_type(const struct model_port *p, const uint8_t *destination)
{
	static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (!p->tap || !memcmp(destination, p->mac, 6))
		return PACKET_HOST;
	if (!(destination[0] & 1))
		return PACKET_OTHERHOST;
	return memcmp(destination, everyone, 6) ? PACKET_MULTICAST : PACKET_BROADCAST;
}

/*
 * skb_vlan_untag(), which __netif_receive_skb_core() calls before packet sockets see the frame: the
 * tag goes out of it, and with it a checksum that starts before the end of the tag. False if the
 * frame is too short to have one, and nobody sees it.
 */
static bool untag(const struct model_port *p, const uint8_t *head, struct model_skb *skb,
		  struct model_written *out)
{
	size_t l2 = p->tap ? RULE(ETH_HEADER) : 0;
	const uint8_t *tag = head + l2;

	if (out->len < l2 + RULE(VLAN_NEEDS))
		return false;
	model_pull(skb, l2 + RULE(VLAN_NEEDS));
	out->vlan = true;
	out->vlan_tpid = out->protocol;
	out->vlan_tci = be16(tag);
	out->vlan_at = p->tap ? RULE(ETH_TYPE_AT) : 0;
	/* The kernel reads the two bytes behind the type although the frame may end there. */
	out->seen_protocol = type_to_protocol(be16(tag + 2), 2, tag + 4);
	if (skb->partial && skb->csum_start < l2 + RULE(VLAN_TAG))
		skb->partial = false;
	skb->csum_start -= RULE(VLAN_TAG);
	skb->headlen -= RULE(VLAN_TAG);
	return true;
}

/* virtio_net_hdr_from_skb() for PACKET_VNET_HDR, which knows no UFO. */
static void packet_vnet(const struct model_skb *skb, struct model_written *out)
{
	if (skb->gso_size) {
		if (skb->gso_type == RULE(GSO_UDP)) {
			out->vnet_err = EINVAL;
			return;
		}
		out->vnet.gso_type = skb->gso_type | (skb->ecn ? RULE(GSO_ECN) : 0);
		out->vnet.gso_size = skb->gso_size;
		out->vnet.hdr_len = skb->headlen;
	}
	if (skb->partial) {
		out->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		out->vnet.csum_start = skb->csum_start;
		out->vnet.csum_offset = skb->csum_offset;
	}
}

static bool is_taken(const struct model_kernel *k, uint16_t protocol)
{
	switch (protocol) {
	case 0x0800: /* ETH_P_IP */
	case 0x0806: /* ETH_P_ARP */
		return true;
	case 0x86dd: /* ETH_P_IPV6 */
		return k->takes_ipv6;
	case 4: /* ETH_P_802_2 */
		return k->takes_llc;
	}
	return false;
}

/*
 * The same for a frame whose tag was taken out: if that was VLAN 0 and there is a tag behind it,
 * the protocol is what stands behind the last one. Cut short there, the frame is gone and nobody
 * counts it.
 */
static bool is_taken_behind_tags(const struct model_kernel *k, const struct model_port *p,
				 const struct model_cursor *frame, const struct model_written *out)
{
	uint16_t type = out->seen_protocol, tci = out->vlan_tci;
	size_t at = (p->tap ? RULE(ETH_HEADER) : 0) + RULE(VLAN_TAG);
	uint8_t tag[6] = { 0 };

	for (; !(tci & 0xfff) && is_vlan(type); at += RULE(VLAN_TAG)) {
		if (out->len < at + RULE(VLAN_NEEDS))
			return true;
		model_peek(frame, at, tag, sizeof(tag));
		tci = be16(tag);
		type = type_to_protocol(be16(tag + 2), 2, tag + 4);
	}
	return is_taken(k, type);
}

/*
 * __netif_receive_skb_core(). A frame with a tag of a VLAN that nobody has counts as dropped even
 * if packet sockets saw it, if there is nobody for the protocol behind the tag.
 */
static void deliver(const struct model_kernel *k, const struct model_port *p,
		    const struct model_cursor *frame, const uint8_t *head, struct model_skb *skb,
		    struct model_written *out)
{
	out->delivered = true;
	out->seen_protocol = out->protocol;
	out->pkt_type = packet_type(p, head);
	out->gro = p->napi;
	if (is_vlan(out->protocol) && !untag(p, head, skb, out))
		return;
	if (out->vlan ? !is_taken_behind_tags(k, p, frame, out) :
			!p->watched && !is_taken(k, out->protocol))
		out->rx_dropped += RULE(UNTAKEN_DROPPED);
	/* run_filter() of a packet socket takes no bytes of nothing. */
	out->seen = out->len > (out->vlan ? RULE(VLAN_TAG) : 0);
	packet_vnet(skb, out);
}

/* Finds the protocol of a frame; false if it is refused. */
static bool find_protocol(const struct model_port *p, uint16_t pi_protocol, const uint8_t *head,
			  struct model_written *out)
{
	if (p->tap) {
		out->protocol = type_to_protocol(be16(head + RULE(ETH_TYPE_AT)),
						 out->len - RULE(ETH_HEADER),
						 head + RULE(ETH_HEADER));
		return true;
	}
	out->protocol = pi_protocol;
	if (p->pi)
		return true;
	if (!out->len)
		return false;
	switch (head[0] >> 4) {
	case 4:
		out->protocol = RULE(VERSION4_TYPE);
		return true;
	case 6:
		out->protocol = RULE(VERSION6_TYPE);
		return true;
	}
	return false;
}

/* The frame is in memory: the rest of tun_get_user(). */
static void receive(const struct model_kernel *k, const struct model_port *p,
		    const struct model_header *h, uint16_t pi_protocol,
		    const struct model_cursor *frame, struct model_skb *skb,
		    struct model_written *out)
{
	uint8_t head[HEAD_MAX] = { 0 };

	model_peek(frame, 0, head, out->len < HEAD_MAX ? out->len : HEAD_MAX);
	if (p->vnet_hdr && !model_vnet_to_skb(k, h, frame, skb)) {
		out->rx_frame_errors += p->tap ? 0 : RULE(FRAME_ERRORS);
		return refuse(out, EINVAL, 0);
	}
	if (!find_protocol(p, pi_protocol, head, out))
		return refuse(out, EINVAL, RULE(REFUSED_DROPPED));
	model_pull(skb, p->tap ? RULE(ETH_HEADER) : p->pi ? 0 : 1);
	if (!p->up)
		return refuse(out, EIO, RULE(DOWN_DROPPED));
	/* Without its queue the poll function is off: tun_napi_disable(). */
	if (p->napi && p->detached)
		return refuse(out, EBUSY, 0);
	out->rx_packets = 1;
	out->rx_bytes = out->len;
	deliver(k, p, frame, head, skb, out);
}

/* tun_get_user() from the allocation on. */
static void take_frame(const struct model_kernel *k, const struct model_port *p,
		       const struct model_header *h, uint16_t pi_protocol,
		       const struct model_cursor *frame, struct model_written *out)
{
	struct model_skb skb = { .len = out->len, .headroom = headroom(k, p) };
	int err;

	if (p->napi_frags) {
		err = frags_error(k, frame, out->len);
		if (err)
			return refuse(out, err, RULE(FRAGS_DROPPED));
		skb.headlen = first_segment(frame);
	} else {
		skb.headlen = linear_part(k, p, h->hdr_len, out->len);
		if (!skb.headlen && out->len)
			return refuse(out, EMSGSIZE, RULE(FRAGS_DROPPED));
	}
	if (!is_readable(frame))
		return refuse(out, EFAULT, RULE(REFUSED_DROPPED));
	receive(k, p, h, pi_protocol, frame, &skb, out);
}

void model_write(const struct model_kernel *k, const struct model_port *p, const struct iovec *iov,
		 int iovcnt, struct model_written *out)
{
	struct model_cursor c = { .iov = iov, .segments = iovcnt };
	struct model_header header = { 0 };
	uint16_t pi_protocol = 0x0800;
	uint8_t pi[8];
	size_t total = 0;

	*out = (struct model_written){ 0 };
	for (int i = 0; i < iovcnt; i++)
		total += iov[i].iov_len;
	c.left = total;
	/* vfs_writev() does not ask the driver. */
	if (iovcnt != 1 && !total)
		return;
	if (!p->attached)
		return refuse(out, EBADFD, 0);
	if (p->pi) {
		if (c.left < RULE(PI_SIZE))
			return refuse(out, EINVAL, 0);
		if (!model_copy(&c, pi, RULE(PI_SIZE)))
			return refuse(out, EFAULT, 0);
		pi_protocol = be16(pi + 2);
	}
	if (p->vnet_hdr) {
		out->err = model_vnet_get(k, p, &c, &header);
		if (out->err)
			return refuse(out, out->err, 0);
	}
	out->len = c.left;
	out->at = total - c.left;
	/* Since 6.10 a TAP wants an Ethernet header, in the frame and in hdr_len. */
	if (p->tap && (out->len < RULE(ETH_HEADER) ||
		       (header.hdr_len && header.hdr_len < RULE(ETH_HEADER))))
		return refuse(out, EINVAL, 0);
	out->ret = total;
	take_frame(k, p, &header, pi_protocol, &c, out);
}
