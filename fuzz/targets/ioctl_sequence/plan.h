/* SPDX-License-Identifier: GPL-2.0-only */
/* Where in an input the operations are. */
#ifndef FUZZ_TARGETS_IOCTL_SEQUENCE_PLAN_H
#define FUZZ_TARGETS_IOCTL_SEQUENCE_PLAN_H

#include "device/op.h"

#define MAX_OPS 64

/* The operation at the front of what is left for @draw, which @m then has done. */
struct op plan_next(struct draw *draw, struct model *m);

/*
 * The first @count operations end at these offsets of the input. What an operation is depends on
 * the state that those before it make.
 */
struct plan {
	size_t count, end[MAX_OPS];
};
void plan_read(struct plan *plan, const uint8_t *data, size_t size);

#endif /* FUZZ_TARGETS_IOCTL_SEQUENCE_PLAN_H */
