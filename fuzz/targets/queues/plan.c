// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/queues/plan.h"

#include <limits.h>
#include <string.h>

#include "fuzz/fuzz.h"

static int value_of(enum race_op op, uint8_t byte)
{
	static const int lengths[] = { 60, 14, 13, 0, 61, 576, 1514, 2000 },
			 buffers[] = { 1, INT_MAX, 0, -1, 2000, 4096, 100000, 2 },
			 types[] = { 1, 0xfffe, 512, 778, 24, 801, 32, 0 },
			 lengths_of_queue[] = { 1, 0, 2, 3, 64, 500, 1000, 4096 },
			 mtus[] = { 1500, 68, 1280, 69, 9000, 576, 65000, 1400 };
	unsigned int n = byte % 8;

	switch (op) {
	case RACE_WRITE:
		return lengths[n];
	case RACE_SNDBUF:
		return buffers[n];
	case RACE_SETLINK:
		return types[n];
	case RACE_TXQUEUELEN:
		return lengths_of_queue[n];
	case RACE_MTU:
		return mtus[n];
	case RACE_PERSIST:
	case RACE_CARRIER:
	case RACE_STEERING:
	case RACE_UP:
		return n & 1;
	default:
		return 0;
	}
}

static void note_step(struct plan *plan, const struct race_step *s)
{
	plan->does[s->op] = true;
	plan->does_to[s->file][s->op] = true;
	plan->persist_off |= s->op == RACE_PERSIST && !s->value;
	plan->goes_down |= s->op == RACE_UP && !s->value;
}

/* The device stays as long as a file holds it that was there at first and is never closed. */
static bool may_vanish(const struct plan *plan)
{
	bool held = plan->race.persist && !plan->persist_off;

	for (int i = 0; i < RACE_FILES; i++)
		held |= plan->race.files[i] >= RACE_ATTACHED && !plan->does_to[i][RACE_CLOSE] &&
			!plan->does_to[i][RACE_OPEN];
	return !held || plan->does[RACE_DELETE];
}

bool plan_read(const uint8_t *data, size_t size, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	if (size < HEAD)
		return false;
	plan->napi = data[0] & 2 && fuzz_abi.features & IFF_NAPI;
	plan->race.flags = (data[0] & 1 ? IFF_TUN : IFF_TAP) | IFF_NO_PI | IFF_MULTI_QUEUE |
			   (plan->napi ? IFF_NAPI : 0);
	plan->race.persist = data[0] >> 2 & 1;
	for (int i = 0; i < RACE_FILES; i++)
		plan->race.files[i] = data[1] >> 2 * i & 3;
	for (size_t at = HEAD; at + STEP <= size; at += STEP) {
		int thread = data[at] >> 6, *count = &plan->race.lists[thread].count;
		struct race_step *s = &plan->steps[thread][*count];

		if (*count == RACE_STEPS)
			continue;
		++*count;
		s->op = (data[at] & 63) % RACE_OPS;
		s->file = data[at + 1] % RACE_FILES;
		s->value = value_of(s->op, data[at + 2]);
		s->delay = data[at + 3] * data[at + 3];
		note_step(plan, s);
	}
	for (int i = 0; i < RACE_THREADS; i++)
		plan->race.lists[i].steps = plan->steps[i];
	plan->race.may_vanish = may_vanish(plan);
	return true;
}
