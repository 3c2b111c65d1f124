// SPDX-License-Identifier: GPL-2.0-only
/* Steps changed, put in or taken out; and those to begin with. */
#include "fuzz/targets/edit.h"
#include "fuzz/targets/tx_read/flow_plan.h"
#include "harness/harness.h"

#define ROOM (FLOW_HEAD + FLOW_STEP * FLOW_STEPS)

/* What spends the device comes seldom: another one takes some ten milliseconds. */
static void draw_step(uint8_t *step, struct draw *draw)
{
	step[0] = draw->below(draw, edit_chance(draw, 5) ? FLOW_OPS : FLOW_DELETE);
	if ((step[0] == FLOW_QUEUE || step[0] == FLOW_ATTACH) && edit_chance(draw, 70))
		step[0] = draw->below(draw, FLOW_WAIT);
	step[1] = draw->below(draw, FLOW_FILES);
	step[2] = draw->below(draw, 8);
	step[3] = edit_chance(draw, 50) ? 0 : draw->below(draw, FLOW_HOWS);
	if (step[0] == FLOW_WAIT && step[3] == FLOW_GONE && edit_chance(draw, 80))
		step[3] = FLOW_FRAME;
	if (edit_chance(draw, 5))
		step[3] |= draw->below(draw, 32) << 3;
}

size_t flows_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t n = size < FLOW_HEAD ? 0 : (size - FLOW_HEAD) / FLOW_STEP;
	uint8_t *at = data + FLOW_HEAD + FLOW_STEP * (n ? draw->below(draw, n) : 0);

	if (size < FLOW_HEAD)
		data[1] = draw->below(draw, 64);
	max = max < ROOM ? max : ROOM;
	size = FLOW_HEAD + FLOW_STEP * n;
	if (edit_chance(draw, 15)) {
		data[1] ^= 1 << draw->below(draw, 6);
	} else if (!n || (edit_chance(draw, 35) && size + FLOW_STEP <= max)) {
		size = edit_insert(data, size, at - data, FLOW_STEP);
		draw_step(at, draw);
	} else if (n > 1 && edit_chance(draw, 20)) {
		size = edit_remove(data, size, at - data, FLOW_STEP);
	} else {
		uint8_t step[FLOW_STEP];
		uint32_t which = draw->below(draw, FLOW_STEP);

		draw_step(step, draw);
		at[which] = step[which];
	}
	return size;
}

#define FILES(n)  (((n)-1) << 6)

#define FAIL(nth) ((nth) << 3)

