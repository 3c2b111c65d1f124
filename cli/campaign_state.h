/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of a campaign know of each other; for the files campaign_*.c only. */
#ifndef CLI_CAMPAIGN_STATE_H
#define CLI_CAMPAIGN_STATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "cli/campaign.h"

/* A guest is made afresh after so long, so that what inputs left in the kernel stays bounded. */
#define GUEST_S	    3600
/* The exit status of boot for a guest that it cannot boot. */
#define CANNOT_BOOT 2

struct recorder_head;

struct job {
	unsigned int number;
	char *folder, *recorder, *console;
	volatile struct recorder_head *head;
	pid_t pid;
	time_t heard;	     /* when it last ran an input */
	uint64_t seen_total; /* of head, when it was last looked at */
	uint64_t before;     /* inputs of the engines that have ended */
	unsigned int bad_starts;
	bool hung;
	long console_read; /* bytes of the console that have been looked at */
	bool reported;	   /* in which the kernel has reported something that it survives */
};

struct state {
	struct campaign *c;
	struct job *jobs;
	time_t begun;
	double passed_before; /* seconds and inputs of what is resumed */
	uint64_t inputs_before, edges;
	bool results; /* what edges are without KCOV */
	unsigned int restarts, failures, pendings;
	pid_t settler; /* the process that looks into a failure, or 0 */
	FILE *stats;
	double last_s;
	uint64_t last_inputs;
	double rate;
	char trouble[512]; /* why it cannot go on, "" if it can or that is said elsewhere */
	bool gave_up;	   /* the kernel fails before the first input, each time */
	time_t gathered;   /* AFL++'s finds until then are in the corpus */
};

/* The signal that ends the campaign, or 0. */
extern volatile sig_atomic_t campaign_ended_by;

/* A line that says why it cannot go on, kept in @s->trouble. Always false. */
__attribute__((format(printf, 2, 3))) bool campaign_trouble(struct state *s, const char *fmt, ...);

/* campaign_engine.c: */

/* For the next engine: at most GUEST_S, 0 if the campaign's time is up. */
unsigned int campaign_seconds_left(const struct state *s);
/* Sets @j->pid; false after a line. */
bool engine_start(const struct state *s, struct job *j);

/* campaign_corpus.c: */

/* Seeds of the target into a corpus that is empty, or that an earlier campaign was filling. */
bool corpus_seed(const struct campaign *c);
/* Takes out what a full disk or a kill has left of inputs: their names are those of others. */
void corpus_check(const struct campaign *c);
/* What AFL++ has found since the last time. False after a line. */
bool corpus_gather(struct state *s);
/* The last input of that recording goes from the corpus to the folder "failing". */
void corpus_set_aside(const struct campaign *c, const char *recorder);

/* campaign_job.c: */

/* Its folder and recorder, and the failure that an earlier campaign has left there. */
bool campaign_job_prepare(struct state *s, unsigned int number);
/* The failures that jobs have left which this campaign, of fewer, does not have. */
bool campaign_job_keep_others(struct state *s);
bool campaign_job_start(struct state *s, struct job *j);
/* An engine that has ended, with that status. False if the campaign cannot go on. */
bool campaign_job_end(struct state *s, struct job *j, int status);
/* Its engine has run an input. */
bool campaign_job_ran(const struct job *j);
/* Once a second: is it alive? */
void campaign_job_watch(struct job *j);
/* How many run. */
unsigned int campaign_jobs_up(const struct state *s);
void campaign_jobs_end(struct state *s);
/* The end of a process, however often we are told to end ourselves. */
void wait_end(pid_t pid);

/* campaign_failure.c: */

/* The folder pending-N: its recorder and its console, before the next engine uses them. */
bool failure_keep(struct state *s, const struct job *j);
/* A process of its own for the first failure that waits. */
void failure_settle_next(struct state *s);
/* The end of that. False if it could not do its work: then the rest would not either. */
bool failure_settled(struct state *s, int status);

/* campaign_status.c: */

double status_seconds(const struct state *s);
/* Of all jobs together, since the campaign began. */
uint64_t status_inputs(const struct state *s);
/* What a folder holds. */
unsigned int status_entries(const char *folder);
unsigned int status_crashes(const struct state *s);
void status_measure(struct state *s);
/* The line on standard error. */
void status_say(const struct state *s, bool last);
/*
 * A line for the plots, and the page. @end: how it has ended, NULL while it runs. False if they
 * cannot be written.
 */
bool status_write(struct state *s, const char *end);
/* Where the last line of the statistics leaves off. */
void status_take_up(struct state *s, const char *path);

#endif /* CLI_CAMPAIGN_STATE_H */
