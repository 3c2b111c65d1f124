// SPDX-License-Identifier: GPL-2.0-only
/* Does the catalogue keep to its form, and do it and the tests know each other? */
#include "cli/catalogue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/registry.h"

#define SCHEMA 1

/* More than will ever be. */
#define MAX_NUMBER 9999

struct check {
	size_t faults;
	bool known[MAX_NUMBER + 1]; /* numbers of the catalogue */
};

/* A key of an object, and what its value has to be. */
struct key {
	const char *name;
	json_type type;
	bool optional;
};

static const struct key catalogue_keys[] = {
	{ "schema", JSON_INTEGER, false },
	{ "constants", JSON_ARRAY, false },
	{ "groups", JSON_ARRAY, false },
	{ 0 },
};

static const struct key constant_keys[] = {
	{ "name", JSON_STRING, false },
	{ "value", JSON_STRING, false },
	{ 0 },
};

static const struct key group_keys[] = {
	{ "id", JSON_STRING, false },
	{ "title", JSON_STRING, false },
	{ "behaviours", JSON_ARRAY, false },
	{ 0 },
};

static const struct key behaviour_keys[] = {
	{ "id", JSON_INTEGER, false },
	{ "sentence", JSON_STRING, false },
	{ "expected", JSON_STRING, false },
	{ "differences", JSON_ARRAY, true },
	{ "source", JSON_STRING, false },
	{ "note", JSON_STRING, true },
	{ "untested", JSON_STRING, true },
	{ 0 },
};

static const struct key difference_keys[] = {
	{ "feature", JSON_STRING, false },
	{ "expected", JSON_STRING, false },
	{ 0 },
};

static void __attribute__((format(printf, 2, 3))) complain(struct check *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: catalogue: ", registry_suite()->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	c->faults++;
}

/* A value is of its type and not empty; a text is one line. */
static bool is_good(const json_t *value, json_type type)
{
	const char *s = json_string_value(value);

	if (json_typeof(value) != type || (type == JSON_ARRAY && !json_array_size(value)))
		return false;
	return type != JSON_STRING || (*s && !strchr(s, '\n'));
}

/* True if @o is an object with these keys and no others; @what tells which. */
static bool has_form(struct check *c, const json_t *o, const struct key *keys, const char *what)
{
	size_t faults = c->faults;
	const struct key *k;
	const char *name;
	json_t *value;

	if (!json_is_object(o)) {
		complain(c, "%s: no object", what);
		return false;
	}
	for (k = keys; k->name; k++) {
		value = json_object_get(o, k->name);
		if (!value && !k->optional)
			complain(c, "%s: no \"%s\"", what, k->name);
		if (value && !is_good(value, k->type))
			complain(c, "%s: \"%s\" is empty, or not what it should be", what, k->name);
	}
	json_object_foreach((json_t *)o, name, value) {
		for (k = keys; k->name && strcmp(k->name, name); k++)
			;
		if (!k->name)
			complain(c, "%s: unknown key \"%s\"", what, name);
	}
	return c->faults == faults;
}

/* One word is the name of a FEATURE, everything else a phrase. */
static void check_difference(struct check *c, const json_t *difference, const char *what)
{
	const char *feature;

	if (!has_form(c, difference, difference_keys, what))
		return;
	feature = json_string_value(json_object_get(difference, "feature"));
	if (!strchr(feature, ' ') && !registry_feature(feature))
		complain(c, "%s: no FEATURE is called '%s'", what, feature);
}

static bool has_test(long number)
{
	const struct test_list *all = registry_tests();
	size_t i;

	for (i = 0; i < all->count; i++)
		if (test_checks(&all->tests[i], number))
			return true;
	return false;
}

/* @last is the number before it in its group. */
static void check_behaviour(struct check *c, const json_t *behaviour, long *last)
{
	const char *source;
	json_t *difference;
	char what[64];
	long number;
	size_t i;

	snprintf(what, sizeof(what), "the behaviour after %ld", *last);
	if (!has_form(c, behaviour, behaviour_keys, what))
		return;
	number = (long)json_integer_value(json_object_get(behaviour, "id"));
	snprintf(what, sizeof(what), "behaviour %ld", number);
	if (number < 1 || number > MAX_NUMBER) {
		complain(c, "%s: a number from 1 to %d, please", what, MAX_NUMBER);
		return;
	}
	if (c->known[number])
		complain(c, "%s: it is there twice", what);
	if (number <= *last)
		complain(c, "%s: it stands behind %ld", what, *last);
	c->known[number] = true;
	*last = number;

	source = json_string_value(json_object_get(behaviour, "source"));
	if (strcmp(source, "measured") && strcmp(source, "read"))
		complain(c, "%s: its source is '%s', not 'measured' or 'read'", what, source);
	json_array_foreach(json_object_get(behaviour, "differences"), i, difference)
		check_difference(c, difference, what);
	if (!json_object_get(behaviour, "untested") && !has_test(number))
		complain(c, "%s: no test, and no reason in \"untested\"", what);
	if (json_object_get(behaviour, "untested") && has_test(number))
		complain(c, "%s: it has a test and is \"untested\"", what);
}

static void check_group(struct check *c, const json_t *groups, size_t index)
{
	const json_t *group = json_array_get(groups, index), *id;
	json_t *behaviour;
	char what[64];
	long last = 0;
	size_t i;

	snprintf(what, sizeof(what), "group %zu", index + 1);
	if (!has_form(c, group, group_keys, what))
		return;
	id = json_object_get(group, "id");
	for (i = 0; i < index; i++)
		if (json_equal(id, json_object_get(json_array_get(groups, i), "id")))
			complain(c, "%s: '%s' is there twice", what, json_string_value(id));
	json_array_foreach(json_object_get(group, "behaviours"), i, behaviour)
		check_behaviour(c, behaviour, &last);
}

/* Variants are one test here. */
static void check_tests(struct check *c)
{
	const struct test_list *all = registry_tests();
	const int *b;
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct test *t = &all->tests[i];

		if (i && all->tests[i - 1].tc == t->tc)
			continue;
		if (!*t->tc->data.behaviours)
			complain(c, "%s.%s: it checks no behaviour", t->area, t->tc->name);
		for (b = t->tc->data.behaviours; *b; b++)
			if (*b < 0 || *b > MAX_NUMBER || !c->known[*b])
				complain(c, "%s.%s: there is no behaviour %d", t->area, t->tc->name, *b);
	}
}

size_t catalogue_check(const json_t *catalogue)
{
	struct check c = { 0 };
	json_t *constant, *groups;
	size_t i;

	if (!has_form(&c, catalogue, catalogue_keys, "the file"))
		return c.faults;
	if (json_integer_value(json_object_get(catalogue, "schema")) != SCHEMA)
		complain(&c, "the file: not of schema %d", SCHEMA);
	json_array_foreach(json_object_get(catalogue, "constants"), i, constant)
		has_form(&c, constant, constant_keys, "a constant");
	groups = json_object_get(catalogue, "groups");
	for (i = 0; i < json_array_size(groups); i++)
		check_group(&c, groups, i);
	check_tests(&c);
	return c.faults;
}
