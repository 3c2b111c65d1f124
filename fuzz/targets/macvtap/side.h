/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A macvtap or an ipvtap with two queues, and the wire below it, as the kernel and the model have
 * them.
 */
#ifndef FUZZ_TARGETS_MACVTAP_SIDE_H
#define FUZZ_TARGETS_MACVTAP_SIDE_H

#include "fuzz/targets/macvtap/model.h"

#define QUEUES 2
#define SIDES  2 /* a macvtap, and an ipvtap */
#define FLAGS  (IFF_TAP | IFF_NO_PI)
#define MTU    1500

struct side {
	const char *kind, *link, *lower, *world, *ip, *peer_ip;
	uint8_t mac[6], world_mac[6];
	int fd[QUEUES], packet; /* at the other end */
	struct tap_queue q[QUEUES];
	unsigned int offload, mtu;
	bool up, lower_up;
	bool gone; /* the link is: it was deleted under its files */
};

extern struct side sides[SIDES];
extern size_t num_sides; /* that the kernel has */

/* Ends the program with status 2 if the kernel has none. */
void sides_begin(void);
void sides_end(void);

/* Frames pass. */
bool side_open(const struct side *s);

/* Changes what is not so already; -1 and errno. The MTU is that of the other end. */
int side_set_link(const struct side *was, bool up, bool lower_up, unsigned int mtu);

/* Waits for what is on its way through a veth pair, if it is not there yet. */
void sides_settle(void);

/* As a new input finds it. */
void side_restore(struct side *s);

#endif /* FUZZ_TARGETS_MACVTAP_SIDE_H */
