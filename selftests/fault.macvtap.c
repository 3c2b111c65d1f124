// SPDX-License-Identifier: GPL-2.0-only
/* Where allocations fail: a queue of a macvtap is opened, and a frame written to it. */
#include <fcntl.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "selftests/fault.h"

static void make_node(struct bench *b)
{
	if (macvtap_add_lower() ||
	    link_add_on("macvtap", "m0", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE) ||
	    macvtap_node("m0", b->node))
		TH_BAIL("no macvtap: %s", strerror(errno));
}

static long call_open(void *bench)
{
	return open(((struct bench *)bench)->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

const struct op fault_op_macvtap_open = { .no_device = true,
					  .no_file = true,
					  .needs = { "macvtap" },
					  .make = make_node,
					  .call = call_open,
					  .undo = close_result,
					  .errnos = { ENOMEM, ENFILE, EFAULT } };

void bench_macvtap(struct bench *b)
{
	struct macvtap_pair p = macvtap_pair();

	b->t = p.tx;
	b->rx = p.rx;
	macvtap_pair_frame(&p, &b->f, 1000, 1);
}

/* After a failure the next frame gets through. */
static void sees_frame(struct bench *b)
{
	struct tun_packet p;

	while (tun_recv(&b->rx, &p, 0))
		;
	if (tun_send(&b->t, NULL, &b->f) < 0 || !macvtap_recv_same(&b->rx, &b->f, WAIT_MS))
		TH_BAIL("no frame gets through");
}

/* As with a TUN, EINVAL: headers that cannot be pulled together. */
const struct op fault_op_macvtap_write = { .no_device = true,
					   .no_file = true,
					   .needs = { "macvtap" },
					   .make = bench_macvtap,
					   .prepare = sees_frame,
					   .call = bench_write,
					   .errnos = { ENOMEM, ENOBUFS, EFAULT, EINVAL } };
