/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of operations for threads that race, for the target "queues" and, with race.h behind it,
 * for the programs that it writes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RACE_DEVICE   "q0"
#define RACE_FILES    4
#define RACE_THREADS  4
#define RACE_STEPS    6
#define RACE_LENGTH   60 /* of a frame that the kernel sends */

/* A file's number stays its own, so that a step means the same file whenever it comes. */
#define RACE_FD(file) (200 + (file))

enum race_op {
	RACE_OPEN, /* in place of what is there */
	RACE_CLOSE,
	RACE_SETIFF,
	RACE_ATTACH,
	RACE_DETACH,
	RACE_WRITE, /* of so many bytes */
	RACE_READ,
	RACE_POLL,
	RACE_SNDBUF,
	RACE_PERSIST,
	RACE_CARRIER,
	RACE_SETLINK,
	RACE_STEERING, /* a program, or with 0 none */
	RACE_TXQUEUELEN,
	RACE_MTU,
	RACE_UP,   /* or with 0 down */
	RACE_SEND, /* the kernel sends a frame */
	RACE_DELETE,
	RACE_OPS
};

/* How a file is when the threads start. */
enum race_file { RACE_CLOSED, RACE_FREE, RACE_ATTACHED, RACE_DETACHED };

struct race_step {
	enum race_op op;
	int file, value;
	int delay;	     /* turns of a loop before it */
	int may[8], choices; /* what some order of all steps gives: a result, or -errno */
};
#define RACE_MAY(...)                                                                              \
	.may = { __VA_ARGS__ }, .choices = sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)

struct race {
	int flags; /* of TUNSETIFF */
	int persist;
	enum race_file files[RACE_FILES];
	struct {
		const struct race_step *steps;
		int count;
	} lists[RACE_THREADS]; /* the first is done by the thread that starts the race */
	int may_vanish;	       /* some order of the steps deletes the device, if only for a while */
};
#define RACE_LIST(steps)                                                                           \
	{                                                                                          \
		steps, sizeof(steps) / sizeof(*(steps))                                            \
	}

static inline const char *race_name(enum race_op op)
{
	static const char *const names[] = {
		"RACE_OPEN",	"RACE_CLOSE",	"RACE_SETIFF",	 "RACE_ATTACH",	    "RACE_DETACH",
		"RACE_WRITE",	"RACE_READ",	"RACE_POLL",	 "RACE_SNDBUF",	    "RACE_PERSIST",
		"RACE_CARRIER", "RACE_SETLINK", "RACE_STEERING", "RACE_TXQUEUELEN", "RACE_MTU",
		"RACE_UP",	"RACE_SEND",	"RACE_DELETE",
	};

	return names[op];
}
