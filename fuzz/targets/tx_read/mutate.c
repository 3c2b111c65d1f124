// SPDX-License-Identifier: GPL-2.0-only
/* Changes of settings, header and frame. */
#include <string.h>

#include "device/uapi.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/tx_read/flow_plan.h"
#include "fuzz/targets/tx_read/plan.h"
#include "harness/harness.h"

/* A mask that is taken mostly. */
static unsigned int draw_mask(struct draw *draw)
{
	static const unsigned int masks[] = {
		0,
		TUN_F_CSUM,
		TUN_F_CSUM | TUN_F_TSO4,
		TUN_F_CSUM | TUN_F_TSO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
		TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_UFO,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_UDP_TUNNEL_GSO |
			TUN_F_UDP_TUNNEL_GSO_CSUM,
	};

	if (edit_chance(draw, 10))
		return draw->below(draw, 1 << 9);
	return masks[draw->below(draw, ARRAY_SIZE(masks))];
}

static void edit_settings(uint8_t *data, struct draw *draw)
{
	static const uint8_t sizes[] = { 0, 1, 2, 10, 14, 30, 90 };

	switch (draw->below(draw, 6)) {
	case 0:
		data[READER] = draw->below(draw, 2 * READERS);
		break;
	case 1:
		data[WAY] = draw->below(draw, WAYS) | (edit_chance(draw, 10) ? PLAN_ZEROCOPY : 0);
		break;
	case 2:
		data[HEADER_SIZE] = sizes[draw->below(draw, sizeof(sizes))];
		break;
	case 3:
		edit_put16(data + MASK, draw_mask(draw));
		break;
	case 4:
		edit_put16(data + BUFFER,
			   edit_number(edit_get16(data + BUFFER), 8 + draw->below(draw, 4), draw));
		break;
	default:
		data[PIECES] = draw->below(draw, MOST) | (edit_chance(draw, 20) ? PLAN_TORN : 0);
		data[PIECE] = edit_number(data[PIECE], 7, draw);
	}
}

size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	if (is_flows(data, size))
		return flows_mutate(data, size, max, draw);
	if (size < FRONT) {
		memset(data, 0, FRONT);
		size = FRONT;
	}
	if (edit_chance(draw, 30)) {
		edit_settings(data, draw);
		return size;
	}
	return edit_header_or_frame(data, size, max, FRONT, 30, data[READER] & READER_TAP, draw);
}
