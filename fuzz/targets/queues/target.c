// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that race on the files of one multi-queue device. No two runs of an input are the same;
 * what is compared is what every order of its steps has to lead to.
 */
#include <string.h>
#include <unistd.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/die.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/queues/expect.h"
#include "netns/bpf.h"
#include "netns/link.h"

/* The names are those of lockstep and of the programs. */
static long long race_field(const char *field)
{
	struct link link;

	if (link_get("q0", &link))
		return -1;
	if (!strcmp(field, "ifindex"))
		return link.index;
	if (!strcmp(field, "mtu"))
		return link.mtu;
	if (!strcmp(field, "txqueuelen"))
		return link.txqueuelen;
	if (!strcmp(field, "type"))
		return link.type;
	if (!strcmp(field, "up"))
		return link.flags & IFF_UP;
	if (!strcmp(field, "rx_packets"))
		return link.stats.rx_packets;
	if (!strcmp(field, "persist"))
		return link.data[IFLA_TUN_PERSIST];
	if (!strcmp(field, "queues"))
		return link.data[IFLA_TUN_NUM_QUEUES];
	return link.data[IFLA_TUN_NUM_DISABLED_QUEUES];
}

#include "fuzz/targets/queues/race.h"

FUZZ_TEXT(queues_prologue,
	  FUZZ_LINE("#define race_field(field) link_field(ns[0], RACE_DEVICE, field)")
		  FUZZ_FILE("fuzz/targets/queues/ops.h") FUZZ_FILE("fuzz/targets/queues/race.h"));

static int links;

/* How many there are, with lo. */
static int count_links(void)
{
	struct if_nameindex *all = if_nameindex();
	int n = 0;

	if (!all)
		die("if_nameindex");
	while (all[n].if_index)
		n++;
	if_freenameindex(all);
	return n;
}

static void begin(void)
{
	race_begin(fuzz_abi.bpf ? bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 1) : -1);
	links = count_links();
}

static void check(void)
{
	int now = count_links();

	if (now != links)
		fuzz_wrong("links: %d, at first %d", now, links);
}

static void end(void)
{
	race_finish();
	if (race_program >= 0)
		close(race_program);
}

static int run(const uint8_t *data, size_t size)
{
	static struct plan plan;
	const char *wrong;

	if (!plan_read(data, size, &plan))
		return -1;
	expect(&plan);
	wrong = race_run(&plan.race);
	if (wrong)
		fuzz_wrong("%s", wrong);
	for (int t = 0; t < RACE_THREADS; t++) {
		for (int i = 0; i < plan.race.lists[t].count; i++)
			fuzz_saw(plan.steps[t][i].op << 16 | (uint16_t)race_results[t][i]);
	}
	return 0;
}

const struct fuzz_target fuzz_target = {
	.name = "queues",
	.format = "1 byte: bit 0 TUN instead of TAP, bit 1 IFF_NAPI, bit 2 persistent; 1 byte: how "
		  "each of four files is, two bits each (closed, open, attached, detached); then "
		  "steps of 4 bytes: thread (the upper two bits) and operation, file, a value, the "
		  "root of a delay. Each of the four threads does its first six",
	.max_len = MAX,
	.reset_inputs = 500,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.prologue = queues_prologue,
	.print = target_print,
	.mutate = target_mutate,
	.seed = target_seed,
};
