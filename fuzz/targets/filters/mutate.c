// SPDX-License-Identifier: GPL-2.0-only
/* Programs and frames that change, each by its own rules. */
#include <linux/if_tun.h>
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/filters/cbpf.h"
#include "fuzz/targets/filters/plan.h"
#include "fuzz/targets/parts.h"

/* One field of an instruction; a new one is of a code that there is, mostly. */
static void edit_insn(uint8_t *insn, struct draw *draw)
{
	switch (draw->below(draw, 5)) {
	case 0:
	case 1:
		edit_put16(insn, cbpf_codes[draw->below(draw, CBPF_CODES)]);
		break;
	case 2:
		insn[2 + draw->below(draw, 2)] =
			edit_number(0, edit_chance(draw, 80) ? 3 : 8, draw);
		break;
	case 3:
		edit_put32(insn + 4,
			   edit_number(edit_get32(insn + 4), edit_chance(draw, 80) ? 5 : 32, draw));
		break;
	default:
		edit_raw(insn, 8, 8, draw);
	}
}

/* One instruction changed, put in or taken out. */
static size_t edit_insns(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t n = data[1] % (MAX_INSNS + 1), at = 2 + 8 * draw->below(draw, n + 1);

	data[1] = n;
	if (n && edit_chance(draw, 60)) {
		edit_insn(data + 2 + 8 * draw->below(draw, n), draw);
	} else if (n && edit_chance(draw, 50)) {
		at = 2 + 8 * draw->below(draw, n);
		data[1]--;
		return edit_remove(data, size, at, 8);
	} else if (n < MAX_INSNS && size + 8 <= max) {
		size = edit_insert(data, size, at, 8);
		memset(data + at, 0, 8);
		edit_put16(data + at, cbpf_codes[draw->below(draw, CBPF_CODES)]);
		edit_put32(data + at + 4, edit_number(0, 5, draw));
		data[1]++;
	}
	return size;
}

static void edit_numbers(uint8_t *numbers, bool xdp, struct draw *draw)
{
	uint32_t n = draw->below(draw, 7);

	/* Where XDP sends a frame, and whether there is room. */
	if (xdp && edit_chance(draw, 20)) {
		edit_put32(numbers + 10, XDP_TX + draw->below(draw, 2));
		numbers[14] = draw->below(draw, TO_PLACES) | draw->below(draw, 8) << 3;
		return;
	}

	if (n < 2)
		numbers[n] = edit_number(numbers[n], n ? 8 : 2, draw);
	else if (n < 5) /* at, type, head and tail */
		edit_put16(numbers + 2 * n - 2 + 2 * draw->below(draw, 2),
			   edit_number(0, edit_chance(draw, 70) ? 6 : 12, draw) *
				   (edit_chance(draw, 50) ? 1 : -1));
	else if (n < 6 || xdp)
		edit_put32(numbers + 10, edit_number(edit_get32(numbers + 10), xdp ? 3 : 17, draw));
	else
		edit_put32(numbers + 14, edit_number(edit_get32(numbers + 14), 17, draw));
}

/* A field, or an address: put in, taken out, or made that of the frame. */
static size_t edit_addresses(uint8_t *data, size_t size, size_t max, const struct plan *plan,
			     struct draw *draw)
{
	size_t n = plan->addresses.n, at = 3 + 6 * draw->below(draw, n + 1);

	data[2] = n;
	if (edit_chance(draw, 20)) {
		data[1] ^= TUN_FLT_ALLMULTI;
	} else if (n < MAX_ADDRESSES && size + 6 <= max && edit_chance(draw, 50)) {
		size = edit_insert(data, size, at, 6);
		for (int i = 0; i < 6; i++)
			data[at + i] = i || edit_chance(draw, 30) ? draw->below(draw, 256) : 1;
		data[2]++;
	} else if (n && edit_chance(draw, 40)) {
		at = 3 + 6 * draw->below(draw, n);
		data[2]--;
		return edit_remove(data, size, at, 6);
	} else if (n) {
		memmove(data + 3 + 6 * draw->below(draw, n), data + 3 + 6 * n, 6);
	}
	return size;
}

static size_t edit_steps(uint8_t *data, size_t size, size_t max, const struct plan *plan,
			 struct draw *draw)
{
	size_t at = 2 + draw->below(draw, plan->n);

	data[1] = plan->n - 1;
	if (plan->n < MAX_STEPS && size < max && edit_chance(draw, 30)) {
		size = edit_insert(data, size, at, 1);
		data[at] = draw->below(draw, 256);
		data[1]++;
	} else if (plan->n > 1 && edit_chance(draw, 20)) {
		data[1]--;
		return edit_remove(data, size, at, 1);
	} else if (edit_chance(draw, 50)) {
		data[at] ^= 1 << draw->below(draw, 8);
	} else {
		data[at] = draw->below(draw, 16);
	}
	return size;
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	static struct plan plan;
	bool tap = *data % SORTS != GENERIC_TUN;
	size_t front;

	if (!plan_read(data, size, &plan))
		return edit_raw(data, size, max, draw);
	if (edit_chance(draw, 5) && plan.sort >= IN_DRIVER && plan.sort < XDP_SORTS)
		data[0] = IN_DRIVER + draw->below(draw, XDP_SORTS - IN_DRIVER);
	front = size - plan.len;
	max = max < front + MAX_FRAME ? max : front + MAX_FRAME;
	if (edit_chance(draw, 25))
		return front + edit_frame(data + front, plan.len, max - front, tap, draw);
	if (plan.sort == CLASSIC)
		return edit_insns(data, size, max, draw);
	if (plan.sort == ADDRESSES)
		return edit_addresses(data, size, max, &plan, draw);
	if (plan.sort == ATTACHING)
		return edit_steps(data, size, max, &plan, draw);
	edit_numbers(data + 1, plan.sort >= IN_DRIVER, draw);
	return size;
}
