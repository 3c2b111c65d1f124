/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of the model of write(): the bytes that are written, and the vnet header among them. */
#ifndef DEVICE_MODEL_VNET_H
#define DEVICE_MODEL_VNET_H

#include "device/model_io.h"

/* Where the kernel's iov_iter stands. */
struct model_cursor {
	const struct iovec *iov;
	int segments;
	size_t at;   /* in the first segment */
	size_t left; /* in all of them */
};

/* Copies @n bytes, that have to be there, from @offset behind it; false if they cannot be read. */
bool model_peek(const struct model_cursor *c, size_t offset, void *to, size_t n);
/* copy_from_iter_full() */
bool model_copy(struct model_cursor *c, void *to, size_t n);
/* iov_iter_advance() */
void model_advance(struct model_cursor *c, size_t n);

/* A vnet header as the driver reads it. */
struct model_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
	bool has_tunnel; /* it is long enough for the offsets of a tunnel */
	uint16_t outer_th_offset, inner_nh_offset;
};

/* What the driver makes of a frame: an sk_buff. */
struct model_skb {
	size_t len;
	size_t headlen; /* in one piece at the start */
	unsigned int headroom;
	bool partial; /* CHECKSUM_PARTIAL at csum_start, counted from the frame's start */
	uint16_t csum_start, csum_offset;
	uint16_t gso_size; /* 0: no GSO frame */
	uint8_t gso_type;  /* without the bits of ECN and of a tunnel */
	bool ecn;
};

/* pskb_may_pull(): @n bytes get into one piece; false if there are not so many. */
static inline bool model_pull(struct model_skb *skb, size_t n)
{
	if (n > skb->len)
		return false;
	if (n > skb->headlen)
		skb->headlen = n;
	return true;
}

/* Takes the header off the bytes: 0 or the errno. */
int model_vnet_get(const struct model_kernel *k, const struct model_port *p,
		   struct model_cursor *c, struct model_header *h);
/* virtio_net_hdr_to_skb(): false if the header does not fit the frame. */
bool model_vnet_to_skb(const struct model_kernel *k, const struct model_header *h,
		       const struct model_cursor *frame, struct model_skb *skb);

#endif /* DEVICE_MODEL_VNET_H */
