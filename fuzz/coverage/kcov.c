// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/coverage/kcov.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/coverage/locations.h"
#include "fuzz/coverage/remote.h"
#include "fuzz/coverage/scope.h"

static int kcov = -1;
static uint64_t *words;

int kcov_new(uint64_t **area, char *why)
{
	int fd = open(KCOV_NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		snprintf(why, 128, "%s: %s", KCOV_NODE, strerror(errno));
		return -1;
	}
	if (ioctl(fd, KCOV_INIT_TRACE, (unsigned long)KCOV_WORDS)) {
		snprintf(why, 128, "KCOV_INIT_TRACE: %s", strerror(errno));
		close(fd);
		return -1;
	}
	*area = mmap(NULL, KCOV_WORDS * sizeof(**area), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*area == MAP_FAILED) {
		snprintf(why, 128, "mmap of %s: %s", KCOV_NODE, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

bool kcov_open(char *why)
{
	kcov = kcov_new(&words, why);
	if (kcov < 0)
		return false;
	if (ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC)) {
		snprintf(why, 128, "KCOV_ENABLE: %s", strerror(errno));
		return false;
	}
	if (!scope_load()) {
		snprintf(why, 128, "/proc/kallsyms shows no addresses");
		return false;
	}
	return true;
}

void kcov_start(void)
{
	__atomic_store_n(&words[0], 0, __ATOMIC_RELAXED);
	remote_start();
}

/* A 64-bit finalizer (by D. Stafford): all bits of the location go into the few that are used. */
static uint32_t hash(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ULL;
	v = (v ^ v >> 27) * 0x94d049bb133111ebULL;
	return v >> 32;
}

/* scope_has() for locations that come again and again; @hashed is hash(@location). */
static bool in_scope(uint64_t location, uint32_t hashed)
{
	/* The location, whose highest bit is always set, moved up by one; then the answer. */
	static uint64_t answers[1 << 11];
	uint64_t *answer = &answers[hashed >> 21];

	if (*answer >> 1 != (location & INT64_MAX))
		*answer = location << 1 | scope_has(location);
	return *answer & 1;
}

/* Of each edge how often it was missed, or one of these. */
#define MASKED 3
#define KNOWN  4
static uint8_t states[KCOV_MAP_SIZE];
static size_t known;

static bool collect(const uint64_t *area, uint8_t *map, struct kcov_edges *unknown)
{
	uint64_t n = __atomic_load_n(&area[0], __ATOMIC_RELAXED);
	uint32_t previous = 0;
	bool was_in = false;

	locations_add(area + 1, n < KCOV_WORDS ? n : KCOV_WORDS - 1);
	for (uint64_t i = 1; i <= n && i < KCOV_WORDS; i++) {
		uint32_t location = hash(area[i]);
		bool in = in_scope(area[i], location);

		if (in || was_in) {
			uint32_t at = (location ^ previous >> 1) & (KCOV_MAP_SIZE - 1);

			if (unknown && states[at] < MASKED && !map[at])
				unknown->at[unknown->count++] = at;
			map[at] += states[at] != MASKED && map[at] < UINT8_MAX;
		}
		previous = location;
		was_in = in;
	}
	/* The kernel stops when there is no room for one more. */
	return n < KCOV_WORDS - 1;
}

bool kcov_collect(uint8_t *map, struct kcov_edges *unknown)
{
	const uint64_t *others = remote_words();
	bool whole = collect(words, map, unknown);

	return (!others || collect(others, map, unknown)) && whole;
}

void kcov_confirm(const struct kcov_edges *unknown, uint8_t *map, const uint8_t *again)
{
	for (size_t i = 0; i < unknown->count; i++) {
		uint16_t at = unknown->at[i];

		if (again[at]) {
			known += states[at] != KNOWN;
			states[at] = KNOWN;
		} else {
			states[at]++;
			map[at] = 0;
		}
	}
}

size_t kcov_known(void)
{
	return known;
}

size_t kcov_masked(void)
{
	size_t n = 0;

	for (size_t i = 0; i < KCOV_MAP_SIZE; i++)
		n += states[i] == MASKED;
	return n;
}

void kcov_compare(void (*run)(void *arg), void *arg,
		  void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, uint64_t location))
{
	uint64_t n;

	ioctl(kcov, KCOV_DISABLE, 0);
	if (ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_CMP)) {
		/* Without CONFIG_KCOV_ENABLE_COMPARISONS. */
		ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC);
		run(arg);
		return;
	}
	kcov_start();
	run(arg);
	n = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	/* Four words for each: what it is, its operands, where it is. */
	for (uint64_t i = 0; i < n && 4 * i + 4 < KCOV_WORDS; i++) {
		const uint64_t *record = &words[1 + 4 * i];

		if (scope_has(record[3]))
			on_pair(record[1], record[2], 1 << (record[0] >> 1 & 3), record[3]);
	}
	ioctl(kcov, KCOV_DISABLE, 0);
	ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC);
}
