// SPDX-License-Identifier: GPL-2.0-only
#include "harness/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/ancestor.h"
#include "harness/job.h"

/* Namespaces and devices are taken down after the test that had them has ended. */
#define AFTERMATH_NS 300000000LL

struct suspect {
	size_t index;
	bool running;
};

struct report {
	char text[REASON_SIZE / 2];
	struct suspect *suspects;
	size_t count;
	struct record *named; /* in whose process it happened, or NULL */
	bool solved;
};

struct process {
	pid_t pid; /* 0: free */
	size_t index;
};

struct watch {
	struct run *run;
	struct kmsg *kmsg;
	unsigned int *running; /* how many runs of each test are under way */
	struct process *processes;
	size_t process_count;
	struct report *reports;
	size_t count;
	bool alone;
	size_t alone_index;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct watch *watch_new(struct run *run, struct kmsg *kmsg)
{
	struct watch *w = must(calloc(1, sizeof(*w)));

	w->run = run;
	w->kmsg = kmsg;
	w->running = must(calloc(run->count + 1, sizeof(*w->running)));
	return w;
}

void watch_free(struct watch *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		free(w->reports[i].suspects);
	free(w->reports);
	free(w->running);
	free(w->processes);
	free(w);
}

static struct process *process(struct watch *w, pid_t pid)
{
	size_t i;

	for (i = 0; i < w->process_count; i++)
		if (w->processes[i].pid == pid)
			return &w->processes[i];
	return NULL;
}

void watch_started(struct watch *w, size_t index, pid_t pid)
{
	struct process *p = process(w, 0);

	if (!p) {
		w->processes =
			must(realloc(w->processes, (w->process_count + 1) * sizeof(*w->processes)));
		p = &w->processes[w->process_count++];
	}
	*p = (struct process){ pid, index };
	w->running[index]++;
}

void watch_ended(struct watch *w, size_t index, pid_t pid)
{
	struct process *p = process(w, pid);

	if (p)
		p->pid = 0;
	w->running[index]--;
	w->run->records[index].ended_ns = now_ns();
}

static void blame(struct record *r, const char *text, const char *how)
{
	if (!result_is_bad(r->result)) {
		r->result = RESULT_FAIL;
		snprintf(r->reason, sizeof(r->reason), "kernel log%s: %s", how, text);
	}
	r->guilty = true;
	record_changed(r);
}

static void add_report(struct watch *w, const char *text)
{
	int64_t now = now_ns();
	struct report *rep;
	size_t i;

	w->reports = must(realloc(w->reports, (w->count + 1) * sizeof(*w->reports)));
	rep = &w->reports[w->count++];
	*rep = (struct report){ 0 };
	snprintf(rep->text, sizeof(rep->text), "%s", text);
	rep->suspects = must(calloc(w->run->count + 1, sizeof(*rep->suspects)));
	for (i = 0; i < w->run->count; i++) {
		struct record *r = &w->run->records[i];
		bool late = r->ended_ns && now - r->ended_ns < AFTERMATH_NS;

		if (!w->running[i] && !late)
			continue;
		rep->suspects[rep->count++] = (struct suspect){ i, w->running[i] > 0 };
		r->suspect = true;
	}
}

static bool runs(void *arg, pid_t pid)
{
	return process(arg, pid);
}

static void name_process(struct watch *w, pid_t pid)
{
	pid_t of = ancestor(pid, runs, w);

	if (of && w->count && !w->reports[w->count - 1].named)
		w->reports[w->count - 1].named = &w->run->records[process(w, of)->index];
}

static void on_report(void *arg, const char *text, pid_t pid)
{
	struct watch *w = arg;

	if (w->alone && !pid)
		blame(&w->run->records[w->alone_index], text, "");
	else if (!w->alone && pid)
		name_process(w, pid);
	else if (!w->alone)
		add_report(w, text);
}

void watch_poll(struct watch *w)
{
	kmsg_drain(w->kmsg, on_report, w);
}

bool watch_reported(const struct watch *w)
{
	return w->count;
}

void watch_alone(struct watch *w, size_t index)
{
	w->alone = true;
	w->alone_index = index;
}

/* True if one of the suspects did it again when alone. */
static bool is_solved(struct watch *w, const struct report *rep)
{
	size_t i;

	for (i = 0; i < rep->count; i++)
		if (w->run->records[rep->suspects[i].index].guilty)
			return true;
	return false;
}

static bool anybody_running(const struct report *rep)
{
	size_t i;

	for (i = 0; i < rep->count; i++)
		if (rep->suspects[i].running)
			return true;
	return false;
}

void watch_conclude(struct watch *w)
{
	size_t i, j;

	for (i = 0; i < w->count; i++)
		w->reports[i].solved = is_solved(w, &w->reports[i]);
	for (i = 0; i < w->count; i++) {
		struct report *rep = &w->reports[i];
		bool running = anybody_running(rep);

		if (rep->named && !rep->solved) {
			blame(rep->named, rep->text,
			      rep->count > 1 ? " (in its process; not repeated alone)" : "");
			continue;
		}
		for (j = 0; j < rep->count && !rep->solved; j++)
			if (rep->suspects[j].running || !running)
				blame(&w->run->records[rep->suspects[j].index], rep->text,
				      rep->count > 1 ? " (in its time; not repeated alone)" : "");
	}
}
