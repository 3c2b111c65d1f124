// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference model (device/model.h) against the kernel: all words of flags for TUNSETIFF, and
 * sequences of operations at random. A mismatch is a bug of one of them.
 */
#include <stdlib.h>

#include "device/lockstep.h"
#include "device/uapi.h"
#include "harness/harness.h"
#include "netns/clock.h"
#include "selftests/model.h"

#define BUDGET_MS 700 /* for what takes long because devices are made and deleted */

/* The operations of a sequence, for the text of a failure. */
static void log_sequence(const struct sequence *s)
{
	char line[1024];
	FILE *out;

	for (size_t i = 0; i < s->count; i++) {
		out = fmemopen(line, sizeof(line), "w");
		if (!out)
			TH_BAIL("fmemopen: %s", strerror(errno));
		op_print_call(out, &s->ops[i]);
		fclose(out);
		TH_LOG("%s%s", s->ops[i].who ? "(as a user) " : "", line);
	}
}

FIXTURE(sequence)
{
	struct model_abi abi;
	struct lockstep ls;
};

FIXTURE_VARIANT(sequence)
{
	uint64_t seed;
};

FIXTURE_VARIANT_ADD(sequence, seed_1){ 1 };
FIXTURE_VARIANT_ADD(sequence, seed_2){ 2 };
FIXTURE_VARIANT_ADD(sequence, seed_3){ 3 };
FIXTURE_VARIANT_ADD(sequence, seed_4){ 4 };

FIXTURE_SETUP(sequence)
{
	self->abi = lockstep_abi();
}

FIXTURE_TEARDOWN(sequence)
{
}

/* Leaves the shortest sequence with a mismatch as a program for `tuntests model`. */
static void leave_program(FIXTURE_DATA(sequence) * self, const struct sequence *s)
{
	FILE *out;

	if (!model_task || atomic_exchange(&model_task->found, true))
		return;
	out = fmemopen(model_task->program, sizeof(model_task->program), "w");
	if (!out)
		TH_BAIL("fmemopen: %s", strerror(errno));
	lockstep_program(&self->ls, &self->abi, s, out);
	fclose(out);
}

/* Sequence number @i of @seed. */
static void one_sequence(struct __test_metadata *_metadata, FIXTURE_DATA(sequence) * self,
			 uint64_t seed, uint64_t i)
{
	struct draw draw = draw_random(seed << 32 | i);
	struct sequence s = { 0 };
	bool same = lockstep_run(&self->ls, &self->abi, &draw, MODEL_STEPS, &s);

	if (!same) {
		lockstep_shrink(&self->ls, &self->abi, &s);
		log_sequence(&s);
		leave_program(self, &s);
	}
	ASSERT_TRUE(same)
	{
		TH_LOG("sequence %llu of seed %llu: %s; 'tuntests model --seed %llu' writes a "
		       "program",
		       (unsigned long long)i, (unsigned long long)seed, self->ls.mismatch,
		       (unsigned long long)seed);
	}
	free(s.ops);
}

static void do_task(struct __test_metadata *_metadata, FIXTURE_DATA(sequence) * self)
{
	for (int n = 0; n < MODEL_CHUNK && !model_task->found; n++) {
		uint64_t i = model_task->next++;

		if (i >= model_task->sequences)
			break;
		one_sequence(_metadata, self, model_task->seed, i);
		model_task->steps += MODEL_STEPS;
	}
}

TEST_F(sequence, random,
       .title = "files and devices do what the model says, whatever is done with them",
       .behaviours = { 33, 47, 48, 80, 84, 85, 93, 96, 104, 135, 203, 205, 211, 214, 216, 223,
		       239 },
       .needs = { "net_namespaces", "packet_socket", "multi_queue", "sysctl" },
       .waits = true)
{
	int64_t deadline = clock_ms() + BUDGET_MS;

	if (model_task)
		return do_task(_metadata, self);
	for (uint64_t i = 0; clock_ms() < deadline; i++)
		one_sequence(_metadata, self, variant->seed, i);
}

