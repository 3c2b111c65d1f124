// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target for AFL++: persistent, inputs in shared memory, its map filled by KCOV. Outside of
 * AFL++, and for those of its tools that do not use shared memory, one input from standard input.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fuzz/engine/afl_cmplog.h"
#include "fuzz/engine/engine.h"
#include "fuzz/engine/recorder.h"

/* afl-compiler-rt's, which its compilers would use by macros. */
extern unsigned char *__afl_area_ptr;
extern unsigned int *__afl_fuzz_len;
extern unsigned char *__afl_fuzz_ptr;
extern unsigned int __afl_map_size;
extern int __afl_sharedmem_fuzzing;
void __afl_manual_init(void);
int __afl_persistent_loop(unsigned int inputs);

/* afl-fuzz looks for these in the program. */
extern const char *const afl_signatures[];
const char *const afl_signatures[] = { "##SIG_AFL_PERSISTENT##", "##SIG_AFL_DEFER_FORKSRV##" };
int __afl_sharedmem_fuzzing = 1;

/* A new process after so many inputs: what it did to the kernel stays, so that is for its own sake.
 */
#define INPUTS 1000000

static size_t read_input(uint8_t *data, size_t max)
{
	size_t size = 0;
	ssize_t n;

	while (size < max && (n = read(STDIN_FILENO, data + size, max - size)) > 0)
		size += n;
	return size;
}

/* The next child comes before anybody can look at what this one has recorded. */
static void on_death(int signal)
{
	recorder_set(RECORDER_FAILED);
	if (signal != SIGABRT)
		fprintf(stderr, "\ntuntests: BUG: %s died of signal %d\n", fuzz_target.name,
			signal);
	raise(signal);
}

static void watch_death(void)
{
	static const int deaths[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction action = { .sa_handler = on_death, .sa_flags = SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < sizeof(deaths) / sizeof(*deaths); i++)
		sigaction(deaths[i], &action, NULL);
}

int main(void)
{
	static uint8_t own[FUZZ_MAX_LEN];

	if (!afl_signatures[0])
		return 2;
	engine_learn();
	recorder_map();
	/* afl-fuzz looks at so much of its map for each input. */
	__afl_map_size = ENGINE_MAP_SIZE;
	/*
	 * From here on it is a child, and after a crash the next one: the devices, which the model
	 * knows the state of, and KCOV, which is a thread's, are its own.
	 */
	__afl_manual_init();
	/* Stopped between two inputs, it would outlive an afl-fuzz that ends then. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	engine_begin(__afl_area_ptr);
	watch_death();
	while (__afl_persistent_loop(INPUTS)) {
		if (!__afl_fuzz_ptr)
			engine_run(own, read_input(own, sizeof(own)));
		else if (!afl_cmplog(__afl_fuzz_ptr, *__afl_fuzz_len))
			engine_fuzz(__afl_fuzz_ptr, *__afl_fuzz_len);
	}
	return 0;
}
