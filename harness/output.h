/* SPDX-License-Identifier: GPL-2.0-only */
/* The output folder of a run, and the evidence of a failed test in it. */
#ifndef HARNESS_OUTPUT_H
#define HARNESS_OUTPUT_H

#include "harness/run.h"

/*
 * Makes the run's folder and sets run->dir and run->dir_fd. False after one line on standard error.
 * Evidence that an earlier run left there for the planned tests is removed.
 */
bool output_open(struct run *run);

/*
 * Replaces file @name in the run's folder by @text in one step: a reader sees the old or the new,
 * and a failure leaves the old. Failures are said once and noted in run->write_failed.
 */
void output_replace(struct run *run, const char *name, const char *text);

/* Appends a line to results.jsonl. Failures as above. */
void output_line(struct run *run, const char *text);

/* Makes the folder @path and those it is in; false with errno. */
bool output_make_path(const char *path);

/*
 * The folder of a kernel or guest: its name, but for what may be in a path ("bzimage FILE"). To be
 * freed; NULL without memory.
 */
char *output_folder_name(const char *kernel);

/* output_replace() for a path of the user's. */
bool output_replace_path(const char *path, const char *text);

/*
 * Keeps a bad test's log, kernel log and attachment (a descriptor, or -1) in the folder ID/, and
 * names them in @r.
 */
void output_evidence(struct run *run, struct record *r, int attachment_fd);

/* The attachment kept for @r, to be freed, its length in @len; NULL if there is none. */
void *output_read_attachment(const struct run *run, const struct record *r, size_t *len);

/* Says on standard error that @what could not be written (errno), the first time only. */
void output_failed(struct run *run, const char *what);

#endif /* HARNESS_OUTPUT_H */
