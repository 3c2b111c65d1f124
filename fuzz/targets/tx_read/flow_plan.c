// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/tx_read/flow_plan.h"

#include <limits.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"

static int value_of(enum flow_op op, uint8_t byte, int flags)
{
	static const int lengths[] = { 500, 1, 2, 3, 64, 1000, 4096, 499 };
	static const int buffers[] = { 1, 100000, 0, -1, 4, 3, 2000, INT_MAX };

	switch (op) {
	case FLOW_SNDBUF:
		/* NAPI gives the memory of a frame back when it likes. */
		return flags & IFF_NAPI && buffers[byte % 8] > 0 ? INT_MAX : buffers[byte % 8];
	case FLOW_TXQUEUELEN:
		return lengths[byte % 8];
	case FLOW_STEERING:
		return fuzz_abi.bpf ? byte % 8 - 1 : -1;
	case FLOW_QUEUE:
	case FLOW_UP:
	case FLOW_ATTACH:
		return byte & 1;
	default:
		return byte % FLOW_ALL;
	}
}

static int flags_of(uint8_t bits)
{
	unsigned int flags = bits & FLOW_TAP ? IFF_TAP : IFF_TUN, napi = fuzz_abi.features;

	flags |= bits & FLOW_PI ? 0 : IFF_NO_PI;
	flags |= bits & FLOW_VNET ? IFF_VNET_HDR : 0;
	flags |= bits & FLOW_SINGLE ? 0 : IFF_MULTI_QUEUE;
	flags |= bits & FLOW_NAPI ? IFF_NAPI & napi : 0;
	if (flags & IFF_TAP && flags & IFF_NAPI && bits & FLOW_FRAGS && fuzz_abi.init_net_admin)
		flags |= IFF_NAPI_FRAGS & napi;
	return flags;
}

static bool allocates(enum flow_op op)
{
	return op == FLOW_WRITE || op == FLOW_SEND || op == FLOW_STEERING || op == FLOW_QUEUE ||
	       op == FLOW_ATTACH || op == FLOW_TXQUEUELEN;
}

bool flow_plan_read(const uint8_t *data, size_t size, struct flow_plan *p)
{
	memset(p, 0, sizeof(*p));
	if (size < FLOW_HEAD)
		return false;
	p->flow.steps = p->steps;
	p->flow.flags = flags_of(data[1]);
	data += FLOW_HEAD;
	size = (size - FLOW_HEAD) / FLOW_STEP;
	for (size_t i = 0; i < size && i < FLOW_STEPS; i++, data += FLOW_STEP) {
		struct flow_step *s = &p->steps[p->flow.count++];

		s->op = data[0] % FLOW_OPS;
		s->file = data[1] % flow_files(p->flow.flags);
		s->value = value_of(s->op, data[2], p->flow.flags);
		s->how = (data[3] & 7) % (s->op == FLOW_WAIT ? (int)FLOW_ENDS : (int)FLOW_HOWS);
		p->flow.crowd |= s->op == FLOW_CROWD;
		s->nth = flow_can_fail && allocates(s->op) ? data[3] >> 3 : 0;
		if (s->nth) {
			p->flow.spent = true;
			return true;
		}
	}
	return true;
}
