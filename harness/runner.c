// SPDX-License-Identifier: GPL-2.0-only
/* The run: probes first, then the tests, N at a time, then the suspects alone. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/job.h"
#include "harness/junit.h"
#include "harness/ktap.h"
#include "harness/output.h"
#include "harness/results.h"
#include "harness/run.h"
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

struct runner {
	struct run run;
	struct slot *slots;
	struct pollfd *polls; /* one for each slot, then signals, then the kernel's log */
	int signal_fd;
	int signal;	      /* the one that interrupted */
	struct watch *watch;
	struct ktap *ktap;
	struct old_results baseline;
	size_t *queue;
	size_t queue_count, queue_next;
	size_t done;
};

static unsigned int slot_count(const struct runner *r)
{
	return r->run.options->jobs;
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "%s: out of memory\n", registry_suite()->name);
		exit(2);
	}
	return p;
}

struct totals run_totals(const struct run *run)
{
	struct totals t = { 0 };
	size_t i;

	for (i = 0; i < run->count; i++)
		t.n[run->records[i].result]++;
	return t;
}

double run_seconds(const struct run *run)
{
	return (now_ns() - run->started_ns) / 1e9;
}

/* --- what to run ------------------------------------------------------------------------- */

static bool make_plan(struct run *run)
{
	const struct test_list *all = registry_tests();
	const struct run_options *o = run->options;
	size_t i;

	if (!registry_check_patterns(o->patterns, o->pattern_count))
		return false;
	run->records = must(calloc(all->count + 1, sizeof(*run->records)));
	for (i = 0; i < all->count; i++)
		if (test_selected(&all->tests[i], o->patterns, o->pattern_count))
			run->records[run->count++].test = &all->tests[i];
	return true;
}

/* splitmix64: a good order from any seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void shuffle(size_t *queue, size_t count, uint64_t *state)
{
	size_t i, j, swap;

	for (i = count; i > 1; i--) {
		j = next_random(state) % i;
		swap = queue[i - 1];
		queue[i - 1] = queue[j];
		queue[j] = swap;
	}
}

static void make_queue(struct runner *r)
{
	const struct run_options *o = r->run.options;
	uint64_t state = o->seed;
	unsigned int round;
	size_t i, start;

	r->queue = must(calloc(r->run.count * o->repeat + 1, sizeof(*r->queue)));
	for (round = 0; round < o->repeat; round++) {
		start = r->queue_count;
		for (i = 0; i < r->run.count; i++)
			r->queue[r->queue_count++] = i;
		if (o->shuffle)
			shuffle(r->queue + start, r->run.count, &state);
	}
}

/* --- verdicts ---------------------------------------------------------------------------- */

static void save_results(struct runner *r)
{
	char *text = must(results_text(&r->run));

	output_replace(&r->run, "results.json", text);
	free(text);
}

/* Nothing will change this verdict any more: hold it against what was expected. */
static void finish(struct runner *r, struct record *rec)
{
	if (rec->result == RESULT_SKIP && r->run.options->strict) {
		rec->result = RESULT_FAIL;
		memmove(rec->reason + strlen("skipped: "), rec->reason,
			sizeof(rec->reason) - strlen("skipped: "));
		memcpy(rec->reason, "skipped: ", strlen("skipped: "));
		rec->reason[sizeof(rec->reason) - 1] = '\0';
	}
	if (rec->result == RESULT_FAIL && rec->test->xfail)
		rec->result = RESULT_XFAIL;
	if (rec->result == RESULT_PASS && rec->test->xfail) {
		rec->result = RESULT_XPASS;
		snprintf(rec->reason, sizeof(rec->reason), "passes, where XFAIL_ADD expects a failure");
	}
	results_expect(rec, results_find(&r->baseline, rec->test->id));
	rec->final = true;
	r->done++;
}

/* Of several runs of one test the worst decides. */
static bool replaces(enum result new, const struct record *old)
{
	if (old->runs == 1)
		return true;
	return !result_is_bad(old->result) && new != RESULT_PASS && new != old->result;
}

