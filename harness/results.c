// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/run.h"
#include "harness/text.h"

#define SCHEMA 1

static json_t *strings(const char *const *list)
{
	json_t *a = json_array();

	for (; *list; list++)
		json_array_append_new(a, json_string(*list));
	return a;
}

json_t *results_text_json(const char *s)
{
	char *clean = text_clean(s, strlen(s));
	json_t *j = json_string(clean ? clean : "");

	free(clean);
	return j;
}

json_t *results_test_json(const struct run *run, const struct record *r)
{
	const struct test_data *data = &r->test->tc->data;
	json_t *behaviours = json_array(), *evidence = json_array(), *o;
	const char *const *e;
	const int *b;

	for (b = data->behaviours; *b; b++)
		json_array_append_new(behaviours, json_integer(*b));
	for (e = r->evidence; *e; e++)
		json_array_append_new(evidence, json_sprintf("%s/%s", r->test->id, *e));
	o = json_pack("{s:s, s:s, s:o, s:s, s:o, s:f, s:o, s:o, s:o}",
		      "id", r->test->id,
		      "area", r->test->area,
		      "title", results_text_json(data->title),
		      "result", result_name(r->result),
		      "reason", results_text_json(r->reason),
		      "duration_ms", r->duration_ns / 1e6,
		      "behaviours", behaviours,
		      "guards", strings(data->guards),
		      "evidence", evidence);
	if (o && r->started_ns)
		json_object_set_new(o, "started_ms",
				    json_real((r->started_ns - run->started_ns) / 1e6));
	if (o && r->runs > 1) {
		json_object_set_new(o, "runs", json_integer(r->runs));
		json_object_set_new(o, "passes", json_integer(r->passes));
	}
	return o;
}

static json_t *features_object(void)
{
	json_t *o = json_object();
	const struct feature *f;

	for (f = registry_features(); f; f = f->next)
		json_object_set_new(o, f->name,
				    f->present ? json_true() : results_text_json(f->probed ? f->reason : "not probed"));
	return o;
}

json_t *results_head_json(const struct run *run)
{
	const struct run_options *o = run->options;
	char started[32];
	json_t *json;

	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", gmtime(&run->started));
	json = json_pack("{s:i, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:o}, s:s, s:f, s:s, s:o, s:{s:i, s:i}}",
			 "schema", SCHEMA,
			 "suite", "name", registry_suite()->name, "version", registry_suite()->version,
			 "kernel", "release", run->kernel.release, "version", run->kernel.version,
			 "arch", run->kernel.machine, "features", features_object(),
			 "started", started,
			 "duration_s", run_seconds(run),
			 "sandbox", run->sandbox,
			 "kernel_log", results_text_json(run->kernel_log),
			 "options", "jobs", (int)o->jobs, "repeat", (int)o->repeat);
	if (json && o->shuffle)
		json_object_set_new(json_object_get(json, "options"), "shuffle",
				    json_integer((json_int_t)o->shuffle_seed));
	if (json && o->seed != DEFAULT_SEED)
		json_object_set_new(json_object_get(json, "options"), "seed",
				    json_integer((json_int_t)o->seed));
	return json;
}

/* The file is written many times: the lines of what has not changed are kept. */
const char *results_line(const struct run *run, struct record *r)
{
	json_t *o = r->json ? NULL : results_test_json(run, r);

	if (o)
		r->json = json_dumps(o, JSON_REAL_PRECISION(6));
	json_decref(o);
	return r->json ? r->json : "null";
}

/* One line for each test, so that people can read it and diff can compare it. */
char *results_text(struct run *run)
{
	json_t *head = results_head_json(run);
	char *head_text = head ? json_dumps(head, JSON_REAL_PRECISION(6)) : NULL;
	char *all = NULL;
	size_t size, i;
	FILE *f = head_text ? open_memstream(&all, &size) : NULL;

	if (!f)
		goto out;
	head_text[strlen(head_text) - 1] = '\0'; /* the closing brace comes after the tests */
	fprintf(f, "%s, \"tests\": [", head_text);
	for (i = 0; i < run->count; i++) {
		fputs(i ? ",\n" : "\n", f);
		fputs(results_line(run, &run->records[i]), f);
	}
	fputs("\n]}\n", f);
	fclose(f);
out:
	free(head_text);
	json_decref(head);
	return all;
}

