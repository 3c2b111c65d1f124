// SPDX-License-Identifier: GPL-2.0-only
/* Whole operations put in, taken out, done twice or elsewhere, and one of them changed. */
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/ioctl_sequence/plan.h"
#include "fuzz/targets/parts.h"

/* More than most operations choose. */
#define NEW_BYTES 24

static size_t start(const struct plan *plan, size_t op)
{
	return op ? plan->end[op - 1] : 0;
}

/* An operation that is not there yet: what follows of the bytes belongs to the next one. */
static size_t insert_new(uint8_t *data, size_t size, size_t max, size_t at, struct draw *draw)
{
	size_t n = 2 + draw->below(draw, NEW_BYTES - 1);

	if (size + n > max)
		return size;
	size = edit_insert(data, size, at, n);
	for (size_t i = 0; i < n; i++)
		data[at + i] = draw->below(draw, 256);
	return size;
}

/* Bytes @from to @to once more, at @at. */
static size_t copy(uint8_t *data, size_t size, size_t max, size_t from, size_t to, size_t at)
{
	uint8_t bytes[64];
	size_t n = to - from;

	if (n > sizeof(bytes) || size + n > max)
		return size;
	memcpy(bytes, data + from, n);
	size = edit_insert(data, size, at, n);
	memcpy(data + at, bytes, n);
	return size;
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	struct plan plan;
	size_t op, last, at;

	plan_read(&plan, data, size);
	if (!plan.count)
		return insert_new(data, size, max, 0, draw);
	/* What stands behind the last operation is never looked at. */
	size = plan.end[plan.count - 1];
	op = draw->below(draw, plan.count);
	at = start(&plan, draw->below(draw, plan.count + 1));
	switch (draw->below(draw, 8)) {
	case 0:
	case 1:
		return insert_new(data, size, max, at, draw);
	case 2:
		last = op + draw->below(draw, plan.count - op);
		return edit_remove(data, size, start(&plan, op), plan.end[last] - start(&plan, op));
	case 3:
	case 4:
		last = op + draw->below(draw, plan.count - op < 4 ? plan.count - op : 4);
		return copy(data, size, max, start(&plan, op), plan.end[last], at);
	case 5:
		return insert_new(data, size, max, size, draw);
	default:
		at = start(&plan, op);
		data[at + draw->below(draw, plan.end[op] - at)] = draw->below(draw, 256);
		return size;
	}
}

size_t target_cut(const uint8_t *data, size_t size, struct draw *draw)
{
	struct plan plan;

	plan_read(&plan, data, size);
	return start(&plan, draw->below(draw, plan.count + 1));
}