static void keep_verdict(struct runner *r, struct record *rec, const struct job *j)
{
	const struct run_options *o = r->run.options;
	char reason[REASON_SIZE];
	enum result verdict = job_verdict(j, reason);

	rec->runs++;
	rec->passes += verdict == RESULT_PASS;
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
	rec->kernel_log = kmsg_between(r->run.kmsg, j->start_ns, j->end_ns);
	if (result_is_bad(verdict))
		output_evidence(&r->run, rec, j);
}

static void report(struct runner *r, struct record *rec)
{
	if (rec->runs < r->run.options->repeat && rec->runs)
		return;
	if (!rec->suspect)
		finish(r, rec);
	save_results(r);
	ktap_update(r->ktap);
}

/* --- jobs -------------------------------------------------------------------------------- */

static struct slot *free_slot(struct runner *r)
{
	unsigned int i;

	for (i = 0; i < slot_count(r); i++)
		if (!r->slots[i].used)
			return &r->slots[i];
	return NULL;
}

static unsigned int own_timeout(const struct runner *r, const struct test *t)
{
	unsigned int common = r->run.options->timeout_s;

	return t->tc->timeout_s > (int)common ? (unsigned int)t->tc->timeout_s : common;
}

/* Gives a test its verdict without running it. */
static void settle(struct runner *r, struct record *rec, enum result result, const char *reason)
{
	rec->runs = r->run.options->repeat;
	rec->result = result;
	snprintf(rec->reason, sizeof(rec->reason), "%s", reason);
	report(r, rec);
}

static void start_test(struct runner *r, struct slot *s, size_t index)
{
	struct record *rec = &r->run.records[index];
	char why[REASON_SIZE];

	s->index = index;
	s->job = (struct job){ .test = rec->test, .timeout_s = own_timeout(r, rec->test) };
	s->used = job_start(&s->job, r->run.sandbox, why);
	if (s->used)
		watch_started(r->watch, index);
	else
		settle(r, rec, RESULT_ERROR, why);
}

static void end_test(struct runner *r, struct slot *s)
{
	struct record *rec = &r->run.records[s->index];

	watch_ended(r->watch, s->index);
	keep_verdict(r, rec, &s->job);
	job_free(&s->job);
	s->used = false;
	report(r, rec);
}

/* A process that even SIGKILL does not end: its sandbox is left to the kernel. */
static void abandon(struct runner *r, struct slot *s)
{
	ktap_comment(r->ktap, "%s: process %d is stuck in the kernel and cannot be killed",
		     r->run.records[s->index].test->id, s->job.pid);
	s->job.end_ns = now_ns();
	end_test(r, s);
}

static int64_t deadline(const struct slot *s)
{
	return s->job.start_ns + s->job.timeout_s * 1000000000LL + (s->job.killed ? KILL_NS : 0);
}

/* Milliseconds until something has to be done about a running job, at most @most. */
static int time_left(const struct runner *r, int most)
{
	int64_t now = now_ns(), left = most * 1000000LL;
	unsigned int i;

	for (i = 0; i < slot_count(r); i++)
		if (r->slots[i].used && deadline(&r->slots[i]) - now < left)
			left = deadline(&r->slots[i]) - now;
	return left < 0 ? 0 : (int)(left / 1000000) + 1;
}

static void take_signal(struct runner *r)
{
	struct signalfd_siginfo info;

	if (read(r->signal_fd, &info, sizeof(info)) == sizeof(info))
		r->signal = info.ssi_signo;
}

static void wait_for_something(struct runner *r, int most_ms)
{
	unsigned int i, n = slot_count(r);

	for (i = 0; i < n; i++)
		r->polls[i] = (struct pollfd){ .fd = r->slots[i].used ? r->slots[i].job.pidfd : -1,
					       .events = POLLIN };
	r->polls[n] = (struct pollfd){ .fd = r->signal_fd, .events = POLLIN };
	r->polls[n + 1] = (struct pollfd){ .fd = kmsg_fd(r->run.kmsg), .events = POLLIN };
	if (poll(r->polls, n + 2, time_left(r, most_ms)) < 0)
		for (i = 0; i < n + 2; i++)
			r->polls[i].revents = 0;
	if (r->polls[n].revents)
		take_signal(r);
	watch_poll(r->watch);
}

