/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's coverage of one thread, as counters of edges (Documentation/dev-tools/kcov.rst).
 *
 * KCOV is opened and enabled once; from then on an input costs no system call: word 0 of the shared
 * memory, the number of locations, is set to zero before it and read after it.
 */
#ifndef FUZZ_COVERAGE_KCOV_H
#define FUZZ_COVERAGE_KCOV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Starts it for the calling thread. False if the kernel has no KCOV; @why (of 128 bytes) then says
 * so.
 */
bool kcov_open(char *why);

/* From here on the thread's locations count. */
void kcov_start(void);

/*
 * Adds the edges since kcov_start() to @map, of @size counters (a power of two), which stop at 255.
 * An edge counts if one of its ends lies in what is fuzzed. False if the buffer was too small, and
 * edges are missing.
 */
bool kcov_collect(uint8_t *map, size_t size);

/*
 * One call instead of kcov_start() and kcov_collect(): @run(@arg) with the operands of its
 * comparisons recorded, each pair given to @on_pair with its width in bytes.
 */
void kcov_compare(void (*run)(void *arg), void *arg,
		  void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, bool constant));

#endif /* FUZZ_COVERAGE_KCOV_H */
