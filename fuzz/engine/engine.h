/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engines have in common: start, one input after the other, end. */
#ifndef FUZZ_ENGINE_ENGINE_H
#define FUZZ_ENGINE_ENGINE_H

#include "fuzz/coverage/kcov.h"
#include "fuzz/fuzz.h"

/* Counters of edges, or of what was seen without KCOV; both engines read them where they are. */
#define ENGINE_MAP_SIZE KCOV_MAP_SIZE

/*
 * The model's idea of the running kernel, once: what takes longest of engine_begin(), for those who
 * begin in several processes.
 */
void engine_learn(void);

/*
 * Learns, if that is not done, goes into a network namespace of its own, starts KCOV or says that
 * there is none, and makes the target's devices. Ends the program with status 2 and one line if it
 * cannot.
 */
void engine_begin(uint8_t *map);

/* Only makes the devices, in a namespace of their own: for what is measured without all else. */
void engine_begin_bare(void);

/* One input, as fuzz_target.run(); the map gets what it covers. */
int engine_run(const uint8_t *data, size_t size);

/*
 * The same for engines, which keep an input for a new edge: runs it again if it has one, and an
 * edge that does not come back is not in the map.
 */
int engine_fuzz(const uint8_t *data, size_t size);

/*
 * One input with the operands of the kernel's comparisons, see kcov_compare(). Nothing without
 * KCOV.
 */
void engine_compare(const uint8_t *data, size_t size,
		    void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, uint64_t location));

/* Compares what belongs to all inputs since the last reset. */
void engine_check(void);
/* The same, and starts afresh: devices and namespace. */
void engine_reset(void);

bool engine_has_kcov(void);

/* How many inputs were begun; any thread may ask. */
uint64_t engine_inputs(void);

/* One more input, after engine_begin(), of the program in C that engine_program_write() writes. */
void engine_program_add(const uint8_t *data, size_t size);
void engine_program_write(FILE *out);

#endif /* FUZZ_ENGINE_ENGINE_H */
