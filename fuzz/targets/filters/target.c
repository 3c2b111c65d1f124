// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs on a device: classic filters, eBPF that filters or chooses a queue, XDP on each of
 * its ways; and a frame that meets the program.
 *
 * Left out is what is known to go wrong. No file is attached to a TAP that has a classic filter. On
 * a TUN, XDP does not touch what would be an Ethernet header. And no frame has a vnet header, so
 * that XDP meets neither super-frames nor partial checksums.
 */
#include "fuzz/fuzz.h"
#include "fuzz/targets/filters/devices.h"
#include "fuzz/targets/filters/do.h"
#include "fuzz/targets/parts.h"

FUZZ_TEXT(filters_prologue, FUZZ_FILE("fuzz/targets/filters/program.h"));

static int run(const uint8_t *data, size_t size)
{
	static struct plan plan;

	if (!plan_read(data, size, &plan) || !device_has(plan.sort))
		return -1;
	if (plan.sort == CLASSIC)
		do_classic(&plan);
	else if (plan.sort == FILTER)
		do_filter(&plan);
	else if (plan.sort == STEERING)
		do_steering(&plan);
	else if (plan.sort == ADDRESSES)
		do_addresses(&plan);
	else if (plan.sort == ATTACHING)
		do_attaching(&plan);
	else
		do_xdp(&plan);
	return 0;
}

const struct fuzz_target fuzz_target = {
	.name = "filters",
	.format =
		"1 byte: 0 a classic filter, 1 eBPF for TUNSETFILTEREBPF, 2 for "
		"TUNSETSTEERINGEBPF, 3 XDP in the driver, 4 as an skb, 5 generic, 6 generic on a "
		"TUN, 7 with IFF_NAPI_FRAGS, 8 TUNSETTXFILTER, 9 XDP programs that "
		"come and go. Then for 0 the number of instructions and these, of 8 bytes each; "
		"for 8 flags (1), the number of addresses (1) and these; for 9 one less than the "
		"number of requests (1) and these, of one byte each; otherwise form, value (1 "
		"byte each), at, type, head, tail (2), a, b "
		"(4), see ebpf.h, of XDP a is the verdict and b where it redirects to, 8 for a "
		"full ring, 16 and 32 for a file that could wait; all little-endian. Then the frame",
	.max_len = LONGEST,
	.reset_inputs = 20000,
	.begin = devices_begin,
	.end = devices_end,
	.check = devices_check,
	.run = run,
	.print = target_print,
	.prologue = filters_prologue,
	.mutate = target_mutate,
	.seed = target_seed,
};
