/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The catalogue: what the driver does, each behaviour with a number that tests name. It is
 * docs/catalogue.json, which is part of the program; that file's form is in docs/results.md.
 */
#ifndef CLI_CATALOGUE_H
#define CLI_CATALOGUE_H

#include <jansson.h>
#include <stddef.h>

/*
 * The program's own catalogue, or that of file @path if it is not NULL. A new reference, or NULL
 * after one line on standard error if it is no JSON.
 */
json_t *catalogue_load(const char *path);

/*
 * The behaviours, each as it stands in the catalogue with its group and the ids of its tests: of
 * all tests and all behaviours, or (@count above 0) of the tests that match one of @patterns and
 * the behaviours that these check. A new reference, or NULL after one line on standard error.
 */
json_t *catalogue_behaviours(const char *const *patterns, size_t count);

/*
 * Prints what is wrong with @catalogue, and what does not fit between it and the tests of this
 * program, on standard error, a line each. How many lines.
 */
size_t catalogue_check(const json_t *catalogue);

/*
 * `tuntests catalogue` with its options; @argv[0] is its name. The exit status: 0, 1 if a check
 * found something, 2 for wrong usage or a file that cannot be read.
 */
int catalogue_command(int argc, char **argv);

#endif /* CLI_CATALOGUE_H */
