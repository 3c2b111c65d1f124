// SPDX-License-Identifier: GPL-2.0-only
#include "cli/catalogue.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/common.h"
#include "harness/registry.h"

/* The program alone says what its tests check. */
__asm__(".pushsection .rodata\n"
	"catalogue_text:\n"
	".incbin \"docs/catalogue.json\"\n"
	".byte 0\n"
	".popsection\n");
extern const char catalogue_text[] __attribute__((visibility("hidden")));

static const char *me(void)
{
	return registry_suite()->name;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static long number(const json_t *behaviour)
{
	return (long)json_integer_value(json_object_get(behaviour, "id"));
}

json_t *catalogue_load(const char *path)
{
	json_error_t error;
	json_t *catalogue;
	struct stat st;

	if (path && !stat(path, &st) && S_ISDIR(st.st_mode)) {
		fprintf(stderr, "%s: %s: a folder, not a file\n", me(), path);
		return NULL;
	}
	catalogue = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &error) :
			   json_loads(catalogue_text, JSON_REJECT_DUPLICATES, &error);
	if (!catalogue && path && error.line < 0)
		fprintf(stderr, "%s: %s\n", me(), error.text);
	else if (!catalogue)
		fprintf(stderr, "%s: %s: not JSON: %s (line %d)\n", me(),
			path ? path : "docs/catalogue.json", error.text, error.line);
	return catalogue;
}

/* --- as JSON ----------------------------------------------------------------------------- */

static json_t *ids_of_tests(long behaviour, const char *const *patterns, size_t count)
{
	const struct test_list *all = registry_tests();
	json_t *ids = json_array();
	size_t i;

	for (i = 0; i < all->count; i++)
		if (test_checks(&all->tests[i], behaviour) &&
		    test_selected(&all->tests[i], patterns, count))
			json_array_append_new(ids, json_string(all->tests[i].id));
	return ids;
}

static json_t *behaviour_json(const json_t *group, const json_t *behaviour, json_t *tests)
{
	json_t *o = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)behaviour, key, value) {
		json_object_set(o, key, value);
		if (!strcmp(key, "id"))
			json_object_set(o, "group", json_object_get(group, "id"));
	}
	json_object_set_new(o, "tests", tests);
	return o;
}

json_t *catalogue_behaviours(const char *const *patterns, size_t count)
{
	json_t *catalogue = catalogue_load(NULL), *group, *behaviour, *list, *tests, *one;
	size_t i, j;

	if (!catalogue)
		return NULL;
	list = json_array();
	json_array_foreach(json_object_get(catalogue, "groups"), i, group) {
		json_array_foreach(json_object_get(group, "behaviours"), j, behaviour) {
			tests = ids_of_tests(number(behaviour), patterns, count);
			one = behaviour_json(group, behaviour, tests);
			if (!count || json_array_size(tests))
				json_array_append(list, one);
			json_decref(one);
		}
	}
	json_decref(catalogue);
	return list;
}

/* --- as a page --------------------------------------------------------------------------- */

static const char page_head[] =
	"# Catalogue\n"
	"\n"
	"<!-- `make catalogue` writes this page from docs/catalogue.json and the tests. -->\n"
	"\n"
	"What the TUN/TAP driver does: for each behaviour the stimulus, the exact result, and the\n"
	"tests that hold the driver to it. [catalogue.json](catalogue.json) is the source, for\n"
	"programs; `%1$s list --json` has the same with the tests' ids.\n"
	"\n"
	"- *Without* names a feature or a fix that a kernel may lack, and what it does then. One\n"
	"  word is a feature that `%1$s` probes.\n"
	"- *Read* is what was read in the kernel's source and not yet seen; all else was measured.\n"
	"- A test's name is followed by the number of its variants, if it has several.\n"
	"- `%1$s list 268` shows the tests of behaviour 268, and `%1$s run 268` runs them.\n"
	"- `catalogue.md#268` leads to behaviour 268.\n"
	"\n";

/* Text inside of a table's cell. */
static void print_cell(const char *s)
{
	for (; *s; s++) {
		if (*s == '|' || *s == '\\' || *s == '*' || *s == '~')
			putchar('\\');
		if (*s == '<')
			fputs("&lt;", stdout);
		else
			putchar(*s);
	}
}

