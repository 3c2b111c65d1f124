/* SPDX-License-Identifier: GPL-2.0-only */
/* Which locations of the kernel are what is fuzzed: the driver, and what handles its packets. */
#ifndef FUZZ_COVERAGE_SCOPE_H
#define FUZZ_COVERAGE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads /proc/kallsyms: false if it has no addresses, or nothing of this. */
bool scope_load(void);
bool scope_has(uint64_t location);

#endif /* FUZZ_COVERAGE_SCOPE_H */
