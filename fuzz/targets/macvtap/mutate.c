// SPDX-License-Identifier: GPL-2.0-only
/* Operations changed, put in or taken out. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/macvtap/plan.h"
#include "fuzz/targets/parts.h"

/* Where operation @n begins, and the size of it; 0 behind the last. */
static size_t find(const uint8_t *data, size_t size, uint32_t n, size_t *at)
{
	struct tap_op o;
	size_t len;

	for (*at = 1; (len = plan_op(data + *at, size - *at, &o)) && n; n--)
		*at += len;
	return len;
}

static uint32_t count_ops(const uint8_t *data, size_t size)
{
	size_t at;
	uint32_t n = 0;

	while (n < MAX_OPS && find(data, size, n, &at))
		n++;
	return n;
}

/* What takes effect, mostly. */
static void draw_setting(uint8_t *op, struct draw *draw)
{
	static const uint8_t masks[] = { 0, 1, 3, 5, 7, 0xf, 0x10, 0x61, 0x6f, 0x80 };

	static const uint8_t kinds[] = { SET_IFF,     SET_SIZE,	      SET_ORDER, SET_OFFLOAD,
					 SET_QUEUE,   QUERY,	      QUERY,	 SET_SNDBUF,
					 SET_ADDRESS, SET_TXQUEUELEN, REOPEN };

	op[0] = kinds[draw->below(draw, sizeof(kinds))];
	if (edit_chance(draw, 2))
		op[0] = edit_chance(draw, 70) ? SET_LINK : DELETE;
	op[1] = draw->below(draw, 2);
	op[2] = edit_chance(draw, 50) ? draw->below(draw, 4) : draw->below(draw, 256);
	if (op[0] == SET_OFFLOAD) {
		op[1] = masks[draw->below(draw, sizeof(masks))];
		op[2] = edit_chance(draw, 95) ? 0 : 1;
	} else if (op[0] == SET_SIZE && edit_chance(draw, 80)) {
		op[2] = 9 + draw->below(draw, 20);
	} else if (op[0] == SET_LINK) {
		op[1] = edit_chance(draw, 80) ? draw->below(draw, 8) | 1 :
			edit_chance(draw, 98) ? 0 :
						0xf9;
	}
}

static void draw_send(uint8_t *op, struct draw *draw)
{
	op[0] = SEND;
	op[1] = draw->below(draw, SHAPES);
	edit_put16(op + 2, edit_number(100, 13, draw));
	op[4] = draw->below(draw, 256);
	edit_put16(op + 5, edit_chance(draw, 50) ? 2000 : edit_number(24, 7, draw));
}

static void edit_tap_header(uint8_t *header, const uint8_t *frame, size_t len, struct draw *draw)
{
	uint8_t longer[EDIT_HEADER] = { 0 };

	memcpy(longer, header, VNET_SIZE_LEGACY);
	edit_header(longer, frame, len, true, draw);
	memcpy(header, longer, VNET_SIZE_LEGACY);
}

/* The write at @at, of @len bytes: the new size of the input. */
static size_t edit_write(uint8_t *data, size_t size, size_t max, size_t at, size_t len,
			 struct draw *draw)
{
	size_t front = 1 + op_bytes[WRITE], behind = size - at - len, now;
	static uint8_t rest[FUZZ_MAX_LEN];
	uint8_t *op = data + at;

	if (edit_chance(draw, 10))
		op[1] ^= edit_chance(draw, 50) ? 1 : 2;
	if (edit_chance(draw, 10))
		op[12] = edit_number(op[12], 8, draw);
	if (edit_chance(draw, 50)) {
		edit_tap_header(op + 2, op + front, len - front, draw);
		return size;
	}
	memcpy(rest, op + len, behind);
	max -= behind + at + front;
	now = edit_frame(op + front, len - front, max < MAX_FRAME ? max : MAX_FRAME, true, draw);
	edit_put16(op + 13, now);
	memcpy(op + front + now, rest, behind);
	return at + front + now + behind;
}

/* Puts an operation that is no write in at @at. */
static size_t insert(uint8_t *data, size_t size, size_t max, size_t at, struct draw *draw)
{
	uint8_t op[16];
	size_t len;

	if (edit_chance(draw, 40))
		draw_send(op, draw);
	else
		draw_setting(op, draw);
	len = 1 + op_bytes[op[0]];
	if (size + len > max)
		return size;
	size = edit_insert(data, size, at, len);
	memcpy(data + at, op, len);
	return size;
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	uint32_t n = size ? count_ops(data, size) : 0;
	size_t at, len;

	if (!n)
		return edit_raw(data, size, max, draw);
	if (edit_chance(draw, 5))
		data[0] ^= 1;
	len = find(data, size, draw->below(draw, n), &at);
	if (n < MAX_OPS && edit_chance(draw, 25))
		return insert(data, size, max, at, draw);
	if (n > 1 && edit_chance(draw, 15))
		return edit_remove(data, size, at, len);
	if (data[at] % KINDS == WRITE)
		return edit_write(data, size, max, at, len, draw);
	if (data[at] % KINDS == SEND)
		draw_send(data + at, draw);
	else
		edit_raw(data + at + 1, len - 1, len - 1, draw);
	return size;
}
