/* SPDX-License-Identifier: GPL-2.0-only */
/* An input as statements in C, for the program that fuzz/targets/program.h is the beginning of. */
#ifndef FUZZ_TARGETS_PRINT_H
#define FUZZ_TARGETS_PRINT_H

#include <stdio.h>

#include "fuzz/targets/port.h"

/* "static const unsigned char NAME[] = { ... };" */
void print_bytes(FILE *out, const char *name, const uint8_t *data, size_t size);
/* "static const struct vnet_header NAME = { ... };", with the names of flags. */
void print_vnet(FILE *out, const char *name, const struct vnet *v);
/* The call that gives the file of a port's device: device("v0", IFF_TAP | IFF_NO_PI, 0, 0). */
void print_device(FILE *out, const struct port *p);
/* CHECK() of what the packet socket has to give of a write. */
void print_seen(FILE *out, const struct model_port *m, const struct model_written *w);
/* The end of a CHECK(): the number, or with a negative one -@err by its name. */
void print_result(FILE *out, ssize_t ret, int err);
/* The flags of TUNSETIFF: IFF_TAP | IFF_NO_PI */
void print_iff(FILE *out, unsigned int flags);
/*
 * The write of @size bytes to @p, and CHECK() of what the model says of it: @w of the whole,
 * and, where that is known, what a packet socket sees.
 */
void print_write(FILE *out, const struct port *p, const uint8_t *data, size_t size,
		 const struct model_written *w);
/* The same to @file, an expression; @w NULL: its result is not known. */
void print_write_to(FILE *out, const char *file, const struct model_port *m, const uint8_t *data,
		    size_t size, const struct model_written *w);

#endif /* FUZZ_TARGETS_PRINT_H */
