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

#define RECORDER_MAGIC	 0x3250554e54555431ULL
#define RECORDER_SIZE	 (8 << 20)

/* The last input has failed: what is here stays as it is. */
#define RECORDER_FAILED	 1
/* There is no KCOV: what is counted in place of edges are results of calls. */
#define RECORDER_RESULTS 2

/* Those who look at it while it is written read the numbers one by one. */
struct recorder_head {
	uint64_t magic;
	char target[20];
	uint32_t flags;
	uint64_t resets; /* how often the state was fresh */
	uint64_t count;	 /* inputs since the last time */
	uint64_t used;	 /* bytes of the records of those */
	uint64_t total;	 /* inputs altogether */
	uint64_t edges;	 /* counters of the map that were ever hit */
	uint64_t runs;	 /* engines that have used it: each starts total and edges afresh */
};

/*
 * Maps the file, and ends the program with status 2 if it cannot be used. For those who record in
 * children, one after the other.
 */
void recorder_map(void);
/*
 * Maps it if that is not done, and begins afresh. Records nothing if another child has failed
 * before: its inputs have to be there until somebody has looked at them.
 */
void recorder_open(void);
/* One of the flags. */
void recorder_set(uint32_t flag);
bool recorder_has_room(size_t size);
void recorder_add(const uint8_t *data, size_t size);
void recorder_reset(void);
void recorder_edges(uint64_t edges);

/* Inputs in order, as they were recorded. */
struct recording {
	char target[20]; /* "" for a plain input */
	uint8_t *bytes;	 /* of the file */
	struct recorded {
		const uint8_t *data;
		size_t size;
	} * inputs;
	size_t count;
	uint64_t recorded; /* inputs that there should be: more than count if the file was cut */
};

/*
 * Reads what a recorder has left; any other file is one input. Returns 0, or -1 and errno: EFBIG if
 * it is longer than a recorder's file, EINVAL if it is a pipe or a device. To be freed by
 * recording_free().
 */
int recording_load(const char *path, struct recording *r);
/* Writes one as a recorder would, to a new file that takes the place of @path. 0, or -1 and errno.
 */
int recording_save(const char *path, const struct recording *r, const char *target);
void recording_free(struct recording *r);

#endif /* FUZZ_ENGINE_RECORDER_H */
