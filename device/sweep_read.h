/* SPDX-License-Identifier: GPL-2.0-only */
/* The sweep over read(): packets of all kinds, read into buffers of all sizes. */
#ifndef DEVICE_SWEEP_READ_H
#define DEVICE_SWEEP_READ_H

#include "device/sweep.h"

struct sweep_reads {
	struct model_kernel kernel;
	struct model_port port;
	struct tun t;
	struct tun in; /* behind a bridge: what is written there comes out of @t; fd -1 without */
	int packet;    /* what is sent there too */
	bool quiet;    /* says nothing, and ends at the first mismatch */
	uint64_t points;
	unsigned int mismatches;
	uint64_t tx_packets, tx_bytes; /* of the points so far */
};

/*
 * A device as @setup says with offloads @mask, and with @bridge another one in front of it, a TAP.
 * Ends the test if it cannot be made.
 */
void sweep_read_open(struct sweep_reads *s, const struct sweep_setup *setup, unsigned int mask,
		     bool bridge);
void sweep_read_close(struct sweep_reads *s);
/* All packets that there are for these offloads, into buffers of every size up to all of it. */
void sweep_read_all(struct sweep_reads *s, unsigned int mask);
/* A frame in a tunnel that is one segment, and so no GSO frame; with a bridge only. */
void sweep_read_short_tunnel(struct sweep_reads *s);
/* Forgets what happened. */
void sweep_read_again(struct sweep_reads *s);

#endif /* DEVICE_SWEEP_READ_H */
