/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's names tell of a call or a constant. */
#ifndef MUTANTS_NAMES_H
#define MUTANTS_NAMES_H

#include <stdbool.h>

/* A call or macro in which nothing is worth a change: it prints, checks at build time, or
 * describes. */
bool name_is_idle(const char *name);

/* It takes or gives up a lock, or orders memory accesses. */
bool name_is_lock(const char *name);

bool name_is_errno(const char *name);

/* A constant that may be a number: written in capitals. */
bool name_is_constant(const char *name);

/* How much the beginnings of two constants say that they are of one family; 0: they are not. */
unsigned int name_kinship(const char *a, const char *b);

#endif /* MUTANTS_NAMES_H */
