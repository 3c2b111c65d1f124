/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a target and its programs share is C that stands alone but for die(), which both have: the
 * end, because something needed cannot be had. This is the target's.
 */
#ifndef FUZZ_TARGETS_DIE_H
#define FUZZ_TARGETS_DIE_H

#include <errno.h>
#include <string.h>

#include "harness/harness.h"

static inline void die(const char *what)
{
	TH_BAIL("%s: %s", what, strerror(errno));
}

#endif /* FUZZ_TARGETS_DIE_H */
