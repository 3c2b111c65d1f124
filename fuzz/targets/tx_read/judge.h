/* SPDX-License-Identifier: GPL-2.0-only */
/* fuzz_wrong() where what was read is not what the model says, or not what was sent. */
#ifndef FUZZ_TARGETS_TX_READ_JUDGE_H
#define FUZZ_TARGETS_TX_READ_JUDGE_H

#include "fuzz/targets/tx_read/expect.h"
#include "fuzz/targets/tx_read/read.h"

/* A read of @size bytes of packet @q, which is counted. */
void judge_read(const struct plan *p, const struct model_packet *q, size_t size,
		const struct got *g);

/* The same into the buffer of the input. */
void judge_cut(const struct plan *p, const struct model_packet *q, const struct got *g);

/* Two reads of the same into buffers that held different bytes: each is written or the same. */
void judge_twins(const struct plan *p, const struct got *a, const struct got *b);

/* Packet number @n of one sending. */
void judge_packet(const struct plan *p, const struct expected *e, size_t n, const struct got *g,
		  const struct model_packet *q);

/* How many came of what was taken or refused. */
void judge_number(const struct plan *p, const struct expected *e, bool sent, size_t n);

#endif /* FUZZ_TARGETS_TX_READ_JUDGE_H */
