// SPDX-License-Identifier: GPL-2.0-only
/* The tests on this kernel: probes first, then N tests at a time, then the suspects alone. */
#include "harness/local.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/gcov.h"
#include "harness/job.h"
#include "harness/kmsg.h"
#include "harness/ktap.h"
#include "harness/output.h"
#include "harness/probed.h"
#include "harness/test.h"
#include "harness/watch.h"

/* A process killed in the kernel may have to wait there; longer than this it is stuck. */
#define KILL_NS	      10000000000LL
/* What the kernel does after the end of a test that runs alone, and may complain about. */
#define AFTERMATH_MS  300
#define PROGRESS_MS   200

struct slot {
	bool used;
	size_t index; /* of the record; unused for a probe */
	struct job job;
};

struct local {
	struct run *run;
	unsigned int jobs; /* at a time: as many as were asked for and there are files for */
	enum sandbox_kind sandbox;
	char sandbox_why[REASON_SIZE];
	struct kmsg *kmsg;
	struct watch *watch;
	struct slot *slots;
	struct pollfd *polls; /* one for each slot, then signals, then the kernel's log */
	size_t *queue;
	size_t queue_count, queue_next;
};

static unsigned int slot_count(const struct local *l)
{
	return l->jobs;
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "%s: out of memory\n", registry_suite()->name);
		exit(2);
	}
	return p;
}

/* --- verdicts ---------------------------------------------------------------------------- */

/* Of several runs of one test the worst decides. */
static bool replaces(enum result new, const struct record *old)
{
	if (old->runs == 1)
		return true;
	return !result_is_bad(old->result) && new != RESULT_PASS && new != old->result;
}

static void keep_verdict(struct local *l, struct record *rec, const struct job *j)
{
	const struct run_options *o = l->run->options;
	char reason[REASON_SIZE];
	enum result verdict = job_verdict(j, reason);

	rec->runs++;
	rec->passes += verdict == RESULT_PASS;
	record_changed(rec);
	if (!replaces(verdict, rec))
		return;
	rec->result = verdict;
	memcpy(rec->reason, reason, sizeof(rec->reason));
	rec->started_ns = j->start_ns;
	rec->duration_ns = j->end_ns - j->start_ns;
	free(rec->log);
	free(rec->kernel_log);
	rec->log = rec->kernel_log = NULL;
	if (!result_is_bad(verdict) && !o->verbose)
		return;
	rec->log = job_log(j);
	rec->kernel_log = kmsg_between(l->kmsg, j->start_ns, j->end_ns);
	if (result_is_bad(verdict))
		output_evidence(l->run, rec, j->attachment_fd);
}

static void report(struct local *l, struct record *rec)
{
	if (rec->runs >= l->run->options->repeat && !rec->suspect)
		run_finish(l->run, rec);
	else
		run_repeated(l->run, rec);
}

/* --- jobs -------------------------------------------------------------------------------- */

static struct slot *free_slot(struct local *l)
{
	unsigned int i;

	for (i = 0; i < slot_count(l); i++)
		if (!l->slots[i].used)
			return &l->slots[i];
	return NULL;
}

/* Gives a test its verdict without running it. */
static void settle(struct local *l, struct record *rec, enum result result, const char *reason)
{
	rec->runs = l->run->options->repeat;
	rec->result = result;
	snprintf(rec->reason, sizeof(rec->reason), "%s", reason);
	report(l, rec);
}

static void start_test(struct local *l, struct slot *s, size_t index)
{
	struct record *rec = &l->run->records[index];
	char why[REASON_SIZE];

	s->index = index;
	s->job = (struct job){ .test = rec->test,
			       .timeout_s = run_timeout_s(l->run->options, rec->test) };
	s->used = job_start(&s->job, l->sandbox, why);
	if (s->used) {
		watch_started(l->watch, index, s->job.pid);
		rec->started_ns = s->job.start_ns;
		run_started(l->run, rec);
	} else {
		settle(l, rec, RESULT_ERROR, why);
	}
}

static void end_test(struct local *l, struct slot *s)
{
	struct record *rec = &l->run->records[s->index];

	watch_ended(l->watch, s->index, s->job.pid);
	keep_verdict(l, rec, &s->job);
	job_free(&s->job);
	s->used = false;
	if (l->run->options->gcov)
		gcov_end(rec->test->id, rec->result != RESULT_SKIP);
	report(l, rec);
}

/* A process that even SIGKILL does not end: its sandbox is left to the kernel. */
static void abandon(struct local *l, struct slot *s, void (*end)(struct local *, struct slot *))
{
	if (s->job.test)
		ktap_comment(l->run->ktap,
			     "%s: process %d is stuck in the kernel and cannot be killed",
			     s->job.test->id, s->job.pid);
	s->job.end_ns = now_ns();
	end(l, s);
}

static int64_t deadline(const struct slot *s)
{
	return s->job.start_ns + s->job.timeout_s * 1000000000LL + (s->job.killed ? KILL_NS : 0);
}

