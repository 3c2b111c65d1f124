// SPDX-License-Identifier: GPL-2.0-only
#include "cli/crash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/guest.h"
#include "fuzz/engine/recorder.h"
#include "harness/output.h"
#include "harness/registry.h"

/* Making a failure small ends after so many guests, or so long. */
#define SHRINK_BOOTS 200
#define SHRINK_S     1200
/* So many times who tries may be killed by somebody, and tries the same again. */
#define KILLED_MOST  5
/* A guest in which nothing is tried for so long hangs. */
#define QUIET_S	     90

/* --- making it small --------------------------------------------------------------------- */

static bool make_file(const char *folder, const char *name, const char *text)
{
	char *path = join(folder, name);
	FILE *out = fopen(path, "we");
	bool ok = out && fputs(text, out) >= 0;

	if (out && fclose(out))
		ok = false;
	if (!ok)
		fault(path, "cannot write ");
	free(path);
	return ok;
}

static time_t changed(const char *folder, const char *name)
{
	char *path = join(folder, name);
	struct stat st = { 0 };

	if (stat(path, &st))
		st.st_mtime = 0;
	free(path);
	return st.st_mtime;
}

/* The end of a process, or of the guest in which no candidate has begun for long: @ended by us. */
static int wait_trying(pid_t pid, const char *folder, bool *ended)
{
	time_t heard = time(NULL), seen = 0;
	struct timespec pause = { .tv_nsec = 50000000 };
	int status = 0;

	while (!waitpid(pid, &status, WNOHANG)) {
		time_t now = changed(folder, "trying");

		if (now != seen) {
			seen = now;
			heard = time(NULL);
		}
		*ended = time(NULL) - heard > QUIET_S;
		if (*ended)
			kill(pid, SIGTERM);
		nanosleep(&pause, NULL);
	}
	return status;
}

/* One process or guest that works on @pending/best: its exit status, or -1, @ended by us or not. */
static int shrink_once(const struct campaign *c, const char *pending, const char *console,
		       bool *ended)
{
	char *program = campaign_program(c->target, "-replay");
	const char **command;
	int status;
	pid_t pid;

	if (!program)
		return 2;
	command = campaign_command(c, c->jobs, NULL,
				   (const char *[]){ program, "--shrink", pending, NULL });
	unlink(console);
	pid = campaign_spawn(command, console, NULL);
	free(command);
	free(program);
	if (pid < 0)
		return 2;
	status = wait_trying(pid, pending, ended);
	if (!WIFEXITED(status))
		return -1;
	/* Statuses of boot: died, late, and killed by us. */
	return WEXITSTATUS(status) == 3 || WEXITSTATUS(status) > 100 ? -1 : WEXITSTATUS(status);
}

/*
 * Until it cannot be made smaller. 0 done, 1 it did not happen again, 2 it could not be tried, 3
 * there was no time for more.
 */
static int make_small(const struct campaign *c, const char *pending, const char *title)
{
	time_t begun = time(NULL);
	char *console = join(pending, "tries");
	int status = -1, killed = 0;

	for (int i = 0; status < 0 && i < SHRINK_BOOTS && time(NULL) - begun < SHRINK_S; i++) {
		bool ended = false;
		char *again;

		status = shrink_once(c, pending, console, &ended);
		if (status >= 0)
			break;
		again = crash_title(console);
		/* Who dies without a word was killed by somebody, which says nothing. */
		if ((again || ended || ++killed > KILLED_MOST) &&
		    !make_file(pending, again && crash_same_place(again, title) ? "died" : "other",
			       ""))
			status = 2;
		free(again);
	}
	free(console);
	return status < 0 ? 3 : status;
}

/* --- what is left of it ------------------------------------------------------------------ */

/* Runs a shell's @line in the guest or here; false after a line. */
static bool run_shell(const struct campaign *c, const char *pending, char *line)
{
	char *console = join(pending, "shell");
	const char **command =
		campaign_command(c, c->jobs, NULL, (const char *[]){ "/bin/sh", "-c", line, NULL });
	pid_t pid = campaign_spawn(command, console, NULL);
	int status = -1;

	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status)
		fprintf(stderr, "%s fuzz: cannot do %s: see %s\n", registry_suite()->name, line,
			console);
	else
		unlink(console);
	free(command);
	free(console);
	free(line);
	return !status;
}

