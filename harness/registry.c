// SPDX-License-Identifier: GPL-2.0-only
/* What registered itself before main(), checked and expanded into tests. */
#include "harness/registry.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_case *first_case, **last_case = &first_case;
static struct feature *first_feature;
static const struct suite *the_suite;
static struct test_list all;

void harness_register_test(struct test_case *t)
{
	*last_case = t;
	last_case = &t->next;
}

void harness_register_variant(struct fixture *f, struct fixture_variant *v)
{
	struct fixture_variant **end = &f->variants;

	while (*end)
		end = &(*end)->next;
	*end = v;
}

void harness_register_xfail(struct test_case *t, struct test_xfail *x)
{
	x->next = t->xfails;
	t->xfails = x;
}

void harness_register_feature(struct feature *f)
{
	struct feature **at = &first_feature;

	while (*at && strcmp((*at)->name, f->name) < 0)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
}

void harness_register_suite(const struct suite *s)
{
	the_suite = s;
}

const struct suite *registry_suite(void)
{
	return the_suite;
}

struct feature *registry_features(void)
{
	return first_feature;
}

struct feature *registry_feature(const char *name)
{
	struct feature *f;

	for (f = first_feature; f; f = f->next)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

static void __attribute__((noreturn, format(printf, 1, 2))) mistake(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "%s: ", the_suite ? the_suite->name : "harness");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(2);
}

static void *must(void *p)
{
	if (!p)
		mistake("out of memory");
	return p;
}

static char *area_of(const char *file)
{
	const char *base = strrchr(file, '/');
	char *area = must(strdup(base ? base + 1 : file));

	area[strcspn(area, ".")] = '\0';
	return area;
}

static void add(const struct test_case *tc, const struct fixture_variant *variant)
{
	struct test *t;
	struct test_xfail *x;

	all.tests = must(realloc(all.tests, (all.count + 1) * sizeof(*all.tests)));
	t = &all.tests[all.count++];
	*t = (struct test){ .area = area_of(tc->file), .tc = tc, .variant = variant };
	if (asprintf(&t->id, "%s.%s%s%s", t->area, tc->name, variant ? "." : "",
		     variant ? variant->name : "") < 0)
		must(NULL);
	for (x = tc->xfails; x; x = x->next)
		if (x->variant == variant)
			t->xfail = x->reason;
}

static void check_needs(const char *who, const char *const *needs)
{
	for (; *needs; needs++)
		if (!registry_feature(*needs))
			mistake("%s needs '%s', which no FEATURE probes", who, *needs);
}

static void check(void)
{
	size_t i, j;

	if (!the_suite)
		mistake("no SUITE in this program");
	check_needs("the suite", the_suite->needs);
	for (i = 0; i < all.count; i++) {
		const struct test *t = &all.tests[i];

		if (!t->tc->data.title)
			mistake("%s has no .title", t->id);
		if (t->id[strspn(t->id, "abcdefghijklmnopqrstuvwxyz0123456789_.")])
			mistake("%s: an id is made of a-z, 0-9, '_' and '.'", t->id);
		check_needs(t->id, t->tc->data.needs);
		for (j = 0; j < i; j++)
			if (!strcmp(t->id, all.tests[j].id))
				mistake("two tests have the id %s", t->id);
	}
}

/* Link order already groups the files; this keeps areas together whatever the linker did. */
static void group_areas(void)
{
	struct test *grouped = must(calloc(all.count ? all.count : 1, sizeof(*grouped)));
	bool *taken = must(calloc(all.count ? all.count : 1, sizeof(*taken)));
	size_t i, j, n = 0;

	for (i = 0; i < all.count; i++)
		for (j = i; j < all.count; j++)
			if (!taken[j] && !strcmp(all.tests[i].area, all.tests[j].area)) {
				taken[j] = true;
				grouped[n++] = all.tests[j];
			}
	free(taken);
	free(all.tests);
	all.tests = grouped;
}

const struct test_list *registry_tests(void)
{
	const struct fixture_variant *v;
	const struct test_case *tc;

	if (all.tests)
		return &all;
	for (tc = first_case; tc; tc = tc->next) {
		if (!tc->fixture || !tc->fixture->variants)
			add(tc, NULL);
		else
			for (v = tc->fixture->variants; v; v = v->next)
				add(tc, v);
	}
	check();
	group_areas();
	return &all;
}

static const struct feature *first_missing(const char *const *needs)
{
	for (; *needs; needs++) {
		const struct feature *f = registry_feature(*needs);

		if (f->probed && !f->present)
			return f;
	}
	return NULL;
}

const struct feature *registry_missing(const struct test *t)
{
	const struct feature *f = first_missing(the_suite->needs);

	return f ? f : first_missing(t->tc->data.needs);
}

/* @name is the id, or the id up to a dot. */
static bool begins_with(const struct test *t, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(t->id, name, len) && (t->id[len] == '.' || !t->id[len]);
}

bool test_checks(const struct test *t, long behaviour)
{
	const int *b;

	for (b = t->tc->data.behaviours; *b; b++)
		if (*b == behaviour)
			return true;
	return false;
}

static bool is_number(const char *pattern)
{
	return *pattern && !pattern[strspn(pattern, "0123456789")];
}

bool test_matches(const struct test *t, const char *pattern)
{
	if (is_number(pattern))
		return test_checks(t, strtol(pattern, NULL, 10));
	return begins_with(t, pattern) || !fnmatch(pattern, t->id, 0);
}

bool test_named(const struct test *t, const char *const *patterns, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strchr(patterns[i], '.') && begins_with(t, patterns[i]))
			return true;
	return false;
}

bool test_selected(const struct test *t, const char *const *patterns, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (test_matches(t, patterns[i]))
			return true;
	return !count;
}

static bool matches_any(const char *pattern)
{
	size_t i;

	for (i = 0; i < all.count; i++)
		if (test_matches(&all.tests[i], pattern))
			return true;
	return false;
}

bool registry_check_patterns(const char *const *patterns, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (matches_any(patterns[i]))
			continue;
		if (is_number(patterns[i]))
			fprintf(stderr, "%s: no test checks behaviour %s (`%s catalogue` has all)\n",
				the_suite->name, patterns[i], the_suite->name);
		else
			fprintf(stderr, "%s: no test matches '%s' (`%s list` shows them all)\n",
				the_suite->name, patterns[i], the_suite->name);
		return false;
	}
	return true;
}
