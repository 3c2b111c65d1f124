// SPDX-License-Identifier: GPL-2.0-only
#include "cli/matrix.h"

#include <dirent.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"
#include "cli/target.h"
#include "harness/output.h"
#include "harness/registry.h"
#include "harness/results.h"
#include "harness/text.h"

#define SCHEMA	       1
#define DEFAULT_OUTPUT "results/matrix"

/* The page is part of the program, so that the program alone can write it. */
__asm__(".pushsection .rodata\n"
	"matrix_page:\n"
	".incbin \"cli/matrix.html\"\n"
	".byte 0\n"
	".popsection\n");
extern const char matrix_page[] __attribute__((visibility("hidden")));

/* Stands in the page where the data belong. */
#define DATA_MARK "@MATRIX@"

/* One kernel. */
struct column {
	char *name;	/* the target's or the folder's; no two have the same */
	char *dir;	/* of its run */
	char *relative; /* the same seen from the matrix: a prefix for files in it */
	json_t *root;	/* its results.json */
	json_t *tests;	/* those in it, by id */
	struct totals totals;
	size_t given; /* which on the command line */
};

struct matrix {
	char *dir; /* where it is written, an absolute path */
	struct column *columns;
	size_t count;
	const char *jobs; /* for each run, or NULL */
	char **run_args;  /* more for each run, NULL ends */
};

static const char *me(void)
{
	return registry_suite()->name;
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* --- columns ----------------------------------------------------------------------------- */

/* The way from one folder to another, both absolute: "x/", "../runs/x/", "". To be freed. */
static char *relative_path(const char *from, const char *to)
{
	char *from_dir = join(from, ""), *to_dir = join(to, ""), *path = NULL, *clean;
	size_t i, same = 0, size;
	FILE *f = must(open_memstream(&path, &size));

	for (i = 0; from_dir[i] && from_dir[i] == to_dir[i]; i++)
		if (from_dir[i] == '/')
			same = i + 1;
	for (i = same; from_dir[i]; i++)
		if (from_dir[i] == '/')
			fputs("../", f);
	fputs(to_dir + same, f);
	fclose(f);
	clean = must(text_clean(must(path), strlen(path)));
	free(path);
	free(from_dir);
	free(to_dir);
	return clean;
}

static const struct column *column_named(const struct matrix *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->columns[i].name && !strcmp(m->columns[i].name, name))
			return &m->columns[i];
	return NULL;
}

/* @name, or "@name-2" and so on if another column has that. */
static char *unique_name(const struct matrix *m, const char *name)
{
	char *clean = must(text_clean(name, strlen(name))), *unique = must(strdup(clean));
	unsigned int n;

	for (n = 2; column_named(m, unique); n++) {
		free(unique);
		if (asprintf(&unique, "%s-%u", clean, n) < 0)
			must(NULL);
	}
	free(clean);
	return unique;
}

static struct column *add_column(struct matrix *m, const char *name)
{
	char *unique = unique_name(m, name);
	struct column *c;

	m->columns = must(realloc(m->columns, (m->count + 1) * sizeof(*m->columns)));
	c = &m->columns[m->count];
	*c = (struct column){ .name = unique, .given = m->count++ };
	return c;
}

/* Reads the results of the run in c->dir. False after one line on standard error. */
static bool load_column(const struct matrix *m, struct column *c)
{
	char *path = join(c->dir, "results.json");
	struct old_results checked;
	json_t *test;
	size_t i;

	if (results_load(path, &checked)) {
		c->root = must(json_load_file(path, 0, NULL));
		c->tests = json_object();
		json_array_foreach(json_object_get(c->root, "tests"), i, test) {
			json_object_set(c->tests, text(test, "id"), test);
			c->totals.n[checked.tests[i].result]++;
		}
		c->relative = relative_path(m->dir, c->dir);
		results_free(&checked);
	}
	free(path);
	return c->root;
}

/* A run that was made before, maybe elsewhere. */
static bool take_folder(struct matrix *m, const char *folder)
{
	char *dir = realpath(folder, NULL);
	struct column *c;

	if (!dir)
		return fault(folder, "");
	c = add_column(m, strrchr(dir, '/') + 1);
	c->dir = dir;
	return load_column(m, c);
}

static void free_matrix(struct matrix *m)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		free(m->columns[i].name);
		free(m->columns[i].dir);
		free(m->columns[i].relative);
		json_decref(m->columns[i].root);
		json_decref(m->columns[i].tests);
	}
	free(m->columns);
	free(m->dir);
}

/* --- running ----------------------------------------------------------------------------- */

