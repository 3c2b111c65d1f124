/* SPDX-License-Identifier: GPL-2.0-only */
/* The features of this kernel, for programs that run no tests. */
#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include <stdbool.h>

/*
 * Runs every probe in a sandbox of its own, all at a time, so that harness_feature() has an answer.
 * False, after one line on standard error, if no sandbox can be made here.
 */
bool probe_all(void);

#endif /* HARNESS_PROBE_H */
