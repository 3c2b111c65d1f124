/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to become of a frame that is sent. */
#ifndef FUZZ_TARGETS_VHOST_EXPECT_H
#define FUZZ_TARGETS_VHOST_EXPECT_H

#include "device/model_io.h"
#include "fuzz/targets/vhost/plan.h"

/* Bytes of the header in front of the frame, for the TAP. */
unsigned int expect_front(const struct plan *plan);

/* What becomes of it. */
enum fate {
	FATE_WRITTEN, /* what the model says of the write() that it amounts to */
	FATE_GONE,
	FATE_BACK,  /* to the guest */
	FATE_MOVED, /* to the TAP that XDP redirects to */
};

/* The write() that it amounts to, on which port. */
void expect_send(const struct plan *plan, const struct step *s, struct model_port *port,
		 struct model_written *w);

/* @w as expect_send() gives it; its counters become those of all that is sent. */
enum fate expect_fate(const struct plan *plan, const struct step *s, struct model_written *w);

/* Whether it arrives is known. */
bool expect_known(const struct plan *plan, const struct step *s, const struct model_written *w);

/* What the frames add to the TAP's counters, as long as it is known. */
struct gain {
	unsigned int packets, dropped;
	uint64_t bytes;
	bool known;
};
void expect_gain(struct gain *gain, const struct plan *plan, const struct step *s, enum fate fate,
		 const struct model_written *w);

#endif /* FUZZ_TARGETS_VHOST_EXPECT_H */
