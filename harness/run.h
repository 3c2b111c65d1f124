/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of tests: what was asked for, the plan, the verdicts, the reports. Who executes the
 * tests, and where, is another matter: local.h does it on this kernel, remote.h in a guest.
 */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include <sys/utsname.h>
#include <time.h>

#include "harness/registry.h"
#include "harness/result.h"
#include "harness/results.h"

struct run_options {
	unsigned int jobs;	/* at a time, at least 1 */
	unsigned int timeout_s; /* for a test without a time-out of its own */
	unsigned int repeat;	/* at least 1 */
	bool shuffle;
	uint64_t shuffle_seed;
	uint64_t seed;	      /* of the tests' own choices */
	bool takes_long;      /* also tests that take long */
	bool strict;	      /* a skip is a failure */
	bool first;	      /* end at the first failure */
	bool ordered;	      /* begin tests in the order of the patterns */
	bool verbose;	      /* show what every test printed */
	const char *output;   /* folder, NULL: results/runs/TIME-KERNEL */
	const char *junit;    /* more places for junit.xml and results.json, or NULL */
	const char *json;
	const char *baseline; /* expected results; NULL: of the kernel's family; "none" */
	const char *features; /* file of what the probes said (probed.h), or NULL */
	const char *gcov;     /* folder for what each test executes (gcov.h), or NULL; jobs is 1 */
	const char *journal;  /* file or device to which every event goes, or NULL */
	const char *guest;    /* name of the guest kernel the tests run in, NULL: this kernel */
	const char *const *patterns;
	size_t pattern_count; /* 0: every test (that does not take long) */
};

struct ktap;
struct journal;

struct run {
	const struct run_options *options;
	struct record *records; /* the plan, grouped by area */
	size_t count;
	size_t done;		/* records whose verdict is final */
	struct old_results baseline;
	char *expected;		/* the file it is from, or NULL */
	/* where the tests run; the executor fills it in before run_plan_known() */
	struct utsname kernel;
	char sandbox[64];
	char kernel_log[REASON_SIZE]; /* "watched", or why it cannot be */
	time_t started;
	int64_t started_ns;
	char *dir;	 /* the output folder */
	int dir_fd;
	int lines_fd;	 /* results.jsonl */
	int64_t saved_ns; /* when results.json was last written */
	bool unsaved;	  /* and there is something new since */
	int stdout_error; /* errno of the first failure to write the report, 0 for none */
	bool write_failed; /* some result could not be written, or a baseline not be read */
	struct ktap *ktap;
	struct journal *journal; /* or NULL */
	int signal_fd;	 /* readable when a signal asks to end */
	int signal;	 /* the one that did, see run_take_signal() */
	bool failed;	 /* something has, for good */
};

/*
 * Begins a run: plan, output folder, baseline, signals. False after one line on standard error; the
 * program then exits with status 2.
 */
bool run_begin(struct run *run, const struct run_options *options);

/* Prints the head of the report and saves the plan, in which nothing has run yet. */
void run_plan_known(struct run *run);

/* How long @t may take: one that takes long ten times the time of others. */
unsigned int run_timeout_s(const struct run_options *options, const struct test *t);

/* Call it when signal_fd is readable. */
void run_take_signal(struct run *run);

/* Nothing more is to be begun: a signal came, or the first failure with @options->first. */
bool run_over(const struct run *run);

/*
 * The order of a run: indices into the plan, all of it @options->repeat times, each round shuffled
 * or in the order of the patterns if asked for. To be freed; its length goes to @count.
 */
size_t *run_queue(const struct run *run, size_t *count);

/* Notes that a test has begun (its started_ns is set). */
void run_started(struct run *run, struct record *rec);

/*
 * One of a test's repetitions ended: results.json shows it, at once if it was bad, otherwise soon,
 * together with others, by run_flush(), which is to be called several times a second.
 */
void run_repeated(struct run *run, const struct record *rec);
void run_flush(struct run *run);

/*
 * Nothing will change this record any more: holds it against what was expected and reports it. A
 * line of results.jsonl has it at once, results.json as after run_repeated().
 */
void run_finish(struct run *run, struct record *rec);

/*
 * Ends the run: the last reports. The program's exit status: 0 all as expected, 1 a test failed or
 * was not run, 2 results could not be written, 4 all tests were skipped. If a signal ended the run
 * it is raised again, so that this may not return.
 */
int run_end(struct run *run);

struct totals run_totals(const struct run *run);

/* Seconds since the run began. */
double run_seconds(const struct run *run);

#endif /* HARNESS_RUN_H */
