/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of what the file of a macvtap does, drivers/net/tap.c, where it differs from a TAP's,
 * which model_write() and model_read() know.
 */
#ifndef FUZZ_TARGETS_MACVTAP_MODEL_H
#define FUZZ_TARGETS_MACVTAP_MODEL_H

#include "device/model_io.h"

/* What is set on a queue, and on the link it belongs to. */
struct tap_queue {
	bool vnet_hdr; /* IFF_VNET_HDR */
	int vnet_size;
	bool le, be;  /* TUNSETVNETLE, TUNSETVNETBE */
	bool enabled; /* TUNSETQUEUE */
	bool multi;   /* IFF_MULTI_QUEUE, which means nothing */
};

/* As open() makes it. */
#define TAP_QUEUE_NEW                                                                              \
	(struct tap_queue)                                                                         \
	{                                                                                          \
		.vnet_hdr = true, .vnet_size = 10, .enabled = true                                 \
	}

/* Each gives 0 or the errno, and changes @q or *@offload if it is 0. */
int tap_set_iff(struct tap_queue *q, unsigned int flags);
int tap_set_vnet_size(struct tap_queue *q, int size);
int tap_set_be(const struct model_kernel *k, struct tap_queue *q, bool on);
int tap_set_offload(const struct model_kernel *k, unsigned int mask, unsigned int *offload);
int tap_set_enabled(struct tap_queue *q, bool on);

/* The queue as one of a TAP that sees the same. */
struct model_port tap_port(const struct tap_queue *q);

struct tap_written {
	bool known; /* false: it depends on what the kernel dissects of the frame; 0 or EINVAL */
	int err;
	bool early; /* it is found before the frame is copied */
	/* what a packet socket at the other end of the wire gets, if it comes there */
	bool gso; /* a super-frame, which is only let through if it is what it says */
	struct model_written seen;
};

/* @iov: the bytes written to @q; @mac: the address of the other end. */
void tap_write(const struct model_kernel *k, const struct tap_queue *q, const uint8_t mac[6],
	       const struct iovec *iov, struct tap_written *w);

/* A read() as model_read(), and its one other result, see F13 in docs/findings.md; 0 for none. */
ssize_t tap_read(const struct model_kernel *k, const struct tap_queue *q,
		 const struct model_packet *packet, uint8_t *buf, size_t size,
		 struct model_readout *out);

#endif /* FUZZ_TARGETS_MACVTAP_MODEL_H */
