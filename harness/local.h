/* SPDX-License-Identifier: GPL-2.0-only */
/* Executes a run on the running kernel, each test in a sandbox of its own. */
#ifndef HARNESS_LOCAL_H
#define HARNESS_LOCAL_H

#include "harness/run.h"

/* Runs the plan until its end or a signal; calls run_plan_known() when the kernel is known. */
void local_execute(struct run *run);

#endif /* HARNESS_LOCAL_H */
