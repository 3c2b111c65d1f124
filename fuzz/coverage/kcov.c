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

#include "fuzz/coverage/scope.h"

#define KCOV_NODE "/sys/kernel/debug/kcov"
#define WORDS	  (256 << 10)

static int kcov = -1;
static uint64_t *words;

bool kcov_open(char *why)
{
	kcov = open(KCOV_NODE, O_RDWR | O_CLOEXEC);
	if (kcov < 0) {
		snprintf(why, 128, "%s: %s", KCOV_NODE, strerror(errno));
		return false;
	}
	if (ioctl(kcov, KCOV_INIT_TRACE, (unsigned long)WORDS)) {
		snprintf(why, 128, "KCOV_INIT_TRACE: %s", strerror(errno));
		return false;
	}
	words = mmap(NULL, WORDS * sizeof(*words), PROT_READ | PROT_WRITE, MAP_SHARED, kcov, 0);
	if (words == MAP_FAILED || ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC)) {
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
}

/* A 64-bit finalizer (by D. Stafford): all bits of the location go into the few that are used. */
static uint32_t hash(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ULL;
	v = (v ^ v >> 27) * 0x94d049bb133111ebULL;
	return v >> 32;
}

bool kcov_collect(uint8_t *map, size_t size)
{
	uint64_t n = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	uint32_t previous = 0;
	bool was_in = false;

	for (uint64_t i = 1; i <= n && i < WORDS; i++) {
		bool in = scope_has(words[i]);
		uint32_t location = hash(words[i]);

		if (in || was_in) {
			uint8_t *counter = &map[(location ^ previous >> 1) & (size - 1)];

			*counter += *counter < UINT8_MAX;
		}
		previous = location;
		was_in = in;
	}
	/* The kernel stops when there is no room for one more. */
	return n < WORDS - 1;
}

void kcov_compare(void (*run)(void *arg), void *arg,
		  void (*on_pair)(uint64_t a, uint64_t b, unsigned int width, bool constant))
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
	for (uint64_t i = 0; i < n && 4 * i + 4 < WORDS; i++) {
		const uint64_t *record = &words[1 + 4 * i];

		if (scope_has(record[3]))
			on_pair(record[1], record[2], 1 << (record[0] >> 1 & 3), record[0] & 1);
	}
	ioctl(kcov, KCOV_DISABLE, 0);
	ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC);
}
