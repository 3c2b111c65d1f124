/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs in C that stand alone: a collection of functions, of which they take what they need. */
#ifndef DEVICE_PROGRAM_H
#define DEVICE_PROGRAM_H

#include <stdio.h>

/*
 * Writes @prologue, C that has a blank line in front of each function and variable, without those
 * that are static and that neither @rest nor what it needs mentions; then @rest.
 */
void program_write(FILE *out, const char *prologue, const char *rest);

#endif /* DEVICE_PROGRAM_H */
