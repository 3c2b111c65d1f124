/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to become of a frame that is sent. */
#ifndef FUZZ_TARGETS_VHOST_EXPECT_H
#define FUZZ_TARGETS_VHOST_EXPECT_H

#include "device/model_io.h"
#include "fuzz/targets/vhost/plan.h"

/* The write() that it amounts to, on which port. */
void expect_send(const struct plan *plan, const struct step *s, struct model_port *port,
		 struct model_written *w);

/* Whether it arrives is known. */
bool expect_known(const struct plan *plan, const struct step *s, const struct model_written *w);

#endif /* FUZZ_TARGETS_VHOST_EXPECT_H */
