/* SPDX-License-Identifier: GPL-2.0-only */
/* `tuntests model`: the reference model against the kernel, for as long as it is wanted. */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "harness/run.h"

/*
 * Has @options, which are for this one purpose, do at least @steps operations in sequences that
 * @seed determines. A mismatch is written as a program in C into the output folder. The exit
 * status.
 */
int model_run(struct run_options *options, uint64_t seed, uint64_t steps);

#endif /* CLI_MODEL_H */
