// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/abi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "harness/registry.h"

/*
 * The file: a line for the kernel and the size of the model's part, one for each feature and 0 or
 * 1, and the model's part as hexadecimal digits.
 */
#define LINE 600

static void kernel_line(char *line)
{
	struct utsname kernel = { .release = "" };

	uname(&kernel);
	snprintf(line, LINE, "%s %s %s %s, %zu bytes", kernel.sysname, kernel.release,
		 kernel.version, kernel.machine, sizeof(struct model_abi));
}

/* One line of it; false at the end. */
static bool next_line(FILE *in, char *line, size_t size)
{
	if (!fgets(line, size, in) || !strchr(line, '\n'))
		return false;
	*strchr(line, '\n') = '\0';
	return true;
}

static bool read_features(FILE *in)
{
	char line[LINE];

	for (struct feature *f = registry_features(); f; f = f->next) {
		size_t n = strlen(f->name);

		if (!next_line(in, line, sizeof(line)) || strncmp(line, f->name, n) ||
		    (strcmp(line + n, " 0") && strcmp(line + n, " 1")))
			return false;
		f->present = line[n + 1] == '1';
		f->probed = true;
		snprintf(f->reason, sizeof(f->reason), "%s", f->missing);
	}
	return true;
}

static bool read_model(FILE *in, struct model_abi *abi)
{
	char line[2 * sizeof(*abi) + 8];
	unsigned char *bytes = (void *)abi;
	unsigned int byte;

	if (!next_line(in, line, sizeof(line)) || strncmp(line, "abi ", 4) ||
	    strlen(line) != 4 + 2 * sizeof(*abi))
		return false;
	for (size_t i = 0; i < sizeof(*abi); i++) {
		if (sscanf(line + 4 + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = byte;
	}
	return true;
}

static bool read_kernel(FILE *in)
{
	char line[LINE], ours[LINE];

	kernel_line(ours);
	return next_line(in, line, sizeof(line)) && !strcmp(line, ours);
}

bool abi_load(struct model_abi *abi)
{
	const char *path = getenv("TUNTESTS_ABI");
	FILE *in = path ? fopen(path, "re") : NULL;
	bool ok;

	if (!in)
		return false;
	ok = read_kernel(in) && read_features(in) && read_model(in, abi);
	fclose(in);
	if (!ok)
		fprintf(stderr, "%s: %s: not of this kernel and program: it is probed again\n",
			fuzz_target.name, path);
	return ok;
}

static bool write_all(FILE *out, const struct model_abi *abi)
{
	const unsigned char *bytes = (const void *)abi;
	char line[LINE];

	kernel_line(line);
	fprintf(out, "%s\n", line);
	for (const struct feature *f = registry_features(); f; f = f->next)
		fprintf(out, "%s %d\n", f->name, f->present);
	fputs("abi ", out);
	for (size_t i = 0; i < sizeof(*abi); i++)
		fprintf(out, "%02x", bytes[i]);
	fputc('\n', out);
	return !ferror(out);
}

void abi_save(const struct model_abi *abi)
{
	const char *path = getenv("TUNTESTS_ABI");
	char part[4096];
	FILE *out;
	bool ok;
	int fd;

	if (!path)
		return;
	/* Several may do it at a time, in guests where they have the same pid. */
	snprintf(part, sizeof(part), "%s.XXXXXX", path);
	fd = mkstemp(part);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	ok = out && write_all(out, abi);
	if (out && fclose(out))
		ok = false;
	if (!ok || rename(part, path))
		fprintf(stderr, "%s: %s: %s\n", fuzz_target.name, part, strerror(errno));
}