/* Runs the suite in @target. False if it could not, after a line on standard error. */
static bool run_target(struct matrix *m, const char *target)
{
	struct column *c = add_column(m, target);
	const char *const jobs[] = { m->jobs ? "--jobs" : NULL, m->jobs, NULL };
	char *folder = must(output_folder_name(c->name));

	c->dir = join(m->dir, folder);
	free(folder);
	fprintf(stderr, "# matrix: %s, results in %s\n", c->name, c->dir);
	return target_run(target, c->dir, jobs, m->run_args) && load_column(m, c);
}

/* --- order ------------------------------------------------------------------------------- */

#define VERSION_PARTS 4

/* 6.12.3-rc4: its numbers. Without -rc it is later than all of those; no version is the latest. */
static void parse_release(const char *release, unsigned int part[VERSION_PARTS])
{
	const char *rc = strstr(release, "-rc");

	memset(part, 0, VERSION_PARTS * sizeof(*part));
	if (sscanf(release, "%u.%u.%u", &part[0], &part[1], &part[2]) < 1)
		part[0] = UINT_MAX;
	part[3] = rc ? (unsigned int)atoi(rc + 3) : UINT_MAX;
}

static const char *release_of(const struct column *c)
{
	return text(json_object_get(c->root, "kernel"), "release");
}

static int by_release(const void *a, const void *b)
{
	const struct column *one = a, *other = b;
	unsigned int x[VERSION_PARTS], y[VERSION_PARTS];
	int i, order;

	parse_release(release_of(one), x);
	parse_release(release_of(other), y);
	for (i = 0; i < VERSION_PARTS; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	order = strverscmp(release_of(one), release_of(other));
	return order ? order : one->given < other->given ? -1 : 1;
}

static const char *area_of(const json_t *test)
{
	return text(test, "area");
}

/* Behind the others of its area, so that areas stay together. */
static void place(json_t *plan, json_t *test)
{
	size_t i = json_array_size(plan);

	while (i && strcmp(area_of(json_array_get(plan, i - 1)), area_of(test)))
		i--;
	json_array_insert(plan, i ? i : json_array_size(plan), test);
}

/* Every test of any kernel, as the newest that has it describes it. A new reference. */
static json_t *plan_of(const struct matrix *m)
{
	json_t *plan = json_array(), *seen = json_object(), *test;
	size_t c, i;

	for (c = m->count; c-- > 0;) {
		json_array_foreach(json_object_get(m->columns[c].root, "tests"), i, test) {
			if (json_object_get(seen, text(test, "id")))
				continue;
			json_object_set_new(seen, text(test, "id"), json_true());
			place(plan, test);
		}
	}
	json_decref(seen);
	return plan;
}

/* --- what is written --------------------------------------------------------------------- */

static enum result result_in(const struct column *c, const char *id)
{
	const json_t *test = json_object_get(c->tests, id);

	return test ? (enum result)result_from_name(text(test, "result")) : RESULT_NOTRUN;
}

/*
 * The last kernel a test worked in before the first one it is broken in. If it broke more than once
 * the last time counts. Both are NULL if it never broke.
 */
static void since_when(const struct matrix *m, const char *id, const char **worked,
		       const char **broke)
{
	const char *last = NULL;
	size_t i;

	*worked = *broke = NULL;
	for (i = 0; i < m->count; i++) {
		enum result r = result_in(&m->columns[i], id);

		if (r == RESULT_PASS || r == RESULT_XPASS) {
			last = m->columns[i].name;
		} else if (last && (r == RESULT_XFAIL || result_is_bad(r))) {
			*worked = last;
			*broke = m->columns[i].name;
			last = NULL;
		}
	}
}

static json_t *array_or_empty(const json_t *object, const char *key)
{
	json_t *array = json_object_get(object, key);

	return json_is_array(array) ? json_incref(array) : json_array();
}

/* A file of the run, as the page sees it. */
static void append_path(json_t *paths, const struct column *c, const char *file)
{
	json_array_append_new(paths, json_sprintf("%s%s", c->relative, file));
}

static json_t *evidence_json(const struct column *c, const json_t *test)
{
	json_t *paths = json_array(), *path;
	size_t i;

	json_array_foreach(json_object_get(test, "evidence"), i, path)
		if (json_is_string(path))
			append_path(paths, c, json_string_value(path));
	return paths;
}

static json_t *cell_json(const struct column *c, const char *id)
{
	const json_t *test = json_object_get(c->tests, id);

	if (!test)
		return json_null();
	return json_pack("{s:s, s:s, s:f, s:o}",
			 "result", text(test, "result"),
			 "reason", text(test, "reason"),
			 "duration_ms", json_number_value(json_object_get(test, "duration_ms")),
			 "evidence", evidence_json(c, test));
}

static json_t *test_json(const struct matrix *m, const json_t *test)
{
	const char *id = text(test, "id"), *worked, *broke;
	json_t *cells = json_array();
	size_t i;

	for (i = 0; i < m->count; i++)
		json_array_append_new(cells, cell_json(&m->columns[i], id));
	since_when(m, id, &worked, &broke);
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s?, s:s?}",
			 "id", id,
			 "area", area_of(test),
			 "title", text(test, "title"),
			 "guards", array_or_empty(test, "guards"),
			 "behaviours", array_or_empty(test, "behaviours"),
			 "results", cells,
			 "worked_in", worked,
			 "broke_in", broke);
}

