/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A call on a file that waits, in a thread of its own, and is seen to be asleep.
 *
 *	struct blocked b;
 *
 *	ASSERT_TRUE(blocked_read(&b, fd));
 *	... what should end it ...
 *	ASSERT_TRUE(blocked_ended(&b, 2000));
 *	EXPECT_EQ(60, b.ret);
 */
#ifndef DEVICE_BLOCKED_H
#define DEVICE_BLOCKED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Has to stay where it is until the call ended. */
struct blocked {
	/* once it ended */
	ssize_t ret;   /* what the call gave */
	int err;       /* errno if that was -1, otherwise 0 */
	short revents; /* of poll() */
	uint8_t buf[2048]; /* what read() got */

	pthread_t thread; /* for pthread_kill() */
	/* for the thread */
	void (*call)(struct blocked *b);
	int fd;
	const void *data;
	size_t len;
	short events;
	atomic_int stat; /* its /proc stat file, -1 until it runs */
	atomic_bool done;
};

/*
 * Starts the call on @fd, which has to be blocking: true as soon as the thread sleeps in it, false
 * if it returns at once or does not sleep within two seconds. A poll() that nobody wakes returns
 * after 20 seconds. @data has to stay until the call ended.
 */
bool blocked_read(struct blocked *b, int fd);
/* The same into memory of the caller's, which has to stay. */
bool blocked_read_to(struct blocked *b, int fd, void *buf, size_t len);
bool blocked_write(struct blocked *b, int fd, const void *data, size_t len);
bool blocked_poll(struct blocked *b, int fd, short events);

/* True if the thread sleeps now; and as soon as it does, false after @timeout_ms. */
bool blocked_sleeps(const struct blocked *b);
bool blocked_sleeps_within(const struct blocked *b, int timeout_ms);
/* True if the call ends within @timeout_ms; may be asked again if it does not. */
bool blocked_ended(struct blocked *b, int timeout_ms);
/* Ends the call with EINTR, by SIGUSR1. A poll() first looks for events once more. */
bool blocked_interrupt(struct blocked *b, int timeout_ms);

/* True if @stat, an open /proc/PID/stat of a process or thread, says that it sleeps. */
bool stat_sleeps(int stat);

#endif /* DEVICE_BLOCKED_H */
