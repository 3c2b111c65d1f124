/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the suite in a kernel, this one or a guest's: a process and a folder of its own for each. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <dirent.h>
#include <stdbool.h>

/* The target that is this kernel; all others are names of guests, as `run --guest` takes them. */
#define TARGET_RUNNING "running"

/* Makes the folder @path and those it is in; its absolute path, to be freed; NULL after a line. */
char *target_make_folder(const char *path);

/*
 * `run --output DIR [--guest TARGET] FIRST... ARGS...`; NULL ends both lists. What an earlier run
 * left in @dir is removed before, and the report goes to standard error. A signal to end goes to
 * the run, then it is our turn. True if there are results in @dir: of a guest that cannot be had or
 * does not boot, too. False after a line on standard error.
 */
bool target_run(const char *target, const char *dir, const char *const *first, char *const *args);

/* For scandir(): the consoles of the guests of a run. */
int target_is_console(const struct dirent *entry);

#endif /* CLI_TARGET_H */
