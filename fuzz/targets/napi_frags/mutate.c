// SPDX-License-Identifier: GPL-2.0-only
/* Pieces, header and frame that change. */
#include <string.h>

#include "device/uapi.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/napi_frags/plan.h"
#include "fuzz/targets/parts.h"
#include "harness/harness.h"

/* A length that means something: a page, what the headers are long, nothing, the rest. */
static uint16_t draw_length(uint16_t old, struct draw *draw)
{
	static const uint16_t lengths[] = { 0,	1,  4,	10,   12,   13,	  14,	 24,	28,
					    34, 54, 64, 4095, 4096, 4097, 12288, 32766, REST };

	if (edit_chance(draw, 5))
		return old ^ UNREADABLE;
	if (edit_chance(draw, 60))
		return lengths[draw->below(draw, ARRAY_SIZE(lengths))];
	return edit_number(old, edit_chance(draw, 80) ? 8 : 15, draw);
}

/* One piece more, less, or with another length. The new size of the input. */
static size_t edit_pieces(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	unsigned int count = data[1] % (MOST_PIECES + 1), n = draw->below(draw, count + 1);
	uint8_t *at = data + 2 + 2 * n;
	uint16_t len;

	if (n < count && edit_chance(draw, 50)) {
		len = draw_length(edit_get16(at), draw);
	} else if (n < count && edit_chance(draw, 50)) {
		data[1] = count - 1;
		return edit_remove(data, size, at - data, 2);
	} else if (count < MOST_PIECES && size + 2 <= max) {
		size = edit_insert(data, size, at - data, 2);
		data[1] = count + 1;
		len = draw_length(REST, draw);
	} else {
		return size;
	}
	edit_put16(at, len);
	return size;
}

/* A library of mutators has no devices: for it the kernel has all of them. */
static bool is_tap(uint8_t port)
{
	return kinds[port % (num_ports ?: PORTS)].flags & IFF_TAP;
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	if (size < 2 || size < plan_front(data)) {
		memset(data, 0, 2 + PORT_HEADER);
		size = 2 + PORT_HEADER;
	}
	if (edit_chance(draw, 10))
		*data = draw->below(draw, PORTS);
	if (edit_chance(draw, 40))
		return edit_pieces(data, size, max, draw);
	return edit_header_or_frame(data, size, max, plan_front(data), 30, is_tap(*data), draw);
}