/* Milliseconds until something has to be done about a running job, at most @most. */
static int time_left(const struct local *l, int most)
{
	int64_t now = now_ns(), left = most * 1000000LL;
	unsigned int i;

	for (i = 0; i < slot_count(l); i++)
		if (l->slots[i].used && deadline(&l->slots[i]) - now < left)
			left = deadline(&l->slots[i]) - now;
	return left < 0 ? 0 : (int)(left / 1000000) + 1;
}

static void wait_for_something(struct local *l, int most_ms)
{
	unsigned int i, n = slot_count(l);

	for (i = 0; i < n; i++)
		l->polls[i] = (struct pollfd){ .fd = l->slots[i].used ? l->slots[i].job.pidfd : -1,
					       .events = POLLIN };
	l->polls[n] = (struct pollfd){ .fd = l->run->signal_fd, .events = POLLIN };
	l->polls[n + 1] = (struct pollfd){ .fd = kmsg_fd(l->kmsg), .events = POLLIN };
	if (poll(l->polls, n + 2, time_left(l, most_ms)) < 0)
		for (i = 0; i < n + 2; i++)
			l->polls[i].revents = 0;
	if (l->polls[n].revents)
		run_take_signal(l->run);
	watch_poll(l->watch);
	run_flush(l->run);
}

static void look_after_jobs(struct local *l, void (*end)(struct local *, struct slot *))
{
	unsigned int i;

	for (i = 0; i < slot_count(l); i++) {
		struct slot *s = &l->slots[i];

		if (s->used && l->polls[i].revents) {
			job_end(&s->job);
			end(l, s);
		} else if (s->used && now_ns() >= deadline(s) && s->job.killed) {
			abandon(l, s, end);
		} else if (s->used && now_ns() >= deadline(s)) {
			s->job.killed = true;
			job_kill(&s->job);
		}
	}
}

static bool any_used(const struct local *l)
{
	unsigned int i;

	for (i = 0; i < slot_count(l); i++)
		if (l->slots[i].used)
			return true;
	return false;
}

static void show_progress(struct local *l)
{
	const char *running[64];
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < slot_count(l) && n < 64; i++)
		if (l->slots[i].used)
			running[n++] = l->run->records[l->slots[i].index].test->id;
	ktap_progress(l->run->ktap, l->run->done, l->run->count, running, n);
}

/* --- probes ------------------------------------------------------------------------------ */

static void end_probe(struct local *l __UNUSED, struct slot *s)
{
	struct feature *f = (struct feature *)s->job.probe;
	char reason[REASON_SIZE];
	enum result verdict = job_verdict(&s->job, reason);

	f->probed = true;
	f->present = verdict == RESULT_PASS && s->job.shared->present;
	if (!f->present && verdict != RESULT_PASS)
		snprintf(f->reason, sizeof(f->reason), "%s (its probe: %.150s)", f->missing, reason);
	else if (!f->present)
		snprintf(f->reason, sizeof(f->reason), "%s",
			 *s->job.shared->skip ? s->job.shared->skip : f->missing);
	job_free(&s->job);
	s->used = false;
}

static void start_probe(struct local *l, struct slot *s, struct feature *f)
{
	char why[REASON_SIZE];

	s->job = (struct job){ .probe = f, .timeout_s = l->run->options->timeout_s };
	s->used = job_start(&s->job, l->sandbox, why);
	f->probed = true;
	if (!s->used)
		snprintf(f->reason, sizeof(f->reason), "%s (its probe: %.150s)", f->missing, why);
}

/* Every feature, so that results.json describes the kernel whatever was run. */
static void probe_features(struct local *l)
{
	struct feature *next = registry_features();
	struct slot *s;

	while (!l->run->signal && (next || any_used(l))) {
		while (next && (s = free_slot(l))) {
			start_probe(l, s, next);
			next = next->next;
		}
		wait_for_something(l, 1000);
		look_after_jobs(l, end_probe);
	}
}

/* As the file of an earlier run says; one that is not there, or of another kernel, is written. */
static void know_features(struct local *l)
{
	const char *path = l->run->options->features;
	FILE *in = path ? fopen(path, "re") : NULL;
	bool known = in && probed_read(in);

	if (in)
		fclose(in);
	if (known)
		return;
	probe_features(l);
	if (path && !l->run->signal && !probed_save(path, NULL, NULL))
		fprintf(stderr, "%s: %s: %s\n", registry_suite()->name, path, strerror(errno));
}

/* --- the run ----------------------------------------------------------------------------- */

static void start_next(struct local *l, struct slot *s)
{
	size_t index = l->queue[l->queue_next++];
	struct record *rec = &l->run->records[index];
	const struct feature *missing = registry_missing(rec->test);

	if (rec->runs >= l->run->options->repeat)
		return;
	if (l->sandbox == SANDBOX_NONE)
		settle(l, rec, RESULT_SKIP, l->sandbox_why);
	else if (missing)
		settle(l, rec, RESULT_SKIP, missing->reason);
	else
		start_test(l, s, index);
}

/* When the kernel has reported something, its suspects decide whether that is the first failure. */
static bool has_next(const struct local *l)
{
	return l->queue_next < l->queue_count && !run_over(l->run) &&
	       !(l->run->options->first && watch_reported(l->watch));
}