static const struct {
	const char *name;
	uint8_t bits;
	uint8_t steps[8][FLOW_STEP];
	int count;
} seeds[] = {
	{ "flow_learned",
	  FLOW_TAP,
	  { { FLOW_WRITE, 2, 1 },
	    { FLOW_SEND, 0, 1 },
	    { FLOW_WRITE, 1, 1 },
	    { FLOW_SEND, 0, 1 },
	    { FLOW_SEND, 0, 2 },
	    { FLOW_SEND, 0, 2 } },
	  6 },
	{ "flow_of_left_queue",
	  0,
	  { { FLOW_WRITE, 2, 0 },
	    { FLOW_QUEUE, 0, 0 },
	    { FLOW_SEND, 0, 0 },
	    { FLOW_QUEUE, 1, 0 },
	    { FLOW_SEND, 0, 0 },
	    { FLOW_QUEUE, 0, 1 },
	    { FLOW_SEND, 0, 0 } },
	  7 },
	{ "flow_steered",
	  FLOW_TAP | FLOW_VNET,
	  { { FLOW_WRITE, 1, 0 },
	    { FLOW_STEERING, 0, 3 },
	    { FLOW_WRITE, 0, 0 },
	    { FLOW_SEND, 0, 0 },
	    { FLOW_STEERING, 0, 0 },
	    { FLOW_SEND, 0, 0 } },
	  6 },
	{ "flow_unwritable",
	  FLOW_PI | FLOW_VNET | FLOW_SINGLE,
	  { { FLOW_SEND, 0, 0, FLOW_NOWHERE },
	    { FLOW_SEND, 0, 0, FLOW_FOUR },
	    { FLOW_SEND, 0, 0, FLOW_HALF },
	    { FLOW_WRITE, 0, 0, FLOW_FOUR },
	    { FLOW_WRITE, 0, 0, FLOW_HALF },
	    { FLOW_EMPTY, 0, 0, FLOW_NONBLOCK } },
	  6 },
	{ "flow_wait_for_frame",
	  FLOW_TAP | FLOW_SINGLE,
	  { { FLOW_WAIT, 0, 1, FLOW_FRAME }, { FLOW_WAIT, 0, 0, FLOW_SIGNAL }, { FLOW_EMPTY } },
	  3 },
	{ "flow_wait_for_end",
	  FLOW_PI,
	  { { FLOW_QUEUE, 1, 0 }, { FLOW_WAIT, 1, 0, FLOW_GONE }, { FLOW_POLL }, { FLOW_EMPTY } },
	  4 },
	{ "flow_no_room",
	  FLOW_TAP,
	  { { FLOW_SNDBUF, 0, 0 },
	    { FLOW_POLL, 1 },
	    { FLOW_SNDBUF, 0, 1 },
	    { FLOW_WRITE, 1, 0 },
	    { FLOW_UP, 0, 0 },
	    { FLOW_POLL, 0 },
	    { FLOW_WRITE, 0, 0 },
	    { FLOW_UP, 0, 1 } },
	  8 },
	{ "flow_napi_frags",
	  FLOW_TAP | FLOW_NAPI | FLOW_FRAGS,
	  { { FLOW_WRITE, 1, 0 }, { FLOW_QUEUE, 1, 0 }, { FLOW_WRITE, 1, 0 }, { FLOW_SEND, 0, 0 } },
	  4 },
	{ "flow_napi_detached",
	  FLOW_NAPI,
	  { { FLOW_QUEUE, 1, 0 },
	    { FLOW_WRITE, 1, 0 },
	    { FLOW_QUEUE, 0, 0 },
	    { FLOW_SEND, 0, 0 },
	    { FLOW_QUEUE, 1, 1 },
	    { FLOW_WRITE, 1, 0 } },
	  6 },
	{ "flow_crowd",
	  FLOW_TAP,
	  { { FLOW_CROWD, 1 },
	    { FLOW_SEND, 0, 4 },
	    { FLOW_SEND, 0, 6 },
	    { FLOW_CROWD, 2 },
	    { FLOW_SEND, 0, 7 },
	    { FLOW_ATTACH, 0, 0 },
	    { FLOW_TXQUEUELEN, 0, 1 },
	    { FLOW_SEND } },
	  8 },
	{ "flow_no_memory_to_learn", 0, { { FLOW_WRITE, 1, 0, FAIL(5) } }, 1 },
	{ "flow_no_memory_to_write", FLOW_TAP, { { FLOW_WRITE, 1, 0, FAIL(1) } }, 1 },
	{ "flow_no_memory_nonblocking",
	  FLOW_TAP,
	  { { FLOW_WRITE, 1, 0, FLOW_NONBLOCK | FAIL(2) } },
	  1 },
	{ "flow_no_memory_of_frags",
	  FLOW_TAP | FLOW_NAPI | FLOW_FRAGS,
	  { { FLOW_WRITE, 1, 0, FAIL(1) } },
	  1 },
	{ "flow_no_memory_to_steer", 0, { { FLOW_STEERING, 1, 3, FAIL(2) } }, 1 },
	{ "flow_no_memory_for_queue", 0, { { FLOW_ATTACH, 1, 0, FAIL(6) } }, 1 },
	{ "flow_no_memory_for_device", FLOW_TAP, { { FLOW_ATTACH, 1, 1, FAIL(8) } }, 1 },
	{ "flow_no_memory_for_rings", 0, { { FLOW_TXQUEUELEN, 1, 4, FAIL(2) } }, 1 },
};

size_t flows_seed(unsigned int n, uint8_t *data, const char **name)
{
	if (n >= ARRAY_SIZE(seeds))
		return 0;
	*name = seeds[n].name;
	data[0] = READER_FLOWS;
	data[1] = seeds[n].bits;
	memcpy(data + FLOW_HEAD, seeds[n].steps, FLOW_STEP * seeds[n].count);
	return FLOW_HEAD + FLOW_STEP * seeds[n].count;
}
