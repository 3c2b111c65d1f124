// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/ioctl_sequence/plan.h"

#include "fuzz/fuzz.h"

struct op plan_next(struct draw *draw, struct model *m)
{
	struct op op = op_draw(draw, m);
	struct model_device *device;

	op_expect(m, &op, &device);
	return op;
}

void plan_read(struct plan *plan, const uint8_t *data, size_t size)
{
	struct draw draw = draw_bytes(data, size);
	static struct model model;

	model_init(&model, &fuzz_abi);
	for (plan->count = 0; plan->count < MAX_OPS && draw.left; plan->count++) {
		plan_next(&draw, &model);
		plan->end[plan->count] = size - draw.left;
	}
}
