// SPDX-License-Identifier: GPL-2.0-only
#include "cli/list.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/catalogue.h"
#include "harness/registry.h"

#define SCHEMA 1

static json_t *strings(const char *const *list)
{
	json_t *a = json_array();

	for (; *list; list++)
		json_array_append_new(a, json_string(*list));
	return a;
}

static json_t *test_json(const struct test *t)
{
	const struct test_data *d = &t->tc->data;
	json_t *behaviours = json_array();
	const int *b;

	for (b = d->behaviours; *b; b++)
		json_array_append_new(behaviours, json_integer(*b));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b}", "id", t->id, "area", t->area, "title",
			 d->title, "behaviours", behaviours, "needs", strings(d->needs), "guards",
			 strings(d->guards), "takes_long", (int)d->takes_long,
			 "dangerous", (int)d->dangerous);
}

static void print_test(const struct test *t)
{
	const char *const *g;

	printf("%-40s %s", t->id, t->tc->data.title);
	for (g = t->tc->data.guards; *g; g++)
		printf("%s%s", g == t->tc->data.guards ? " [guards " : ", ", *g);
	printf("%s%s%s\n", *t->tc->data.guards ? "]" : "",
	       t->tc->data.takes_long ? " [takes long]" : "",
	       t->tc->data.dangerous ? " [dangerous]" : "");
}

/* Counts @t, and prints its area if it is the last one in it. The plan has areas together. */
static void count_in_area(const struct test *t, const struct test *next, size_t *in_area)
{
	++*in_area;
	if (next && !strcmp(next->area, t->area))
		return;
	printf("%-12s %4zu\n", t->area, *in_area);
	*in_area = 0;
}

/* The tests and what they check. The exit status. */
static int print_json(json_t *tests, const char *const *patterns, size_t count)
{
	json_t *behaviours = catalogue_behaviours(patterns, count), *all;

	if (!behaviours) {
		json_decref(tests);
		return 2;
	}
	all = json_pack("{s:i, s:o, s:o}", "schema", SCHEMA, "tests", tests, "behaviours", behaviours);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return 0;
}

int list_tests(const char *const *patterns, size_t count, enum list_form form)
{
	const struct test_list *all = registry_tests();
	const struct test *t = NULL, *next;
	size_t i, in_area = 0;
	json_t *list;

	if (!registry_check_patterns(patterns, count))
		return 2;
	list = json_array();
	for (i = 0; i <= all->count; i++) {
		next = i < all->count ? &all->tests[i] : NULL;
		if (next && !test_selected(next, patterns, count))
			continue;
		if (t && form == LIST_JSON)
			json_array_append_new(list, test_json(t));
		else if (t && form == LIST_AREAS)
			count_in_area(t, next, &in_area);
		else if (t)
			print_test(t);
		t = next;
	}
	if (form == LIST_JSON)
		return print_json(list, patterns, count);
	json_decref(list);
	return 0;
}
