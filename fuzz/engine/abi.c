// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/abi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "harness/probed.h"

/* The file: what harness/probed.h says, and the model's part as hexadecimal digits. */

static bool read_model(FILE *in, struct model_abi *abi)
{
	char line[2 * sizeof(*abi) + 8];
	unsigned char *bytes = (void *)abi;
	unsigned int byte;

	if (!fgets(line, sizeof(line), in) || strncmp(line, "abi ", 4) ||
	    strlen(line) != 4 + 2 * sizeof(*abi) + 1)
		return false;
	for (size_t i = 0; i < sizeof(*abi); i++) {
		if (sscanf(line + 4 + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = byte;
	}
	return true;
}

bool abi_load(struct model_abi *abi)
{
	const char *path = getenv("TUNTESTS_ABI");
	FILE *in = path ? fopen(path, "re") : NULL;
	bool ok;

	if (!in)
		return false;
	ok = probed_read(in) && read_model(in, abi);
	fclose(in);
	if (!ok)
		fprintf(stderr, "%s: %s: not of this kernel and program: it is probed again\n",
			fuzz_target.name, path);
	return ok;
}

static void write_model(FILE *out, const void *abi)
{
	const unsigned char *bytes = abi;

	fputs("abi ", out);
	for (size_t i = 0; i < sizeof(struct model_abi); i++)
		fprintf(out, "%02x", bytes[i]);
	fputc('\n', out);
}

void abi_save(const struct model_abi *abi)
{
	const char *path = getenv("TUNTESTS_ABI");

	if (path && !probed_save(path, write_model, abi))
		fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, path, strerror(errno));
}
