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
static unsigned int reset_left, check_left; /* inputs until the next */

bool engine_has_kcov(void)
{
	return has_kcov;
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

void fuzz_saw(uint32_t what)
{
	uint8_t *counter;

	if (has_kcov || !map)
		return;
	what = (what ^ what >> 15) * 0x2c1b3c6d;
	counter = &map[(what ^ what >> 13) & (ENGINE_MAP_SIZE - 1)];
	*counter += *counter < UINT8_MAX;
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

/* The model's idea of this kernel, made in a namespace that is left again. */
void engine_learn(void)
{
	static bool known;

	if (known)
		return;
	known = true;
	if (!probe_all())
		exit(2);
	enter_namespace();
	fuzz_abi = lockstep_abi();
}

void engine_begin(uint8_t *counters)
{
	char why[128];

	engine_learn();
	map = counters;
	recorder_open();
	has_kcov = kcov_open(why);
	enter_namespace();
	fuzz_target.begin();
	start_counting();
	if (!has_kcov)
		fprintf(stderr, "%s: no coverage of the kernel (%s): feedback is what calls give\n",
			fuzz_target.name, why);
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
	fuzz_target.begin();
	recorder_reset();
	start_counting();
}

int engine_run(const uint8_t *data, size_t size)
{
	int ret;

	if (!reset_left-- || !recorder_has_room(size))
		engine_reset();
	recorder_add(data, size);
	inputs++;
	if (has_kcov)
		kcov_start();
	ret = fuzz_target.run(data, size);
	if (has_kcov)
		kcov_collect(map, ENGINE_MAP_SIZE);
	if (!--check_left)
		engine_check();
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
		    void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, bool constant))
{
	struct input input = { data, size };

	if (!has_kcov)
		return;
	recorder_add(data, size);
	kcov_compare(run_input, &input, on_pair);
}
