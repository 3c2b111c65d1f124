/* SPDX-License-Identifier: GPL-2.0-only */
/* `tuntests list`: the tests of this program, for people, and as JSON with what they check. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include <stddef.h>

enum list_form {
	LIST_TEXT,
	LIST_JSON,
	LIST_AREAS, /* an area a line, with the number of its tests */
};

/*
 * Prints the tests that match one of @patterns (@count 0: all). The exit status: 0, or 2 after one
 * line on standard error if a pattern matches none.
 */
int list_tests(const char *const *patterns, size_t count, enum list_form form);

#endif /* CLI_LIST_H */