static bool write_program(const struct campaign *c, const char *pending)
{
	char *program = campaign_program(c->target, "-replay"), *line;

	if (!program || asprintf(&line, "exec '%s' --program '%s/best' > '%s/repro.c'", program,
				 pending, pending) < 0)
		return false;
	free(program);
	return run_shell(c, pending, line);
}

/* The last input alone: the one that was being run. */
static bool write_input(const char *pending)
{
	char *best = join(pending, "best"), *input = join(pending, "input");
	struct recording r;
	bool ok = !recording_load(best, &r);
	FILE *out;

	if (ok && r.count) {
		out = fopen(input, "we");
		ok = out && fwrite(r.inputs[r.count - 1].data, 1, r.inputs[r.count - 1].size,
				   out) == r.inputs[r.count - 1].size;
		if (out && fclose(out))
			ok = false;
	}
	if (!ok)
		fault(input, "cannot write ");
	free(best);
	free(input);
	return ok;
}

static const char *const outcomes[] = {
	"made small: nothing more can be left out",
	"it did not happen again when the inputs were run once more: all of them are kept",
	"it could not be tried again",
	"it can be smaller: there was no time for more",
	"it came before the first input",
};
#define NO_INPUT 4

/* What the campaign has noted: after how long and how many inputs it was found. To be freed. */
static char *found(const char *pending)
{
	char *path = join(pending, "found"), text[100] = "";
	FILE *in = fopen(path, "re");

	if (in && !fgets(text, sizeof(text), in))
		*text = '\0';
	if (in)
		fclose(in);
	free(path);
	text[strcspn(text, "\n")] = '\0';
	return must(strdup(text));
}

/* The files, separated by blanks, as they are found from anywhere. */
static void write_paths(FILE *out, const char *files)
{
	char *all = must(strdup(files)), *save = NULL;

	for (char *file = strtok_r(all, " ", &save); file; file = strtok_r(NULL, " ", &save)) {
		char *path = realpath(file, NULL);

		fprintf(out, "%s%s", file == all ? "" : " ", path ?: file);
		free(path);
	}
	free(all);
}

/* What the guest is made of but for its name, from the environment; for a shell. */
static void write_environment(FILE *out, const struct campaign *c)
{
	static const char *const files[] = { "KSRC", "MODULE" };
	const char *value;

	for (size_t i = 0; c->guest && i < ARRAY_SIZE(files); i++) {
		value = getenv(files[i]);
		if (!value || !*value)
			continue;
		fprintf(out, "%s='", files[i]);
		write_paths(out, value);
		fputs("' ", out);
	}
	value = getenv("APPEND");
	if (c->guest && value && *value)
		fprintf(out, "APPEND='%s' ", value);
}

static void write_words(FILE *out, const struct campaign *c, int outcome, const char *when)
{
	const char *name = registry_suite()->name, *place = c->guest ? "--guest " : "--live",
		   *guest = c->guest ? c->guest : "";

	fprintf(out, "Target %s, %s%s.", c->target, c->guest ? "guest " : "the running kernel",
		guest);
	if (outcome == NO_INPUT) {
		fputs("\nIt came before the first input.\nAgain: ", out);
		write_environment(out, c);
		fprintf(out, "%s fuzz %s%s %s\n\n", name, place, guest, c->target);
		return;
	}
	fprintf(out, " Sequence and input: %s.\n", outcomes[outcome]);
	if (*when)
		fprintf(out, "Found after %s.\n", when);
	fputs("Again, in this folder: ", out);
	write_environment(out, c);
	fprintf(out, "%s replay %s%s sequence, or cc -o repro repro.c.\n\n", name, place, guest);
}

/* The report in words, and the console behind it, decoded where that is possible. */
static bool write_report(const struct campaign *c, const char *pending, const char *title,
			 int outcome)
{
	char *path = join(pending, "report.txt"), *when = found(pending), *decode, *line;
	FILE *out = fopen(path, "we");
	bool ok = out;

	if (ok) {
		fprintf(out, "%s\n\n", title);
		write_words(out, c, outcome, when);
		ok = !fclose(out);
	}
	free(when);
	if (!ok)
		return fault(path, "cannot write ");
	decode = c->guest ? guest_script("decode") : NULL;
	if (asprintf(&line,
		     "cd '%s' && { '%s' '%s' < console || cat console; } >> report.txt 2> decode",
		     pending, decode ? decode : "false", c->guest ? c->guest : "") < 0)
		return false;
	ok = !system(line);
	free(line);
	free(decode);
	free(path);
	return ok;
}

