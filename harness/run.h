/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of tests: what was asked for, what is known, and the order in which it is done. */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include <sys/utsname.h>
#include <time.h>

#include "harness/kmsg.h"
#include "harness/registry.h"
#include "harness/result.h"
#include "harness/sandbox.h"

struct run_options {
	unsigned int jobs;	/* at a time, at least 1 */
	unsigned int timeout_s; /* for a test without a time-out of its own */
	unsigned int repeat;	/* at least 1 */
	bool shuffle;
	uint64_t seed;
	bool strict;	      /* a skip is a failure */
	bool verbose;	      /* show what every test printed */
	const char *output;   /* folder, NULL: results/runs/TIME-KERNEL */
	const char *junit;    /* more places for junit.xml and results.json, or NULL */
	const char *json;
	const char *baseline; /* expected results, or NULL */
	const char *const *patterns;
	size_t pattern_count; /* 0: every test */
};

struct run {
	const struct run_options *options;
	struct record *records; /* the plan, grouped by area */
	size_t count;
	enum sandbox_kind sandbox;
	char sandbox_why[REASON_SIZE];
	struct kmsg *kmsg;
	struct utsname kernel;
	time_t started;
	int64_t started_ns;
	char *dir;	 /* the output folder */
	int dir_fd;
	bool write_failed; /* some result could not be written */
};

/*
 * Runs the tests that match, and reports. The program's exit status: 0 all as expected, 1 a test
 * failed, 2 the set-up is broken (said on standard error), 4 all tests were skipped. A signal that
 * interrupts is raised again after everything is cleaned up and written.
 */
int run_tests(const struct run_options *options);

struct totals run_totals(const struct run *run);

/* Seconds since the run began. */
double run_seconds(const struct run *run);

#endif /* HARNESS_RUN_H */
