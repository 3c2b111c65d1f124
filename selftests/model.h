/* SPDX-License-Identifier: GPL-2.0-only */
/* How `tuntests model` has test model.random do what it was asked for. */
#ifndef SELFTESTS_MODEL_H
#define SELFTESTS_MODEL_H

#include <stdatomic.h>
#include <stdint.h>

#define MODEL_STEPS 128 /* of a sequence */
#define MODEL_CHUNK 16	/* sequences that one run of the test does */

/* In memory that all processes share. */
struct model_task {
	uint64_t seed, sequences;
	atomic_uint_least64_t next;  /* the sequence to be done next */
	atomic_uint_least64_t steps; /* operations that were done */
	atomic_bool found;	     /* a mismatch, whose program this is: */
	char program[1 << 20];
};

/* NULL: the test is one of others, and has its own seeds. */
extern struct model_task *model_task;

#endif /* SELFTESTS_MODEL_H */
