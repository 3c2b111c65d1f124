// SPDX-License-Identifier: GPL-2.0-only
/* The model's operations reach everything, and nothing wrong in it would go unseen. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/lockstep.h"
#include "device/uapi.h"
#include "harness/harness.h"

#define STEPS	  128
#define SEQUENCES 40 /* in which a wrong expectation has to be found */

/* A kernel with everything, for the tests that need none. */
static const struct model_abi rich = {
	.kernel = { .uso = true, .cross_le = true },
	.features = 0x7173,
	.init_net_admin = true,
	.other_ids = true,
	.bpf = true,
	.sysfs = true,
};

struct reached {
	size_t done[OP_KINDS], refused[OP_KINDS];
	size_t data_read, two_queues, left_queue, inherited_index, moved;
};

static void count(struct reached *r, const struct model *m, const struct op *op,
		  const struct op_result *result)
{
	const struct model_file *f = &m->files[op->file];

	if (!result->known)
		return;
	r->done[op->kind] += result->ret >= 0;
	r->refused[op->kind] += result->ret < 0;
	r->data_read += op->kind == OP_READ && result->ret > 0;
	r->left_queue += f->detached;
	r->inherited_index += op->kind == OP_SET_IFF && result->ret == -EBUSY && f->device < 0;
	for (const struct model_device *d = m->devices; d < m->devices + MODEL_DEVICES; d++)
		r->two_queues += d->exists && d->numqueues > 1;
}

static bool never_succeeds(enum op_kind kind)
{
	return kind == OP_UNKNOWN_IOCTL || kind == OP_BAD_POINTER || kind == OP_LINK_NEW;
}

TEST(reaches, .title = "operations at random succeed and are refused, all kinds of them")
{
	struct model *m = malloc(sizeof(*m));
	struct reached r = { 0 };
	uint32_t ifindex = 100;

	for (uint64_t i = 0; i < 400; i++) {
		struct draw draw = draw_random(i);

		model_init(m, &rich);
		for (int step = 0; step < STEPS; step++) {
			struct op op = op_draw(&draw, m);
			struct model_device *d;
			struct op_result result = op_expect(m, &op, &d);

			if (d)
				model_choose(d, &(struct model_chosen){ .ifindex = ifindex++ });
			count(&r, m, &op, &result);
		}
	}
	for (int kind = 0; kind < OP_KINDS; kind++)
		EXPECT_TRUE(never_succeeds(kind) || r.done[kind] > 20)
		{
			TH_LOG("kind %d", kind);
		}
	EXPECT_LT(100, r.refused[OP_SET_IFF]);
	EXPECT_LT(100, r.refused[OP_SET_QUEUE]);
	EXPECT_LT(100, r.refused[OP_READ]);
	EXPECT_LT(100, r.refused[OP_WRITE]);
	EXPECT_LT(100, r.refused[OP_SEND]);
	EXPECT_LT(200, r.data_read);
	EXPECT_LT(200, r.two_queues);
	EXPECT_LT(200, r.left_queue);
	EXPECT_LT(5, r.inherited_index);
	free(m);
}

TEST(from_bytes, .title = "operations are drawn from any bytes, and from none")
{
	struct model *m = calloc(1, sizeof(*m));
	uint8_t bytes[256];

	model_init(m, &rich);
	for (int i = 0; i < 2000; i++) {
		struct draw draw = draw_random(i);
		struct draw input;
		struct model_device *d;
		struct op op;

		for (size_t at = 0; at < sizeof(bytes); at++)
			bytes[at] = draw.below(&draw, 256);
		input = draw_bytes(bytes, i % sizeof(bytes));
		op = op_draw(&input, m);
		ASSERT_LT(op.kind, OP_KINDS);
		op_expect(m, &op, &d);
		if (d)
			model_choose(d, &(struct model_chosen){ .ifindex = 100 + i });
	}
	free(m);
}

/* The lowest bit of what is expected of operations of this kind. */
static void spoil_result(struct lockstep *ls, const struct op *op)
{
	struct op_result *e = &ls->expected;

	if (op->kind != ls->spoil_what)
		return;
	if (e->ret >= 0 && e->len)
		e->data[e->len - 1] ^= 1;
	else
		e->ret ^= 1;
}

/* One field of every device that there is. */
static void spoil_field(struct lockstep *ls, const struct op *op __UNUSED)
{
	for (struct model_device *d = ls->model.devices; d < ls->model.devices + MODEL_DEVICES;
	     d++) {
		uint64_t *stats = (uint64_t *)&d->stats;

		switch (ls->spoil_what) {
		case 0:
			d->mtu ^= 1;
			break;
		case 1:
			d->txqueuelen ^= 1;
			break;
		case 2:
			d->carrier = !d->carrier;
			break;
		case 3:
			d->owner ^= 1;
			break;
		case 4:
			d->type ^= 1;
			break;
		case 5:
			d->flags ^= IFF_VNET_HDR;
			break;
		case 6:
			d->flags ^= IFF_PERSIST;
			break;
		case 7:
			d->up = !d->up;
			break;
		default:
			stats[ls->spoil_what - 8] ^= 1;
		}
	}
}

