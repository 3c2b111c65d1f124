// SPDX-License-Identifier: GPL-2.0-only
/* A campaign from its beginning to its end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/campaign_state.h"
#include "cli/common.h"
#include "harness/registry.h"

#define STATS_S 5

volatile sig_atomic_t campaign_ended_by;

static void on_signal(int signal)
{
	campaign_ended_by = signal;
}

bool campaign_trouble(struct state *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->trouble, sizeof(s->trouble), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s fuzz: %s\n", registry_suite()->name, s->trouble);
	return false;
}

/*
 * All kernels of a campaign are the same one: what it is like is probed once. The next campaign may
 * have another.
 */
static void share_abi(const struct campaign *c)
{
	char *path = join(c->folder, "abi");

	unlink(path);
	setenv("TUNTESTS_ABI", path, 1);
	free(path);
}

/* The file "target" of the folder names it; one that is not there is written. */
static bool is_of_target(const struct campaign *c)
{
	char *path = join(c->folder, "target"), was[64] = "";
	FILE *file = fopen(path, "re");
	bool ok;

	if (file && fscanf(file, "%63s", was) == 1) {
		ok = !strcmp(was, c->target);
		if (!ok)
			fprintf(stderr, "%s fuzz: %s is a campaign of %s\n", registry_suite()->name,
				c->folder, was);
		fclose(file);
	} else {
		if (file)
			fclose(file);
		file = fopen(path, "we");
		ok = file && fprintf(file, "%s\n", c->target) > 0;
		ok = (file && !fclose(file) && ok) || fault(path, "cannot write ");
	}
	free(path);
	return ok;
}

static bool prepare(struct state *s)
{
	char *path = join(s->c->folder, "stats.csv");
	bool there = !access(path, F_OK);
	struct stat st;

	if (there && !s->c->resume) {
		fprintf(stderr,
			"%s fuzz: %s has a campaign already: --resume goes on with it, --output names "
			"another folder\n",
			registry_suite()->name, s->c->folder);
		free(path);
		return false;
	}
	if (!is_of_target(s->c)) {
		free(path);
		return false;
	}
	if (there)
		status_take_up(s, path);
	s->stats = fopen(path, "ae");
	if (!s->stats)
		return fault(path, "cannot write ");
	free(path);
	if (flock(fileno(s->stats), LOCK_EX | LOCK_NB)) {
		fprintf(stderr, "%s fuzz: a campaign is at work in %s\n", registry_suite()->name,
			s->c->folder);
		return false;
	}
	/* A full disk may have left it empty. */
	if (!fstat(fileno(s->stats), &st) && !st.st_size)
		fputs("seconds,inputs,rate,edges,corpus,crashes,failures,restarts\n", s->stats);
	for (unsigned int i = 0; i < s->c->jobs; i++) {
		if (!campaign_job_prepare(s, i))
			return false;
	}
	share_abi(s->c);
	corpus_check(s->c);
	return campaign_job_keep_others(s) && corpus_gather(s) && corpus_seed(s->c);
}

/* All children that have ended. False if the campaign cannot go on. */
static bool reap(struct state *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->settler && !failure_settled(s, status))
			return false;
		for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
			if (j->pid == pid && !campaign_job_end(s, j, status))
				return false;
		}
	}
	return true;
}

static bool work(struct state *s)
{
	time_t next = time(NULL) + STATS_S;

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
		if (!campaign_job_start(s, j))
			return false;
	}
	/* What was found is settled after the time, too. */
	while (!campaign_ended_by && (campaign_jobs_up(s) || s->settler)) {
		struct timespec second = { .tv_sec = 1 };

		nanosleep(&second, NULL);
		if (!reap(s))
			return false;
		for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++)
			campaign_job_watch(j);
		failure_settle_next(s);
		if (s->gave_up || (s->c->first && s->failures))
			campaign_jobs_end(s);
		if (time(NULL) < next)
			continue;
		next = time(NULL) + STATS_S;
		if (!corpus_gather(s))
			return false;
		status_measure(s);
		status_say(s, false);
		if (!status_write(s, NULL))
			return false;
	}
	return true;
}

/* For the page. */
static void how_it_ended(const struct state *s, bool ok, char *text, size_t size)
{
	if (!ok)
		snprintf(text, size, "it could not go on: %s",
			 *s->trouble ? s->trouble : "its last lines on standard error say why");
	else if (campaign_ended_by)
		snprintf(text, size, "it was stopped (%s)", strsignal(campaign_ended_by));
	else if (s->gave_up)
		snprintf(text, size, "the kernel fails before the first input");
	else if (s->c->first && s->failures)
		snprintf(text, size, "the first failure was found");
	else
		snprintf(text, size, "its time was up");
}

/* Says so, and gives the exit status. */
static int end(struct state *s, bool ok)
{
	char how[600];

	status_measure(s);
	if (ok && !campaign_ended_by && !status_crashes(s) && status_inputs(s) == s->inputs_before)
		ok = campaign_trouble(s, "no input was run in this time: see %s", s->jobs->console);
	how_it_ended(s, ok, how, sizeof(how));
	ok = status_write(s, how) && ok;
	status_say(s, true);
	fprintf(stderr, "%s fuzz: corpus in %s, page in %s/index.html\n", registry_suite()->name,
		s->c->corpus, s->c->folder);
	if (!ok)
		return 2;
	if (campaign_ended_by) {
		signal(campaign_ended_by, SIG_DFL);
		raise(campaign_ended_by);
	}
	return status_crashes(s) ? 1 : 0;
}

int campaign_run(struct campaign *c)
{
	struct state s = { .c = c, .begun = time(NULL) };
	struct sigaction action = { .sa_handler = on_signal }, hangup;
	bool ok;

	s.jobs = must(calloc(c->jobs, sizeof(*s.jobs)));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Under nohup it is none. */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	if (!prepare(&s))
		return 2;
	ok = work(&s);
	campaign_jobs_end(&s);
	if (s.settler) {
		kill(s.settler, SIGTERM);
		wait_end(s.settler);
	}
	ok = corpus_gather(&s) && ok;
	return end(&s, ok);
}
