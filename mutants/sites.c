// SPDX-License-Identifier: GPL-2.0-only
/* A file as a whole: what it is, its sites, and what they are told by. */
#include "mutants/sites.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutants/cursor.h"
#include "mutants/names.h"

const char *const operator_names[OP_COUNT] = {
	"negate", "drop", "errpath", "constant", "errno", "bound", "lock", "reset",
};

char *source_text(const struct source *s, size_t start, size_t end)
{
	char *text = must(malloc(end - start + 1));
	size_t n = 0;

	for (; start < end; start++) {
		bool blank = isspace((unsigned char)s->text[start]);

		if (!blank || (n && text[n - 1] != ' '))
			text[n++] = blank ? ' ' : s->text[start];
	}
	text[n] = '\0';
	return text;
}

static int by_place(const void *left, const void *right)
{
	const struct site *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return strcmp(a->replacement, b->replacement);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_open(const struct site *s)
{
	return s->op == OP_CONSTANT && !*s->replacement;
}

/* The one behind @name, round the list, among those nearest of kin; NULL if it stands alone. */
static const char *relative(char *const *names, size_t count, const char *name)
{
	const char *best = NULL;
	unsigned int most = 0;
	size_t i, at = 0;

	while (strcmp(names[at], name))
		at++;
	for (i = 1; i < count; i++) {
		const char *other = names[(at + i) % count];
		unsigned int kinship = strcmp(other, name) ? name_kinship(other, name) : 0;

		if (kinship > most) {
			most = kinship;
			best = other;
		}
	}
	return best;
}

/* A constant becomes another that the file uses, if it can. */
static void choose_constants(struct source *s)
{
	char **names = must(calloc(s->count + 1, sizeof(*names)));
	size_t i, count = 0;

	for (i = 0; i < s->count; i++)
		if (is_open(&s->sites[i]))
			names[count++] = source_text(s, s->sites[i].start, s->sites[i].end);
	qsort(names, count, sizeof(*names), by_name);
	for (i = 0; i < s->count; i++) {
		struct site *site = &s->sites[i];
		const char *other;
		char *name;

		if (!is_open(site))
			continue;
		name = source_text(s, site->start, site->end);
		other = relative(names, count, name);
		free(site->replacement);
		if (other)
			site->replacement = must(strdup(other));
		else if (asprintf(&site->replacement, "(%s + 1)", name) < 0)
			abort();
		free(name);
	}
	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 0x01000193;
	while (*text++);
	return hash;
}

static unsigned int line_of(const struct source *s, size_t at)
{
	unsigned int line = 1;
	size_t i;

	for (i = 0; i < at; i++)
		line += s->text[i] == '\n';
	return line;
}

/* Lines, hashes and numbers. */
static void describe(struct source *s)
{
	size_t i, j;

	for (i = 0; i < s->count; i++) {
		struct site *site = &s->sites[i];
		size_t start = site->start, end = site->start;
		char *line, *text = source_text(s, site->start, site->end);

		while (start && s->text[start - 1] != '\n')
			start--;
		while (s->text[end] && s->text[end] != '\n')
			end++;
		line = source_text(s, start, end);
		site->hash =
			hash_text(hash_text(hash_text(0x811c9dc5, line), text), site->replacement);
		site->line = line_of(s, site->start);
		site->first_line = line_of(s, site->statement);
		site->last_line = line_of(s, site->end);
		site->number = 1;
		for (j = 0; j < i; j++)
			site->number += s->sites[j].hash == site->hash &&
					s->sites[j].op == site->op &&
					!strcmp(s->sites[j].function, site->function);
		free(line);
		free(text);
	}
}

bool source_read(struct source *s)
{
	FILE *file = fopen(s->path, "re");
	ssize_t n = file ? getdelim(&s->text, &s->size, '\0', file) : -1;

	if (file)
		fclose(file);
	if (n < 0)
		fprintf(stderr, "mutate: cannot read %s\n", s->path);
	s->size = n < 0 ? 0 : n;
	return n >= 0;
}

/* One line for the first error that the compiler sees. */
static bool is_sound(CXTranslationUnit unit)
{
	unsigned int i, n = clang_getNumDiagnostics(unit);

	for (i = 0; i < n; i++) {
		CXDiagnostic d = clang_getDiagnostic(unit, i);
		bool error = clang_getDiagnosticSeverity(d) >= CXDiagnostic_Error;
		CXString text = clang_formatDiagnostic(d, CXDiagnostic_DisplaySourceLocation);

		if (error)
			fprintf(stderr, "mutate: %s\n", clang_getCString(text));
		clang_disposeString(text);
		clang_disposeDiagnostic(d);
		if (error)
			return false;
	}
	return true;
}

static bool is_compiled(struct finder *f)
{
	f->file = clang_getFile(f->unit, f->s->path);
	return f->file && !clang_equalLocations(clang_getLocationForOffset(f->unit, f->file, 0),
						clang_getNullLocation());
}

bool sites_find(struct source *s, const char *path, int argc, const char *const *argv)
{
	struct finder f = { .s = s };
	CXIndex index = clang_createIndex(0, 0);
	bool good = false;
	size_t i;

	*s = (struct source){ .path = path };
	if (!source_read(s))
		return false;
	if (clang_parseTranslationUnit2FullArgv(index, NULL, argv, argc, NULL, 0,
						CXTranslationUnit_DetailedPreprocessingRecord,
						&f.unit) != CXError_Success)
		fprintf(stderr, "mutate: this is no command that compiles a file: %s ...\n",
			argv[0]);
	else if (is_sound(f.unit) && !(good = is_compiled(&f)))
		fprintf(stderr, "mutate: %s is not what the command compiles\n", path);
	if (good) {
		find_changes(&f);
		if (s->count)
			qsort(s->sites, s->count, sizeof(*s->sites), by_place);
		choose_constants(s);
		describe(s);
	}
	for (i = 0; i < f.macro_count; i++)
		free(f.macros[i].name);
	free(f.macros);
	free(f.idle);
	if (f.unit)
		clang_disposeTranslationUnit(f.unit);
	clang_disposeIndex(index);
	return good;
}

void sites_free(struct source *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		free(s->sites[i].function);
		free(s->sites[i].replacement);
	}
	free(s->sites);
	free(s->text);
}
