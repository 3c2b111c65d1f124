// SPDX-License-Identifier: GPL-2.0-only
/* Where allocations fail: a queue of a macvtap is opened, and a frame written to it. */
#include <fcntl.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"
#include "selftests/fault.h"

static void make_node(struct bench *b)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t from[6] = { 2, 0, 0, 0, 0, 9 };

	if (macvtap_add_lower() ||
	    link_add_on("macvtap", "m0", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE) ||
	    link_up("m0") || macvtap_node("m0", b->node))
		TH_BAIL("no macvtap: %s", strerror(errno));
	b->other = packet_open(MACVTAP_WORLD, 0, 0);
	macvtap_frame(&b->f, broadcast, from, 64, 1);
}

/* A file that could be opened works: it gets a broadcast from the network. */
static void close_working(struct bench *b, long fd)
{
	struct tun t = { .fd = fd,
			 .name = "m0",
			 .flags = MACVTAP_FLAGS,
			 .vnet_size = VNET_SIZE_LEGACY };

	if (packet_send(b->other, b->f.data, b->f.len) < 0 ||
	    !macvtap_recv_same(&t, &b->f, WAIT_MS))
		TH_BAIL("no frame gets through");
	close(fd);
}

static long call_open(void *bench)
{
	return open(((struct bench *)bench)->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

const struct op fault_op_macvtap_open = { .no_device = true,
					  .no_file = true,
					  .needs = { "macvtap", "packet_socket" },
					  .make = make_node,
					  .call = call_open,
					  .undo = close_working,
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

static void make_lower(struct bench *b __UNUSED)
{
	if (macvtap_add_lower())
		TH_BAIL("no veth pair: %s", strerror(errno));
}

static void delete_link(struct bench *b __UNUSED, long ret __UNUSED)
{
	if (link_del("m1"))
		TH_BAIL("m1: %s", strerror(errno));
}

static long call_macvtap(void *bench __UNUSED)
{
	return link_add_on("macvtap", "m1", MACVTAP_LOWER, MACVLAN_MODE_BRIDGE);
}

static long call_ipvtap(void *bench __UNUSED)
{
	return link_add_on("ipvtap", "m1", MACVTAP_LOWER, IPVLAN_MODE_L2);
}

/*
 * The answer to the request may be lost: EFAULT, ENOBUFS when all is done. EINVAL: device_add()
 * says so if there was no memory for the name.
 */
#define NEW_LINK(kind)                                                                             \
	const struct op fault_op_##kind##_link = { .no_device = true,                              \
						   .no_file = true,                                \
						   .needs = { #kind },                             \
						   .make = make_lower,                             \
						   .call = call_##kind,                            \
						   .undo = delete_link,                            \
						   .errnos = { ENOMEM, ENOBUFS, EFAULT, ENFILE,    \
							       EINVAL },                           \
						   .late = { EFAULT, ENOBUFS } }

NEW_LINK(macvtap);
NEW_LINK(ipvtap);

static void make_queue(struct bench *b)
{
	b->rx = macvtap_bridge("m0");
}

static void old_length(struct bench *b __UNUSED)
{
	if (link_set_txqueuelen("m0", 500))
		TH_BAIL("txqueuelen: %s", strerror(errno));
}

static long call_length(void *bench __UNUSED)
{
	return link_set_txqueuelen("m0", 100);
}

const struct op fault_op_macvtap_txqueuelen = { .no_device = true,
						.no_file = true,
						.needs = { "macvtap" },
						.make = make_queue,
						.prepare = old_length,
						.call = call_length,
						.errnos = { EPERM, ENOMEM, ENOBUFS, EFAULT,
							    ENFILE } };

/* As with a TUN, EINVAL: headers that cannot be pulled together. */
const struct op fault_op_macvtap_write = { .no_device = true,
					   .no_file = true,
					   .needs = { "macvtap" },
					   .make = bench_macvtap,
					   .prepare = sees_frame,
					   .call = bench_write,
					   .errnos = { ENOMEM, ENOBUFS, EFAULT, EINVAL } };
