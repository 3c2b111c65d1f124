// SPDX-License-Identifier: GPL-2.0-only
#include "cli/common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/registry.h"

void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "%s: out of memory\n", registry_suite()->name);
		exit(2);
	}
	return p;
}

char *join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? must(NULL) : path;
}

bool fault(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s%s: %s\n", registry_suite()->name, what, path, strerror(errno));
	return false;
}

bool copy_file(const char *from, const char *to)
{
	char buf[65536];
	FILE *in = fopen(from, "re"), *out = in ? fopen(to, "we") : NULL;
	bool ok = in && out;
	size_t n;

	if (!in)
		return fault(from, "cannot read ");
	while (ok && (n = fread(buf, 1, sizeof(buf), in)))
		ok = fwrite(buf, 1, n, out) == n;
	if (in)
		fclose(in);
	if (out && fclose(out))
		ok = false;
	return ok || fault(to, "cannot write ");
}
