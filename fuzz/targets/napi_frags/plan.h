/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input says: a write, in pieces. */
#ifndef FUZZ_TARGETS_NAPI_FRAGS_PLAN_H
#define FUZZ_TARGETS_NAPI_FRAGS_PLAN_H

#include "fuzz/fuzz.h"
#include "fuzz/targets/port.h"

/* An input: port, number of pieces, a length for each; PORT_HEADER bytes; the frame. */
#define MOST_PIECES 31
#define UNREADABLE  0x8000
#define REST	    0x7fff /* a length: what is left of the frame */
#define LONGEST	    69900  /* of a write */

/* The devices, of which the kernel may have the first ones only. */
#define PORTS	    12
extern const struct kind {
	unsigned int flags;
	uint8_t header;
	bool big_endian;
} kinds[PORTS];
extern struct port ports[PORTS];
extern size_t num_ports;

struct plan {
	struct port *port;
	uint8_t bytes[LONGEST + PORT_ROOM + FUZZ_MAX_LEN];
	size_t given; /* of them from the input, the others are a pattern */
	size_t size;  /* of the write */
	struct iovec iov[MOST_PIECES];
	int count;
};

/* False if the input is too short to be one. */
bool plan_read(const uint8_t *data, size_t size, struct plan *p);

/* Bytes of an input in front of the frame. */
size_t plan_front(const uint8_t *data);

#endif /* FUZZ_TARGETS_NAPI_FRAGS_PLAN_H */
