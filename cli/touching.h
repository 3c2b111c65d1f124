/* SPDX-License-Identifier: GPL-2.0-only */
/* `tuntests list --touching`: the tests that execute a line, as `make coverage` has measured it. */
#ifndef CLI_TOUCHING_H
#define CLI_TOUCHING_H

#include <stddef.h>

#define TOUCHING_FILE "results/coverage/tests.tsv"

/*
 * Prints the ids of the tests that match one of @patterns (@count 0: all) and touch @place,
 * "drivers/net/tun.c:1234", as @tsv says. The exit status: 0, or 2 after one line on standard error
 * if there is no such test.
 */
int list_touching(const char *place, const char *tsv, const char *const *patterns, size_t count);

#endif /* CLI_TOUCHING_H */
