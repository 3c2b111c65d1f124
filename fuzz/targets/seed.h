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
/*
 * A vnet header for it: of segments of @gso_size bytes, or with 0 for a partial checksum, which it
 * gets; none if it is neither TCP nor UDP.
 */
struct vnet seed_header(struct seed *seed, uint16_t gso_size);

#endif /* FUZZ_TARGETS_SEED_H */
