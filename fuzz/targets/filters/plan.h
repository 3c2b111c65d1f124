/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input says: a program for one of the places that take one, and a frame. */
#ifndef FUZZ_TARGETS_FILTERS_PLAN_H
#define FUZZ_TARGETS_FILTERS_PLAN_H

#include <linux/filter.h>

#include "fuzz/targets/filters/ebpf.h"

/* An input begins with what is done. */
enum sort { CLASSIC, FILTER, STEERING, IN_DRIVER, AS_SKB, GENERIC, GENERIC_TUN, FRAGS, SORTS };

#define NUMBERS	  18 /* bytes behind it, of eBPF and XDP */
#define MAX_INSNS 64
#define MAX_FRAME 1514
#define LONGEST	  (2 + MAX_INSNS * 8 + MAX_FRAME)
#define SURE_HEAD 192  /* room in front of a frame for XDP, without what the kernel uses of it */
#define MOVED	  1518 /* the longest frame that can be redirected */
#define ROOM	  4096 /* for what XDP makes of a frame */

struct plan {
	enum sort sort;
	/* one of these three */
	struct sock_filter code[MAX_INSNS];
	size_t n;
	struct ebpf_filter filter;
	struct ebpf_xdp xdp;

	const uint8_t *frame;
	size_t len;
};

/* False if it is none. */
bool plan_read(const uint8_t *data, size_t size, struct plan *plan);

#endif /* FUZZ_TARGETS_FILTERS_PLAN_H */
