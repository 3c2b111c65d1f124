/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder: the inputs since the last reset, in memory that survives the program, and
 * where the guest maps it from its host, the guest. No system call for an input.
 *
 * The file or device is named by the environment variable TUNTESTS_RECORDER; without it nothing is
 * recorded. It begins with struct recorder_head; each record is its size in four bytes and the
 * input, filled up to a multiple of four.
 */
#ifndef FUZZ_ENGINE_RECORDER_H
#define FUZZ_ENGINE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDER_MAGIC 0x5250554e54555431ULL
#define RECORDER_SIZE  (8 << 20)

struct recorder_head {
	uint64_t magic;
	uint64_t resets; /* how often the state was fresh */
	uint64_t count;	 /* inputs since the last time */
	uint64_t used;	 /* bytes of the records of those */
	uint64_t total;	 /* inputs altogether */
};

/* Ends the program with status 2 if the file cannot be used. */
void recorder_open(void);
bool recorder_has_room(size_t size);
void recorder_add(const uint8_t *data, size_t size);
void recorder_reset(void);

#endif /* FUZZ_ENGINE_RECORDER_H */
