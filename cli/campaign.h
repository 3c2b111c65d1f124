/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzing campaign: engines in guests or on the running kernel, one corpus, and what they bring
 * down.
 *
 * Its folder has the corpus, a folder for each job (console, flight recorder, the engine's files),
 * crashes/HASH for each failure found, stats.csv, a line every few seconds, and index.html, which
 * shows them.
 */
#ifndef CLI_CAMPAIGN_H
#define CLI_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct campaign {
	const char *target;
	const char *guest; /* NULL: the running kernel */
	bool afl;	   /* AFL++ instead of libFuzzer */
	unsigned int jobs;
	unsigned int seconds; /* 0: until a signal */
	bool resume;
	bool first;	       /* end when the first failure is settled */
	char *folder, *corpus; /* absolute paths */
};

/*
 * Runs it. The exit status: 0 nothing was found, 1 something was, 2 after a line if it cannot begin
 * or go on. A signal to end ends it in order.
 */
int campaign_run(struct campaign *c);

/*
 * A target's program: in build/fuzz, or where `make install` puts it; its absolute path, to be
 * freed. The second gives NULL after a line if there is none.
 */
bool campaign_has_program(const char *target, const char *suffix, char **path);
char *campaign_program(const char *target, const char *suffix);

/*
 * The command that runs @words (@n, and NULL behind them) in a guest that may write to @folder and
 * @corpus, or as they are for the running kernel. @recorder may be NULL. To be freed.
 */
const char **campaign_command(const struct campaign *c, unsigned int job, const char *recorder,
			      const char *const *words);

/*
 * Starts it with its output to @console (appended), in a group of its own that ends when we do. The
 * process, or -1 with errno.
 */
pid_t campaign_spawn(const char *const *command, const char *console, const char *recorder);

#endif /* CLI_CAMPAIGN_H */
