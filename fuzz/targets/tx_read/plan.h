/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input says: a reader and its settings, a packet, and the way that it takes. */
#ifndef FUZZ_TARGETS_TX_READ_PLAN_H
#define FUZZ_TARGETS_TX_READ_PLAN_H

#include "fuzz/targets/tx_read/reader.h"

/* An input, whose numbers of two bytes are little-endian. */
enum { READER, WAY, HEADER_SIZE, MASK, BUFFER = MASK + 2, PIECES = BUFFER + 2, PIECE, HEADER };
#define FRONT	      (HEADER + PORT_HEADER)

/* Bits of the bytes WAY and PIECES. */
#define PLAN_ZEROCOPY 0x80
#define PLAN_TORN     0x80

enum way { WAY_PACKET, WAY_REDIRECT, WAY_UDP, WAYS };

/* Types of packets in a tunnel. */
#define PLAN_TUNNEL (VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6)

#define LARGE	    (PORT_ROOM + READER_FRAME + 64) /* a buffer that everything fits into */
#define MOST	    4				    /* pieces of a buffer */

struct plan {
	struct reader *r;
	enum way way;
	bool zerocopy; /* WAY_UDP */
	unsigned int mask, active;
	bool taken; /* the mask is */
	struct model_port port;
	size_t buffer;	     /* of the third read, at least 1 */
	int pieces;	     /* 0: two, the second of which is in memory that is not there */
	size_t piece;	     /* bytes of all but the last */
	const uint8_t *data; /* header and frame */
	struct vnet v;
	const uint8_t *frame;
	size_t len;
	uint16_t protocol; /* that the packet socket says */
};

/* False if it is none. */
bool plan_read(const uint8_t *data, size_t size, struct plan *p);

/* What WAY_REDIRECT writes, to @out of PORT_ROOM bytes more than the frame: how many bytes. */
size_t plan_assemble(const struct plan *p, uint8_t *out);

#endif /* FUZZ_TARGETS_TX_READ_PLAN_H */
