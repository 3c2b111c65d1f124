// SPDX-License-Identifier: GPL-2.0-only
/* Steps changed, put in or taken out. */

#include "fuzz/targets/edit.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/queues/plan.h"

/* A step anew, or one number of it. */
static void edit_step(uint8_t *step, struct draw *draw)
{
	switch (draw->below(draw, 5)) {
	case 0:
		step[0] = draw->below(draw, RACE_THREADS) << 6 | draw->below(draw, RACE_OPS);
		break;
	case 1:
		step[0] = (step[0] & 0xc0) | draw->below(draw, RACE_OPS);
		break;
	case 2:
		step[1] = draw->below(draw, RACE_FILES);
		break;
	case 3:
		step[2] = draw->below(draw, 8);
		break;
	default:
		step[3] = edit_chance(draw, 50) ? draw->below(draw, 16) : draw->below(draw, 256);
	}
}

static size_t insert_step(uint8_t *data, size_t size, uint8_t *at, struct draw *draw)
{
	size = edit_insert(data, size, at - data, STEP);
	at[0] = draw->below(draw, RACE_THREADS) << 6 | draw->below(draw, RACE_OPS);
	at[1] = draw->below(draw, RACE_FILES);
	at[2] = draw->below(draw, 8);
	at[3] = draw->below(draw, 32);
	return size;
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t steps;
	uint8_t *at;

	if (size < HEAD) {
		data[0] = draw->below(draw, 8);
		data[1] = draw->below(draw, 256);
		size = HEAD;
	}
	steps = (size - HEAD) / STEP;
	size = HEAD + STEP * steps;
	at = data + HEAD + STEP * (steps ? draw->below(draw, steps) : 0);
	switch (draw->below(draw, 8)) {
	case 0:
		data[0] = draw->below(draw, 8);
		return size;
	case 1:
		data[1] ^= draw->below(draw, 4) << 2 * draw->below(draw, RACE_FILES);
		return size;
	case 2:
	case 3:
		if (size + STEP <= max)
			return insert_step(data, size, at, draw);
		break;
	case 4:
		if (steps < 2)
			break;
		return edit_remove(data, size, at - data, STEP);
	}
	if (steps)
		edit_step(at, draw);
	return size;
}
