/* SPDX-License-Identifier: GPL-2.0-only */
/* What an input says: a program for one of the places that take one, and a frame. */
#ifndef FUZZ_TARGETS_FILTERS_PLAN_H
#define FUZZ_TARGETS_FILTERS_PLAN_H

#include <linux/filter.h>

#include "fuzz/targets/filters/ebpf.h"

/* An input begins with what is done. */
enum sort {
	CLASSIC,
	FILTER,
	STEERING,
	IN_DRIVER,
	AS_SKB,
	GENERIC,
	GENERIC_TUN,
	FRAGS,
	XDP_SORTS,
	ADDRESSES = XDP_SORTS, /* TUNSETTXFILTER */
	ATTACHING,	       /* XDP programs come and go */
	SORTS
};

#define NUMBERS	      18 /* bytes behind it, of eBPF and XDP */
#define MAX_INSNS     64
#define MAX_FRAME     1514
#define LONGEST	      (2 + MAX_INSNS * 8 + MAX_FRAME)
#define SURE_HEAD     192 /* room in front of a frame for XDP, without what the kernel uses of it */
#define MOVED	      1518 /* the longest frame that can be redirected */
#define ROOM	      4096 /* for what XDP makes of a frame */

#define MAX_ADDRESSES 16
#define MAX_STEPS     8

/* A request for a program, one byte of the input. */
struct attach_step {
	uint32_t mode;	 /* XDP_FLAGS_SKB_MODE, ..., 0 for none */
	int program;	 /* what it returns, NO_PROGRAM to take it away, or a file that is none */
	bool if_none;	 /* XDP_FLAGS_UPDATE_IF_NOEXIST */
	bool replace;	 /* only if the one is there that drops */
	bool other, own; /* first that queue is detached, or attached again */
};
enum { NO_PROGRAM = -1, BAD_PROGRAM = -2 };

struct plan {
	enum sort sort;
	/* one of these */
	struct {
		uint8_t flags;
		size_t n;
		uint8_t list[MAX_ADDRESSES][6];
	} addresses;
	struct attach_step steps[MAX_STEPS];
	struct sock_filter code[MAX_INSNS];
	size_t n; /* of the code, or of the steps */
	struct ebpf_filter filter;
	struct ebpf_xdp xdp;

	const uint8_t *frame;
	size_t len;
};

/* False if it is none. */
bool plan_read(const uint8_t *data, size_t size, struct plan *plan);

#endif /* FUZZ_TARGETS_FILTERS_PLAN_H */
