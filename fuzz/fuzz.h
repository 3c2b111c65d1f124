/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzz target: what is done with an input, in C, whatever engine makes the inputs.
 *
 * Each program in build/fuzz has one target and one engine: libFuzzer (TARGET), AFL++ (TARGET-afl)
 * or none (TARGET-replay). The engine calls fuzz_begin() once and fuzz_one() for each input.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/op.h"

/* Bytes of the longest input of any target. */
#define FUZZ_MAX_LEN 66000

/*
 * The text of these files and lines, one behind the other, as a string: C for the programs that
 * inputs are printed as.
 */
#define FUZZ_TEXT(name, text)                                                                      \
	__asm__(".pushsection .rodata\n" #name ":\n" text ".byte 0\n"                              \
		".popsection\n");                                                                  \
	extern const char name[] __attribute__((visibility("hidden")))
#define FUZZ_FILE(path) ".incbin \"" path "\"\n"
#define FUZZ_LINE(line) ".ascii \"" line "\\n\"\n"

struct fuzz_target {
	const char *name;
	const char *format; /* of an input, in a few lines */
	size_t max_len;
	/* After so many inputs all is made anew, unless TUNTESTS_RESET in the environment differs.
	 */
	unsigned int reset_inputs;
	/* New devices in the current network namespace, which is new. */
	void (*begin)(void);
	/* Closes and frees what begin() made. */
	void (*end)(void);
	/*
	 * Compares what has to be true of all inputs together, and costs too much for each: the
	 * counters. NULL for nothing. Before each end(), and after every TUNTESTS_CHECK inputs.
	 */
	void (*check)(void);
	/*
	 * Does what the input says and compares what comes of it with the model; fuzz_wrong() is
	 * the end. 0, or -1 if the input is none and shall not be kept.
	 */
	int (*run)(const uint8_t *data, size_t size);
	/*
	 * Writes as statements in C what run() does with an input, without doing it, and as CHECK()
	 * what the model says of that. They stand in a block of their own in main() of a program
	 * that begins with device/op_program.h, fuzz/targets/program.h and the target's prologue.
	 */
	void (*print)(FILE *out, const uint8_t *data, size_t size);
	const char *prologue; /* C, or NULL */
	/*
	 * Changes an input so that it keeps its structure: its new size, at most @max. NULL: the
	 * engine's own changes are good enough.
	 */
	size_t (*mutate)(uint8_t *data, size_t size, size_t max, struct draw *draw);
	/*
	 * Where an input may be divided, from 0 to @size: what begins there of one goes behind what
	 * ends there of another. NULL: two inputs cannot be joined.
	 */
	size_t (*cut)(const uint8_t *data, size_t size, struct draw *draw);
	/*
	 * What run() would write for an input, into @out of 64 bytes more than @size, and to which
	 * file: for measuring a write alone. NULL where an input is not one write.
	 */
	size_t (*written)(const uint8_t *data, size_t size, uint8_t *out, int *fd);
	/* Seed number @n, its size, and its file's name; 0 when there are no more. */
	size_t (*seed)(unsigned int n, uint8_t *data, const char **name);
};

/* The one of this program. */
extern const struct fuzz_target fuzz_target;

/* For all targets: the running kernel, probed before the first begin(). */
extern struct model_abi fuzz_abi;

/*
 * The kernel did not do what the model says. Prints what, and aborts: the engine takes the input
 * for one that crashes.
 */
void fuzz_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Prints @len bytes of something, 96 at most, for who looks into what fuzz_wrong() says. */
void fuzz_show(const char *what, const uint8_t *data, size_t len);

/*
 * Calls @call(@arg) so that what threads of the kernel do which it begins, as VHOST_SET_OWNER does,
 * counts as coverage too.
 */
void fuzz_remote(void (*call)(void *arg), void *arg);

/* Something seen of this input, to be taken for coverage where the kernel has no KCOV. */
void fuzz_saw(uint32_t what);

#endif /* FUZZ_FUZZ_H */
