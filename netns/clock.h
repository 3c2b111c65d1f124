/* SPDX-License-Identifier: GPL-2.0-only */
/* Time-outs: milliseconds of the monotonic clock. */
#ifndef NETNS_CLOCK_H
#define NETNS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* What is left until @deadline (of clock_ms()), never negative; fit for poll(). */
static inline int clock_left(int64_t deadline)
{
	int64_t left = deadline - clock_ms();

	return left > 0 ? left : 0;
}

#endif /* NETNS_CLOCK_H */