static json_t *totals_json(const struct totals *totals)
{
	json_t *o = json_object();
	int r;

	for (r = 0; r < RESULT_COUNT; r++)
		json_object_set_new(o, result_name(r), json_integer(totals->n[r]));
	return o;
}

static json_t *consoles_json(const struct column *c)
{
	json_t *paths = json_array();
	struct dirent **consoles;
	int n = scandir(c->dir, &consoles, target_is_console, versionsort), i;

	for (i = 0; i < n; i++) {
		append_path(paths, c, consoles[i]->d_name);
		free(consoles[i]);
	}
	if (n >= 0)
		free(consoles);
	return paths;
}

static json_t *kernel_json(const struct column *c)
{
	const json_t *kernel = json_object_get(c->root, "kernel");
	json_t *features = json_object_get(kernel, "features");

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o}",
			 "name", c->name,
			 "release", release_of(c),
			 "arch", text(kernel, "arch"),
			 "started", text(c->root, "started"),
			 "totals", totals_json(&c->totals),
			 "features", json_is_object(features) ? json_incref(features) : json_object(),
			 "folder", c->relative,
			 "consoles", consoles_json(c));
}

/* On a line of its own, and freed. */
static void print_line(FILE *f, json_t *json, bool first)
{
	char *line = json ? json_dumps(json, JSON_REAL_PRECISION(6)) : NULL;

	fprintf(f, "%s\n%s", first ? "" : ",", (char *)must(line));
	free(line);
	json_decref(json);
}

/* The whole of matrix.json, to be freed. */
static char *matrix_text(const struct matrix *m, const json_t *plan)
{
	char *all = NULL;
	size_t size, i;
	FILE *f = must(open_memstream(&all, &size));
	json_t *test;

	fprintf(f, "{\"schema\": %d, \"kernels\": [", SCHEMA);
	for (i = 0; i < m->count; i++)
		print_line(f, kernel_json(&m->columns[i]), !i);
	fputs("\n], \"tests\": [", f);
	json_array_foreach(plan, i, test)
		print_line(f, test_json(m, test), !i);
	fputs("\n]}\n", f);
	fclose(f);
	return must(all);
}

/*
 * JSON for inside of a <script>: no text in it can end that or begin a comment. U+2028 and U+2029
 * end lines for some readers of scripts.
 */
static void print_for_script(FILE *f, const char *json)
{
	for (; *json; json++) {
		if (*json == '<') {
			fputs("\\u003c", f);
		} else if (!strncmp(json, "\u2028", 3) || !strncmp(json, "\u2029", 3)) {
			fprintf(f, "\\u202%c", json[2] == '\xa8' ? '8' : '9');
			json += 2;
		} else {
			putc(*json, f);
		}
	}
}

static char *page_text(const char *json)
{
	const char *mark = strstr(matrix_page, DATA_MARK);
	char *all = NULL;
	size_t size;
	FILE *f = must(open_memstream(&all, &size));

	fwrite(matrix_page, 1, mark - matrix_page, f);
	print_for_script(f, json);
	fputs(mark + strlen(DATA_MARK), f);
	fclose(f);
	return must(all);
}

static bool write_file(const struct matrix *m, const char *name, const char *content)
{
	char *path = join(m->dir, name);
	bool good = output_replace_path(path, content) || fault(path, "cannot write ");

	free(path);
	return good;
}

static bool write_matrix(const struct matrix *m, const json_t *plan)
{
	char *json = matrix_text(m, plan), *page = page_text(json);
	bool good = write_file(m, "matrix.json", json) && write_file(m, "matrix.html", page);

	free(json);
	free(page);
	return good;
}

/* --- the command ------------------------------------------------------------------------- */

static void print_totals(const struct column *c)
{
	const char *before = ": ";
	int r;

	printf("%s (%s)", c->name, release_of(c));
	for (r = 0; r < RESULT_COUNT; r++) {
		if (!c->totals.n[r])
			continue;
		printf("%s%s %u", before, result_name(r), c->totals.n[r]);
		before = ", ";
	}
	putchar('\n');
}

