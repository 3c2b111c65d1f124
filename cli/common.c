// SPDX-License-Identifier: GPL-2.0-only
#include "cli/common.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

bool find_beside(const char *in_tree, const char *installed, const char *name, char **path)
{
	char self[PATH_MAX], *other;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0) {
		*path = must(strdup("/proc/self/exe"));
		return false;
	}
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	if (asprintf(path, "%s/%s/%s", self, in_tree, name) < 0 ||
	    asprintf(&other, "%s/%s/%s", self, installed, name) < 0)
		must(NULL);
	if (!is_program(*path) && is_program(other)) {
		free(*path);
		*path = other;
		return true;
	}
	free(other);
	return is_program(*path);
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

unsigned int patience_s(unsigned int seconds)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	double load;

	if (getloadavg(&load, 1) != 1 || load <= processors)
		return seconds;
	return seconds * load / processors;
}
