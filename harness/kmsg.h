/* SPDX-License-Identifier: GPL-2.0-only */
/* The watch over the kernel's log, through /dev/kmsg. */
#ifndef HARNESS_KMSG_H
#define HARNESS_KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kmsg;

/*
 * Watches from now on. @any_facility: records that user space wrote count like the kernel's own.
 * Never NULL; if the log cannot be read kmsg_error() says why and nothing will ever be seen.
 */
struct kmsg *kmsg_open(bool any_facility);
void kmsg_close(struct kmsg *k);

/* NULL, or why the log cannot be read. */
const char *kmsg_error(const struct kmsg *k);

/* Readable when there are new records; -1 without a log. */
int kmsg_fd(const struct kmsg *k);

/*
 * Takes in the new records. Calls @on_report(@arg, text, 0) for each that begins a kernel's report
 * of a bug in itself: WARNING, BUG, Oops, sanitizers, lockdep, leaks of references, hangs and
 * stalls; and @on_report(@arg, text, PID) for each that says on top of which process it happened,
 * by its number in the initial namespace.
 */
void kmsg_drain(struct kmsg *k, void (*on_report)(void *arg, const char *text, pid_t pid),
		void *arg);

/*
 * The records that arrived between two times (now_ns()), a line each, to be freed; NULL if there
 * are none.
 */
char *kmsg_between(const struct kmsg *k, int64_t from_ns, int64_t to_ns);

/* The process that a line of a report is about, "CPU: 0 UID: 0 PID: 12 Comm: ip", or 0. */
pid_t kmsg_process(const char *text);
/* True if this text begins a report. */
bool kmsg_is_report(const char *text);
/* True if this text belongs to no report: it is what a driver says of a device, "tap0: ...". */
bool kmsg_is_chatter(const char *text);

#endif /* HARNESS_KMSG_H */
