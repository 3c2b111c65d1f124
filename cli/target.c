// SPDX-License-Identifier: GPL-2.0-only
#include "cli/target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common.h"
#include "harness/output.h"
#include "harness/registry.h"

char *target_make_folder(const char *path)
{
	char *full = output_make_path(path) ? realpath(path, NULL) : NULL;

	if (full && !access(full, W_OK | X_OK))
		return full;
	fault(path, "cannot write to the output folder ");
	free(full);
	return NULL;
}

int target_is_console(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "guest-console-", strlen("guest-console-"));
}

/* What an earlier run left there must not be taken for the results of this one. */
static void remove_stale(const char *dir)
{
	char *path = join(dir, "results.json");
	struct dirent **consoles;
	int n = scandir(dir, &consoles, target_is_console, NULL), i;

	unlink(path);
	free(path);
	for (i = 0; i < n; i++) {
		path = join(dir, consoles[i]->d_name);
		unlink(path);
		free(path);
		free(consoles[i]);
	}
	if (n >= 0)
		free(consoles);
}

static size_t length(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

/* The words of the run's command, to be freed. */
static const char **run_words(const char *target, const char *dir, const char *const *first,
			      char *const *args)
{
	size_t firsts = length(first), more = length((const char *const *)args);
	const char **words = must(calloc(firsts + more + 7, sizeof(*words))), **word = words;

	*word++ = registry_suite()->name;
	*word++ = "run";
	*word++ = "--output";
	*word++ = dir;
	if (strcmp(target, TARGET_RUNNING)) {
		*word++ = "--guest";
		*word++ = target;
	}
	memcpy(word, first, firsts * sizeof(*word));
	memcpy(word + firsts, args, more * sizeof(*word));
	return words;
}

static void __attribute__((noreturn)) become_run(const char **words)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* also if we are killed */
	dup2(STDERR_FILENO, STDOUT_FILENO); /* our standard output has the summary */
	execv("/proc/self/exe", (char *const *)words);
	fault("/proc/self/exe", "");
	_exit(2);
}

static volatile sig_atomic_t running;  /* the process of the run */
static volatile sig_atomic_t ended_by; /* the signal that we were sent, or 0 */

static void pass_on(int signal)
{
	ended_by = signal;
	kill(running, signal);
}

/*
 * The exit status of a run, -1 if it died. A signal to end goes to the run, which ends its guests;
 * then it is our turn. Under nohup SIGHUP is none.
 */
static int wait_for(pid_t pid)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
	struct sigaction hangup;
	int status = 0;
	size_t i, n = ARRAY_SIZE(signals);

	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler == SIG_IGN)
		n--;
	running = pid;
	for (i = 0; i < n; i++)
		signal(signals[i], pass_on);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	for (i = 0; i < n; i++)
		signal(signals[i], SIG_DFL);
	if (ended_by)
		raise(ended_by);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool target_run(const char *target, const char *dir, const char *const *first, char *const *args)
{
	const char **words = run_words(target, dir, first, args);
	char *results;
	bool there;
	pid_t pid;

	remove_stale(dir);
	fflush(NULL);
	pid = fork();
	if (!pid)
		become_run(words);
	free(words);
	if (pid < 0)
		return fault(target, "cannot run ");
	if (wait_for(pid) < 0)
		fprintf(stderr, "%s: the run in %s died\n", registry_suite()->name, target);
	results = join(dir, "results.json");
	there = !access(results, R_OK);
	free(results);
	return there;
}
