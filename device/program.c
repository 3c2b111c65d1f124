// SPDX-License-Identifier: GPL-2.0-only
#include "device/program.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"

/* What stands between two blank lines at the top level: a function, a variable, includes. */
struct item {
	const char *text;
	const char *code; /* the same with blanks for comments and strings */
	size_t len;
	bool kept;
};

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* True if this line goes on with what stands before the blank line in front of it. */
static bool continues(const char *line)
{
	return isspace((unsigned char)*line) || *line == '}';
}

/* The end of the comment or the string that begins at @at, NULL if none does. */
static char *end_of_text(char *at)
{
	char *end;

	if (!strncmp(at, "/*", 2)) {
		end = strstr(at + 2, "*/");
		return end ? end + 2 : at + strlen(at);
	}
	if (*at != '"')
		return NULL;
	for (end = at + 1; *end && *end != '"'; end++)
		end += *end == '\\';
	return *end ? end + 1 : end;
}

/* A copy of @text, to be freed, with blanks for comments and strings. */
static char *code_alone(const char *text)
{
	char *code = strdup(text), *at, *end;

	if (!code)
		TH_BAIL("a program of %zu bytes: %s", strlen(text), strerror(errno));
	for (at = code; *at; at++) {
		end = end_of_text(at);
		for (; end && at < end; at++)
			*at = *at == '\n' ? '\n' : ' ';
		if (!*at)
			break;
	}
	return code;
}

/* How many items there are; to @items if it is not NULL. */
static size_t split(const char *text, const char *code, struct item *items)
{
	const char *from = text;
	size_t n = 0;

	while (*from) {
		const char *end = from;

		do {
			end = strstr(end, "\n\n");
			end = end ? end + 2 : from + strlen(from);
		} while (*end && continues(end));
		if (items)
			items[n] = (struct item){ from, code + (from - text), end - from, false };
		n++;
		from = end;
	}
	return n;
}

/* The word is in @text, as a word. */
static bool mentions(const char *text, size_t len, const char *word, size_t n)
{
	const char *end = text + len, *at = text;

	while ((at = memmem(at, end - at, word, n))) {
		if ((at == text || !in_name(at[-1])) && (at + n == end || !in_name(at[n])))
			return true;
		at += n;
	}
	return false;
}

static bool used(const char *word, size_t n, const struct item *items, size_t count,
		 const char *rest)
{
	if (mentions(rest, strlen(rest), word, n))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (items[i].kept && mentions(items[i].code, items[i].len, word, n))
			return true;
	}
	return false;
}

/* One of the names that a static function or variable gives is used. */
static bool needed(const struct item *item, const struct item *items, size_t count,
		   const char *rest)
{
	const char *at = item->code + strspn(item->code, " \n"), *end = item->code + item->len;
	bool function = memmem(at, end - at, ")\n{\n", 4);
	int depth = 0;

	if (!strncmp(at, "struct ", 7))
		return used(at + 7, strcspn(at + 7, " ;"), items, count, rest);
	if (strncmp(at, "static", 6))
		return true;
	/* A function's name is the first word with a parenthesis; of a struct the members are none.
	 */
	for (; at < end; at++) {
		const char *name = at;

		depth += (*at == '{') - (*at == '}');
		if (depth || !strchr(function ? "(" : "[=,;", *at))
			continue;
		while (name[-1] == ' ')
			name--;
		at = name;
		while (in_name(name[-1]))
			name--;
		if (at > name && !isdigit((unsigned char)*name) &&
		    used(name, at - name, items, count, rest))
			return true;
		if (function)
			return false;
		at += strspn(at, " ");
	}
	return false;
}

void program_write(FILE *out, const char *prologue, const char *rest)
{
	char *code = code_alone(prologue), *own = code_alone(rest);
	size_t count = split(prologue, code, NULL);
	struct item *items = calloc(count + 1, sizeof(*items));
	bool more = true;

	if (!items)
		TH_BAIL("a program of %zu parts: %s", count, strerror(errno));
	split(prologue, code, items);
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			if (!items[i].kept && needed(&items[i], items, count, own))
				more = items[i].kept = true;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i].kept)
			fwrite(items[i].text, 1, items[i].len, out);
	}
	fputs(rest, out);
	free(items);
	free(code);
	free(own);
}
