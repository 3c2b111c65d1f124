/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict on one test, and what is known of one test in a run. */
#ifndef HARNESS_RESULT_H
#define HARNESS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/harness.h"

enum result {
	RESULT_NOTRUN,
	RESULT_PASS,
	RESULT_FAIL,
	RESULT_XFAIL,
	RESULT_XPASS,
	RESULT_SKIP,
	RESULT_ERROR,	/* the test itself is broken or could not be set up */
	RESULT_TIMEOUT,
	RESULT_CRASH,
	RESULT_COUNT,
};

#define REASON_SIZE HARNESS_REASON_SIZE

/* "pass", "fail", ... as in results.json. */
const char *result_name(enum result r);
/* The inverse; -1 for no result's name. */
int result_from_name(const char *name);
/* True for fail, error, timeout and crash. */
bool result_is_bad(enum result r);

/* How many tests have each result. */
struct totals {
	unsigned int n[RESULT_COUNT];
};

struct test;

/* A test's place in the plan of a run, and its verdict. */
struct record {
	const struct test *test;
	enum result result;
	char reason[REASON_SIZE];
	int64_t duration_ns;  /* of the run that decided */
	int64_t started_ns;   /* when that began, CLOCK_MONOTONIC; 0: it did not run */
	unsigned int runs;    /* so far, with --repeat */
	unsigned int passes;
	int64_t ended_ns;     /* when the last one ended */
	bool final;	      /* nothing will change it any more */
	bool suspect;	      /* the kernel complained in its time; to be run again alone */
	bool guilty;	      /* ... and it did so again */
	char *log;	      /* of the run that decided, if that was bad; or NULL */
	char *kernel_log;     /* what the kernel logged in its time; or NULL */
	char *json;	      /* its line in results.json; NULL after record_changed() */
	const char *evidence[4]; /* file names in the folder ID/ of the output, NULL ends */
};

/* To be called after a change that results.json is to show. */
void record_changed(struct record *r);

#endif /* HARNESS_RESULT_H */
