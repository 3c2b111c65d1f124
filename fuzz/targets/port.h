/* SPDX-License-Identifier: GPL-2.0-only */
/* A device that a target writes to, next to the model's idea of it and of its counters. */
#ifndef FUZZ_TARGETS_PORT_H
#define FUZZ_TARGETS_PORT_H

#include "device/model_io.h"
#include "device/tun.h"

struct port {
	struct tun t;
	struct model_port model;
	struct model_written sum; /* the counters of all writes, nothing else of it */
};

/* A new device, down; @vnet_size 0 for no vnet header. What is special the caller sets in model. */
void port_create(struct port *p, const char *name, bool tap, bool pi, int vnet_size);
/* Brings it up; ends the program if that fails. */
void port_up(struct port *p);
/*
 * Closes its file. The device is made persistent for that and goes with its namespace, together
 * with all others: one after the other, each would take the kernel some 20 ms.
 */
void port_close(struct port *p);
/* Adds what a write has counted. */
void port_count(struct port *p, const struct model_written *w);
/* Compares the device's counters with the sums: fuzz_wrong() if they differ. */
void port_check(const struct port *p);

#endif /* FUZZ_TARGETS_PORT_H */