static bool bad_file(const char *path, const char *fault)
{
	fprintf(stderr, "%s: %s: %s\n", registry_suite()->name, path, fault);
	return false;
}

static bool load_test(json_t *entry, struct old_result *into)
{
	const char *id = json_string_value(json_object_get(entry, "id"));
	const char *result = json_string_value(json_object_get(entry, "result"));
	const char *reason = json_string_value(json_object_get(entry, "reason"));
	int r = result ? result_from_name(result) : -1;

	if (!id || r < 0)
		return false;
	*into = (struct old_result){ strdup(id), r, strdup(reason ? reason : "") };
	return into->id && into->reason;
}

static bool load_file(const char *path, struct old_results *into)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	json_t *tests = json_object_get(root, "tests");
	json_t *schema = json_object_get(root, "schema");
	char fault[JSON_ERROR_TEXT_LENGTH + 64];
	bool good = false;
	size_t i;

	*into = (struct old_results){ 0 };
	if (!root && error.line > 0)
		snprintf(fault, sizeof(fault), "not JSON: %s (line %d)", error.text, error.line);
	else if (!root)
		snprintf(fault, sizeof(fault), "cannot read it: %s", strerror(errno));
	else if (!json_is_integer(schema) || json_integer_value(schema) != SCHEMA)
		snprintf(fault, sizeof(fault), "not a results file of schema %d", SCHEMA);
	else if (!json_is_array(tests))
		snprintf(fault, sizeof(fault), "has no list of tests");
	else if (!(into->tests = calloc(json_array_size(tests) + 1, sizeof(*into->tests))))
		snprintf(fault, sizeof(fault), "out of memory");
	else
		good = true;
	for (i = 0; good && i < json_array_size(tests); i++) {
		good = load_test(json_array_get(tests, i), &into->tests[i]);
		if (good)
			into->count++;
		else
			snprintf(fault, sizeof(fault), "test %zu has no id or no known result", i + 1);
	}
	json_decref(root);
	if (good)
		return true;
	results_free(into);
	return bad_file(path, fault);
}

bool results_load(const char *path, struct old_results *into)
{
	struct stat st;
	char *file = NULL;
	bool good;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return load_file(path, into);
	good = asprintf(&file, "%s/results.json", path) >= 0 && load_file(file, into);
	free(file);
	return good;
}

void results_free(struct old_results *old)
{
	size_t i;

	for (i = 0; i < old->count; i++) {
		free(old->tests[i].id);
		free(old->tests[i].reason);
	}
	free(old->tests);
	*old = (struct old_results){ 0 };
}

/* Beside the tree's build folder, or where `make install` puts it. */
static const char *const baseline_dirs[] = { "../results/baselines", "../share/tuntests/baselines" };

/* Without ".." in it, and as seen from the current folder if it is in that. */
static char *path_for_people(const char *path)
{
	char *full = realpath(path, NULL), here[PATH_MAX], *shown;
	size_t len;

	if (!full || !getcwd(here, sizeof(here)))
		return full;
	len = strlen(here);
	shown = !strncmp(full, here, len) && full[len] == '/' ? strdup(full + len + 1) : full;
	if (shown != full)
		free(full);
	return shown;
}

char *results_baseline_for(const char *release)
{
	unsigned int major, minor;
	char program[PATH_MAX], *path, *found = NULL;
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	size_t i;

	if (len < 0 || sscanf(release, "%u.%u", &major, &minor) != 2)
		return NULL;
	program[len] = '\0';
	*strrchr(program, '/') = '\0';
	for (i = 0; i < ARRAY_SIZE(baseline_dirs) && !found; i++) {
		if (asprintf(&path, "%s/%s/%u.%u.json", program, baseline_dirs[i], major, minor) < 0)
			return NULL;
		found = access(path, R_OK) ? NULL : path_for_people(path);
		free(path);
	}
	return found;
}

const struct old_result *results_find(const struct old_results *old, const char *id)
{
	size_t i;

	for (i = 0; i < old->count; i++)
		if (!strcmp(old->tests[i].id, id))
			return &old->tests[i];
	return NULL;
}

static bool is_expected_failure(enum result r)
{
	return r == RESULT_XFAIL || result_is_bad(r);
}