/* What stands when TUNSETIFF is called on file 5 for the name m0. */
FIXTURE(words)
{
	struct model_abi abi;
	struct lockstep ls;
	bool set_up;
};

FIXTURE_VARIANT(words)
{
	unsigned int flags; /* of a device m0 that file 0 has made; 0 for none */
	unsigned int queue; /* then TUNSETQUEUE of file 0 */
	bool idle;	    /* then made persistent and left by file 0 */
	bool attached;	    /* file 5 has a device already */
	int64_t owner;	    /* TUNSETOWNER of m0, -1 for none */
	const char *name;   /* asked for */
	uint8_t who;
};

/* Of this thread: a loaded machine takes no words away. */
static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#define WORDS  65536
#define STRIDE 40503 /* odd: an order in which all bits change soon */

#define MQ     IFF_MULTI_QUEUE
#define STATE(state, ...)                                                                          \
	FIXTURE_VARIANT_ADD(words, state){ __VA_ARGS__, .who = 0 };                                \
	FIXTURE_VARIANT_ADD(words, state##_user)                                                   \
	{                                                                                          \
		__VA_ARGS__, .who = 1                                                              \
	}

STATE(no_device, .name = "m0", .owner = -1);
STATE(foreign, .name = "lo", .owner = -1);
STATE(bad_name, .name = "a/b", .owner = -1);
STATE(attached, .name = "m0", .attached = true, .owner = -1);
STATE(tun_busy, .name = "m0", .flags = IFF_TUN, .owner = -1);
STATE(tap_busy, .name = "m0", .flags = IFF_TAP | IFF_NO_PI, .owner = -1);
STATE(tun_idle, .name = "m0", .flags = IFF_TUN | IFF_VNET_HDR, .idle = true, .owner = -1);
STATE(tap_idle, .name = "m0", .flags = IFF_TAP, .idle = true, .owner = 1000);
STATE(tun_queue, .name = "m0", .flags = IFF_TUN | MQ | IFF_NO_PI, .owner = 1000);
STATE(tap_queue, .name = "m0", .flags = IFF_TAP | MQ | IFF_VNET_HDR, .owner = 2000);
STATE(tun_queues_idle, .name = "m0", .flags = IFF_TUN | MQ, .idle = true, .owner = 1000);
STATE(tap_disabled, .name = "m0", .flags = IFF_TAP | MQ, .queue = IFF_DETACH_QUEUE, .owner = 1000);

static void must(struct __test_metadata *_metadata, struct lockstep *ls, struct op op)
{
	ASSERT_TRUE(lockstep_step(ls, &op) && ls->seen.ret >= 0)
	{
		TH_LOG("set-up: %s", ls->mismatch);
	}
}

FIXTURE_SETUP(words)
{
	struct op iff = { .kind = OP_SET_IFF, .flags = variant->flags, .name = "m0" };

	self->abi = lockstep_abi();
	if (variant->who && !self->abi.other_ids)
		SKIP(return, "%s", harness_feature_reason("second_uid"));
	lockstep_begin(&self->ls, &self->abi);
	must(_metadata, &self->ls, (struct op){ .kind = OP_OPEN, .file = 0 });
	must(_metadata, &self->ls, (struct op){ .kind = OP_OPEN, .file = 5 });
	if (variant->flags)
		must(_metadata, &self->ls, iff);
	if (variant->owner >= 0 && self->abi.other_ids)
		must(_metadata, &self->ls,
		     (struct op){ .kind = OP_SET_OWNER, .value = variant->owner });
	if (variant->queue)
		must(_metadata, &self->ls,
		     (struct op){ .kind = OP_SET_QUEUE, .flags = variant->queue });
	if (variant->idle) {
		must(_metadata, &self->ls, (struct op){ .kind = OP_SET_PERSIST, .value = 1 });
		must(_metadata, &self->ls, (struct op){ .kind = OP_CLOSE });
	}
	if (variant->attached)
		must(_metadata, &self->ls,
		     (struct op){ .kind = OP_SET_IFF, .file = 5, .flags = IFF_TUN, .name = "m1" });
	self->set_up = true;
}

FIXTURE_TEARDOWN(words)
{
	if (self->set_up)
		EXPECT_TRUE(lockstep_end(&self->ls))
		{
			TH_LOG("%s", self->ls.mismatch);
		}
}

/* True if the model says that it will succeed: the state is put back afterwards. */
static bool would_attach(struct model *m, const struct op *op)
{
	static struct model before;
	struct model_device *device;
	bool success;

	memcpy(&before, m, offsetof(struct model, queued));
	success = !op_expect(m, op, &device).ret;
	memcpy(m, &before, offsetof(struct model, queued));
	return success;
}

/* TUNSETIFF with these flags; after success TUNGETIFF, and the file is made anew. */
static bool try_word(struct lockstep *ls, const struct op *set_iff)
{
	const struct op get = { .kind = OP_GET_IFF, .file = 5 };
	const struct op leave = { .kind = OP_CLOSE, .file = 5 };
	const struct op again = { .kind = OP_OPEN, .file = 5 };

	if (!lockstep_call(ls, set_iff))
		return false;
	if (ls->seen.ret)
		return true;
	return lockstep_audit(ls) && lockstep_call(ls, &get) && lockstep_step(ls, &leave) &&
	       lockstep_call(ls, &again);
}

/* For each of the two kinds of words so much time, in milliseconds. */
static void sweep_words(struct __test_metadata *_metadata, FIXTURE_DATA(words) *self,
			const FIXTURE_VARIANT(words) *variant, int64_t budget)
{
	struct op op = { .kind = OP_SET_IFF, .file = 5, .who = variant->who };
	struct draw draw = draw_random(variant->who);
	uint16_t *success = calloc(WORDS, sizeof(*success));
	int64_t deadline = cpu_ms() + budget;
	size_t n = 0, tried = 0, waited = 0;

	strcpy(op.name, variant->name);
	/* Those that fail cost nothing but a system call, which is much in some guests. */
	for (; tried < WORDS && cpu_ms() < deadline; tried++) {
		op.flags = tried * STRIDE % WORDS;
		if (would_attach(&self->ls.model, &op))
			success[n++] = op.flags;
		else
			ASSERT_TRUE(try_word(&self->ls, &op))
			{
				TH_LOG("flags %#x: %s", op.flags, self->ls.mismatch);
			}
	}
	/* The others wait for RCU: as many as there is time for, at random. */
	for (deadline = clock_ms() + budget; n && clock_ms() < deadline; n--, waited++) {
		size_t at = draw.below(&draw, n);

		op.flags = success[at];
		success[at] = success[n - 1];
		ASSERT_TRUE(try_word(&self->ls, &op))
		{
			TH_LOG("flags %#x: %s", op.flags, self->ls.mismatch);
		}
	}
	TH_LOG("%zu words were looked at, %zu of those that succeed were tried", tried, waited);
	free(success);
}

#define WORDS_TITLE \
	"TUNSETIFF takes and refuses the flag words that the model does, by state and user"
#define WORDS_BEHAVIOURS                                                               \
	{ 28, 29, 30, 31, 32, 33, 37, 38, 41, 45, 46, 47, 48,  49, 50,		       \
	  53, 56, 57, 58, 59, 60, 62, 63, 65, 66, 68, 69, 104, 107 }

/* The budget is one of the processor's time, of which others may leave us little. */
TEST_F_TIMEOUT(words, all, 200, .title = WORDS_TITLE, .behaviours = WORDS_BEHAVIOURS,
	       .needs = { "net_namespaces", "packet_socket", "multi_queue", "sysctl" },
	       .waits = true)
{
	sweep_words(_metadata, self, variant, BUDGET_MS);
}

TEST_F_TIMEOUT(words, every, 7200, .title = WORDS_TITLE, .behaviours = WORDS_BEHAVIOURS,
	       .needs = { "net_namespaces", "packet_socket", "multi_queue", "sysctl" },
	       .waits = true, .takes_long = true)
{
	sweep_words(_metadata, self, variant, INT32_MAX);
}
