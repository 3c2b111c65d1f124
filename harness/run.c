// SPDX-License-Identifier: GPL-2.0-only
/* A run from its plan to its exit status, whoever executes the tests. */
#include "harness/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "harness/job.h"
#include "harness/journal.h"
#include "harness/junit.h"
#include "harness/ktap.h"
#include "harness/output.h"

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

static bool planned(const struct test *t, const struct run_options *o)
{
	const struct test_data *data = &t->tc->data;
	bool on_demand = data->dangerous || (data->takes_long && !o->takes_long);

	return on_demand ? test_named(t, o->patterns, o->pattern_count) :
			   test_selected(t, o->patterns, o->pattern_count);
}

unsigned int run_timeout_s(const struct run_options *options, const struct test *t)
{
	unsigned int common = options->timeout_s * (t->tc->data.takes_long ? 10 : 1);

	return t->tc->timeout_s > (int)common ? (unsigned int)t->tc->timeout_s : common;
}

static bool make_plan(struct run *run)
{
	const struct test_list *all = registry_tests();
	const struct run_options *o = run->options;
	size_t i;

	if (!registry_check_patterns(o->patterns, o->pattern_count))
		return false;
	run->records = must(calloc(all->count + 1, sizeof(*run->records)));
	for (i = 0; i < all->count; i++)
		if (planned(&all->tests[i], o))
			run->records[run->count++].test = &all->tests[i];
	if (run->count)
		return true;
	fprintf(stderr, "%s: these tests take long (add --long) or are dangerous (give their ids)\n",
		registry_suite()->name);
	return false;
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

/* Tests that wait come first, so that others run in the meantime. */
static size_t queue_by_waits(const struct run *run, size_t *queue)
{
	size_t i, count = 0;
	int waits;

	for (waits = 1; waits >= 0; waits--)
		for (i = 0; i < run->count; i++)
			if (run->records[i].test->tc->data.waits == waits)
				queue[count++] = i;
	return count;
}

/* Each test where the first pattern that means it stands. */
static size_t queue_by_patterns(const struct run *run, size_t *queue)
{
	const struct run_options *o = run->options;
	bool *queued = must(calloc(run->count + 1, sizeof(*queued)));
	size_t i, p, count = 0;

	for (p = 0; p < o->pattern_count; p++)
		for (i = 0; i < run->count; i++)
			if (!queued[i] && test_selected(run->records[i].test, &o->patterns[p], 1)) {
				queued[i] = true;
				queue[count++] = i;
			}
	free(queued);
	return count;
}

size_t *run_queue(const struct run *run, size_t *count)
{
	const struct run_options *o = run->options;
	size_t *queue = must(calloc(run->count * o->repeat + 1, sizeof(*queue)));
	uint64_t state = o->shuffle_seed;
	unsigned int round;
	size_t start;

	*count = 0;
	for (round = 0; round < o->repeat; round++) {
		start = *count;
		*count += o->ordered && o->pattern_count ? queue_by_patterns(run, queue + start) :
							   queue_by_waits(run, queue + start);
		if (o->shuffle)
			shuffle(queue + start, run->count, &state);
	}
	return queue;
}

/* results.json is long: good results wait this long for others, to be saved together. */
#define SAVE_NS 100000000LL

static void save(struct run *run)
{
	char *text = must(results_text(run));

	output_replace(run, "results.json", text);
	free(text);
	run->saved_ns = now_ns();
	run->unsaved = false;
}

void run_flush(struct run *run)
{
	if (run->unsaved && now_ns() - run->saved_ns >= SAVE_NS)
		save(run);
}

void run_repeated(struct run *run, const struct record *rec)
{
	run->unsaved = true;
	if (result_is_bad(rec->result))
		save(run);
	else
		run_flush(run);
}

static void catch_signals(struct run *run)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction old;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	/* nohup: a blocked signal would come though it is ignored */
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler == SIG_IGN)
		sigdelset(&set, SIGHUP);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	must(run->signal_fd < 0 ? NULL : run);
}

void run_take_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		run->signal = info.ssi_signo;
}

bool run_over(const struct run *run)
{
	return run->signal || (run->options->first && run->failed);
}

/* --baseline none: everything has to pass. */
static bool expects_all(const struct run *run)
{
	const char *baseline = run->options->baseline;

	return baseline && !strcmp(baseline, "none");
}

