/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the sandbox: the run of one test or probe, up to its end. */
#ifndef HARNESS_TEST_H
#define HARNESS_TEST_H

#include "harness/harness.h"
#include "harness/registry.h"
#include "harness/result.h"

/*
 * What the test's processes tell the runner: in memory shared with it, so that it is there whatever
 * becomes of them. The first reason of each kind stays.
 */
struct test_shared {
	bool failed, skipped, broken;
	bool done;	      /* the body and the tear-down came to their end */
	bool present;	      /* a probe found its feature */
	char failure[REASON_SIZE];
	char skip[REASON_SIZE];
	char breakage[REASON_SIZE];
	/* written by the sandbox's init */
	bool exited;	      /* the test's first process has ended, with this wait status: */
	int wait_status;
	bool leaked;	      /* it left processes behind */
	char sandbox_error[REASON_SIZE];
};

/* Runs @t's fixture and body in the calling process, which then has to _exit(). */
void test_run(const struct test *t, struct test_shared *shared, int attachment);
/* The seed of all tests that are started from now on. */
void test_use_seed(uint64_t seed);
/* The same as test_run() for a probe. */
void probe_run(const struct feature *f, struct test_shared *shared);

#endif /* HARNESS_TEST_H */
