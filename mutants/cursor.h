/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the search for sites goes by: nodes of the compiler's tree, and where they are in the text
 * of the file. Names of nodes (cursors) are libclang's; offsets are those of bytes in the file.
 */
#ifndef MUTANTS_CURSOR_H
#define MUTANTS_CURSOR_H

#include <clang-c/Index.h>

#include "mutants/sites.h"

/* A macro that is used. */
struct macro {
	char *name;
	size_t start, end;
	bool has_arguments;
};

struct range {
	size_t start, end;
};

struct finder {
	struct source *s;
	CXTranslationUnit unit;
	CXFile file;
	char *function;
	size_t statement; /* where that begins in which we are */
	struct macro *macros;
	size_t macro_count;
	struct range *idle; /* where nothing is to be changed */
	size_t idle_count;
};

/* All of the file's functions: adds what can be changed to f->s. */
void find_changes(struct finder *f);

struct children {
	CXCursor *c;
	size_t count;
};

/* @p, which is not NULL. */
void *must(void *p);

/* Where it is in the file; false if it is not. */
bool offset_of(const struct finder *f, CXSourceLocation at, size_t *offset);
bool start_of(const struct finder *f, CXCursor c, size_t *start);

/* Where the text of @c is; false if it has none of its own. */
bool place(const struct finder *f, CXCursor c, size_t *start, size_t *end);

/* The next character that is no blank, from there on or in front of it. */
char after(const struct finder *f, size_t at);
char before(const struct finder *f, size_t at);

/* The word that begins there: its end, itself (to be freed), and whether it is @word. */
size_t word_end(const struct finder *f, size_t at);
char *word_at(const struct finder *f, size_t at);
bool is_word(const struct finder *f, size_t at, const char *word);

/* True if nothing but @word and blanks is there. */
bool only(const struct finder *f, size_t start, size_t end, const char *word);

/* To be freed: .c of the first, the second itself. */
struct children children_of(CXCursor c);
char *spelling(CXCursor c);

/* Without the conversions that nobody wrote. */
CXCursor plain(CXCursor c);

/* Which operator @c is; CXBinaryOperator_Invalid: none. */
enum CXBinaryOperatorKind binary(CXCursor c);
bool is_logical(CXCursor c);

#endif /* MUTANTS_CURSOR_H */
