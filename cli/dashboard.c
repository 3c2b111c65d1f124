// SPDX-License-Identifier: GPL-2.0-only
#include "cli/dashboard.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/common.h"
#include "harness/output.h"

__asm__(".pushsection .rodata\n"
	"dashboard_page:\n"
	".incbin \"cli/dashboard.html\"\n"
	".byte 0\n"
	".popsection\n");
extern const char dashboard_page[] __attribute__((visibility("hidden")));

/* Stands in the page where the data belong. */
#define DATA_MARK "@CAMPAIGN@"
/* More points than a plot is wide are of no use. */
#define POINTS	  2000

/* The numbers of a line of stats.csv. */
static json_t *point(char *line)
{
	json_t *numbers = json_array();

	for (char *field = strtok(line, ","); field; field = strtok(NULL, ","))
		json_array_append_new(numbers, json_integer(atoll(field)));
	return numbers;
}

/* Every line, or every Nth, and the last. */
static json_t *points(const struct campaign *c)
{
	char *path = join(c->folder, "stats.csv"), line[256];
	FILE *in = fopen(path, "re");
	json_t *all = json_array();
	size_t lines = 0, n = 0, step;

	while (in && fgets(line, sizeof(line), in))
		lines++;
	step = lines / POINTS + 1;
	if (in)
		rewind(in);
	while (in && fgets(line, sizeof(line), in)) {
		if (n++ && (!(n % step) || n == lines))
			json_array_append_new(all, point(line));
	}
	if (in)
		fclose(in);
	free(path);
	return all;
}

static json_t *first_line(const char *folder, const char *name)
{
	char *path = join(folder, name), line[400] = "";
	FILE *in = fopen(path, "re");

	if (in && fgets(line, sizeof(line), in))
		line[strcspn(line, "\n")] = '\0';
	if (in)
		fclose(in);
	free(path);
	return json_string(line);
}

static json_t *crash_list(const struct campaign *c)
{
	char *path = join(c->folder, "crashes"), *crash;
	json_t *all = json_array(), *one;
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (*names[i]->d_name != '.') {
			crash = join(path, names[i]->d_name);
			one = json_object();
			json_object_set_new(one, "hash", json_string(names[i]->d_name));
			json_object_set_new(one, "title", first_line(crash, "report.txt"));
			json_object_set_new(one, "times", first_line(crash, "times"));
			json_array_append_new(all, one);
			free(crash);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	free(path);
	return all;
}

bool dashboard_write(const struct campaign *c, bool results, const char *end)
{
	const char *mark = strstr(dashboard_page, DATA_MARK);
	char *path = join(c->folder, "index.html"), *data, *page, *at;
	json_t *campaign = json_object();
	bool ok;

	json_object_set_new(campaign, "target", json_string(c->target));
	json_object_set_new(campaign, "guest", json_string(c->guest ? c->guest : "running kernel"));
	json_object_set_new(campaign, "engine", json_string(c->afl ? "AFL++" : "libFuzzer"));
	json_object_set_new(campaign, "jobs", json_integer(c->jobs));
	json_object_set_new(campaign, "feedback", json_string(results ? "results" : "edges"));
	json_object_set_new(campaign, "end", end ? json_string(end) : json_null());
	json_object_set_new(campaign, "written", json_integer(time(NULL)));
	json_object_set_new(campaign, "points", points(c));
	json_object_set_new(campaign, "crashes", crash_list(c));
	data = must(json_dumps(campaign, JSON_COMPACT));
	json_decref(campaign);
	/* It stands in a script, which a title must not end. */
	for (at = data; (at = strchr(at, '<')); at++)
		*at = '\'';
	if (asprintf(&page, "%.*s%s%s", (int)(mark - dashboard_page), dashboard_page, data,
		     mark + strlen(DATA_MARK)) < 0)
		page = NULL;
	ok = output_replace_path(path, must(page)) || fault(path, "cannot write ");
	free(page);
	free(data);
	free(path);
	return ok;
}
