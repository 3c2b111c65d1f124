/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames for inputs to begin with. */
#ifndef FUZZ_TARGETS_SEED_H
#define FUZZ_TARGETS_SEED_H

#include "device/frame.h"

struct seed {
	const char *name;
	uint16_t type; /* its EtherType */
	struct frame frame;
};

/* Frame number @n, with an Ethernet header or without; false if there are no more. */
bool seed_frame(unsigned int n, bool tap, struct seed *seed);

#endif /* FUZZ_TARGETS_SEED_H */
