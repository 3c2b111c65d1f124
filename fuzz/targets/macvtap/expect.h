/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to come of an operation. */
#ifndef FUZZ_TARGETS_MACVTAP_EXPECT_H
#define FUZZ_TARGETS_MACVTAP_EXPECT_H

#include "device/frame.h"
#include "fuzz/targets/macvtap/plan.h"
#include "fuzz/targets/macvtap/side.h"

/* Of a setting, which is noted in @s: 0 or the errno. */
int expect_setting(struct side *s, const struct tap_op *o);

/* Of a query: a number or -errno. */
int expect_query(const struct side *s, const struct tap_op *o);

/* What has to come at the other end: nothing, this frame, or it cannot be said. */
enum arrival { NOTHING, FRAME, UNKNOWN };

/* What a write is, and leads to. */
struct expected_write {
	uint8_t bytes[MAX_HEADER + MAX_FRAME];
	size_t len, there; /* bytes, and those that can be read */
	struct tap_written w;
	enum arrival arrival;
};
void expect_write(const struct side *s, const struct tap_op *o, struct expected_write *e);

/* What is sent: the frame on the wire, and as the queue has it. */
struct sent {
	struct frame wire, whole, part; /* whole: all checksums in it; part: without tag too */
	struct vnet vnet;
};

void expect_sent(const struct side *s, const struct tap_op *o, struct sent *t);

/* The packet as it waits in queue @q. */
struct model_packet expect_packet(const struct side *s, const struct tap_queue *q,
				  const struct tap_op *o, const struct sent *t);

/* It waits as segments. */
bool expect_segmented(const struct side *s, const struct tap_queue *q, const struct sent *t);

#endif /* FUZZ_TARGETS_MACVTAP_EXPECT_H */
