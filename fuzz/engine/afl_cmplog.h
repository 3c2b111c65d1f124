/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's comparisons for AFL++'s CmpLog (afl-fuzz -c 0), which tries their operands. */
#ifndef FUZZ_ENGINE_AFL_CMPLOG_H
#define FUZZ_ENGINE_AFL_CMPLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs an input for its comparisons only; false if this is not the process that is for that. */
bool afl_cmplog(const uint8_t *data, size_t size);

#endif /* FUZZ_ENGINE_AFL_CMPLOG_H */
