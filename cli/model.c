// SPDX-License-Identifier: GPL-2.0-only
#include "cli/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/common.h"
#include "harness/local.h"
#include "harness/registry.h"
#include "selftests/model.h"

#define PROGRAM "program.c"

struct model_task *model_task;

/* Writes the program into the run's folder: false if that fails. */
static bool write_program(const struct run *run)
{
	size_t len = strlen(model_task->program);
	int fd = openat(run->dir_fd, PROGRAM, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written = fd >= 0 && write(fd, model_task->program, len) == (ssize_t)len;

	if (!written)
		return fault(PROGRAM, "cannot write ");
	close(fd);
	printf("# the shortest sequence that shows it: %s/%s\n", run->dir, PROGRAM);
	return true;
}

int model_run(struct run_options *options, uint64_t seed, uint64_t steps)
{
	static const char *const test[] = { "model.random.seed_1" };
	bool written = true;
	struct run run;
	int status;

	model_task = mmap(NULL, sizeof(*model_task), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (model_task == MAP_FAILED)
		must(NULL);
	model_task->seed = seed;
	model_task->sequences = (steps + MODEL_STEPS - 1) / MODEL_STEPS;
	options->patterns = test;
	options->pattern_count = 1;
	options->repeat = (model_task->sequences + MODEL_CHUNK - 1) / MODEL_CHUNK;
	if (!run_begin(&run, options))
		return 2;
	local_execute(&run);
	if (model_task->found)
		written = write_program(&run);
	printf("# model: %llu steps of seed %llu\n", (unsigned long long)model_task->steps,
	       (unsigned long long)seed);
	status = run_end(&run);
	return written ? status : 2;
}
