// SPDX-License-Identifier: GPL-2.0-only
/* How far a campaign is: its line, and stats.csv. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/campaign_state.h"
#include "cli/common.h"
#include "cli/dashboard.h"
#include "fuzz/engine/recorder.h"

double status_seconds(const struct state *s)
{
	return s->passed_before + difftime(time(NULL), s->begun);
}

uint64_t status_inputs(const struct state *s)
{
	uint64_t n = s->inputs_before;

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++)
		n += j->before + j->head->total;
	return n;
}

unsigned int status_entries(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned int n = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		n += *e->d_name != '.';
	if (dir)
		closedir(dir);
	return n;
}

unsigned int status_crashes(const struct state *s)
{
	char *path = join(s->c->folder, "crashes");
	unsigned int n = status_entries(path);

	free(path);
	return n;
}

void status_measure(struct state *s)
{
	uint64_t now = status_inputs(s);
	double t = status_seconds(s);

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
		if (!campaign_job_ran(j))
			continue;
		s->results = j->head->flags & RECORDER_RESULTS;
		if (j->head->edges > s->edges)
			s->edges = j->head->edges;
	}
	if (t > s->last_s)
		s->rate = (now - s->last_inputs) / (t - s->last_s);
	s->last_s = t;
	s->last_inputs = now;
}

void status_say(const struct state *s, bool last)
{
	static time_t said;
	bool terminal = isatty(STDERR_FILENO);
	unsigned int t = status_seconds(s);
	double since_begun = status_seconds(s) - s->passed_before, rate = s->rate;

	/* The last interval is not whole, and guests went down in it. */
	if (last && since_begun > 0)
		rate = (status_inputs(s) - s->inputs_before) / since_begun;
	if (!last && !terminal && time(NULL) - said < 60)
		return;
	said = time(NULL);
	fprintf(stderr,
		"%s%s %u:%02u:%02u  %.0f inputs/s, %" PRIu64 " inputs, %" PRIu64
		" %s, corpus %u, crashes %u (%u times), %s %u, restarted %u%s",
		terminal ? "\r\033[K" : "", s->c->target, t / 3600, t / 60 % 60, t % 60, rate,
		status_inputs(s), s->edges, s->results ? "results" : "edges",
		status_entries(s->c->corpus), status_crashes(s), s->failures,
		s->c->guest ? "guests" : "engines", campaign_jobs_up(s), s->restarts,
		terminal && !last ? "" : "\n");
}

bool status_write(struct state *s, const char *end)
{
	char *path = join(s->c->folder, "stats.csv");
	bool ok;

	fprintf(s->stats, "%.0f,%" PRIu64 ",%.0f,%" PRIu64 ",%u,%u,%u,%u\n", status_seconds(s),
		status_inputs(s), s->rate, s->edges, status_entries(s->c->corpus),
		status_crashes(s), s->failures, s->restarts);
	ok = !fflush(s->stats) || fault(path, "cannot write ");
	free(path);
	return ok && dashboard_write(s->c, s->results, end);
}

void status_take_up(struct state *s, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		sscanf(line, "%lf,%" SCNu64 ",%*f,%" SCNu64 ",%*u,%*u,%u,%u", &s->passed_before,
		       &s->inputs_before, &s->edges, &s->failures, &s->restarts);
	if (in)
		fclose(in);
	s->last_s = s->passed_before;
	s->last_inputs = s->inputs_before;
}
