/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that race: threads that start together and repeat one call each, at moments that depend on
 * harness_seed(). Every result is counted, and one that may not be fails the test.
 *
 *	struct race_role roles[] = {
 *		{ .name = "write", .call = write_frame, .fd = t.fd, .errors = { EIO } },
 *		{ .name = "down", .call = go_down_and_up },
 *	};
 *
 *	race(_metadata, roles, ARRAY_SIZE(roles), RACE_MS);
 */
#ifndef DEVICE_RACE_H
#define DEVICE_RACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netns/creds.h"

#define RACE_MS	     250  /* of a test that is part of every run */
#define RACE_LONG_MS 5000 /* of one that takes long */

#define RACE_ERRORS 12

struct race_role {
	const char *name; /* for the report */
	/* One call: 0 for what it should do, -1 and errno, or any other result, which is wrong. */
	ssize_t (*call)(struct race_role *role);
	int errors[RACE_ERRORS]; /* what errno may be; zero ends */
	bool may_fail;		 /* it need not succeed at all */
	int pause_ms;		 /* at most, between calls; 0 for a tenth */

	/* the call's own */
	int fd;
	void *arg;
	uint32_t number; /* starts as it is given */

	/* the frame's own */
	struct race *race;
	pthread_t thread;
	uint64_t random;
	unsigned int calls;
	unsigned int good, failed[160]; /* results: 0, and -1 by errno */
	ssize_t wrong;			/* the first other one */
	unsigned int wrongs;		/* how many there were */
};

/* The role's next random number: 0 to @below - 1. */
uint32_t race_random(struct race_role *role, uint32_t below);

/* What @n, of a read or a write that should have given @len bytes, is as a role's result. */
ssize_t race_result(ssize_t n, size_t len);
/* Sends a frame out of link @name, through a packet socket that need not be bound to it. */
ssize_t race_transmit(int packet, const char *name);

/*
 * Runs the roles side by side for @ms milliseconds, up to 20 s longer if one of them has not
 * succeeded by then (or, if it may fail, has not tried). The test fails if that does not help, if a
 * result may not be, and if a call does not return within another minute.
 */
void race(struct __test_metadata *_metadata, struct race_role *roles, size_t count, int ms);

/* How many links the current namespace has. */
int race_links(void);
/*
 * Waits until the namespace has @links links and no socket, among which are the files of
 * /dev/net/tun: the test fails if that is not so within 20 s.
 */
void race_settled(struct __test_metadata *_metadata, int links);

/*
 * Runs @body in a child in a new namespace, and sees that the kernel clears all of it away. A
 * device with a reference too many keeps it from that, in any namespace. Needs the feature
 * "net_namespaces".
 */
void race_in_netns(struct __test_metadata *_metadata, creds_body *body, void *arg);

#endif /* DEVICE_RACE_H */
