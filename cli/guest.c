// SPDX-License-Identifier: GPL-2.0-only
#include "cli/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common.h"
#include "harness/registry.h"

char *guest_script(const char *name)
{
	char *path;

	if (find_beside("../guest", "../libexec/tuntests/guest", name, &path))
		return path;
	fault(path, "no script ");
	free(path);
	return NULL;
}

static const char help[] =
	"Usage: %1$s guest list\n"
	"       %1$s guest build NAME [FILE]\n"
	"       %1$s guest run [OPTION]... NAME [FILE] -- COMMAND [ARGUMENT]...\n"
	"       %1$s guest shell NAME [FILE]\n"
	"       %1$s guest clean [NAME]\n"
	"\n"
	"Guest kernels, to run tests in (`%1$s run --guest NAME`) or anything else.\n"
	"\n"
	"  list    the names, and which are in the cache\n"
	"  build   fetch or build what the guest needs; `run` does it when needed\n"
	"  run     boot, run a command as root, and end with its exit status (3: the guest\n"
	"          died, 124: its time was up); `run --help` lists the options\n"
	"  shell   boot into a shell\n"
	"  clean   remove one guest, or all, from the cache\n"
	"\n"
	"The cache is ${XDG_CACHE_HOME:-~/.cache}/tuntests. No root is needed.\n";

static size_t count(char **argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	return n;
}

/* Becomes SCRIPT with the words of @first (NULL ends), then @argv. */
static int become(const char *script, const char *const *first, char **argv)
{
	char *path = guest_script(script);
	const char *words[count(argv) + 8];
	size_t n = 0;

	if (!path)
		return 2;
	words[n++] = path;
	while (*first)
		words[n++] = *first++;
	while (*argv)
		words[n++] = *argv++;
	words[n] = NULL;
	execv(path, (char **)words);
	perror(path);
	return 2;
}

int cmd_guest(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *last = argv[argc - 1];
	char *shell[] = { "--", "/bin/sh", NULL };
	/* The scripts behind these two have more to say. */
	bool own = strcmp(what, "build") && strcmp(what, "run");

	if (argc > 1 && own && (!strcmp(last, "--help") || !strcmp(last, "-h"))) {
		printf(help, registry_suite()->name);
		return 0;
	}
	if (!strcmp(what, "list") && argc == 2)
		return become("prepare", (const char *[]){ "--list", NULL }, argv + 2);
	if (!strcmp(what, "build") && argc > 2)
		return become("prepare", (const char *[]){ NULL }, argv + 2);
	if (!strcmp(what, "clean") && argc <= 3)
		return become("prepare", (const char *[]){ "--clean", NULL }, argv + 2);
	if (!strcmp(what, "run") && argc > 2)
		return become("boot", (const char *[]){ NULL }, argv + 2);
	if (!strcmp(what, "shell") && (argc == 3 || argc == 4))
		return become("boot", (const char *[]){ "--shell", argv[2], argv[3], NULL }, shell);
	fprintf(stderr, help, registry_suite()->name);
	return 2;
}
