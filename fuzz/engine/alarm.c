// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timer with which libFuzzer looks for inputs that take too long. Its signal makes system calls
 * fail that have nothing to do with it: reads with EINTR, VHOST_SET_OWNER with ENOMEM. Here it
 * comes only if the input was the same the last time.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/engine/engine.h"

static pthread_t fuzzer;
static time_t interval;

static void *look(void *unused)
{
	uint64_t before = UINT64_MAX;

	/* Who has begun us is in a namespace that it leaves some time. */
	unshare(CLONE_NEWNET);
	for (;;) {
		struct timespec left = { .tv_sec = interval };
		uint64_t now;

		while (nanosleep(&left, &left))
			;
		now = engine_inputs();
		if (now == before)
			pthread_kill(fuzzer, SIGALRM);
		before = now;
	}
	return unused;
}

int setitimer(__itimer_which_t which, const struct itimerval *new, struct itimerval *old)
{
	sigset_t all, mask;
	pthread_t id;

	if (which != ITIMER_REAL || interval || !new->it_interval.tv_sec)
		return syscall(SYS_setitimer, which, new, old);
	fuzzer = pthread_self();
	interval = new->it_interval.tv_sec;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	errno = pthread_create(&id, NULL, look, NULL);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return errno ? -1 : 0;
}
