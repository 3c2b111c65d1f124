// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/coverage/locations.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table with open addressing; the network stack has far fewer. */
#define ROOM (1 << 18)

static uint64_t *table;
static unsigned int count;

void locations_keep(void)
{
	if (!table)
		table = calloc(ROOM, sizeof(*table));
}

void locations_add(const uint64_t *words, uint64_t n)
{
	if (!table)
		return;
	for (; n--; words++) {
		uint32_t at = *words * 0x9e3779b97f4a7c15ULL >> 46;

		while (table[at] && table[at] != *words)
			at = (at + 1) & (ROOM - 1);
		if (!table[at] && count < ROOM / 2) {
			table[at] = *words;
			count++;
		}
	}
}

/* Where a module's code begins, in UML the large section; 0 if that is not told. */
static uint64_t code_of(const char *module)
{
	char path[256];
	uint64_t at = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.ltext", module);
	in = fopen(path, "re");
	if (in && fscanf(in, "%" SCNx64, &at) != 1)
		at = 0;
	if (in)
		fclose(in);
	return at;
}

static void write_module(FILE *out, const char *module, uint64_t size)
{
	uint64_t text = code_of(module);

	for (size_t i = 0; text && i < ROOM; i++) {
		if (table[i] >= text && table[i] - text < size)
			fprintf(out, "%s %#" PRIx64 "\n", module, table[i] - text);
	}
}

int locations_write(const char *path)
{
	FILE *modules = fopen("/proc/modules", "re"), *out = fopen(path, "we");
	char name[64];
	uint64_t size;

	while (table && modules && out && fscanf(modules, "%63s %" SCNu64 "%*[^\n]", name, &size) == 2)
		write_module(out, name, size);
	if (modules)
		fclose(modules);
	if (!out)
		return -1;
	return (ferror(out) | fclose(out)) ? -1 : 0;
}
