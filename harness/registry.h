/* SPDX-License-Identifier: GPL-2.0-only */
/* All tests, features and the suite of this program, as they registered themselves. */
#ifndef HARNESS_REGISTRY_H
#define HARNESS_REGISTRY_H

#include "harness/harness.h"

/* One runnable test: a test case and one of its fixture's variants. */
struct test {
	char *id;   /* AREA.NAME[.VARIANT] */
	char *area;
	const struct test_case *tc;
	const struct fixture_variant *variant; /* NULL: none */
	const char *xfail; /* why it is expected to fail, or NULL */
};

struct test_list {
	struct test *tests;
	size_t count;
};

/*
 * Every test, grouped by area, in the order they were written. The first call checks them all; a
 * mistake (two tests with one id, an unknown feature) is printed and ends the program, status 2.
 */
const struct test_list *registry_tests(void);
const struct suite *registry_suite(void);
/* The features as a list; NULL if the name is unknown. */
struct feature *registry_features(void);
struct feature *registry_feature(const char *name);

/*
 * The feature that keeps @t from running, suite-wide needs first; NULL if it has all it needs.
 * Counts only features already probed.
 */
const struct feature *registry_missing(const struct test *t);

/* True if @t names @behaviour, a number of the catalogue. */
bool test_checks(const struct test *t, long behaviour);

/*
 * True if @t's id is @pattern, begins with "@pattern." (an area, or all variants of a test), or
 * matches it as a shell pattern. A number is that of a behaviour, and matches the tests of it.
 */
bool test_matches(const struct test *t, const char *pattern);

/* The same for any of @count patterns; true for all tests if @count is 0. */
bool test_selected(const struct test *t, const char *const *patterns, size_t count);

/* True if one of the patterns is the test's id, with or without the variant. */
bool test_named(const struct test *t, const char *const *patterns, size_t count);

/* False, after one line on standard error, if one of the patterns matches no test. */
bool registry_check_patterns(const char *const *patterns, size_t count);

#endif /* HARNESS_REGISTRY_H */
