/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share: memory that must be there, paths, and how a fault is told. */
#ifndef CLI_COMMON_H
#define CLI_COMMON_H

#include <stdbool.h>

/* @p, or the end of the program with one line if it is NULL. */
void *must(void *p);

/* "DIR/NAME", to be freed. */
char *join(const char *dir, const char *name);

/*
 * Where a file that runs is: @in_tree/@name or, as `make install` has it, @installed/@name; both
 * are relative to the folder of this program. True, and @path; otherwise errno, and @path is the
 * first. To be freed.
 */
bool find_beside(const char *in_tree, const char *installed, const char *name, char **path);

/* "@what@path: " and the text of errno as a line on standard error. Always false. */
bool fault(const char *path, const char *what);

/*
 * @seconds that are meant for a machine with a processor for each who wants one: longer, by the
 * load of the last minute, where more want them.
 */
unsigned int patience_s(unsigned int seconds);

/* False after a line. */
bool copy_file(const char *from, const char *to);

#endif /* CLI_COMMON_H */