bool run_begin(struct run *run, const struct run_options *options)
{
	*run = (struct run){ .options = options, .dir_fd = -1 };
	/* Mistakes first: they cost no run. */
	if (!make_plan(run))
		return false;
	if (options->baseline && !expects_all(run)) {
		if (!results_load(options->baseline, &run->baseline))
			return false;
		run->expected = must(strdup(options->baseline));
	}
	uname(&run->kernel);
	run->started = time(NULL);
	run->started_ns = now_ns();
	if (!output_open(run))
		return false;
	if (options->journal && !(run->journal = journal_open(options->journal)))
		return false;
	catch_signals(run);
	return true;
}

/* A broken file of our own is said, and costs no run: what it would excuse then fails. */
static void find_baseline(struct run *run)
{
	char *path = run->options->baseline ? NULL : results_baseline_for(run->kernel.release);

	if (!path)
		return;
	if (results_load(path, &run->baseline)) {
		run->expected = path;
		return;
	}
	run->write_failed = true;
	free(path);
}

void run_plan_known(struct run *run)
{
	find_baseline(run);
	run->ktap = must(ktap_begin(run));
	if (run->journal)
		journal_begin(run->journal, run);
	save(run);
}

void run_started(struct run *run, struct record *rec)
{
	record_changed(rec);
	if (run->journal)
		journal_started(run->journal, rec);
}

static void apply_strict(const struct run *run, struct record *rec)
{
	static const char why[] = "skipped: ";
	const size_t len = sizeof(why) - 1;

	if (rec->result != RESULT_SKIP || !run->options->strict)
		return;
	rec->result = RESULT_FAIL;
	memmove(rec->reason + len, rec->reason, sizeof(rec->reason) - len);
	memcpy(rec->reason, why, len);
	rec->reason[sizeof(rec->reason) - 1] = '\0';
}

/* It excuses failures only: a test that hangs or crashes does not what was expected. */
static void apply_xfail(const struct run *run, struct record *rec)
{
	if (rec->test->xfail && !expects_all(run) &&
	    (rec->result == RESULT_FAIL || rec->result == RESULT_PASS))
		results_expect_failure(rec, "XFAIL_ADD", rec->test->xfail);
}

void run_finish(struct run *run, struct record *rec)
{
	if (rec->final)
		return;
	apply_strict(run, rec);
	apply_xfail(run, rec);
	results_expect(rec, results_find(&run->baseline, rec->test->id));
	rec->final = true;
	run->failed |= result_is_bad(rec->result);
	record_changed(rec);
	run->done++;
	if (run->journal)
		journal_result(run->journal, run, rec);
	output_line(run, results_line(run, rec));
	run_repeated(run, rec);
	ktap_update(run->ktap);
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

static bool write_reports(struct run *run)
{
	char *json = must(results_text(run));
	char *junit = must(junit_text(run));
	bool good;

	output_replace(run, "results.json", json);
	output_replace(run, "junit.xml", junit);
	good = save_copy(run->options->json, json);
	good &= save_copy(run->options->junit, junit);
	free(json);
	free(junit);
	return good && !run->write_failed;
}

static int exit_status(const struct run *run)
{
	struct totals t = run_totals(run);
	enum result r;

	for (r = 0; r < RESULT_COUNT; r++)
		if (t.n[r] && (result_is_bad(r) || r == RESULT_NOTRUN))
			return 1;
	return t.n[RESULT_SKIP] == run->count ? 4 : 0;
}

static void free_all(struct run *run)
{
	size_t i;

	for (i = 0; i < run->count; i++) {
		free(run->records[i].log);
		free(run->records[i].kernel_log);
		free(run->records[i].json);
	}
	free(run->records);
	free(run->dir);
	free(run->expected);
	close(run->lines_fd);
	close(run->dir_fd);
	results_free(&run->baseline);
}

int run_end(struct run *run)
{
	int status;

	if (run->signal)
		ktap_comment(run->ktap, "interrupted by SIG%s", sigabbrev_np(run->signal));
	ktap_end(run->ktap);
	status = exit_status(run);
	if (run->journal && !journal_end(run->journal)) {
		fprintf(stderr, "%s: cannot write all of the journal %s\n", registry_suite()->name,
			run->options->journal);
		status = 2;
	}
	if (!write_reports(run))
		status = 2;
	/* Who stops reading wants no more; the files are complete. */
	if (run->stdout_error && run->stdout_error != EPIPE) {
		fprintf(stderr, "%s: cannot write standard output: %s\n", registry_suite()->name,
			strerror(run->stdout_error));
		status = 2;
	}
	if (run->stdout_error) { /* it has been said, and nobody is to try again */
		__fpurge(stdout);
		clearerr(stdout);
	}
	free_all(run);
	if (run->signal)
		die_of(run->signal);
	return status;
}
