// SPDX-License-Identifier: GPL-2.0-only
#include "cli/touching.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"
#include "harness/registry.h"

/* A line of the kernel. */
struct place {
	char *file;
	unsigned long line;
};

static bool parse(const char *text, struct place *p)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;

	p->file = NULL;
	if (colon && colon != text && colon[1] >= '0' && colon[1] <= '9')
		p->line = strtoul(colon + 1, &end, 10);
	if (!end || *end || !p->line) {
		fprintf(stderr,
			"%s: --touching takes FILE:LINE, such as drivers/net/tun.c:1234, not '%s'\n",
			registry_suite()->name, text);
		return false;
	}
	p->file = must(strndup(text, colon - text));
	return true;
}

/* True if @line is in @ranges, "12,20-31". */
static bool in_ranges(const char *ranges, unsigned long line)
{
	unsigned long first, last;
	char *end;

	for (; *ranges; ranges = *end ? end + 1 : end) {
		first = last = strtoul(ranges, &end, 10);
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (line >= first && line <= last)
			return true;
		if (*end && *end != ',')
			return false;
	}
	return false;
}

/* Of @touched, "FILE:RANGES FILE:RANGES", which it cuts in pieces. */
static bool touches(char *touched, const struct place *p, bool *file_known)
{
	char *word, *rest, *colon;

	for (word = strtok_r(touched, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		colon = strrchr(word, ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (strcmp(word, p->file))
			continue;
		*file_known = true;
		if (in_ranges(colon + 1, p->line))
			return true;
	}
	return false;
}

static const struct test *find(const char *id, const char *const *patterns, size_t count)
{
	const struct test_list *all = registry_tests();
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!strcmp(all->tests[i].id, id))
			return test_selected(&all->tests[i], patterns, count) ? &all->tests[i] :
										NULL;
	return NULL;
}

/* The sum that lies beside the tests: 1 if there is code in the line, 0 if not, -1 if it says
 * nothing. */
static int has_code(const char *tsv, const struct place *p)
{
	const char *slash = strrchr(tsv, '/');
	char *dir = must(strndup(tsv, slash ? slash - tsv + 1 : 0)), *path, *line = NULL;
	size_t size = 0, len = strlen(p->file);
	bool here = false;
	int code = -1;
	FILE *f;

	if (asprintf(&path, "%ssuite/suite.info", dir) < 0)
		must(NULL);
	f = fopen(path, "re");
	while (f && code < 1 && getline(&line, &size, f) > 0) {
		if (!strncmp(line, "SF:", 3))
			here = !strncmp(line + 3, p->file, len) && line[3 + len] == '\n';
		else if (here && !strncmp(line, "DA:", 3))
			code = strtoul(line + 3, NULL, 10) == p->line;
	}
	if (f)
		fclose(f);
	free(line);
	free(path);
	free(dir);
	return code;
}

static int nobody(const char *tsv, const struct place *p, bool file_known)
{
	int code = has_code(tsv, p);
	const char *why = code == 0		  ? "there is no code in" :
			  code < 0 && !file_known ? "nothing is known of" :
						    "no test touches";

	fprintf(stderr, "%s: %s %s:%lu\n", registry_suite()->name, why, p->file, p->line);
	return 2;
}

/* Prints those that touch it. How many. */
static size_t print_touching(FILE *f, const struct place *p, const char *const *patterns,
			     size_t count, bool *file_known)
{
	char *line = NULL, *touched;
	size_t size = 0, found = 0;

	while (getline(&line, &size, f) > 0) {
		touched = strchr(line, '\t');
		if (!touched)
			continue;
		*touched++ = '\0';
		touched = strchr(touched, '\t');
		if (touched && touches(touched + 1, p, file_known) && find(line, patterns, count)) {
			puts(line);
			found++;
		}
	}
	free(line);
	return found;
}

int list_touching(const char *place, const char *tsv, const char *const *patterns, size_t count)
{
	bool file_known = false;
	struct place p;
	int status;
	FILE *f;

	if (!registry_check_patterns(patterns, count) || !parse(place, &p))
		return 2;
	f = fopen(tsv, "re");
	if (!f) {
		fprintf(stderr, "%s: cannot read %s: %s (`make coverage` makes it)\n",
			registry_suite()->name, tsv, strerror(errno));
		free(p.file);
		return 2;
	}
	status = print_touching(f, &p, patterns, count, &file_known) ? 0 :
								       nobody(tsv, &p, file_known);
	fclose(f);
	free(p.file);
	return status;
}