/* What kernel it was: a copy of its configuration, and a line that names it. */
static bool write_kernel(const struct campaign *c, const char *pending)
{
	char *line, *prepare;
	bool ok;

	if (!c->guest)
		return asprintf(&line, "uname -rvm > '%s/kernel'", pending) > 0 && !system(line);
	prepare = guest_script("prepare");
	if (!prepare ||
	    asprintf(
		    &line,
		    "top=$PWD && "
		    "cd '%s' && '%s' '%s' > guest && kernel=$(sed -n 's/^kernel=//p' guest) && "
		    "sed -n 's/^release=//p' guest > kernel && "
		    "(cd \"${kernel%%/*}\" && sha256sum \"${kernel##*/}\") >> kernel && "
		    "{ [ -z \"$MODULE\" ] || (cd \"$top\" && sha256sum $MODULE) >> kernel || :; } && "
		    "{ cp \"${kernel%%/*}/config\" config || :; } && rm guest",
		    pending, prepare, c->guest) < 0)
		return false;
	ok = !system(line);
	free(line);
	free(prepare);
	return ok;
}

static void remove_folder(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, NULL);

	for (int i = 0; i < n; i++) {
		char *file = join(path, names[i]->d_name);

		unlink(file);
		free(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	rmdir(path);
}

static bool count_again(const char *crash)
{
	char *path = join(crash, "times");
	unsigned int times = 1;
	FILE *in = fopen(path, "re");
	char text[16];

	if (in && fscanf(in, "%u", &times) != 1)
		times = 1;
	if (in)
		fclose(in);
	free(path);
	snprintf(text, sizeof(text), "%u\n", times + 1);
	return make_file(crash, "times", text);
}

/* Their last names. Only then the rest goes: who is killed before that begins again. */
static bool tidy(const char *pending, const char *crash, bool empty)
{
	static const char *const extra[] = { "trying",	  "position",	 "died",    "other",
					     "tries",	  "decode",	 "console", "position.part",
					     "best.part", "trying.part", "found",   "sequence" };
	char *best = join(pending, "best"), *sequence = join(pending, "sequence");
	bool ok = (!rename(best, sequence) || fault(sequence, "cannot write ")) &&
		  (!rename(pending, crash) || fault(crash, "cannot make "));

	for (size_t i = 0; ok && i < ARRAY_SIZE(extra) - !empty; i++) {
		char *path = join(crash, extra[i]);

		unlink(path);
		free(path);
	}
	free(best);
	free(sequence);
	return ok;
}

/* True if the recording has no input. */
static bool is_empty(const char *pending)
{
	char *best = join(pending, "best");
	struct recording r;
	bool empty = !recording_load(best, &r) && !r.count;

	recording_free(&r);
	free(best);
	return empty;
}

static bool settle_new(const struct campaign *c, const char *pending, const char *title,
		       const char *crash)
{
	bool empty = is_empty(pending);
	int outcome = empty ? NO_INPUT : make_small(c, pending, title);

	fprintf(stderr, "\n%s fuzz: %s\n  %s, in %s\n", registry_suite()->name, title,
		outcomes[outcome], crash);
	return (empty || (write_program(c, pending) && write_input(pending))) &&
	       write_report(c, pending, title, outcome) && write_kernel(c, pending) &&
	       make_file(pending, "target", c->target) && make_file(pending, "times", "1\n") &&
	       tidy(pending, crash, empty);
}

/* False if the campaign ended while it was still writing this: then it is kept once more. */
static bool is_whole(const char *pending)
{
	char *best = join(pending, "best"), *sequence = join(pending, "sequence");
	bool whole = !access(best, F_OK) || !rename(sequence, best);

	free(best);
	free(sequence);
	return whole;
}

bool crash_settle(const struct campaign *c, const char *pending)
{
	char *console = join(pending, "console"), *all = join(c->folder, "crashes"), *crash;
	char *title = crash_title(console), hash[17];
	bool ok;

	if (!is_whole(pending)) {
		remove_folder(pending);
		free(console);
		free(all);
		free(title);
		return true;
	}
	if (!title)
		title = must(strdup("an engine that died without a word"));
	crash_hash(title, hash);
	crash = join(all, hash);
	if (!access(crash, F_OK)) {
		ok = count_again(crash);
		if (ok)
			remove_folder(pending);
	} else {
		ok = (output_make_path(all) || fault(all, "cannot make ")) &&
		     settle_new(c, pending, title, crash);
	}
	free(console);
	free(all);
	free(crash);
	free(title);
	return ok;
}
