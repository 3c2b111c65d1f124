// SPDX-License-Identifier: GPL-2.0-only
/* The engines, and with what words each is called. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/campaign_state.h"
#include "cli/common.h"
#include "harness/registry.h"

unsigned int campaign_seconds_left(const struct state *s)
{
	time_t passed = time(NULL) - s->begun;

	if (!s->c->seconds)
		return GUEST_S;
	if (passed >= s->c->seconds)
		return 0;
	return s->c->seconds - passed < GUEST_S ? s->c->seconds - passed : GUEST_S;
}

/* For an engine that is begun: its time may have passed since somebody looked, and 0 is no end. */
static unsigned int engine_seconds(const struct state *s)
{
	unsigned int left = campaign_seconds_left(s);

	return left ? left : 1;
}

static pid_t start_libfuzzer(const struct state *s, struct job *j, const char *program)
{
	char time_left[64], artifacts[PATH_MAX], seed[32];
	const char **command;
	pid_t pid;

	snprintf(time_left, sizeof(time_left), "-max_total_time=%u", engine_seconds(s));
	snprintf(artifacts, sizeof(artifacts), "-artifact_prefix=%s/", j->folder);
	snprintf(seed, sizeof(seed), "-seed=%u", (unsigned int)time(NULL) + j->number);
	command = campaign_command(s->c, j->number, j->recorder,
				   (const char *[]){ program, time_left, artifacts, seed,
						     "-reload=2", "-timeout=60", "-rss_limit_mb=0",
						     "-max_len=66000", "-print_final_stats=1",
						     s->c->corpus, NULL });
	pid = campaign_spawn(command, j->console, s->c->guest ? NULL : j->recorder);
	free(command);
	return pid;
}

/* Ends at the first crash: the recorder has to be read before the next program uses it. */
static pid_t start_afl(const struct state *s, struct job *j, const char *program)
{
	char seconds[16], name[32], out[PATH_MAX], mutator[PATH_MAX];
	char *library = campaign_program(s->c->target, "-mutator.so");
	const char *words[] = {
		"/usr/bin/env",
		"AFL_BENCH_UNTIL_CRASH=1",
		"AFL_DEBUG_CHILD=1",
		"AFL_NO_UI=1",
		mutator,
		"AFL_SKIP_CPUFREQ=1",
		"AFL_NO_AFFINITY=1",
		"AFL_AUTORESUME=1",
		"AFL_SYNC_TIME=1",
		"AFL_IMPORT_FIRST=1",
		"AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1",
		"afl-fuzz",
		"-i",
		s->c->corpus,
		"-o",
		out,
		j->number ? "-S" : "-M",
		name,
		"-t",
		"10000",
		"-c",
		"0",
		"-V",
		seconds,
		"-F",
		s->c->corpus,
		"--",
		program,
		NULL,
	};
	const char **command;
	pid_t pid;

	/* Only the main one looks at what is not AFL++'s; the others have it of that one. */
	if (j->number)
		memmove(words + ARRAY_SIZE(words) - 5, words + ARRAY_SIZE(words) - 3,
			3 * sizeof(*words));
	snprintf(seconds, sizeof(seconds), "%u", engine_seconds(s));
	snprintf(name, sizeof(name), "job%u", j->number);
	snprintf(out, sizeof(out), "%s/afl", s->c->folder);
	if (!library)
		return -1;
	snprintf(mutator, sizeof(mutator), "AFL_CUSTOM_MUTATOR_LIBRARY=%s", library);
	free(library);
	command = campaign_command(s->c, j->number, j->recorder, words);
	pid = campaign_spawn(command, j->console, s->c->guest ? NULL : j->recorder);
	free(command);
	return pid;
}

bool engine_start(const struct state *s, struct job *j)
{
	char *program = campaign_program(s->c->target, s->c->afl ? "-afl" : "");

	if (!program)
		return false;
	j->pid = (s->c->afl ? start_afl : start_libfuzzer)(s, j, program);
	free(program);
	return j->pid > 0 || fault(j->console, "cannot start an engine: ");
}
