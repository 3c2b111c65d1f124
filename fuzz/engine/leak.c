// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/leak.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/*
 * Of so many resets the least is taken: a namespace goes some time after the one who leaves it, and
 * KASAN keeps freed objects for a while.
 */
#define WINDOW	  8
#define WARM_UP	  2 /* windows after which caches are filled */
#define GROWTHS	  4 /* windows in a row, each above the one before */
#define GROWTH_KB 8192

/* Memory in slabs that the kernel cannot give up, in KiB; 0 if it does not tell. */
static uint64_t slab_kb(void)
{
	FILE *in = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t kb = 0;

	while (in && !kb && fgets(line, sizeof(line), in)) {
		if (!strncmp(line, "SUnreclaim:", 11))
			kb = strtoull(line + 11, NULL, 10);
	}
	if (in)
		fclose(in);
	return kb;
}

static void end_window(uint64_t least)
{
	static uint64_t last, first;
	static unsigned int windows, growths;

	if (windows++ < WARM_UP)
		return;
	growths = last && least > last ? growths + 1 : 0;
	if (!growths)
		first = least;
	last = least;
	if (growths >= GROWTHS && least - first > GROWTH_KB)
		fuzz_wrong("the kernel's memory grows: slabs have %" PRIu64 " KiB more than %u "
			   "resets ago",
			   least - first, growths * WINDOW);
}

void leak_check(void)
{
	static uint64_t least = UINT64_MAX;
	static unsigned int resets;
	uint64_t now;

	if (!getenv("TUNTESTS_LEAKS"))
		return;
	now = slab_kb();
	if (now < least)
		least = now;
	if (++resets % WINDOW)
		return;
	end_window(least);
	least = UINT64_MAX;
}
