// SPDX-License-Identifier: GPL-2.0-only
/* Memory with an end. */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/memory.h"
#include "harness/harness.h"

#ifndef MAP_32BIT /* x86 alone has it; other machines may find no such memory */
#define MAP_32BIT 0
#endif

static void *cut(const void *bytes, size_t good, int flags)
{
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE) || good > page)
		TH_BAIL("%zu bytes of memory with an end: %s", good, strerror(errno));
	if (bytes)
		memcpy(map + page - good, bytes, good);
	return map + page - good;
}

void *cut_memory(const void *bytes, size_t good)
{
	return cut(bytes, good, 0);
}

void *cut_memory_low(const void *bytes, size_t good)
{
	return cut(bytes, good, MAP_32BIT);
}
