// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/engine.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/lockstep.h"
#include "fuzz/coverage/kcov.h"
#include "fuzz/coverage/remote.h"
#include "fuzz/engine/abi.h"
#include "fuzz/engine/leak.h"
#include "fuzz/engine/recorder.h"
#include "harness/harness.h"
#include "harness/probe.h"
#include "netns/link.h"
#include "netns/netns.h"

static void quiet_namespace(void)
{
	netns_quiet();
	if (link_up("lo"))
		TH_BAIL("cannot bring up lo: %s", strerror(errno));
}

/* For the probes. */
SUITE(.name = "fuzz", .version = "0.1", .setup = quiet_namespace)

struct model_abi fuzz_abi;

static uint8_t *map;
static bool has_kcov;
static uint64_t inputs;			    /* since the last reset */
static uint64_t begun;			    /* altogether */
static uint64_t overflows;		    /* inputs with more edges than KCOV had room for */
static unsigned int reset_left, check_left; /* inputs until the next */

bool engine_has_kcov(void)
{
	return has_kcov;
}

uint64_t engine_inputs(void)
{
	return __atomic_load_n(&begun, __ATOMIC_RELAXED);
}

void fuzz_wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "\n%s: the kernel does not do what the model says: ", fuzz_target.name);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, " (input %llu since the last reset)\n", (unsigned long long)inputs);
	va_end(ap);
	abort();
}

void fuzz_show(const char *what, const uint8_t *data, size_t len)
{
	fprintf(stderr, "\n%s: %s:", fuzz_target.name, what);
	for (size_t i = 0; i < len && i < 96; i++)
		fprintf(stderr, " %02x", data[i]);
	fputc('\n', stderr);
}

void fuzz_remote(void (*call)(void *arg), void *arg)
{
	if (has_kcov)
		remote_call(call, arg);
	else
		call(arg);
}

void fuzz_saw(uint32_t what)
{
	static uint8_t ever[ENGINE_MAP_SIZE];
	static uint64_t count;

	if (has_kcov || !map)
		return;
	what = (what ^ what >> 15) * 0x2c1b3c6d;
	what = (what ^ what >> 13) & (ENGINE_MAP_SIZE - 1);
	map[what] += map[what] < UINT8_MAX;
	if (!ever[what]) {
		ever[what] = 1;
		recorder_edges(++count);
	}
}

static void broken(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, what, strerror(errno));
	exit(2);
}

static void enter_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		broken("new network namespace");
	quiet_namespace();
}

/* A number from the environment, which those who look for one input out of many set. */
static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text && atoi(text) > 0 ? (unsigned int)atoi(text) : otherwise;
}

static void start_counting(void)
{
	inputs = 0;
	reset_left = setting("TUNTESTS_RESET", fuzz_target.reset_inputs);
	check_left = setting("TUNTESTS_CHECK", UINT_MAX);
}

void engine_learn(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	if (abi_load(&fuzz_abi))
		return;
	if (!probe_all())
		exit(2);
	/* One that is left again. */
	enter_namespace();
	fuzz_abi = lockstep_abi();
	abi_save(&fuzz_abi);
}

static void say_masked(void)
{
	if (kcov_masked())
		fprintf(stderr, "%s: %zu edges that came and went were not counted\n",
			fuzz_target.name, kcov_masked());
}

/* What this reaches is no input's, but reached. */
static void begin_target(void)
{
	static uint8_t unused[ENGINE_MAP_SIZE];

	if (has_kcov)
		kcov_start();
	fuzz_target.begin();
	if (has_kcov)
		kcov_collect(unused, NULL);
}

void engine_begin(uint8_t *counters)
{
	char why[128];

	engine_learn();
	map = counters;
	recorder_open();
	has_kcov = kcov_open(why);
	enter_namespace();
	begin_target();
	start_counting();
	if (has_kcov) {
		atexit(say_masked);
		return;
	}
	recorder_set(RECORDER_RESULTS);
	fprintf(stderr, "%s: no coverage of the kernel (%s): feedback is what calls give\n",
		fuzz_target.name, why);
}

void engine_begin_bare(void)
{
	engine_learn();
	enter_namespace();
	fuzz_target.begin();
}

void engine_check(void)
{
	if (fuzz_target.check)
		fuzz_target.check();
	check_left = setting("TUNTESTS_CHECK", UINT_MAX);
}

void engine_reset(void)
{
	engine_check();
	fuzz_target.end();
	enter_namespace();
	begin_target();
	leak_check();
	recorder_reset();
	start_counting();
}

/* Before each input. */
static void next_input(const uint8_t *data, size_t size)
{
	if (!reset_left-- || !recorder_has_room(size))
		engine_reset();
	recorder_add(data, size);
	inputs++;
	__atomic_store_n(&begun, begun + 1, __ATOMIC_RELAXED);
}

static void say_overflows(void)
{
	fprintf(stderr, "%s: edges are missing of %llu inputs: more than KCOV had room for\n",
		fuzz_target.name, (unsigned long long)overflows);
}

static void collect(uint8_t *edges, struct kcov_edges *unknown)
{
	if (kcov_collect(edges, unknown))
		return;
	if (!overflows++) {
		say_overflows();
		atexit(say_overflows);
	}
}

static int run(const uint8_t *data, size_t size, uint8_t *edges, struct kcov_edges *unknown)
{
	int ret;

	next_input(data, size);
	if (has_kcov)
		kcov_start();
	ret = fuzz_target.run(data, size);
	if (has_kcov)
		collect(edges, unknown);
	if (!--check_left)
		engine_check();
	return ret;
}

int engine_run(const uint8_t *data, size_t size)
{
	return run(data, size, map, NULL);
}

int engine_fuzz(const uint8_t *data, size_t size)
{
	static uint8_t again[ENGINE_MAP_SIZE];
	static struct kcov_edges unknown;
	int ret;

	unknown.count = 0;
	ret = run(data, size, map, &unknown);
	if (!unknown.count)
		return ret;
	memset(again, 0, sizeof(again));
	run(data, size, again, NULL);
	kcov_confirm(&unknown, map, again);
	recorder_edges(kcov_known());
	return ret;
}

struct input {
	const uint8_t *data;
	size_t size;
};

static void run_input(void *arg)
{
	const struct input *input = arg;

	fuzz_target.run(input->data, input->size);
}

void engine_compare(const uint8_t *data, size_t size,
		    void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, uint64_t location))
{
	struct input input = { data, size };

	if (!has_kcov)
		return;
	next_input(data, size);
	kcov_compare(run_input, &input, on_pair);
}
