/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is to blame for a kernel's report of a bug in itself. Tests run side by side, and what a test
 * leaves to be cleaned up happens after its end: all that ran then are suspects, to be run again
 * alone. Some reports come once for each boot, such as lockdep's: what does not happen again fails
 * the one whose process the report names, or else those that were running when it happened.
 */
#ifndef HARNESS_WATCH_H
#define HARNESS_WATCH_H

#include "harness/kmsg.h"
#include "harness/run.h"

struct watch;

struct watch *watch_new(struct run *run, struct kmsg *kmsg);
void watch_free(struct watch *w);

/* The index in the plan, and the process, of a test that starts now, or has just ended. */
void watch_started(struct watch *w, size_t index, pid_t pid);
void watch_ended(struct watch *w, size_t index, pid_t pid);

/* Takes in new records of the kernel's log and marks suspects. Call it before looking who ended. */
void watch_poll(struct watch *w);

/* True if the kernel has reported something. */
bool watch_reported(const struct watch *w);

/* While a suspect runs alone, every report is its own. */
void watch_alone(struct watch *w, size_t index);

/* Fails the guilty, and for a report that nobody repeated those who were running. */
void watch_conclude(struct watch *w);

#endif /* HARNESS_WATCH_H */
