// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usage: mutate --list [--seed N] FILE -- COMPILER-COMMAND...
 *        mutate --apply ID FILE -- COMPILER-COMMAND...
 * FILE is the source that the command compiles, or a header that it includes. --list prints a line
 * for each change: id, FILE:LINE, the text and what it is replaced by, with tabs between them; with
 * a seed an order is put in front (sorted by it, the first N lines are a sample of N). --apply
 * prints FILE with one of them made.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutants/sites.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What it is named by does not change with what stands above it. */
static char *site_id(const struct source *s, const struct site *site)
{
	char *id;

	if (asprintf(&id, "%s/%s/%s/%u-%06x", base_name(s->path), site->function,
		     operator_names[site->op], site->number, site->hash & 0xffffff) < 0)
		abort();
	return id;
}

/* Mixes @seed and @id well, so that neighbours come far apart. */
static uint64_t order(uint64_t seed, const char *id)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15 + 0xcbf29ce484222325;

	for (; *id; id++)
		z = (z ^ (unsigned char)*id) * 0x100000001b3;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void list(const struct source *s, const char *seed)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct site *site = &s->sites[i];
		char *id = site_id(s, site), *text = source_text(s, site->start, site->end);

		if (seed)
			printf("%016llx\t",
			       (unsigned long long)order(strtoull(seed, NULL, 10), id));
		printf("%s\t%s:%u", id, s->path, site->line);
		if (site->last_line != site->line)
			printf("-%u", site->last_line);
		printf("\t%s\t%s\n", text, site->replacement);
		free(text);
		free(id);
	}
}

static bool apply(const struct source *s, const char *wanted)
{
	bool found = false;
	size_t i;

	for (i = 0; i < s->count && !found; i++) {
		const struct site *site = &s->sites[i];
		char *id = site_id(s, site);

		found = !strcmp(id, wanted);
		free(id);
		if (!found)
			continue;
		fwrite(s->text, 1, site->start, stdout);
		fputs(site->replacement, stdout);
		fwrite(s->text + site->end, 1, s->size - site->end, stdout);
	}
	return found;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: mutate --list [--seed N] | --apply ID  FILE -- COMPILER-COMMAND...\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "apply", required_argument, NULL, 'a' },
		{ "seed", required_argument, NULL, 's' },
		{ 0 },
	};
	const char *seed = NULL, *id = NULL;
	struct source s = { 0 };
	bool listed = false;
	int c, status = 0;

	/* "+": the command's own options are none of ours. */
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'l':
			listed = true;
			break;
		case 'a':
			id = optarg;
			break;
		case 's':
			seed = optarg;
			if (!*seed || strspn(seed, "0123456789") != strlen(seed))
				return usage();
			break;
		default:
			return usage();
		}
	}
	if (listed == !!id || argc - optind < 3 || strcmp(argv[optind + 1], "--"))
		return usage();
	if (!sites_find(&s, argv[optind], argc - optind - 2,
			(const char *const *)argv + optind + 2))
		return 2;
	if (listed) {
		list(&s, seed);
	} else if (!apply(&s, id)) {
		fprintf(stderr, "mutate: %s has no site %s\n", s.path, id);
		status = 2;
	}
	sites_free(&s);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "mutate: cannot write standard output\n");
		return 2;
	}
	return status;
}
