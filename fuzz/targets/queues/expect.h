/* SPDX-License-Identifier: GPL-2.0-only */
/* What every order of the steps has to lead to. */
#ifndef FUZZ_TARGETS_QUEUES_EXPECT_H
#define FUZZ_TARGETS_QUEUES_EXPECT_H

#include "fuzz/targets/queues/plan.h"

/* Puts the results that some order gives behind each step. */
void expect(struct plan *plan);

#endif /* FUZZ_TARGETS_QUEUES_EXPECT_H */
