// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/coverage/remote.h"

#include <linux/kcov.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fuzz/coverage/kcov.h"
#include "netns/netns.h"

/* Of one piece of work, before it is added to the whole. */
#define PIECE (64 << 10)

static uint64_t *words;
static sem_t wanted, done;
static void (*call)(void *arg);
static void *call_arg;
static int call_netns;

static void enable(void)
{
	struct kcov_remote_arg arg = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = PIECE,
		.common_handle = kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, 1),
	};
	uint64_t *area;
	char why[128];
	int fd = kcov_new(&area, why);

	if (fd >= 0 && !ioctl(fd, KCOV_REMOTE_ENABLE, &arg))
		words = area;
}

/* It lives as long as we do: with it ends what KCOV knows of its workers. */
static void *thread(void *unused)
{
	enable();
	for (;;) {
		while (sem_wait(&wanted))
			;
		netns_enter(call_netns);
		call(call_arg);
		sem_post(&done);
	}
	return unused;
}

void remote_call(void (*run)(void *arg), void *arg)
{
	static pthread_t id;
	static bool begun;

	if (!begun) {
		sem_init(&wanted, 0, 0);
		sem_init(&done, 0, 0);
		if (pthread_create(&id, NULL, thread, NULL))
			abort();
		begun = true;
	}
	call = run;
	call_arg = arg;
	call_netns = netns_self();
	sem_post(&wanted);
	while (sem_wait(&done))
		;
	close(call_netns);
}

void remote_start(void)
{
	if (words)
		__atomic_store_n(&words[0], 0, __ATOMIC_RELAXED);
}

const uint64_t *remote_words(void)
{
	return words;
}
