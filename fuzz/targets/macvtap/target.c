// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of a macvtap or an ipvtap, with two queues, on a veth pair: settings, frames written to
 * it, which a packet socket sees at the other end of the pair, and frames sent there, which are
 * read.
 *
 *	packet socket -- "world0" ==veth== "lower0" -- "tap0" (macvtap) == two files
 *	packet socket -- "world1" ==veth== "lower1" -- "tap1" (ipvtap)  == two files
 *
 * What is known to go wrong is left out or expected: no frame that is read is of UDP to be
 * segmented (F15 in docs/findings.md), and a read that ends in a VLAN tag may give what it does
 * (F13).
 */
#include "fuzz/fuzz.h"
#include "fuzz/targets/macvtap/do.h"
#include "fuzz/targets/parts.h"

FUZZ_TEXT(macvtap_prologue, FUZZ_FILE("fuzz/targets/macvtap/query.h") FUZZ_LINE("")
				    FUZZ_FILE("fuzz/targets/macvtap/program.h"));

static int run(const uint8_t *data, size_t size)
{
	struct plan plan;
	struct tap_op o;
	struct side *s;

	if (!plan_begin(&plan, data, size))
		return -1;
	s = &sides[plan.side];
	while (plan_next(&plan, &o)) {
		if (o.kind == WRITE)
			do_write(s, &o);
		else if (o.kind == SEND)
			do_send(s, &o);
		else if (o.kind == QUERY)
			do_query(s, &o);
		else
			do_setting(s, &o);
	}
	side_restore(s);
	return 0;
}

const struct fuzz_target fuzz_target = {
	.name = "macvtap",
	.format =
		"1 byte: bit 0 an ipvtap instead of a macvtap; then up to 32 operations, each a byte "
		"modulo 14 and: 0 TUNSETIFF, queue, flags; 1 TUNSETVNETHDRSZ, queue, size; 2 "
		"TUNSETVNETLE (bit 1: BE), queue, value; 3 TUNSETOFFLOAD, mask (2 bytes); 4 "
		"TUNSETQUEUE, queue, on or off; 5 bit 0 the link below is up, bits 1 and 2 the MTU at "
		"the other end; 6 a write: queue (bit 1: half of it in "
		"memory that is not there), vnet header (10), bytes written if below 64, length "
		"(2), the frame, whose addresses are filled in; 7 a frame sent to it and read: plain, "
		"tagged, partial checksum or super-frame, payload (2), size of segments, of the "
		"reader's buffer (2); 8 a query, queue, which; 9 TUNSETSNDBUF, queue, size; 10 "
		"SIOCSIFHWADDR, queue, kind of link; 11 txqueuelen; 12 another open(), queue; 13 the "
		"link is deleted, after which its files have none",
	.max_len = FUZZ_MAX_LEN,
	.reset_inputs = 20000,
	.begin = sides_begin,
	.end = sides_end,
	.run = run,
	.print = target_print,
	.prologue = macvtap_prologue,
	.mutate = target_mutate,
	.seed = target_seed,
};
