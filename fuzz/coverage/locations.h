/* SPDX-License-Identifier: GPL-2.0-only */
/* All locations that were ever reached, for a report of coverage: not what an engine is led by. */
#ifndef FUZZ_COVERAGE_LOCATIONS_H
#define FUZZ_COVERAGE_LOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on locations_add() keeps what it is given; before it does nothing. */
void locations_keep(void);
void locations_add(const uint64_t *words, uint64_t n);
/*
 * Writes those that lie in modules to @path, a line each: the module's name, and where in its code.
 * Returns 0, or -1 and errno.
 */
int locations_write(const char *path);

#endif /* FUZZ_COVERAGE_LOCATIONS_H */
