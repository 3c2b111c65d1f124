/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail on request, and copies from and to the program's memory: the nth one that
 * the calling thread makes (fault-injection.rst). A test needs the feature "fault_injection".
 *
 *	for (unsigned int n = 1; fault_nth(n, call, arg, &r); n++)
 *		... one of them failed: r.ret and r.err are allowed, everything is as before ...
 *	... there were fewer than n: r is how the call ends when all goes well ...
 */
#ifndef NETNS_FAULT_H
#define NETNS_FAULT_H

#include <stdbool.h>

/*
 * Makes every allocation one that may fail, those that could wait and single pages too, and the
 * kernel silent about it. This is for the whole machine, and hurts nobody: only who asks for a
 * failure gets one. 0, or -1 and errno.
 */
int fault_prepare(void);

struct fault_result {
	long ret;
	int err; /* errno if that is -1, otherwise 0 */
};

/*
 * Runs @call(@arg) with its @nth allocation or copy failing. True if there was one. Interrupts that
 * come meanwhile are spared, and so is what the kernel does in them: NAPI's poll.
 */
bool fault_nth(unsigned int nth, long (*call)(void *arg), void *arg, struct fault_result *r);
/* The same for what another thread of the process, @tid, does meanwhile. */
bool fault_nth_in(int tid, unsigned int nth, long (*call)(void *arg), void *arg,
		  struct fault_result *r);

/*
 * MemAvailable in KiB: what could still be had of the machine's memory, whoever uses it. Others
 * take and give at the same time: a difference means something only if it comes again and again.
 */
long fault_available(void);
/* From @on to off: other tests that do the same wait, for what one loses another would find. */
void fault_alone(bool on);

/* True if there is a kmemleak to ask. */
bool fault_leaks_known(void);
/*
 * How many objects that a thread named @comm has allocated nobody refers to any more, by kmemleak.
 * Takes seconds: what is younger than five is not looked at. The test's log says which they are.
 * Needs the feature "kmemleak".
 */
int fault_leaks(const char *comm);

#endif /* NETNS_FAULT_H */
