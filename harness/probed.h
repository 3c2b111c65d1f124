/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the probes of all features said, as text, for the next program on this kernel: they take
 * seconds in a guest. A line for the kernel, and one for each feature with 0 or 1.
 */
#ifndef HARNESS_PROBED_H
#define HARNESS_PROBED_H

#include <stdbool.h>
#include <stdio.h>

/*
 * All features count as probed then. False if @in is of another kernel or program. Another driver
 * in the same kernel has to be known to the caller.
 */
bool probed_read(FILE *in);
/*
 * To the file @path, and behind it what @more(@arg) writes, if that is not NULL. It is there as a
 * whole, or not at all: false, and errno.
 */
bool probed_save(const char *path, void (*more)(FILE *out, const void *arg), const void *arg);

#endif /* HARNESS_PROBED_H */
