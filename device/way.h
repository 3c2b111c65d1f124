/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A way on which frames can be held up, and then stay charged to the file they were written to:
 *
 *	file == in (TAP) -- bridge br -- out (TAP, tbf with a byte a second) == file
 *
 * The bridge hands a unicast frame on as it is, and the qdisc keeps it. (Of a broadcast it hands on
 * copies.)
 */
#ifndef DEVICE_WAY_H
#define DEVICE_WAY_H

#include "device/tun.h"

#define WAY_SNDBUF 20000
#define WAY_FRAME  1014 /* bytes of the frame */
/* More frames than the send buffer can hold: each counts for more than its length. */
#define WAY_LIMIT  (WAY_SNDBUF / WAY_FRAME + 2)

struct way {
	struct tun in, out;
	struct frame f; /* one for the other side, of no protocol of the kernel's */
};

/*
 * Makes the way with @in_flags besides IFF_TAP | IFF_NO_PI for "in", whose send buffer is WAY_SNDBUF
 * bytes, and holds it. The tests need the features "bridge" and "tbf". Ends the test if that fails.
 */
void way_make(struct way *w, unsigned int in_flags);
void way_close(struct way *w);
/* Holds the frames that leave through "out", or drops those that are held and lets others pass. */
void way_hold(bool on);
/* Writes the frame until the file takes no more, WAY_LIMIT times at most: how often. */
int way_fill(const struct way *w);

#endif /* DEVICE_WAY_H */
