/* SPDX-License-Identifier: GPL-2.0-only */
/* The report of a run as JUnit XML, a testsuite for each area. */
#ifndef HARNESS_JUNIT_H
#define HARNESS_JUNIT_H

#include "harness/run.h"

/* The whole file, to be freed; NULL without memory. */
char *junit_text(const struct run *run);

#endif /* HARNESS_JUNIT_H */
