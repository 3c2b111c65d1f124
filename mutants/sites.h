/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a source file of the kernel can be changed, and into what: a site is one change. */
#ifndef MUTANTS_SITES_H
#define MUTANTS_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum operator{
	OP_NEGATE,   /* a condition, or one part of it, is its opposite */
	OP_DROP,     /* a call or an assignment is gone */
	OP_ERRPATH,  /* what ends in return or goto is never gone into */
	OP_CONSTANT, /* another number, flag or enumerator */
	OP_ERRNO,    /* another errno */
	OP_BOUND,    /* a comparison is off by one */
	OP_LOCK,     /* a lock, unlock or barrier is gone */
	OP_RESET,    /* 0, NULL or false is no longer assigned */
	OP_COUNT,
};

extern const char *const operator_names[OP_COUNT];

struct site {
	enum operator op;
	char *function;
	size_t start, end; /* the bytes of the file that are replaced */
	char *replacement;
	size_t statement; /* where the innermost statement around it begins */
	unsigned int line;
	unsigned int first_line, last_line; /* of its statement up to its end */
	uint32_t hash;			    /* of the change and of its line */
	unsigned int number; /* from 1, of those of a function that have all of the above */
};

struct source {
	const char *path; /* of the file that is changed */
	char *text;
	size_t size;
	struct site *sites; /* in the order of the file */
	size_t count;
};

/*
 * Parses what the compiler command @argv (@argc words, the compiler first) compiles and fills in
 * the sites of @path, which is its source or a header of it. False after one line on standard
 * error.
 */
bool sites_find(struct source *s, const char *path, int argc, const char *const *argv);

/* Reads the file at its path, which has no zero bytes. False after one line on standard error. */
bool source_read(struct source *s);

/* The text of a place with each run of white space as one blank; to be freed. */
char *source_text(const struct source *s, size_t start, size_t end);

void sites_free(struct source *s);

#endif /* MUTANTS_SITES_H */
