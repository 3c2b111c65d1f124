// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/macvtap/plan.h"

#include <limits.h>

#include "device/uapi.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/macvtap/query.h"
#include "fuzz/targets/macvtap/side.h"

const uint8_t op_bytes[KINDS] = { 2, 2, 2, 2, 2, 1, 14, 6, 2, 2, 2, 2, 2, 2 };

static unsigned int iff_flags(uint8_t bits)
{
	return FLAGS ^ (bits & 1 ? IFF_VNET_HDR : 0) ^ (bits & 2 ? IFF_MULTI_QUEUE : 0) ^
	       ((bits & 0x70) == 0x70 ? bits >> 7 ? IFF_TUN : IFF_NO_PI : 0);
}

/* Seldom, as it may take a second until the kernel has seen that the link below is up again. */
static bool is_lower_down(unsigned int value)
{
	return (value & 0xf8) == 0xf8;
}

size_t plan_op(const uint8_t *data, size_t size, struct tap_op *o)
{
	static const uint16_t mtus[] = { MTU, 1000, 9000, 1280 };
	/* Frames take what they take for a moment; a super-frame is up to 40 in the queue. */
	static const int buffers[] = { INT_MAX, 0, -1, 1 << 20 }, lengths[] = { 500, 64, 1000, 65 };
	const uint8_t *d = data + 1;

	if (!size || size < 1u + op_bytes[*data % KINDS])
		return 0;
	*o = (struct tap_op){ .kind = *data % KINDS, .queue = d[0] & 1 };
	switch (o->kind) {
	case SET_IFF:
		o->value = iff_flags(d[1]);
		break;
	case SET_OFFLOAD:
		o->value = edit_get16(d);
		o->queue = 0;
		break;
	case SET_SNDBUF:
		o->value = buffers[d[1] % 4];
		break;
	case SET_TXQUEUELEN:
		o->value = lengths[d[1] % 4];
		break;
	case QUERY:
		o->value = d[1] % TAP_QUERIES;
		break;
	case SET_LINK:
		o->value = d[0];
		o->up = o->value & 1;
		o->lower_up = !is_lower_down(o->value);
		o->mtu = mtus[o->value >> 1 & 3];
		break;
	case WRITE:
		o->vnet = vnet_decode(d + 1, VNET_SIZE_LEGACY, false);
		o->torn = d[0] & 2;
		o->limit = d[11] < SMALL ? d[11] : SIZE_MAX;
		o->frame = data + 1 + op_bytes[WRITE];
		o->len = edit_get16(d + 12) % (MAX_FRAME + 1);
		if (o->len > size - 1 - op_bytes[WRITE])
			o->len = size - 1 - op_bytes[WRITE];
		break;
	case SEND:
		o->shape = d[0] % SHAPES;
		o->payload = edit_get16(d + 1) % (o->shape == SUPER ? 8000 : 900) + 1;
		o->gso_size = 200 + d[3] * 4;
		o->size = edit_get16(d + 4) % (2 * MAX_FRAME);
		break;
	default:
		o->value = d[1];
	}
	return 1 + op_bytes[o->kind] + o->len;
}

bool plan_begin(struct plan *p, const uint8_t *data, size_t size)
{
	if (!size)
		return false;
	*p = (struct plan){ .side = *data % num_sides, .data = data + 1, .left = size - 1 };
	return true;
}

bool plan_next(struct plan *p, struct tap_op *o)
{
	size_t n = p->ops++ < MAX_OPS ? plan_op(p->data, p->left, o) : 0;

	p->data += n;
	p->left -= n;
	return n;
}