#define SPOILT_FIELDS (8 + sizeof(struct model_stats) / sizeof(uint64_t))

static bool finds(struct lockstep *ls, const struct model_abi *abi)
{
	for (uint64_t i = 0; i < SEQUENCES; i++) {
		struct draw draw = draw_random(1000 + i);

		if (!lockstep_run(ls, abi, &draw, STEPS, NULL))
			return true;
	}
	return false;
}

FIXTURE(wrong)
{
	struct model_abi abi;
	struct lockstep ls;
};

/* The kinds and fields whose number leaves this rest, so that they run side by side. */
FIXTURE_VARIANT(wrong)
{
	int rest;
};

#define RESTS 4
FIXTURE_VARIANT_ADD(wrong, part_0){ 0 };
FIXTURE_VARIANT_ADD(wrong, part_1){ 1 };
FIXTURE_VARIANT_ADD(wrong, part_2){ 2 };
FIXTURE_VARIANT_ADD(wrong, part_3){ 3 };

FIXTURE_SETUP(wrong)
{
	self->abi = lockstep_abi();
}

FIXTURE_TEARDOWN(wrong)
{
}

TEST_F(wrong, result, .title = "a wrong bit in what is expected of any operation is found",
       .needs = { "net_namespaces", "packet_socket", "bpf", "sysctl" }, .waits = true)
{
	self->ls.spoil = spoil_result;
	for (int kind = variant->rest; kind < OP_KINDS; kind += RESTS) {
		/* The result of an open is a descriptor. */
		if (kind == OP_OPEN)
			continue;
		self->ls.spoil_what = kind;
		EXPECT_TRUE(finds(&self->ls, &self->abi))
		{
			TH_LOG("kind %d", kind);
		}
	}
}

TEST_F(wrong, field, .title = "a wrong bit in what is known of a device is found",
       .needs = { "net_namespaces", "packet_socket", "bpf", "sysctl" }, .waits = true)
{
	self->ls.spoil = spoil_field;
	for (int field = variant->rest; field < (int)SPOILT_FIELDS; field += RESTS) {
		self->ls.spoil_what = field;
		EXPECT_TRUE(finds(&self->ls, &self->abi))
		{
			TH_LOG("field %d", field);
		}
	}
}

/* What the kernel differs in is used: each of these is a kernel that this one is not. */
TEST_F(wrong, abi, .title = "a wrong idea of what the kernel can do is found",
       .needs = { "net_namespaces", "packet_socket", "bpf", "sysctl" }, .waits = true)
{
	struct model_abi wrong = self->abi;

	switch (variant->rest) {
	case 0:
		wrong.features ^= IFF_VNET_HDR;
		break;
	case 1:
		wrong.kernel.uso = !wrong.kernel.uso;
		break;
	case 2:
		wrong.kernel.cross_le = !wrong.kernel.cross_le;
		break;
	default:
		wrong.features ^= IFF_NO_CARRIER;
	}
	EXPECT_TRUE(finds(&self->ls, &wrong));
}

/* The program in /tmp/program.c: the exit status of the compiler, or of itself. */
static int run_program(void)
{
	int status = system("cc -Wall -Wextra -Werror -o /tmp/program /tmp/program.c && "
			    "/tmp/program");

	return WEXITSTATUS(status);
}

/* Writes the program of @s as it is now, which is without a fault if nothing is spoilt. */
static void write_program(struct lockstep *ls, const struct model_abi *abi,
			  const struct sequence *s)
{
	FILE *out = fopen("/tmp/program.c", "w");

	if (!out)
		TH_BAIL("/tmp/program.c: %s", strerror(errno));
	lockstep_program(ls, abi, s, out);
	fclose(out);
}

TEST(program, .title = "a mismatch is made short, and its program shows it without the suite",
     .needs = { "net_namespaces", "packet_socket", "bpf", "sysctl" })
{
	struct lockstep *ls = calloc(1, sizeof(*ls));
	struct model_abi abi = lockstep_abi();
	struct draw draw = draw_random(7);
	struct sequence s = { 0 };

	if (system("cc --version > /tmp/cc"))
		SKIP(return, "there is no C compiler");
	ASSERT_TRUE(lockstep_run(ls, &abi, &draw, 2 * STEPS, &s));
	write_program(ls, &abi, &s);
	EXPECT_EQ(0, run_program());

	ls->spoil = spoil_result;
	ls->spoil_what = OP_GET_SNDBUF;
	lockstep_shrink(ls, &abi, &s);
	/* A file is opened, attached perhaps, and asked. */
	EXPECT_LE(s.count, 3);
	write_program(ls, &abi, &s);
	EXPECT_EQ(1, run_program());
	free(s.ops);
	free(ls);
}
