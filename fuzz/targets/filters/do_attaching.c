// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs that come and go, on a device with another queue that does the same. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "device/tun.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/filters/do.h"
#include "fuzz/targets/filters/expect.h"
#include "netns/link.h"

static int program_fd(int program)
{
	return program == NO_PROGRAM  ? -1 :
	       program == BAD_PROGRAM ? ports[ATTACHING].t.fd :
					programs[program];
}

static int request(const struct attach_step *s)
{
	const char *name = device_names[ATTACHING];
	uint32_t flags = s->mode | (s->if_none ? XDP_FLAGS_UPDATE_IF_NOEXIST : 0);
	int fd = program_fd(s->program), ret;

	ret = s->replace ? link_replace_xdp(name, fd, programs[XDP_DROP], flags) :
			   link_set_xdp(name, fd, flags);
	return ret ? -errno : 0;
}

/* A frame passes, or meets a program that drops it. */
static void try_frame(const struct plan *plan, const struct attached *a)
{
	struct port *p = &ports[ATTACHING];
	struct iovec iov = { (void *)plan->frame, plan->len };
	struct model_written w;
	struct delivered d = { 0 };
	const char *what;

	d.ret = write(p->t.fd, plan->frame, plan->len);
	d.err = d.ret < 0 ? errno : 0;
	delivered_receive(packet, &d);
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	if (a->driver == XDP_DROP || a->stack == XDP_DROP) {
		w.delivered = w.seen = false;
		w.rx_dropped = a->driver == XDP_DROP;
		w.rx_packets = !w.rx_dropped;
		w.rx_bytes = w.rx_packets * plan->len;
	}
	what = delivered_difference(&w, plan->frame, &d, true);
	if (what)
		fuzz_wrong("%s of a frame of %zu bytes with programs %d in the driver and %d in "
			   "the stack",
			   what, plan->len, a->driver, a->stack);
	port_count(p, &w);
}

/* Detaches a queue, or attaches it again. */
static void switch_queue(int fd, bool *detached)
{
	*detached = !*detached;
	if (tun_set_queue(fd, *detached ? IFF_DETACH_QUEUE : IFF_ATTACH_QUEUE))
		fuzz_wrong("TUNSETQUEUE: %s", strerror(errno));
}

/* Takes all programs away. */
static void clean(const struct attached *a)
{
	const char *name = device_names[ATTACHING];

	if ((a->driver != NO_PROGRAM && link_set_xdp(name, -1, XDP_FLAGS_DRV_MODE)) ||
	    (a->stack != NO_PROGRAM && link_set_xdp(name, -1, XDP_FLAGS_SKB_MODE)))
		fuzz_wrong("a program cannot be taken away: %s", strerror(errno));
}

void do_attaching(const struct plan *plan)
{
	struct attached a = { NO_PROGRAM, NO_PROGRAM };
	struct port *p = &ports[ATTACHING];
	bool other = false;

	for (size_t i = 0; i < plan->n; i++) {
		const struct attach_step *s = &plan->steps[i];
		int expected, ret;

		if (s->other)
			switch_queue(other_queue, &other);
		if (s->own)
			switch_queue(p->t.fd, &p->model.detached);
		expected = expect_attach(&a, s);
		ret = request(s);
		if (ret != expected)
			fuzz_wrong("request %zu for XDP: model %d (%s), kernel %d (%s)", i,
				   expected, strerror(-expected), ret, strerror(-ret));
		try_frame(plan, &a);
		fuzz_saw(4 << 16 | -ret << 4 | (a.driver + 1) << 2 | (a.stack + 1));
	}
	clean(&a);
	if (other)
		switch_queue(other_queue, &other);
	if (p->model.detached)
		switch_queue(p->t.fd, &p->model.detached);
}
