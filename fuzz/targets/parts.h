/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions of fuzz_target that have a file of their own in a target's folder. */
#ifndef FUZZ_TARGETS_PARTS_H
#define FUZZ_TARGETS_PARTS_H

#include <stdio.h>

#include "device/op.h"

/* print.c, mutate.c and seeds.c: as fuzz/fuzz.h says. */
void target_print(FILE *out, const uint8_t *data, size_t size);
size_t target_mutate(uint8_t *data, size_t size, size_t max, struct draw *draw);
size_t target_cut(const uint8_t *data, size_t size, struct draw *draw);
size_t target_seed(unsigned int n, uint8_t *data, const char **name);

#endif /* FUZZ_TARGETS_PARTS_H */
