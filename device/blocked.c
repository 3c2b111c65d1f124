// SPDX-License-Identifier: GPL-2.0-only
/* A call that waits, in a thread of its own. */
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "device/blocked.h"
#include "harness/harness.h"
#include "netns/clock.h"

#define START_MS 2000
/* poll() looks again when its time is over: only a wake-up ends it while a test waits for it. */
#define POLL_MS	 20000

static void do_read(struct blocked *b)
{
	if (b->data)
		b->ret = read(b->fd, (void *)b->data, b->len);
	else
		b->ret = read(b->fd, b->buf, sizeof(b->buf));
}

static void do_write(struct blocked *b)
{
	b->ret = write(b->fd, b->data, b->len);
}

static void do_poll(struct blocked *b)
{
	struct pollfd p = { .fd = b->fd, .events = b->events };

	b->ret = poll(&p, 1, POLL_MS);
	b->revents = p.revents;
}

static void *run(void *arg)
{
	struct blocked *b = arg;

	/* From here on the thread does nothing else that sleeps. */
	b->stat = open("/proc/thread-self/stat", O_RDONLY | O_CLOEXEC);
	b->call(b);
	b->err = b->ret == -1 ? errno : 0;
	b->done = true;
	return NULL;
}

static bool start(struct blocked *b)
{
	int64_t deadline = clock_ms() + START_MS;

	b->stat = -1;
	if (pthread_create(&b->thread, NULL, run, b))
		TH_BAIL("cannot start a thread");
	while (!blocked_sleeps(b)) {
		if (b->done || !clock_left(deadline))
			return false;
		usleep(500);
	}
	return true;
}

bool blocked_read(struct blocked *b, int fd)
{
	*b = (struct blocked){ .call = do_read, .fd = fd };
	return start(b);
}

bool blocked_read_to(struct blocked *b, int fd, void *buf, size_t len)
{
	*b = (struct blocked){ .call = do_read, .fd = fd, .data = buf, .len = len };
	return start(b);
}

bool blocked_write(struct blocked *b, int fd, const void *data, size_t len)
{
	*b = (struct blocked){ .call = do_write, .fd = fd, .data = data, .len = len };
	return start(b);
}

bool blocked_poll(struct blocked *b, int fd, short events)
{
	*b = (struct blocked){ .call = do_poll, .fd = fd, .events = events };
	return start(b);
}

bool blocked_sleeps(const struct blocked *b)
{
	return stat_sleeps(b->stat);
}

bool blocked_sleeps_within(const struct blocked *b, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;

	while (!blocked_sleeps(b)) {
		if (!clock_left(deadline))
			return false;
		usleep(500);
	}
	return true;
}

bool blocked_ended(struct blocked *b, int timeout_ms)
{
	struct timespec until;

	/* pthread_timedjoin_np() goes by the time of day. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (pthread_timedjoin_np(b->thread, NULL, &until))
		return false;
	close(b->stat);
	return true;
}

static void nothing(int sig)
{
	(void)sig;
}

bool blocked_interrupt(struct blocked *b, int timeout_ms)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
	pthread_kill(b->thread, SIGUSR1);
	return blocked_ended(b, timeout_ms);
}

bool stat_sleeps(int stat)
{
	char line[512];
	const char *state;
	ssize_t n = pread(stat, line, sizeof(line) - 1, 0);

	if (n <= 0)
		return false;
	line[n] = '\0';
	/* "PID (NAME) STATE ...", where the name may hold anything. */
	state = strrchr(line, ')');
	return state && state[1] && state[2] == 'S';
}
