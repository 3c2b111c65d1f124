/* SPDX-License-Identifier: GPL-2.0-only */
/* One test or probe on its way: sandbox, time-out, output, verdict. */
#ifndef HARNESS_JOB_H
#define HARNESS_JOB_H

#include "harness/sandbox.h"

struct job {
	const struct test *test;     /* one of these two */
	const struct feature *probe;
	struct test_shared *shared;
	pid_t pid;
	int pidfd;	/* readable when it has ended; -1: not running */
	int log_fd;	/* memory: what it printed */
	int attachment_fd; /* memory: its attachment */
	int timeout_s;
	int64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	bool killed;	/* its time was up */
};

int64_t now_ns(void);

/* Starts @j, whose test or probe and timeout_s are set. False and a @why if that is impossible. */
bool job_start(struct job *j, enum sandbox_kind kind, char *why);

/* Kills everything in the sandbox. */
void job_kill(struct job *j);

/* Reaps a job whose pidfd is readable. */
void job_end(struct job *j);

/* The verdict on an ended job; @reason has REASON_SIZE bytes. */
enum result job_verdict(const struct job *j, char *reason);

/* Everything it printed, NUL-terminated, to be freed; NULL without memory. */
char *job_log(const struct job *j);

/* Closes and frees what the job holds. */
void job_free(struct job *j);

#endif /* HARNESS_JOB_H */
