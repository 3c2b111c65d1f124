/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices that have the programs. */
#ifndef FUZZ_TARGETS_FILTERS_DEVICES_H
#define FUZZ_TARGETS_FILTERS_DEVICES_H

#include "fuzz/targets/filters/plan.h"
#include "fuzz/targets/port.h"
#include "netns/bpf.h"

#define QUEUES 3

extern struct tun filtered, queues[QUEUES];
extern int to_filtered, to_queues; /* send into the device */
extern struct port ports[SORTS];   /* those of XDP, with room for one frame in the ring */
extern uint64_t lost[SORTS];	   /* frames that found it full */
extern int packet;		   /* sees what XDP passes */
extern struct bpf_slot slot;	   /* the program of all of these */

extern const char *const device_names[SORTS];

/* Where XDP redirects to. */
struct place {
	const char *name;
	int ifindex;
	struct tun t;
	uint64_t got, lost; /* frames */
};
/* Of the device whose programs come and go. */
extern int other_queue;
extern int programs[XDP_PASS + 1]; /* by what they return */
extern struct place places[TO_PLACES];

/* Fills the ring of a device. */
#define FILLER_LEN 60
extern const uint8_t devices_filler[FILLER_LEN];
void devices_fill(int ifindex);

void devices_begin(void);
/* Compares the counters of those of XDP. */
void devices_check(void);
void devices_end(void);

/* IFF_NAPI_FRAGS is for the owner of the machine. */
bool device_has(enum sort s);
/* The device's flags, next to IFF_NO_PI. */
const char *device_flags(enum sort s);
/* The file that gets what XDP sends on, NULL for none. */
const struct tun *device_receiver(const struct plan *plan);
/* The program is the driver's, not the stack's. */
bool device_in_driver(enum sort s);

#endif /* FUZZ_TARGETS_FILTERS_DEVICES_H */
