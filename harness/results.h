/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json: written while a run goes on, and read back. */
#ifndef HARNESS_RESULTS_H
#define HARNESS_RESULTS_H

#include <jansson.h>

#include "harness/result.h"

struct run;

/* One test's line in it, which the record keeps; "null" without memory. */
const char *results_line(const struct run *run, struct record *r);

/* The whole file for the run as it stands, to be freed; NULL without memory. */
char *results_text(struct run *run);

/* Its parts as a journal has them too: all but the tests, and one test. New references. */
json_t *results_head_json(const struct run *run);
json_t *results_test_json(const struct run *run, const struct record *r);
/* Text from a test or the kernel as JSON, whatever bytes it has. A new reference. */
json_t *results_text_json(const char *text);

/* One test of a results file. */
struct old_result {
	char *id;
	enum result result;
	char *reason;
};

struct old_results {
	struct old_result *tests;
	size_t count;
};

/*
 * Reads a results.json or a baseline (the same format), or the results.json in a folder. False
 * after one line on standard error that names file and fault. Free with results_free().
 */
bool results_load(const char *path, struct old_results *into);
void results_free(struct old_results *old);

/*
 * The baseline that comes with the program for a kernel release ("6.12.117-..."): FAMILY.json in
 * results/baselines/, FAMILY being the first two numbers. To be freed; NULL if there is none.
 */
char *results_baseline_for(const char *release);

/* NULL if there is no such test. */
const struct old_result *results_find(const struct old_results *old, const char *id);

/*
 * Holds a verdict against an expected failure, of which @who knows the @reason: a failure becomes
 * xfail, a pass xpass; other verdicts stay.
 */
void results_expect_failure(struct record *r, const char *who, const char *reason);

/* The same if @expected, of a baseline, is a failure. It may be NULL. */
void results_expect(struct record *r, const struct old_result *expected);

/*
 * Prints what got worse, is no longer tested, got better, appeared, vanished, or is skipped for
 * another reason, from @old_path to @new_path. The exit status: 0, 1 for the first two, 2 for a bad
 * file.
 */
int results_compare(const char *old_path, const char *new_path);

#endif /* HARNESS_RESULTS_H */
