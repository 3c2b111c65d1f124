// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/expect.h"

#include <linux/if_ether.h>
#include <string.h>

size_t expect_kept(const struct plan *plan, uint32_t value)
{
	return value < plan->len ? value : plan->len;
}

/* The queue is chosen by the low 16 bits. */
unsigned int expect_queue(const struct plan *plan)
{
	return (uint16_t)ebpf_filter_run(&plan->filter, plan->frame, plan->len) % QUEUES;
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
