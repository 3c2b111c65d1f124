// SPDX-License-Identifier: GPL-2.0-only
/* Jobs: an engine each, begun again when it ends, until the time is up. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/campaign_state.h"
#include "cli/common.h"
#include "cli/crash.h"
#include "fuzz/engine/recorder.h"
#include "harness/kmsg.h"
#include "harness/output.h"
#include "harness/registry.h"

/* No input for so long: the kernel hangs. Booting and loading a corpus takes its time too. */
#define HANG_S	    120
/* What a kernel says of itself, and the end that follows mostly, take no longer. */
#define REPORT_S    5
/* So often in a row an engine may end at once before we give up. */
#define BAD_STARTS  3
/* The exit status of boot for a guest that died. */
#define GUEST_DIED  3
/* That of a libFuzzer which somebody has ended. */
#define INTERRUPTED 72
/* From here on: env and shells found no program, or it died of a signal. */
#define NOT_RUN	    126

/* The failure that a campaign had no time or no room to keep before it ended. */
static bool keep_left(struct state *s, struct job *j)
{
	char *title = crash_title(j->console);
	bool left = j->head->magic == RECORDER_MAGIC && (title || j->head->flags & RECORDER_FAILED);

	free(title);
	if (left && !failure_keep(s, j))
		return false;
	s->failures += left;
	return true;
}

/* "job-@number@" in the campaign's folder, to be freed. */
static char *folder_of(const struct state *s, unsigned int number)
{
	char name[32];

	snprintf(name, sizeof(name), "job-%u", number);
	return join(s->c->folder, name);
}