static void print_differences(const json_t *behaviour)
{
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(behaviour, "differences"), i, d) {
		const char *feature = text(d, "feature"), *quote = strchr(feature, ' ') ? "" : "`";

		printf("%sWithout %s", i ? "<br>" : "", quote);
		print_cell(feature);
		printf("%s: ", quote);
		print_cell(text(d, "expected"));
	}
}

/* The tests of a behaviour, variants counted. They stand together, being of one TEST_F. */
static void print_tests(long behaviour)
{
	const struct test_list *all = registry_tests();
	const char *before = "";
	size_t i, n;

	for (i = 0; i < all->count; i += n) {
		const struct test *t = &all->tests[i];

		for (n = 1; i + n < all->count && all->tests[i + n].tc == t->tc; n++)
			;
		if (!test_checks(t, behaviour))
			continue;
		printf("%s`%s.%s`", before, t->area, t->tc->name);
		if (n > 1)
			printf(" (%zu)", n);
		before = ", ";
	}
}

static void print_behaviour(const json_t *behaviour)
{
	const char *note = text(behaviour, "note"), *untested = text(behaviour, "untested");

	printf("| <a id=\"%1$ld\"></a>%1$ld | ", number(behaviour));
	print_cell(text(behaviour, "sentence"));
	printf(" | %s", !strcmp(text(behaviour, "source"), "read") ? "*Read:* " : "");
	print_cell(text(behaviour, "expected"));
	printf("%s", *note ? "<br>*Note:* " : "");
	print_cell(note);
	printf(" | ");
	print_differences(behaviour);
	printf(" | %s", *untested ? "*Untested:* " : "");
	print_cell(untested);
	print_tests(number(behaviour));
	puts(" |");
}

static void print_constants(const json_t *constants)
{
	json_t *c;
	size_t i;

	puts("\n## Constants\n\n| what | value |\n|---|---|");
	json_array_foreach(constants, i, c) {
		printf("| ");
		print_cell(text(c, "name"));
		printf(" | ");
		print_cell(text(c, "value"));
		puts(" |");
	}
}

static void print_page(const json_t *catalogue)
{
	const json_t *groups = json_object_get(catalogue, "groups");
	json_t *group, *behaviour;
	size_t i, j;

	printf(page_head, me());
	puts("| group | | behaviours |\n|---|---|---|");
	json_array_foreach(groups, i, group)
		printf("| [%1$s](#%1$s) | %2$s | %3$zu |\n", text(group, "id"), text(group, "title"),
		       json_array_size(json_object_get(group, "behaviours")));
	json_array_foreach(groups, i, group) {
		printf("\n## <a id=\"%1$s\"></a>%1$s: %2$s\n\n", text(group, "id"),
		       text(group, "title"));
		puts("| id | behaviour | expected | differences | tests |\n|---|---|---|---|---|");
		json_array_foreach(json_object_get(group, "behaviours"), j, behaviour)
			print_behaviour(behaviour);
	}
	print_constants(json_object_get(catalogue, "constants"));
}

/* --- the command ------------------------------------------------------------------------- */

static const char help[] =
	"Usage: %1$s catalogue [--check [FILE]]\n"
	"\n"
	"Prints what the driver does as a page of Markdown, with the tests of each behaviour. A\n"
	"behaviour's number is a PATTERN of `%1$s list` and `%1$s run`.\n"
	"\n"
	"--check looks instead for mistakes in the catalogue (or another one, FILE), and for what\n"
	"does not fit between it and the tests: numbers that it lacks, behaviours without a test.\n"
	"\n"
	"Exit status: 0, 1 if --check found something, 2 wrong usage or a file that is no JSON.\n";

int catalogue_command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	json_t *catalogue;
	bool check = false;
	int c, status = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			printf(help, me());
			return 0;
		}
		if (c != 'c')
			break;
		check = true;
	}
	if (c == -1 && argc - optind > check)
		fprintf(stderr, "%s: catalogue takes no argument '%s'\n", me(), argv[optind + check]);
	if (c != -1 || argc - optind > check) {
		fprintf(stderr, "Try '%s catalogue --help'.\n", me());
		return 2;
	}
	catalogue = catalogue_load(argv[optind]);
	if (!catalogue)
		return 2;
	if (check)
		status = catalogue_check(catalogue) ? 1 : 0;
	else
		print_page(catalogue);
	json_decref(catalogue);
	return status;
}