static void look_after_jobs(struct runner *r, void (*end)(struct runner *, struct slot *))
{
	unsigned int i;

	for (i = 0; i < slot_count(r); i++) {
		struct slot *s = &r->slots[i];

		if (s->used && r->polls[i].revents) {
			job_end(&s->job);
			end(r, s);
		} else if (s->used && now_ns() >= deadline(s) && s->job.killed) {
			abandon(r, s);
		} else if (s->used && now_ns() >= deadline(s)) {
			s->job.killed = true;
			job_kill(&s->job);
		}
	}
}

static bool any_used(const struct runner *r)
{
	unsigned int i;

	for (i = 0; i < slot_count(r); i++)
		if (r->slots[i].used)
			return true;
	return false;
}

static void show_progress(struct runner *r)
{
	const char *running[64];
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < slot_count(r) && n < 64; i++)
		if (r->slots[i].used)
			running[n++] = r->run.records[r->slots[i].index].test->id;
	ktap_progress(r->ktap, r->done, r->run.count, running, n);
}

/* --- probes ------------------------------------------------------------------------------ */

static void end_probe(struct runner *r __UNUSED, struct slot *s)
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

static void start_probe(struct runner *r, struct slot *s, struct feature *f)
{
	char why[REASON_SIZE];

	s->job = (struct job){ .probe = f, .timeout_s = r->run.options->timeout_s };
	s->used = job_start(&s->job, r->run.sandbox, why);
	f->probed = true;
	if (!s->used)
		snprintf(f->reason, sizeof(f->reason), "%s (its probe: %.150s)", f->missing, why);
}

/* Every feature, so that results.json describes the kernel whatever was run. */
static void probe_features(struct runner *r)
{
	struct feature *next = registry_features();
	struct slot *s;

	while (!r->signal && (next || any_used(r))) {
		while (next && (s = free_slot(r))) {
			start_probe(r, s, next);
			next = next->next;
		}
		wait_for_something(r, 1000);
		look_after_jobs(r, end_probe);
	}
}

/* --- the run ----------------------------------------------------------------------------- */

static void start_next(struct runner *r, struct slot *s)
{
	size_t index = r->queue[r->queue_next++];
	struct record *rec = &r->run.records[index];
	const struct feature *missing = registry_missing(rec->test);

	if (rec->runs >= r->run.options->repeat)
		return;
	if (r->run.sandbox == SANDBOX_NONE)
		settle(r, rec, RESULT_SKIP, r->run.sandbox_why);
	else if (missing)
		settle(r, rec, RESULT_SKIP, missing->reason);
	else
		start_test(r, s, index);
}

static void run_queue(struct runner *r)
{
	struct slot *s;

	while (!r->signal && (r->queue_next < r->queue_count || any_used(r))) {
		while (r->queue_next < r->queue_count && (s = free_slot(r)))
			start_next(r, s);
		if (!any_used(r))
			continue;
		show_progress(r);
		wait_for_something(r, PROGRESS_MS);
		look_after_jobs(r, end_test);
	}
}

/* Time for the kernel to complain about what it takes down. */
static void await_aftermath(struct runner *r)
{
	int64_t until = now_ns() + AFTERMATH_MS * 1000000LL;

	while (!r->signal && kmsg_fd(r->run.kmsg) >= 0 && now_ns() < until)
		wait_for_something(r, (int)((until - now_ns()) / 1000000) + 1);
}

static void end_suspect(struct runner *r, struct slot *s)
{
	struct record *rec = &r->run.records[s->index];

	await_aftermath(r);
	if (rec->guilty) {
		free(rec->log);
		free(rec->kernel_log);
		rec->log = job_log(&s->job);
		rec->kernel_log = kmsg_between(r->run.kmsg, s->job.start_ns, now_ns());
		output_evidence(&r->run, rec, &s->job);
	}
	watch_ended(r->watch, s->index);
	job_free(&s->job);
	s->used = false;
}

static void run_alone(struct runner *r, size_t index)
{
	ktap_comment(r->ktap, "the kernel complained in the time of %s: running it alone",
		     r->run.records[index].test->id);
	watch_alone(r->watch, index);
	start_test(r, &r->slots[0], index);
	while (!r->signal && any_used(r)) {
		wait_for_something(r, PROGRESS_MS);
		look_after_jobs(r, end_suspect);
	}
}

