// SPDX-License-Identifier: GPL-2.0-only
#include "harness/probed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/registry.h"

#define LINE 600

static void kernel_line(char *line)
{
	struct utsname kernel = { .release = "" };

	uname(&kernel);
	snprintf(line, LINE, "%s %s %s %s", kernel.sysname, kernel.release, kernel.version,
		 kernel.machine);
}

/* The next line of it; false at the end. */
static bool next_line(FILE *in, char *line)
{
	if (!fgets(line, LINE, in) || !strchr(line, '\n'))
		return false;
	*strchr(line, '\n') = '\0';
	return true;
}

bool probed_read(FILE *in)
{
	char line[LINE], ours[LINE];

	kernel_line(ours);
	if (!next_line(in, line) || strcmp(line, ours))
		return false;
	for (struct feature *f = registry_features(); f; f = f->next) {
		size_t n = strlen(f->name);

		if (!next_line(in, line) || strncmp(line, f->name, n) ||
		    (strcmp(line + n, " 0") && strcmp(line + n, " 1")))
			return false;
		f->present = line[n + 1] == '1';
		f->probed = true;
		snprintf(f->reason, sizeof(f->reason), "%s", f->missing);
	}
	return true;
}

static void write_features(FILE *out)
{
	char line[LINE];

	kernel_line(line);
	fprintf(out, "%s\n", line);
	for (const struct feature *f = registry_features(); f; f = f->next)
		fprintf(out, "%s %d\n", f->name, f->present);
}

bool probed_save(const char *path, void (*more)(FILE *out, const void *arg), const void *arg)
{
	char part[4096];
	FILE *out;
	bool ok;
	int fd;

	/* Several may do it at a time, in guests where they have the same pid. */
	snprintf(part, sizeof(part), "%s.XXXXXX", path);
	fd = mkstemp(part);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return false;
	write_features(out);
	if (more)
		more(out, arg);
	ok = !ferror(out);
	ok = !fclose(out) && ok && !rename(part, path);
	if (!ok)
		unlink(part);
	return ok;
}
