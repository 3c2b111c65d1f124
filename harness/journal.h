/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as a stream of events, a JSON object a line, so that somebody else can follow it: the host
 * of a guest. Whatever becomes of the guest, what it had said is known.
 *
 *	{"event": "begin", "run": {what results.json says of the run}}
 *	{"event": "start", "id": ID}
 *	{"event": "result", "test": {as in results.json}, "log": TEXT, "kernel_log": TEXT,
 *	 "attachment": BASE64}
 *	{"event": "end"}
 */
#ifndef HARNESS_JOURNAL_H
#define HARNESS_JOURNAL_H

#include <jansson.h>

#include "harness/run.h"

struct journal;

/* @path is created or, if it is a device or pipe, opened. NULL after one line on standard error. */
struct journal *journal_open(const char *path);
void journal_begin(struct journal *j, const struct run *run);
void journal_started(struct journal *j, const struct record *r);
void journal_result(struct journal *j, const struct run *run, const struct record *r);
/* Ends and frees the journal; false if something could not be written. */
bool journal_end(struct journal *j);

/* The other side: takes over what a "begin" says of the kernel into @run and the features. */
void journal_read_begin(struct run *run, const json_t *event);
/* ... and what a "result" says into @r, with its evidence. False if the event is broken. */
bool journal_read_result(struct run *run, struct record *r, const json_t *event);

#endif /* HARNESS_JOURNAL_H */