void results_expect_failure(struct record *r, const char *who, const char *reason)
{
	char seen[REASON_SIZE];

	if (r->result == RESULT_PASS) {
		r->result = RESULT_XPASS;
		snprintf(r->reason, sizeof(r->reason), "passes, where %s expects: %s", who, reason);
	} else if (result_is_bad(r->result)) {
		r->result = RESULT_XFAIL;
		snprintf(seen, sizeof(seen), "%s", r->reason);
		snprintf(r->reason, sizeof(r->reason), "%.190s (%.190s)", reason, seen);
	}
}

void results_expect(struct record *r, const struct old_result *expected)
{
	if (expected && is_expected_failure(expected->result))
		results_expect_failure(r, "the baseline", expected->reason);
}

/* How good a result is: worse results have lower numbers; skips and what was not run have 0. */
static int goodness(enum result r)
{
	switch (r) {
	case RESULT_PASS:
	case RESULT_XPASS:
		return 3;
	case RESULT_XFAIL:
		return 2;
	case RESULT_FAIL:
	case RESULT_ERROR:
	case RESULT_TIMEOUT:
	case RESULT_CRASH:
		return 1;
	default:
		return 0;
	}
}

struct change {
	const char *title;
	unsigned int count;
};

static void print_change(struct change *c, const struct old_result *old,
			 const struct old_result *new)
{
	const struct old_result *one = new ? new : old;

	if (!c->count++)
		printf("%s:\n", c->title);
	printf("  %s: %s", one->id, old ? result_name(old->result) : "-");
	printf(" -> %s", new ? result_name(new->result) : "-");
	if (new && *new->reason)
		printf(" (%s)", new->reason);
	putchar('\n');
}

enum change_kind { SAME, WORSE, BETTER, LOST, GAINED, REASON_CHANGED };

static enum change_kind kind_of_change(const struct old_result *old, const struct old_result *new)
{
	int before = goodness(old->result), after = goodness(new->result);

	if (after == 1 && before != 1)
		return WORSE;
	if (before && after && after != before)
		return after < before ? WORSE : BETTER;
	if (before && !after)
		return LOST;
	if (!before && after)
		return GAINED;
	if (!before && (old->result != new->result || strcmp(old->reason, new->reason)))
		return REASON_CHANGED;
	return SAME;
}

static unsigned int print_changes(const struct old_results *old, const struct old_results *new,
				  enum change_kind kind, const char *title)
{
	struct change c = { .title = title };
	size_t i;

	for (i = 0; i < new->count; i++) {
		const struct old_result *before = results_find(old, new->tests[i].id);

		if (before && kind_of_change(before, &new->tests[i]) == kind)
			print_change(&c, before, &new->tests[i]);
	}
	return c.count;
}

static unsigned int print_missing(const struct old_results *from, const struct old_results *in,
				  bool from_is_old, const char *title)
{
	struct change c = { .title = title };
	size_t i;

	for (i = 0; i < from->count; i++)
		if (!results_find(in, from->tests[i].id))
			print_change(&c, from_is_old ? &from->tests[i] : NULL,
				     from_is_old ? NULL : &from->tests[i]);
	return c.count;
}

/* A test that is new and fails got worse too: the old kernel may well have passed it. */
static unsigned int count_new_failures(const struct old_results *old, const struct old_results *new)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < new->count; i++)
		n += result_is_bad(new->tests[i].result) && !results_find(old, new->tests[i].id);
	return n;
}

int results_compare(const char *old_path, const char *new_path)
{
	struct old_results old, new = { 0 };
	unsigned int worse, other = 0; /* worse: what makes the exit status 1 */
	int status = 2;

	if (results_load(old_path, &old) && results_load(new_path, &new)) {
		worse = print_changes(&old, &new, WORSE, "worse");
		worse += count_new_failures(&old, &new);
		worse += print_changes(&old, &new, LOST, "no longer tested");
		other += print_changes(&old, &new, BETTER, "better");
		other += print_changes(&old, &new, GAINED, "tested again");
		other += print_changes(&old, &new, REASON_CHANGED, "skipped for another reason");
		other += print_missing(&new, &old, false, "new tests");
		other += print_missing(&old, &new, true, "tests gone");
		if (!worse && !other)
			printf("no difference in %zu tests\n", new.count);
		status = worse ? 1 : 0;
	}
	results_free(&old);
	results_free(&new);
	return status;
}
