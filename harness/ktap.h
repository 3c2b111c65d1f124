/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report of a run in KTAP version 1: on standard output and in results.ktap. Nested one level,
 * an area for each file of tests, in the order of the plan whatever the order of the run.
 */
#ifndef HARNESS_KTAP_H
#define HARNESS_KTAP_H

#include "harness/run.h"

struct ktap;

/* Prints the version, the plan and what the run is. NULL without memory. */
struct ktap *ktap_begin(struct run *run);

/* Prints every result that is final and whose predecessors in the plan are printed. */
void ktap_update(struct ktap *k);

/* Prints the totals and frees @k. */
void ktap_end(struct ktap *k);

/*
 * On a terminal: shows on the last line how far the run is, with the ids of @running tests. Does
 * nothing in a pipe.
 */
void ktap_progress(struct ktap *k, size_t done, size_t all, const char *const *running,
		   size_t running_count);

/* A comment on a line of its own, now. */
void ktap_comment(struct ktap *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* HARNESS_KTAP_H */