static bool prepare(struct state *s, struct job *j, unsigned int number)
{
	int fd;

	j->number = number;
	j->folder = folder_of(s, number);
	if (!output_make_path(j->folder))
		return fault(j->folder, "cannot make ");
	j->recorder = join(j->folder, "recorder");
	j->console = join(j->folder, "console");
	fd = open(j->recorder, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || (errno = posix_fallocate(fd, 0, RECORDER_SIZE)))
		return fault(j->recorder, "cannot make ");
	j->head = mmap(NULL, sizeof(*j->head), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (j->head == MAP_FAILED)
		return fault(j->recorder, "cannot map ");
	if (!keep_left(s, j))
		return false;
	j->head->total = 0;
	return true;
}

bool campaign_job_prepare(struct state *s, unsigned int number)
{
	return prepare(s, &s->jobs[number], number);
}

bool campaign_job_keep_others(struct state *s)
{
	bool there = true, ok = true;

	for (unsigned int n = s->c->jobs; there && ok; n++) {
		struct job j = { 0 };
		char *folder = folder_of(s, n);

		there = !access(folder, F_OK);
		free(folder);
		if (there)
			ok = prepare(s, &j, n);
		if (there && ok)
			munmap((void *)j.head, sizeof(*j.head));
		free(j.folder);
		free(j.recorder);
		free(j.console);
	}
	return ok;
}

bool campaign_job_start(struct state *s, struct job *j)
{
	/* The console is this engine's alone: an older one has been looked at. */
	unlink(j->console);
	j->before += j->head->total;
	j->seen_total = 0;
	j->head->total = 0;
	j->head->magic = 0;
	j->head->flags = 0;
	j->hung = j->reported = false;
	j->console_read = 0;
	j->heard = time(NULL);
	return engine_start(s, j);
}

/* An exit status of something that nobody else has ended. */
static bool is_failure(int code)
{
	return code != GUEST_DIED && code != CANNOT_BOOT && code != INTERRUPTED && code < NOT_RUN;
}

bool campaign_job_ran(const struct job *j)
{
	return j->head->magic == RECORDER_MAGIC && j->head->total;
}

/* The last line of a console, which says mostly why it has ended; @line is of @size bytes. */
static void last_line(const char *console, char *line, int size)
{
	char *next = must(malloc(size));
	FILE *in = fopen(console, "re");

	*line = '\0';
	while (in && fgets(next, size, in)) {
		next[strcspn(next, "\r\n")] = '\0';
		if (*next && strncmp(next, "tuntests-guest: ", 16) && !strstr(next, "reboot: "))
			strcpy(line, next);
	}
	if (in)
		fclose(in);
	free(next);
}

/* It has not run an input, for the last of so many times. */
static bool give_up(struct state *s, const struct job *j, int code, bool kept)
{
	char line[160];

	s->gave_up = kept;
	last_line(j->console, line, sizeof(line));
	if (kept)
		fprintf(stderr,
			"%s fuzz: %s: the kernel fails before the first input: see %s/crashes\n",
			registry_suite()->name, s->c->target, s->c->folder);
	return kept || campaign_trouble(s, "%s does not start (exit status %d): %s%ssee %s",
					s->c->target, code, line, *line ? ": " : "", j->console);
}

/* False if it has one that cannot be kept. */
static bool keep_any(struct state *s, const struct job *j, int code, bool *kept)
{
	bool failed = j->hung || j->head->flags & RECORDER_FAILED;
	char *title;

	*kept = false;
	if (!code && !failed)
		return true;
	title = crash_title(j->console);
	/* Killed by somebody: nothing was found, and the corpus is where it was. */
	*kept = title || failed || (campaign_job_ran(j) && is_failure(code));
	free(title);
	s->restarts++;
	if (*kept && !failure_keep(s, j))
		return false;
	s->failures += *kept;
	return true;
}

/* In order, with a failure, or because it could not begin. */
bool campaign_job_end(struct state *s, struct job *j, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : GUEST_DIED;
	bool kept;

	j->pid = 0;
	if (campaign_ended_by)
		return true;
	j->bad_starts = campaign_job_ran(j) ? 0 : j->bad_starts + 1;
	if (!keep_any(s, j, code, &kept))
		return false;
	if (j->bad_starts >= BAD_STARTS)
		return give_up(s, j, code, kept);
	if (s->gave_up || (s->c->first && s->failures))
		return true;
	return !campaign_seconds_left(s) || campaign_job_start(s, j);
}

/* Not every report makes a kernel panic: one that waits for a device to be unused goes on. */
static bool has_report(struct job *j)
{
	FILE *in = fopen(j->console, "re");
	char line[1024];
	bool found = false;

	if (!in)
		return false;
	if (!fseek(in, j->console_read, SEEK_SET)) {
		while (!found && fgets(line, sizeof(line), in) && strchr(line, '\n')) {
			/* The kernel begins with the time, libFuzzer has warnings too. */
			found = *line == '[' && kmsg_is_report(line);
			j->console_read = ftell(in);
		}
	}
	fclose(in);
	return found;
}

void campaign_job_watch(struct job *j)
{
	time_t now = time(NULL), most = j->reported ? REPORT_S : patience_s(HANG_S);

	/* AFL++ begins a process anew, and that its numbers. */
	if (j->head->total < j->seen_total) {
		j->before += j->seen_total;
		j->seen_total = 0;
	}
	/* AFL++ goes on after an input that failed. */
	if (j->pid && j->head->flags & RECORDER_FAILED)
		kill(j->pid, SIGTERM);
	if (j->pid && !j->reported && has_report(j)) {
		/* Let it finish what it says; mostly it dies by itself. */
		j->reported = true;
		j->heard = now;
		return;
	}
	if (j->head->total != j->seen_total && !j->reported) {
		j->seen_total = j->head->total;
		j->heard = now;
	} else if (j->pid && !j->hung && now - j->heard > most) {
		j->hung = !j->reported;
		kill(j->pid, SIGTERM);
	}
}

unsigned int campaign_jobs_up(const struct state *s)
{
	unsigned int n = 0;

	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++)
		n += j->pid > 0;
	return n;
}

void wait_end(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void campaign_jobs_end(struct state *s)
{
	for (struct job *j = s->jobs; j < s->jobs + s->c->jobs; j++) {
		if (!j->pid)
			continue;
		kill(-j->pid, SIGTERM);
		kill(j->pid, SIGTERM);
		wait_end(j->pid);
		j->pid = 0;
	}
}