static void run_queue_through(struct local *l)
{
	struct slot *s;

	while (!run_over(l->run) && (has_next(l) || any_used(l))) {
		while (has_next(l) && (s = free_slot(l)))
			start_next(l, s);
		if (!any_used(l))
			continue;
		show_progress(l);
		wait_for_something(l, PROGRESS_MS);
		look_after_jobs(l, end_test);
	}
}

/* Time for the kernel to complain about what it takes down. */
static void await_aftermath(struct local *l)
{
	int64_t until = now_ns() + AFTERMATH_MS * 1000000LL;

	while (!run_over(l->run) && kmsg_fd(l->kmsg) >= 0 && now_ns() < until)
		wait_for_something(l, (int)((until - now_ns()) / 1000000) + 1);
}

static void end_suspect(struct local *l, struct slot *s)
{
	struct record *rec = &l->run->records[s->index];

	await_aftermath(l);
	if (rec->guilty) {
		free(rec->log);
		free(rec->kernel_log);
		rec->log = job_log(&s->job);
		rec->kernel_log = kmsg_between(l->kmsg, s->job.start_ns, now_ns());
		output_evidence(l->run, rec, s->job.attachment_fd);
	}
	watch_ended(l->watch, s->index, s->job.pid);
	job_free(&s->job);
	s->used = false;
}

static void run_alone(struct local *l, size_t index)
{
	ktap_comment(l->run->ktap, "the kernel complained in the time of %s: running it alone",
		     l->run->records[index].test->id);
	watch_alone(l->watch, index);
	start_test(l, &l->slots[0], index);
	while (!run_over(l->run) && any_used(l)) {
		wait_for_something(l, PROGRESS_MS);
		look_after_jobs(l, end_suspect);
	}
}

static void judge_suspects(struct local *l)
{
	size_t i;

	for (i = 0; i < l->run->count && !run_over(l->run); i++)
		if (l->run->records[i].suspect)
			run_alone(l, i);
	watch_conclude(l->watch);
	for (i = 0; i < l->run->count; i++)
		if (l->run->records[i].suspect && l->run->records[i].runs)
			run_finish(l->run, &l->run->records[i]);
}

static void kill_all(struct local *l)
{
	unsigned int i;

	for (i = 0; i < slot_count(l); i++)
		if (l->slots[i].used)
			job_kill(&l->slots[i].job);
	for (i = 0; i < slot_count(l); i++) {
		struct pollfd dead = { .fd = l->slots[i].job.pidfd, .events = POLLIN };

		if (!l->slots[i].used)
			continue;
		if (poll(&dead, 1, KILL_NS / 1000000) == 1)
			job_end(&l->slots[i].job);
		job_free(&l->slots[i].job);
		l->slots[i].used = false;
	}
}


/* Fills in what is known of this kernel and its namespaces. */
static void describe(struct local *l)
{
	struct run *run = l->run;

	snprintf(run->sandbox, sizeof(run->sandbox), "%s", sandbox_name(l->sandbox));
	snprintf(run->kernel_log, sizeof(run->kernel_log), "%s",
		 kmsg_error(l->kmsg) ? kmsg_error(l->kmsg) : "watched");
}

/* The files of a job in the runner, and those of the runner itself. */
#define FILES_PER_JOB 3
#define OTHER_FILES   24

static unsigned int possible_jobs(const struct run *run)
{
	struct rlimit files;
	rlim_t jobs = run->options->jobs;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return jobs;
	if (files.rlim_cur < jobs * FILES_PER_JOB + OTHER_FILES) {
		files.rlim_cur = jobs * FILES_PER_JOB + OTHER_FILES;
		if (files.rlim_cur > files.rlim_max)
			files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur >= jobs * FILES_PER_JOB + OTHER_FILES)
		return jobs;
	return files.rlim_cur < OTHER_FILES + FILES_PER_JOB ? 1 :
	       (files.rlim_cur - OTHER_FILES) / FILES_PER_JOB;
}

void local_execute(struct run *run)
{
	struct local l = { .run = run, .jobs = possible_jobs(run) };

	test_use_seed(run->options->seed);
	l.slots = must(calloc(l.jobs, sizeof(*l.slots)));
	l.polls = must(calloc(l.jobs + 2, sizeof(*l.polls)));
	l.queue = run_queue(run, &l.queue_count);
	l.kmsg = kmsg_open(registry_suite()->kmsg_any_facility);
	l.watch = watch_new(run, l.kmsg);
	sandbox_come_first();
	l.sandbox = sandbox_probe(l.sandbox_why);
	if (l.sandbox != SANDBOX_NONE)
		know_features(&l);
	describe(&l);
	run_plan_known(run);
	if (run->options->gcov)
		gcov_begin();
	run_queue_through(&l);
	await_aftermath(&l);
	judge_suspects(&l);
	kill_all(&l);
	kmsg_close(l.kmsg);
	watch_free(l.watch);
	free(l.slots);
	free(l.polls);
	free(l.queue);
}
