/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input says: how files are, and a list of steps for each thread. */
#ifndef FUZZ_TARGETS_QUEUES_PLAN_H
#define FUZZ_TARGETS_QUEUES_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/targets/queues/ops.h"

/* An input: two bytes for all, then steps. */
#define HEAD  2
#define STEP  4
#define STEPS (RACE_THREADS * RACE_STEPS)
#define MAX   (HEAD + STEP * STEPS)

struct plan {
	struct race race;
	struct race_step steps[RACE_THREADS][RACE_STEPS];
	bool does[RACE_OPS], does_to[RACE_FILES][RACE_OPS];
	bool persist_off, goes_down, napi;
};

/* False if it is none. */
bool plan_read(const uint8_t *data, size_t size, struct plan *plan);

#endif /* FUZZ_TARGETS_QUEUES_PLAN_H */
