/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads of the packets that wait. */
#ifndef FUZZ_TARGETS_TX_READ_READ_H
#define FUZZ_TARGETS_TX_READ_READ_H

#include "fuzz/targets/tx_read/plan.h"

/* A read, whose pieces lie apart from each other. */
struct got {
	uint8_t bytes[LARGE]; /* as if they did not */
	ssize_t ret;
	int err;
	uint8_t fill; /* that was in the buffer */
};

/*
 * All packets of one sending, each into a buffer of @size bytes, in pieces that lie apart, with
 * @fill in it and around it: nothing is written outside of the pieces. Returns how many there are.
 */
size_t read_all(const struct plan *p, size_t size, int pieces, uint8_t fill,
		void (*each)(const struct plan *p, size_t n, const struct got *g));

/* The packet that was in the queue, by what was read of all of it. */
struct model_packet got_packet(const struct plan *p, const struct got *g);

#endif /* FUZZ_TARGETS_TX_READ_READ_H */
