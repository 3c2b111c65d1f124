/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program makes of a frame. */
#ifndef FUZZ_TARGETS_FILTERS_EXPECT_H
#define FUZZ_TARGETS_FILTERS_EXPECT_H

#include "fuzz/targets/filters/devices.h"

/* What comes out of a filter that returns @value: so many bytes of the frame. */
size_t expect_kept(const struct plan *plan, uint32_t value);

/* The queue that a steering program chooses. */
unsigned int expect_queue(const struct plan *plan);

/* What TUNSETTXFILTER gives, and whether the frame passes it then. */
int expect_addresses(const struct plan *plan, bool *passes);

/* The programs of a device: NO_PROGRAM or what they return. */
struct attached {
	int driver, stack;
};
/* What one more request gives: 0 or -errno. */
int expect_attach(struct attached *a, const struct attach_step *s);

/* A frame that the driver does not take never meets the program. */
bool expect_refused(const struct plan *plan);

/* What an XDP program does with a frame. */
struct outcome {
	bool sure;    /* false: it may also be dropped, if there is no room for it */
	bool dropped; /* by a helper that fails, or because it cannot be sent there */
	bool lost;    /* on the way: nobody has room for it */
	uint8_t frame[2 * ROOM];
	size_t len, unset; /* up to where, from the header on, bytes in front are not defined */
};

void expect_xdp(const struct plan *plan, struct outcome *o);

#endif /* FUZZ_TARGETS_FILTERS_EXPECT_H */
