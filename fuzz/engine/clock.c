// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock that libFuzzer looks at before and after each input. In user-mode-linux that is a
 * system call, and costs as much as the input. Here it is one only if the processor has counted
 * enough cycles since the last.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__
#include <x86intrin.h>

/* Less than a millisecond. */
#define CYCLES (1 << 20)

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static struct timespec last;
	static unsigned long long then;

	if (clock != CLOCK_REALTIME)
		return syscall(SYS_clock_gettime, clock, now);
	if (!then || __rdtsc() - then > CYCLES) {
		if (syscall(SYS_clock_gettime, clock, &last))
			return -1;
		then = __rdtsc();
	}
	*now = last;
	return 0;
}
#endif
