// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/expect.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <string.h>

#include "device/model.h"

size_t expect_kept(const struct plan *plan, uint32_t value)
{
	return value < plan->len ? value : plan->len;
}

/* The queue is chosen by the low 16 bits. */
unsigned int expect_queue(const struct plan *plan)
{
	return (uint16_t)ebpf_filter_run(&plan->filter, plan->frame, plan->len) % QUEUES;
}

int expect_addresses(const struct plan *plan, bool *passes)
{
	const uint8_t *to = plan->frame;
	size_t n = plan->addresses.n, exact = n < MODEL_EXACT ? n : MODEL_EXACT;
	bool hashed = plan->addresses.flags & TUN_FLT_ALLMULTI;

	*passes = true;
	for (size_t i = exact; i < n; i++) {
		const uint8_t *address = plan->addresses.list[i];

		/* Behind the first eight there may be groups alone. */
		if (!(address[0] & 1))
			return 0;
		hashed |= model_hash(address) == model_hash(to);
	}
	for (size_t i = 0; i < exact; i++) {
		if (!memcmp(to, plan->addresses.list[i], 6))
			return exact;
	}
	*passes = !n || (to[0] & 1 && hashed);
	return exact;
}

int expect_attach(struct attached *a, const struct attach_step *s)
{
	bool stack = s->mode == XDP_FLAGS_SKB_MODE, hardware = s->mode == XDP_FLAGS_HW_MODE;
	int nothing = NO_PROGRAM, *here = stack ? &a->stack : &a->driver;
	int other = stack ? a->driver : a->stack;

	if (hardware)
		here = &nothing;
	if (s->program == BAD_PROGRAM)
		return -EINVAL;
	if (s->replace && *here != XDP_DROP)
		return -EEXIST;
	if (s->program != NO_PROGRAM && s->if_none && *here != NO_PROGRAM)
		return -EBUSY;
	if (s->program == *here)
		return 0;
	if (hardware)
		return -EINVAL;
	if (s->program != NO_PROGRAM && other != NO_PROGRAM)
		return -EEXIST;
	*here = s->program;
	return 0;
}

bool expect_refused(const struct plan *plan)
{
	return plan->sort == GENERIC_TUN && plan->frame[0] >> 4 != 4 && plan->frame[0] >> 4 != 6;
}

void expect_xdp(const struct plan *plan, struct outcome *o)
{
	const struct ebpf_xdp *x = &plan->xdp;
	int len = plan->len - x->head, skip = x->head > 0 ? x->head : 0;

	*o = (struct outcome){ .sure = x->head >= -SURE_HEAD && x->tail <= 0 };
	o->dropped =
		len < ETH_HLEN || len > ROOM || len + x->tail < ETH_HLEN || len + x->tail > ROOM;
	if (o->dropped)
		return;
	o->unset = -x->head > ETH_HLEN ? -x->head : 0;
	o->len = len + x->tail;
	memcpy(o->frame + (x->head < 0 ? -x->head : 0), plan->frame + skip, plan->len - skip);
	if (x->tail > 0)
		memset(o->frame + len, 0, x->tail);
	if (x->header) {
		memcpy(o->frame, ebpf_xdp_addresses, 12);
		o->frame[12] = x->type >> 8;
		o->frame[13] = x->type;
	}
	if (x->byte && x->at < o->len)
		o->frame[x->at] = x->value;
	if (x->verdict == XDP_REDIRECT)
		o->dropped = !x->to || x->to >= TO_DOWN || o->len > MOVED;
	o->lost = x->full || (x->verdict == XDP_REDIRECT && x->to == TO_NO_FILE);
}
