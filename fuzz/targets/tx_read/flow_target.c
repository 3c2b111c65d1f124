// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows of several queues, and reads that wait: what an input with READER_FLOWS says.
 */
#include "fuzz/fuzz.h"
#include "fuzz/targets/die.h"
#include "fuzz/targets/tx_read/flow_plan.h"
#include "netns/bpf.h"
#include "netns/fault.h"
#include "netns/link.h"

static int programs[8];
bool flow_can_fail;

static int flow_program(int returns)
{
	return programs[returns];
}

static int flow_delete(const char *dev)
{
	return link_del(dev) ? -errno : 0;
}

/* All of one device after the other, so that it is asked for once: with its ifindex. */
static long long flow_field(const char *dev, const char *field)
{
	static struct link link;

	if (!strcmp(field, "ifindex"))
		return link_get(dev, &link) ? -1 : link.index;
	if (!strcmp(field, "rx_packets"))
		return link.stats.rx_packets;
	if (!strcmp(field, "rx_dropped"))
		return link.stats.rx_dropped;
	return !strcmp(field, "tx_packets") ? link.stats.tx_packets : link.stats.tx_dropped;
}

#include "fuzz/targets/tx_read/flow.h"

void flows_begin(void)
{
	for (int i = 0; i < 8 && fuzz_abi.bpf; i++)
		programs[i] = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, i);
	flow_can_fail = harness_feature("fault_injection") && !fault_prepare();
	flow_begin();
}

void flows_end(void)
{
	for (int i = 0; i < 8 && fuzz_abi.bpf; i++)
		close(programs[i]);
	flow_finish();
}

int flows_run(const uint8_t *data, size_t size)
{
	static struct flow_plan p;
	const char *wrong;

	if (!flow_plan_read(data, size, &p))
		return -1;
	flow_expect(&p);
	wrong = flow_run(&p.flow);
	if (wrong)
		fuzz_wrong("%s", wrong);
	for (int i = 0; i < p.flow.count; i++)
		fuzz_saw(1u << 30 | p.steps[i].op << 20 | p.steps[i].how << 17 |
			 (p.steps[i].ret & 0x1ffff));
	return 0;
}
