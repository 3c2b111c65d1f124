/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input says: operations on one side, one after the other. */
#ifndef FUZZ_TARGETS_MACVTAP_PLAN_H
#define FUZZ_TARGETS_MACVTAP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/vnet.h"

#define MAX_OPS	   32
#define MAX_FRAME  16384
#define MAX_HEADER 255
#define SMALL	   64 /* a limit of bytes to be written below it is one */

enum kind {
	SET_IFF,
	SET_SIZE,
	SET_ORDER,
	SET_OFFLOAD,
	SET_QUEUE,
	SET_LINK,
	WRITE,
	SEND,
	QUERY,
	SET_SNDBUF,
	SET_ADDRESS,
	SET_TXQUEUELEN,
	REOPEN,
	DELETE,
	KINDS
};

/* How many bytes each takes in an input, without the frame of WRITE. */
extern const uint8_t op_bytes[KINDS];

enum shape { PLAIN, TAGGED, PARTIAL, SUPER, SHAPES };

struct tap_op {
	enum kind kind;
	int queue;
	unsigned int value; /* of a setting */
	/* SET_LINK */
	bool up, lower_up;
	unsigned int mtu; /* of the other end */
	/* WRITE */
	struct vnet vnet;
	size_t limit; /* of bytes that are written */
	bool torn;    /* the second half of these is in memory that is not there */
	const uint8_t *frame;
	size_t len;
	/* SEND */
	enum shape shape;
	size_t payload, gso_size, size; /* of the reader's buffer */
};

/* The operation at @data; gives what it takes of it, 0 at the end. */
size_t plan_op(const uint8_t *data, size_t size, struct tap_op *o);

/* All of them, one after the other; false at the end, or if it is no input. */
struct plan {
	unsigned int side; /* number of it */
	const uint8_t *data;
	size_t left;
	int ops;
};
bool plan_begin(struct plan *p, const uint8_t *data, size_t size);
bool plan_next(struct plan *p, struct tap_op *o);

#endif /* FUZZ_TARGETS_MACVTAP_PLAN_H */
