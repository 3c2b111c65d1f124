/* SPDX-License-Identifier: GPL-2.0-only */
/* How fast a target is: its seeds over and over, without an engine. */
#ifndef FUZZ_ENGINE_MEASURE_H
#define FUZZ_ENGINE_MEASURE_H

#include <stdbool.h>

/*
 * Prints how many inputs a second of @seconds; @bare: how many of their writes alone. The status
 * for exit().
 */
int measure(double seconds, bool bare);

/* Both in turn, @rounds times, and the ratio of the medians. */
int measure_ratio(double seconds, unsigned int rounds);

#endif /* FUZZ_ENGINE_MEASURE_H */
