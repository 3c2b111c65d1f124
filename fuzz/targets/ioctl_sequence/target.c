// SPDX-License-Identifier: GPL-2.0-only
/* Operations on several files and devices, done by the kernel and the model in lockstep. */
#include <string.h>

#include "device/lockstep.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/ioctl_sequence/plan.h"
#include "fuzz/targets/parts.h"

static struct lockstep ls;

static void begin(void)
{
}

static void end(void)
{
	lockstep_leave(&ls);
}

static void wrong(const struct op *op)
{
	char call[512] = "";
	FILE *out = fmemopen(call, sizeof(call) - 1, "w");

	if (out) {
		op_print_call(out, op);
		fclose(out);
	}
	fuzz_wrong("%s: %s", call, ls.mismatch);
}

/* Every input leaves its namespaces without devices. */
static int run(const uint8_t *data, size_t size)
{
	struct draw draw = draw_bytes(data, size);

	if (!size)
		return -1;
	lockstep_begin(&ls, &fuzz_abi);
	for (int i = 0; i < MAX_OPS && draw.left; i++) {
		struct op op = op_draw(&draw, &ls.model);

		if (!lockstep_step(&ls, &op))
			wrong(&op);
		if (ls.expected.known)
			fuzz_saw(op.kind << 16 | (uint16_t)ls.expected.ret);
	}
	if (!lockstep_end(&ls))
		fuzz_wrong("at the end: %s", ls.mismatch);
	return 0;
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	struct draw draw = draw_bytes(data, size);
	struct model_device *device;
	struct model model;

	fputs("\tbegin();\n", out);
	model_init(&model, &fuzz_abi);
	for (int i = 0; i < MAX_OPS && draw.left; i++) {
		struct op op = op_draw(&draw, &model);
		struct op_result expected = op_expect(&model, &op, &device);

		if (expected.known)
			op_print(out, &op, &expected);
	}
}

const struct fuzz_target fuzz_target = {
	.name = "ioctl_sequence",
	.format = "choices of op_draw() (device/op.h), one byte or more each, until the end or 64 "
		  "operations",
	.max_len = 2048,
	.reset_inputs = 1000,
	.begin = begin,
	.end = end,
	.run = run,
	.print = print,
	.mutate = target_mutate,
	.cut = target_cut,
	.seed = target_seed,
};
