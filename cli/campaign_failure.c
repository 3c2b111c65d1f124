// SPDX-License-Identifier: GPL-2.0-only
/* Failures: kept before the next engine uses its files, and settled one after the other. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/campaign_state.h"
#include "cli/common.h"
#include "cli/crash.h"
#include "fuzz/engine/recorder.h"

/* When it was found, for the report. */
static bool write_found(const struct state *s, const char *folder)
{
	char *path = join(folder, "found");
	FILE *out = fopen(path, "we");
	bool ok = out && fprintf(out, "%.0f s, %" PRIu64 " inputs\n", status_seconds(s),
				 status_inputs(s)) > 0;

	if (out && fclose(out))
		ok = false;
	if (!ok)
		fault(path, "cannot write ");
	free(path);
	return ok;
}

/* What the recorder has; before the first input it has those of an earlier engine. */
static bool keep_inputs(const struct state *s, const struct job *j, const char *best)
{
	static const struct recording none;
	char *part;
	bool ok;

	if (!campaign_job_ran(j))
		return !recording_save(best, &none, s->c->target) || fault(best, "cannot write ");
	if (asprintf(&part, "%s.part", best) < 0)
		return false;
	ok = copy_file(j->recorder, part) && (!rename(part, best) || fault(best, "cannot write "));
	free(part);
	return ok;
}

bool failure_keep(struct state *s, const struct job *j)
{
	char *folder, *best, *console;
	bool ok;

	do {
		if (asprintf(&folder, "%s/pending-%u", s->c->folder, s->pendings++) < 0)
			return false;
		ok = !mkdir(folder, 0755);
		if (!ok && errno != EEXIST)
			return fault(folder, "cannot make ");
		if (!ok)
			free(folder);
	} while (!ok);
	console = join(folder, "console");
	ok = copy_file(j->console, console);
	if (ok && j->hung) {
		FILE *out = fopen(console, "ae");

		if (out) {
			fputs("\ntuntests: BUG: no input was finished for a long time: a hang\n",
			      out);
			fclose(out);
		}
	}
	ok = ok && write_found(s, folder);
	best = join(folder, "best");
	ok = ok && keep_inputs(s, j, best);
	/* What is kept is not kept once more when the campaign is resumed. */
	if (ok) {
		corpus_set_aside(s->c, best);
		j->head->magic = 0;
	}
	free(best);
	free(console);
	free(folder);
	return ok;
}

void failure_settle_next(struct state *s)
{
	struct dirent **names;
	int n, i;

	if (s->settler || campaign_ended_by)
		return;
	n = scandir(s->c->folder, &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		char *path = join(s->c->folder, names[i]->d_name);

		if (!s->settler && !strncmp(names[i]->d_name, "pending-", 8)) {
			s->settler = fork();
			if (!s->settler) {
				prctl(PR_SET_PDEATHSIG, SIGTERM);
				close(fileno(s->stats)); /* and the lock with it */
				signal(SIGINT, SIG_IGN);
				signal(SIGTERM, SIG_DFL);
				_exit(crash_settle(s->c, path) ? 0 : 2);
			}
		}
		free(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

bool failure_settled(struct state *s, int status)
{
	s->settler = 0;
	if ((WIFEXITED(status) && !WEXITSTATUS(status)) || campaign_ended_by)
		return true;
	return campaign_trouble(s,
				"a failure could not be looked into (%s %d): it stays in "
				"%s/pending-*, and --resume begins with it",
				WIFSIGNALED(status) ? "signal" : "exit status",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
				s->c->folder);
}
