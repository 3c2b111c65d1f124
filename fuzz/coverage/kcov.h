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

#define KCOV_NODE  "/sys/kernel/debug/kcov"
#define KCOV_WORDS (256 << 10)

/* A KCOV of its own for another thread, and its memory. -1 and @why if it cannot be had. */
int kcov_new(uint64_t **area, char *why);

/* From here on the thread's locations count, and those of remote.h. */
void kcov_start(void);

/* Counters of edges; they stop at 255. */
#define KCOV_MAP_SIZE (1 << 15)

struct kcov_edges {
	size_t count;
	uint16_t at[KCOV_MAP_SIZE]; /* where in the map */
};

/*
 * Adds the edges since kcov_start() to @map, of KCOV_MAP_SIZE. An edge counts if one of its ends
 * lies in what is fuzzed. Those that kcov_confirm() does not know yet are appended to @unknown,
 * unless it is NULL. False if the buffer was too small, and edges are missing.
 */
bool kcov_collect(uint8_t *map, struct kcov_edges *unknown);

/*
 * Some edges are not the input's but belong to what else the kernel did at that time. @again has
 * those of a second run of the same input: what is there too is known from now on, what is not is
 * taken out of @map, and after a few such misses never counted again.
 */
void kcov_confirm(const struct kcov_edges *unknown, uint8_t *map, const uint8_t *again);

/* How many edges have come again, and count. */
size_t kcov_known(void);

/* How many edges are never counted again. */
size_t kcov_masked(void);

/*
 * One call instead of kcov_start() and kcov_collect(): @run(@arg) with the operands of its
 * comparisons recorded, each pair given to @on_pair with its width in bytes and the location.
 */
void kcov_compare(void (*run)(void *arg), void *arg,
		  void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, uint64_t location));

#endif /* FUZZ_COVERAGE_KCOV_H */
