// SPDX-License-Identifier: GPL-2.0-only
/* Steps changed, repeated, put in or taken out. */
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/vhost/plan.h"

/* Bytes of the step that begins here: with its frame. */
static size_t step_size(const uint8_t *at, size_t left)
{
	size_t len;

	if (at[0] % KINDS != SEND)
		return STEP;
	if (left < STEP + 2)
		return left;
	len = edit_get16(at + STEP);
	return len < left - STEP - 2 ? STEP + 2 + len : left;
}

/* One byte or word of a step, or of the frame behind it: its new size. */
static size_t edit_step(uint8_t *at, size_t size, size_t left, size_t max, struct draw *draw)
{
	unsigned int field = 1 + draw->below(draw, STEP - 1);
	size_t len;

	if (at[0] % KINDS == SEND && size > STEP + 2 && size == left && edit_chance(draw, 60)) {
		/* The last one can grow. */
		len = edit_frame(at + STEP + 2, size - STEP - 2, max - STEP - 2, true, draw);
		edit_put16(at + STEP, len);
		return STEP + 2 + len;
	}
	if (edit_chance(draw, 10))
		at[0] = draw->below(draw, KINDS);
	else if (field < 3)
		at[field] = draw->below(draw, edit_chance(draw, 70) ? 8 : 256);
	else
		at[field] = edit_number(at[field], 8, draw);
	return size;
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t offsets[MAX_STEPS], at = HEAD, n = 0, step, changed;

	if (size < HEAD + STEP) {
		memset(data + size, 0, HEAD + STEP - size);
		return HEAD + STEP;
	}
	while (n < MAX_STEPS && at + STEP <= size) {
		offsets[n++] = at;
		at += step_size(data + at, size - at);
	}
	if (edit_chance(draw, 10)) {
		unsigned int field = draw->below(draw, HEAD);

		if (!field)
			data[field] = draw->below(draw, 128);
		else if (edit_chance(draw, 50))
			data[field] ^= 1 << draw->below(draw, 8);
		else
			data[field] = (data[field] & ~0x38) | draw->below(draw, 8) << 3;
		return size;
	}
	at = offsets[draw->below(draw, n)];
	step = step_size(data + at, size - at);
	if (edit_chance(draw, 15) && n > 1)
		return edit_remove(data, size, at, step);
	if (edit_chance(draw, 10)) {
		/* The same once more, or several times. */
		for (int times = draw->below(draw, 8); times >= 0 && size + step <= max; times--) {
			size = edit_insert(data, size, at, step);
		}
		return size;
	}
	if (edit_chance(draw, 25) && size + STEP <= max) {
		size = edit_insert(data, size, at, STEP);
		memset(data + at, 0, STEP);
		data[at] = 1 + draw->below(draw, KINDS - 1);
		for (int i = 1; i < STEP; i++)
			data[at + i] = draw->below(draw, edit_chance(draw, 60) ? 4 : 256);
		return size;
	}
	changed = edit_step(data + at, step, size - at, max - at, draw);
	return size + changed - step;
}
