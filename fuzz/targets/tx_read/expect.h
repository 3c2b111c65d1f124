/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to wait in the queue of a packet that was sent. */
#ifndef FUZZ_TARGETS_TX_READ_EXPECT_H
#define FUZZ_TARGETS_TX_READ_EXPECT_H

#include "fuzz/targets/tx_read/plan.h"

/* What waits in the queue, as far as that is known. */
struct expected {
	enum { UNKNOWN, NOTHING, WHOLE, SEGMENTS } what;
	struct model_packet q; /* WHOLE */
	uint8_t bytes[READER_FRAME];
	/* SEGMENTS */
	const uint8_t *payload;
	size_t len, segment, count;
	bool tcp;
	uint32_t seq;
};

/* @w: what becomes of the write that WAY_REDIRECT takes. */
void expect(const struct plan *p, struct model_written *w, struct expected *e);

/* model_read() into the buffer of the input, of LARGE bytes that hold @fill. */
void expect_cut(const struct plan *p, const struct model_packet *q, uint8_t fill, uint8_t *buf,
		struct model_readout *out);

/* The bits of TUNSETOFFLOAD that a packet of this type needs. */
unsigned int expect_offloads(uint8_t gso_type);

#endif /* FUZZ_TARGETS_TX_READ_EXPECT_H */
