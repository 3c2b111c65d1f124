// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usage: mutate --list FILE -- COMPILER-COMMAND...
 *        mutate --apply ID FILE < LIST
 *        mutate --shuffle SEED < LIST
 * FILE is the source that the command compiles, or a header that it includes. --list prints a line
 * for each change: id, FILE:LINE, the lines from the beginning of its statement to its own end, the
 * text, what it is replaced by, and its bytes, from the first up to the one behind it, with tabs
 * between them. --apply prints FILE with one of them made. --shuffle prints the lines of a list in
 * an order in which two of them stand the same way whatever else is in it: the first N are a
 * sample.
 */
#include <getopt.h>
#include <stdint.h>
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

static void list(const struct source *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct site *site = &s->sites[i];
		char *id = site_id(s, site), *text = source_text(s, site->start, site->end);

		printf("%s\t%s:%u\t%u-%u\t%s\t%s\t%zu-%zu\n", id, s->path, site->line,
		       site->first_line, site->last_line, text, site->replacement, site->start,
		       site->end);
		free(text);
		free(id);
	}
}

enum { FIELD_ID, FIELD_PLACE, FIELD_LINES, FIELD_TEXT, FIELD_REPLACEMENT, FIELD_BYTES, FIELDS };

/* @line of a list, which is cut up. */
static bool fields_of(char *line, char *fields[FIELDS])
{
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < FIELDS && (fields[n] = strsep(&line, "\t")))
		n++;
	return n == FIELDS && !line;
}

/* Standard input's line of @wanted becomes @line and its @fields. */
static bool find(const char *wanted, char **line, char *fields[FIELDS])
{
	size_t size = 0;

	while (getline(line, &size, stdin) > 0)
		if (fields_of(*line, fields) && !strcmp(fields[FIELD_ID], wanted))
			return true;
	fprintf(stderr, "mutate: the list has no site %s\n", wanted);
	return false;
}

static bool is_at(const struct source *s, size_t start, size_t end, const char *text)
{
	char *there = start <= end && end <= s->size ? source_text(s, start, end) : NULL;
	bool same = there && !strcmp(there, text);

	free(there);
	return same;
}

/* The file of @s with the change of @fields. */
static int print_changed(const struct source *s, char *const fields[FIELDS])
{
	size_t start, end;

	if (sscanf(fields[FIELD_BYTES], "%zu-%zu", &start, &end) != 2 ||
	    !is_at(s, start, end, fields[FIELD_TEXT])) {
		fprintf(stderr, "mutate: the list is not of %s: it has not %s where %s is\n",
			s->path, fields[FIELD_TEXT], fields[FIELD_ID]);
		return 2;
	}
	fwrite(s->text, 1, start, stdout);
	fputs(fields[FIELD_REPLACEMENT], stdout);
	fwrite(s->text + end, 1, s->size - end, stdout);
	return 0;
}

static int apply(const char *wanted, const char *path)
{
	char *line = NULL, *fields[FIELDS];
	struct source s = { .path = path };
	int status = 2;

	if (find(wanted, &line, fields) && source_read(&s))
		status = print_changed(&s, fields);
	sites_free(&s);
	free(line);
	return status;
}

struct line {
	uint64_t order;
	char *text;
};

static int by_order(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	return a->order < b->order ? -1 : a->order > b->order;
}

/* Of the id that the line begins with. Neighbours come far apart. */
static uint64_t order(uint64_t seed, const char *line)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15 + 0xcbf29ce484222325;

	for (; *line && *line != '\t' && *line != '\n'; line++)
		z = (z ^ (unsigned char)*line) * 0x100000001b3;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void shuffle(uint64_t seed)
{
	struct line *lines = NULL;
	size_t i, count = 0, size = 0;
	char *text = NULL;

	while (getline(&text, &size, stdin) > 0) {
		lines = realloc(lines, (count + 1) * sizeof(*lines));
		if (!lines)
			abort();
		lines[count++] = (struct line){ order(seed, text), text };
		text = NULL;
		size = 0;
	}
	free(text);
	if (count)
		qsort(lines, count, sizeof(*lines), by_order);
	for (i = 0; i < count; i++) {
		fputs(lines[i].text, stdout);
		free(lines[i].text);
	}
	free(lines);
}

static int said(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "mutate: cannot write standard output\n");
	return 2;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: mutate --list FILE -- COMPILER-COMMAND..., mutate --apply ID FILE < LIST, "
		"or mutate --shuffle SEED < LIST\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "apply", required_argument, NULL, 'a' },
		{ "shuffle", required_argument, NULL, 's' },
		{ 0 },
	};
	/* "+": the command's own options are none of ours. */
	int what = getopt_long(argc, argv, "+", options, NULL);
	const char *argument = optarg;
	struct source s = { 0 };

	if (what == 's' && argc == optind && *argument &&
	    !argument[strspn(argument, "0123456789")]) {
		shuffle(strtoull(argument, NULL, 10));
		return said(0);
	}
	if (what == 'a' && argc - optind == 1)
		return said(apply(argument, argv[optind]));
	if (what != 'l' || argc - optind < 3 || strcmp(argv[optind + 1], "--"))
		return usage();
	if (!sites_find(&s, argv[optind], argc - optind - 2,
			(const char *const *)argv + optind + 2))
		return 2;
	list(&s);
	sites_free(&s);
	return said(0);
}
