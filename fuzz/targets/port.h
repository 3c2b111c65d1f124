/* SPDX-License-Identifier: GPL-2.0-only */
/* A device that a target writes to, next to the model's idea of it and of its counters. */
#ifndef FUZZ_TARGETS_PORT_H
#define FUZZ_TARGETS_PORT_H

#include "device/delivered.h"
#include "device/model_io.h"
#include "device/tun.h"

/* Inputs have a vnet header of this size, little-endian, whatever a port's is. */
#define PORT_HEADER VNET_SIZE_HASH_TUNNEL
#define PORT_ROOM   256 /* for PI and the largest header */

struct port {
	struct tun t;
	struct model_port model;
	struct model_written sum; /* the counters of all writes, nothing else of it */
};

/* A new device, down; @vnet_size 0 for no vnet header. What is special the caller sets in model. */
void port_create(struct port *p, const char *name, bool tap, bool pi, int vnet_size);
/* The same with the flags of TUNSETIFF. */
void port_create_flags(struct port *p, const char *name, unsigned int flags, int vnet_size);
/* Its vnet headers become big-endian. */
void port_set_be(struct port *p);
/* Brings it up; ends the program if that fails. */
void port_up(struct port *p);
/*
 * Closes its file. The device is made persistent for that and goes with its namespace, together
 * with all others: one after the other, each would take the kernel some 20 ms.
 */
void port_close(struct port *p);
/* The same for @n of them. */
void port_close_all(struct port *ports, size_t n);
/* Adds what a write has counted. */
void port_count(struct port *p, const struct model_written *w);
/* Compares the device's counters with the sums: fuzz_wrong() if they differ. */
void port_check(const struct port *p);
void port_check_all(const struct port *ports, size_t n);

/*
 * What is written for an input's header and frame, of @size (at least PORT_HEADER) bytes together:
 * PI, the header in the port's size and order, the frame. @out has PORT_ROOM bytes more than these;
 * returns how many there are.
 */
size_t port_assemble(const struct port *p, const uint8_t *data, size_t size, uint8_t *out);
/* fuzz_wrong(): @what differs between the model and what became of a write. */
void port_wrong(const struct port *p, const char *what, const struct model_written *w,
		const struct delivered *d) __attribute__((noreturn));

#endif /* FUZZ_TARGETS_PORT_H */