static void print_summary(const struct matrix *m, const json_t *plan)
{
	const char *worked, *broke;
	json_t *test;
	size_t i;

	for (i = 0; i < m->count; i++)
		print_totals(&m->columns[i]);
	json_array_foreach(plan, i, test) {
		since_when(m, text(test, "id"), &worked, &broke);
		if (broke)
			printf("%s: worked in %s, broke in %s\n", text(test, "id"), worked, broke);
	}
	printf("tests: %zu, kernels: %zu, page: %s/matrix.html\n", json_array_size(plan), m->count,
	       m->dir);
}

/* As for a run: what was to be run and was not is no success. */
static bool all_good(const struct matrix *m)
{
	size_t i;
	int r;

	for (i = 0; i < m->count; i++)
		for (r = 0; r < RESULT_COUNT; r++)
			if (m->columns[i].totals.n[r] && (result_is_bad(r) || r == RESULT_NOTRUN))
				return false;
	return true;
}

static int finish(struct matrix *m)
{
	json_t *plan;
	int status;

	qsort(m->columns, m->count, sizeof(*m->columns), by_release);
	plan = plan_of(m);
	status = !write_matrix(m, plan) ? 2 : all_good(m) ? 0 : 1;
	if (status < 2)
		print_summary(m, plan);
	json_decref(plan);
	return status;
}

static const char help[] =
	"Usage: %1$s matrix [OPTION]... [TARGET]... [-- RUN-ARGUMENT...]\n"
	"\n"
	"Runs the suite in each TARGET, one after the other, and writes matrix.json and the page\n"
	"matrix.html with the results of all kernels side by side, oldest first.\n"
	"\n"
	"A TARGET is 'running' (this kernel) or the name of a guest, as `%1$s run --guest` takes\n"
	"it. Default: running uml-debian.\n"
	"\n"
	"  -o, --output DIR  write there; each run has the folder DIR/TARGET\n"
	"                    (default: " DEFAULT_OUTPUT ")\n"
	"      --from DIR    the folder of an earlier run as one more kernel; may be repeated.\n"
	"                    Without a TARGET nothing is run then\n"
	"  -j, --jobs N      run N tests at a time\n"
	"\n"
	"A RUN-ARGUMENT is an option or a pattern of `%1$s run`.\n"
	"\n"
	"Exit status: 0 all as expected, 1 in some kernel a test failed or was not run, 2 wrong\n"
	"usage or broken set-up.\n"
	"\n"
	"Examples:\n"
	"  %1$s matrix running uml-debian debian-6.12-cloud\n"
	"  %1$s matrix running uml-debian -- -t 60 'queue.*'\n"
	"  %1$s matrix -o /tmp/m --from run-of-machine-a --from run-of-machine-b\n";

enum { OPT_FROM = 256 };

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "jobs", required_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Cuts "-- RUN-ARGUMENT..." off; what is cut off, NULL ends. */
static char **cut_run_args(int *argc, char **argv)
{
	int i;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		argv[i] = NULL;
		*argc = i;
		return argv + i + 1;
	}
	return argv + *argc;
}

/* Columns from folders come first: a bad one is told before anything is run. */
static int make_matrix(struct matrix *m, const char *output, char *const *folders,
		       const char *const *targets)
{
	m->dir = target_make_folder(output);
	if (!m->dir)
		return 2;
	for (; *folders; folders++)
		if (!take_folder(m, *folders))
			return 2;
	for (; *targets; targets++)
		if (!run_target(m, *targets))
			return 2;
	return finish(m);
}

int matrix_command(int argc, char **argv)
{
	static const char *const default_targets[] = { TARGET_RUNNING, "uml-debian", NULL };
	struct matrix m = { .run_args = cut_run_args(&argc, argv) };
	char **folders = must(calloc(argc + 1, sizeof(*folders)));
	const char *output = DEFAULT_OUTPUT;
	const char *const *targets = default_targets;
	size_t n = 0;
	int c, status;

	while ((c = getopt_long(argc, argv, "o:j:h", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			output = optarg;
			break;
		case OPT_FROM:
			folders[n++] = optarg;
			break;
		case 'j':
			m.jobs = optarg;
			break;
		case 'h':
			printf(help, me());
			free(folders);
			return 0;
		default:
			fprintf(stderr, "Try '%s matrix --help'.\n", me());
			free(folders);
			return 2;
		}
	}
	if (n || optind < argc)
		targets = (const char *const *)argv + optind;
	status = make_matrix(&m, output, folders, targets);
	free_matrix(&m);
	free(folders);
	return status;
}
