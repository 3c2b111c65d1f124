// SPDX-License-Identifier: GPL-2.0-only
#include "mutants/cursor.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

bool offset_of(const struct finder *f, CXSourceLocation at, size_t *offset)
{
	CXFile file;
	unsigned int n;

	clang_getFileLocation(at, &file, NULL, NULL, &n);
	*offset = n;
	return file && clang_File_isEqual(file, f->file);
}

bool start_of(const struct finder *f, CXCursor c, size_t *start)
{
	return offset_of(f, clang_getRangeStart(clang_getCursorExtent(c)), start);
}

/* The end of the string, character or comment that begins at @at, or @at. */
static size_t skip_quoted(const char *text, size_t at, size_t end)
{
	char quote = text[at];

	if (quote == '/' && text[at + 1] == '*') {
		const char *close = strstr(text + at + 2, "*/");

		return close ? (size_t)(close - text) + 2 : end;
	}
	if (quote != '"' && quote != '\'')
		return at;
	for (at++; at < end && text[at] != quote; at++)
		at += text[at] == '\\';
	return at + 1;
}

/*
 * Where the text of @c is. A macro within it makes the compiler's idea of its end go too far, up to
 * the end of the macro that it is an argument of.
 */
bool place(const struct finder *f, CXCursor c, size_t *start, size_t *end)
{
	const char *text = f->s->text;
	size_t at, next;
	int depth = 0;

	if (!start_of(f, c, start) ||
	    !offset_of(f, clang_getRangeEnd(clang_getCursorExtent(c)), end))
		return false;
	for (at = *start; at < *end; at = next) {
		next = skip_quoted(text, at, *end);
		if (next != at)
			continue;
		next = at + 1;
		depth += !!strchr("([{", text[at]) - !!strchr(")]}", text[at]);
		if (depth < 0 || (!depth && text[at] == ','))
			*end = at;
	}
	while (*end > *start && isspace((unsigned char)text[*end - 1]))
		(*end)--;
	return *end > *start && depth <= 0;
}

char after(const struct finder *f, size_t at)
{
	while (isspace((unsigned char)f->s->text[at]))
		at++;
	return f->s->text[at];
}

char before(const struct finder *f, size_t at)
{
	while (at && isspace((unsigned char)f->s->text[at - 1]))
		at--;
	return at ? f->s->text[at - 1] : '\0';
}

size_t word_end(const struct finder *f, size_t at)
{
	while (isalnum((unsigned char)f->s->text[at]) || f->s->text[at] == '_')
		at++;
	return at;
}

char *word_at(const struct finder *f, size_t at)
{
	return must(strndup(f->s->text + at, word_end(f, at) - at));
}

bool is_word(const struct finder *f, size_t at, const char *word)
{
	size_t len = strlen(word);

	return word_end(f, at) == at + len && !memcmp(f->s->text + at, word, len);
}

bool only(const struct finder *f, size_t start, size_t end, const char *word)
{
	const char *text = f->s->text;
	size_t len = strlen(word);

	while (start < end && isspace((unsigned char)text[start]))
		start++;
	while (end > start && isspace((unsigned char)text[end - 1]))
		end--;
	return end - start == len && !memcmp(text + start, word, len);
}

static enum CXChildVisitResult take_child(CXCursor c, CXCursor parent, CXClientData data)
{
	struct children *ch = data;

	(void)parent;
	ch->c = must(realloc(ch->c, (ch->count + 1) * sizeof(*ch->c)));
	ch->c[ch->count++] = c;
	return CXChildVisit_Continue;
}

struct children children_of(CXCursor c)
{
	struct children ch = { 0 };

	clang_visitChildren(c, take_child, &ch);
	return ch;
}

char *spelling(CXCursor c)
{
	CXString s = clang_getCursorSpelling(c);
	char *text = must(strdup(clang_getCString(s) ? clang_getCString(s) : ""));

	clang_disposeString(s);
	return text;
}

CXCursor plain(CXCursor c)
{
	while (clang_getCursorKind(c) == CXCursor_UnexposedExpr) {
		struct children ch = children_of(c);
		CXCursor inner = ch.count == 1 ? ch.c[0] : c;

		free(ch.c);
		if (clang_equalCursors(inner, c))
			break;
		c = inner;
	}
	return c;
}

enum CXBinaryOperatorKind binary(CXCursor c)
{
	c = plain(c);
	return clang_getCursorKind(c) == CXCursor_BinaryOperator ?
		       clang_getCursorBinaryOperatorKind(c) :
		       CXBinaryOperator_Invalid;
}

bool is_logical(CXCursor c)
{
	return binary(c) == CXBinaryOperator_LAnd || binary(c) == CXBinaryOperator_LOr;
}
