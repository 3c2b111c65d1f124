// SPDX-License-Identifier: GPL-2.0-only
/* Writes of several pieces to devices with NAPI, where with IFF_NAPI_FRAGS each is a fragment. */
#include <errno.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "fuzz/targets/napi_frags/plan.h"
#include "fuzz/targets/parts.h"
#include "harness/harness.h"

#define WAIT_MS 2000

struct port ports[PORTS];
size_t num_ports;
static int packet;

/* False if the kernel has not got it, or not for us. */
static bool open_port(struct port *p, size_t kind)
{
	char name[IFNAMSIZ];

	if ((kinds[kind].flags & IFF_NAPI_FRAGS && !fuzz_abi.init_net_admin) ||
	    (kinds[kind].big_endian && !fuzz_abi.kernel.cross_le))
		return false;
	snprintf(name, sizeof(name), "n%zu", kind);
	port_create_flags(p, name, kinds[kind].flags, kinds[kind].header);
	if (kinds[kind].big_endian)
		port_set_be(p);
	p->model.watched = true;
	port_up(p);
	return true;
}

static void begin(void)
{
	num_ports = 0;
	for (size_t i = 0; i < PORTS; i++)
		num_ports += open_port(&ports[num_ports], i);
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

static void check(void)
{
	port_check_all(ports, num_ports);
}

static void end(void)
{
	port_close_all(ports, num_ports);
	close(packet);
}

/* The frame comes from a softirq, which may be that of a thread. */
static void receive(bool expected, struct delivered *d)
{
	struct pollfd p = { .fd = packet, .events = POLLIN };

	if (expected)
		poll(&p, 1, WAIT_MS);
	delivered_receive(packet, d);
}

static int run(const uint8_t *data, size_t size)
{
	static struct plan s;
	struct delivered d = { 0 };
	struct model_written w;
	const char *what;
	struct port *p;

	if (!plan_read(data, size, &s))
		return -1;
	p = s.port;
	model_write(&fuzz_abi.kernel, &p->model, s.iov, s.count, &w);
	d.ret = s.count == 1 ? write(p->t.fd, s.iov->iov_base, s.iov->iov_len) :
			       writev(p->t.fd, s.iov, s.count);
	d.err = d.ret < 0 ? errno : 0;
	/* A frame that should not be there is met by the next one that should. */
	if (w.seen || d.ret != w.ret)
		receive(w.seen && d.ret > 0, &d);
	what = delivered_difference(&w, s.bytes + w.at, &d, true);
	if (what)
		port_wrong(p, what, &w, &d);
	fuzz_saw((uint32_t)d.err << 16 | d.vnet.gso_type << 8 | d.vnet.flags << 1 |
		 p->model.napi_frags);
	fuzz_saw(0x1000000 | d.err << 8 | s.count);
	port_count(p, &w);
	return 0;
}

const struct fuzz_target fuzz_target = {
	.name = "napi_frags",
	.format = "1 byte: number of the port (TUN or TAP, with IFF_NAPI_FRAGS or without, PI, a "
		  "header); 1 byte: number of pieces; for each 2 bytes, little-endian: its length, "
		  "32767 for what is left of the frame, and bit 15 if it cannot be read; 24 bytes: "
		  "the vnet header, little-endian; then the frame, which a pattern goes on",
	.max_len = FUZZ_MAX_LEN,
	.reset_inputs = 50000,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.print = target_print,
	.mutate = target_mutate,
	.seed = target_seed,
};
