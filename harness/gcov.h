/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each test executes of the kernel's code that was compiled to be counted (GCOV_PROFILE in
 * Kbuild, CONFIG_GCOV_KERNEL). There is one set of counters, so tests have to run one at a time,
 * and nobody else may use that code.
 */
#ifndef HARNESS_GCOV_H
#define HARNESS_GCOV_H

#include <stdbool.h>

/*
 * Looks for the counters, and saves what they are at in @dir/load: what loading the modules has
 * executed. Before anything else is done. False after one line on standard error.
 */
bool gcov_open(const char *dir);

/* Zeroes the counters, when what ran before is gone. */
void gcov_begin(void);

/*
 * After a test: waits until its namespaces are gone, saves the counters as @dir/@id/FILE.gcda
 * unless they are all zero, and zeroes them. With @keep false nothing is saved.
 */
void gcov_end(const char *id, bool keep);

#endif /* HARNESS_GCOV_H */
