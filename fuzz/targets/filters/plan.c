// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/plan.h"

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <string.h>

#include "fuzz/targets/edit.h"

static bool is_vlan(uint16_t type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

static void parse_filter(const uint8_t *d, struct ebpf_filter *f)
{
	*f = (struct ebpf_filter){
		.form = d[0] % EBPF_FORMS,
		.value = d[1],
		.at = edit_get16(d + 2) % ROOM,
		.a = edit_get32(d + 10),
		.b = edit_get32(d + 14),
	};
}

/* New bytes in front of a frame are not defined, so that a header has to be written. */
static void parse_xdp(const uint8_t *d, enum sort sort, struct ebpf_xdp *x)
{
	static const enum ebpf_wait waits[] = { WAIT_NEVER, WAIT_NOT_NOW, WAIT_ALWAYS, WAIT_NEVER };
	bool tap = sort != GENERIC_TUN;

	*x = (struct ebpf_xdp){
		.header = tap && d[0] & 1,
		.byte = d[0] & 2,
		.value = d[1],
		.at = edit_get16(d + 2) % ROOM,
		.type = edit_get16(d + 4),
		.head = tap ? edit_get16(d + 6) : 0,
		.tail = edit_get16(d + 8),
		.verdict = edit_get32(d + 10),
		.to = (d[14] & 7) % TO_PLACES,
		.full = d[14] & 8,
		.wait = waits[d[14] >> 4 & 3],
	};
	if (x->head < 0)
		x->header = true;
	/* What could wait is not handed to XDP in the driver. */
	if (sort == IN_DRIVER && x->wait == WAIT_ALWAYS)
		x->wait = WAIT_NOT_NOW;
	/* Whether it is lost earlier could not be told. */
	if (x->head < -SURE_HEAD || x->tail > 0) {
		x->full = false;
		x->to = x->to == TO_NO_FILE ? TO_TAP : x->to;
	}
	if (x->header && is_vlan(x->type))
		x->type ^= 1;
	/* The addresses decide about things that the stack looks at before and after. */
	if (x->at < (tap ? 12 : ETH_HLEN))
		x->at += ETH_HLEN;
}

static void parse_step(uint8_t byte, struct attach_step *s)
{
	static const uint32_t modes[] = { 0, XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE,
					  XDP_FLAGS_HW_MODE };
	static const int programs[] = { NO_PROGRAM, XDP_PASS, XDP_DROP, BAD_PROGRAM };

	*s = (struct attach_step){
		.mode = modes[byte & 3],
		.program = programs[byte >> 2 & 3],
		.if_none = byte & 0x10,
		.replace = byte & 0x20,
		.other = byte & 0x40,
		.own = byte & 0x80,
	};
}

bool plan_read(const uint8_t *data, size_t size, struct plan *plan)
{
	size_t at = 1;

	memset(plan, 0, sizeof(*plan));
	if (size < 2)
		return false;
	plan->sort = data[0] % SORTS;
	if (plan->sort == CLASSIC) {
		plan->n = data[at++] % (MAX_INSNS + 1);
		if (size < at + plan->n * 8)
			return false;
		for (size_t i = 0; i < plan->n; i++, at += 8)
			plan->code[i] =
				(struct sock_filter){ edit_get16(data + at), data[at + 2],
						      data[at + 3], edit_get32(data + at + 4) };
	} else if (plan->sort == ADDRESSES) {
		plan->addresses.flags = data[at++];
		plan->addresses.n = size < 3 ? 0 : data[at++] % (MAX_ADDRESSES + 1);
		if (size < at + plan->addresses.n * 6)
			return false;
		memcpy(plan->addresses.list, data + at, plan->addresses.n * 6);
		at += plan->addresses.n * 6;
	} else if (plan->sort == ATTACHING) {
		plan->n = 1 + data[at++] % MAX_STEPS;
		if (size < at + plan->n)
			return false;
		for (size_t i = 0; i < plan->n; i++)
			parse_step(data[at++], &plan->steps[i]);
	} else {
		if (size < at + NUMBERS)
			return false;
		if (plan->sort < IN_DRIVER)
			parse_filter(data + at, &plan->filter);
		else
			parse_xdp(data + at, plan->sort, &plan->xdp);
		at += NUMBERS;
	}
	plan->frame = data + at;
	plan->len = size - at;
	return plan->len >= ETH_HLEN && plan->len <= MAX_FRAME;
}
