/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an input says: steps, one after the other, with what the kernel has to give of each ioctl,
 * and which of them mean nothing, or spoil a ring, after what came before.
 */
#ifndef FUZZ_TARGETS_VHOST_PLAN_H
#define FUZZ_TARGETS_VHOST_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/vnet.h"

#define HEAD	  2
#define STEP	  16 /* bytes of a step */
#define MAX_STEPS 48
#define MAX_LEN	  16384

enum kind { SEND, POST, ARRIVE, BACKEND, IOCTL, DESC, PUBLISH, KINDS };
enum request { NUM, BASE, ADDR, FEATURES, TABLE, OWNER, NO_SOCKET, GET_BASE, DELETE, REQUESTS };

/* What the input has led to so far, as far as it decides about what comes. */
struct plan {
	const uint8_t *data;
	size_t left;
	int steps;
	uint64_t features;
	int how, verdict, rx_frames; /* see rings_open() */
	bool on[2], spoilt[2];
	bool gone;     /* the TAP */
	uint16_t sent; /* buffers given to TX */
};

struct step {
	enum kind kind;
	bool skip;
	int queue, on;
	/* SEND, and POST and ARRIVE */
	struct vnet vnet;
	uint8_t header[12];
	const uint8_t *frame;
	unsigned int len, cut, indirect;
	int times;
	/* DESC, PUBLISH */
	unsigned int index, place, offset, flags, next, count;
	/* IOCTL */
	enum request request;
	unsigned int value, avail, used;
	int expected;
	bool spoils; /* IOCTL: from here on nothing is known of queue @index */
	bool error;  /* vhost has to tell of one */
};

/* Features that the kernel has. */
extern uint64_t plan_supported;

/* False if it is no input. */
bool plan_begin(struct plan *plan, const uint8_t *data, size_t size);
/* The next step, false at the end. */
bool plan_step(struct plan *plan, struct step *s);

/* Bytes of the vnet header in a buffer. */
unsigned int plan_header(const struct plan *plan);
/* Frames are sent as those of a write(). */
bool plan_alone(const struct plan *plan);

#endif /* FUZZ_TARGETS_VHOST_PLAN_H */