static void judge_suspects(struct runner *r)
{
	size_t i;

	for (i = 0; i < r->run.count && !r->signal; i++)
		if (r->run.records[i].suspect)
			run_alone(r, i);
	watch_conclude(r->watch);
	for (i = 0; i < r->run.count; i++)
		if (r->run.records[i].suspect && r->run.records[i].runs)
			finish(r, &r->run.records[i]);
	save_results(r);
	ktap_update(r->ktap);
}

static void kill_all(struct runner *r)
{
	unsigned int i;

	for (i = 0; i < slot_count(r); i++)
		if (r->slots[i].used)
			job_kill(&r->slots[i].job);
	for (i = 0; i < slot_count(r); i++) {
		struct pollfd dead = { .fd = r->slots[i].job.pidfd, .events = POLLIN };

		if (!r->slots[i].used)
			continue;
		if (poll(&dead, 1, KILL_NS / 1000000) == 1)
			job_end(&r->slots[i].job);
		job_free(&r->slots[i].job);
		r->slots[i].used = false;
	}
}

static void catch_signals(struct runner *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	must(r->signal_fd < 0 ? NULL : r);
}

static void die_of(int signal_number)
{
	sigset_t set;

	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static bool save_copy(const char *path, const char *text)
{
	if (!path || output_replace_path(path, text))
		return true;
	fprintf(stderr, "%s: cannot write %s: %s\n", registry_suite()->name, path, strerror(errno));
	return false;
}

static bool write_reports(struct runner *r)
{
	char *json = must(results_text(&r->run));
	char *junit = must(junit_text(&r->run));
	bool good;

	output_replace(&r->run, "results.json", json);
	output_replace(&r->run, "junit.xml", junit);
	good = save_copy(r->run.options->json, json);
	good &= save_copy(r->run.options->junit, junit);
	free(json);
	free(junit);
	return good && !r->run.write_failed;
}

static int exit_status(const struct run *run)
{
	struct totals t = run_totals(run);

	if (t.n[RESULT_FAIL] || t.n[RESULT_ERROR] || t.n[RESULT_TIMEOUT] || t.n[RESULT_CRASH])
		return 1;
	return t.n[RESULT_SKIP] == run->count ? 4 : 0;
}

/* Early, so that a mistake costs no run: 0 or the exit status. */
static bool set_up(struct runner *r)
{
	struct run *run = &r->run;

	if (!make_plan(run))
		return false;
	if (run->options->baseline && !results_load(run->options->baseline, &r->baseline))
		return false;
	uname(&run->kernel);
	run->started = time(NULL);
	run->started_ns = now_ns();
	if (!output_open(run))
		return false;
	r->slots = must(calloc(slot_count(r), sizeof(*r->slots)));
	r->polls = must(calloc(slot_count(r) + 2, sizeof(*r->polls)));
	make_queue(r);
	catch_signals(r);
	run->kmsg = kmsg_open(registry_suite()->kmsg_any_facility);
	r->watch = watch_new(run);
	return true;
}

static void tear_down(struct runner *r)
{
	size_t i;

	for (i = 0; i < r->run.count; i++) {
		free(r->run.records[i].log);
		free(r->run.records[i].kernel_log);
	}
	free(r->run.records);
	free(r->run.dir);
	close(r->run.dir_fd);
	results_free(&r->baseline);
	kmsg_close(r->run.kmsg);
	watch_free(r->watch);
	free(r->slots);
	free(r->polls);
	free(r->queue);
}

int run_tests(const struct run_options *options)
{
	struct runner r = { .run = { .options = options } };
	int status;

	if (!set_up(&r))
		return 2;
	r.run.sandbox = sandbox_probe(r.run.sandbox_why);
	if (r.run.sandbox != SANDBOX_NONE)
		probe_features(&r);
	r.ktap = must(ktap_begin(&r.run));
	save_results(&r); /* the plan: all of it not run yet */
	run_queue(&r);
	await_aftermath(&r);
	judge_suspects(&r);
	kill_all(&r);
	if (r.signal)
		ktap_comment(r.ktap, "interrupted by SIG%s", sigabbrev_np(r.signal));
	ktap_end(r.ktap);
	status = exit_status(&r.run);
	if (!write_reports(&r) || ferror(stdout) || fflush(stdout))
		status = 2;
	tear_down(&r);
	if (r.signal)
		die_of(r.signal);
	return status;
}
