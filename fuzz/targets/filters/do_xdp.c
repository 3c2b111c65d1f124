// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/delivered.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/filters/do.h"
#include "fuzz/targets/filters/expect.h"
#include "harness/harness.h"
#include "netns/link.h"

/* The bytes that nobody has set are as they came. */
static void settle(const struct ebpf_xdp *x, struct outcome *o, const uint8_t *seen, size_t len)
{
	for (size_t at = ETH_HLEN; at < o->unset && at < len; at++) {
		if (!x->byte || at != x->at)
			o->frame[at] = seen[at];
	}
}

/* Nobody sees a frame that is too short for its tag, but it is counted. */
static bool is_counted(const struct port *p)
{
	return link_stats(p->t.name).rx_packets != p->sum.rx_packets;
}

static void check_passed(const struct plan *plan, struct port *p, struct outcome *o,
			 struct model_written *w, struct delivered *d)
{
	struct iovec iov = { o->frame, o->len };
	const char *what;

	delivered_receive(packet, d);
	if (d->seen && d->len == o->len)
		settle(&plan->xdp, o, d->frame, d->len);
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, w);
	if (!o->sure && !d->seen && (w->seen || !is_counted(p))) {
		o->dropped = true;
		return;
	}
	/* In the stack the type was looked at before, and is again if it has changed. */
	if (plan->sort != IN_DRIVER && w->protocol < 0x600)
		w->seen_protocol = ntohs(d->info.from.sll_protocol);
	w->pkt_type = d->info.from.sll_pkttype;
	w->ret = plan->len;
	what = delivered_difference(w, o->frame, d, true);
	if (what)
		fuzz_wrong("%s of a frame of %zu bytes that XDP passes on %s: %zu bytes, "
			   "kernel %zd (%s), %zu bytes",
			   what, plan->len, p->t.name, o->len, d->ret, strerror(d->err), d->len);
}

static size_t header_size(const struct tun *t)
{
	return t->flags & IFF_VNET_HDR ? VNET_SIZE_LEGACY : 0;
}

static void set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		TH_BAIL("O_NONBLOCK: %s", strerror(errno));
}

/* read(), which could wait only where it would not have to. */
static ssize_t get(const struct tun *t, void *buf, size_t size, enum ebpf_wait wait)
{
	struct pollfd ready = { t->fd, POLLIN, 0 };
	struct iovec iov = { buf, size };
	ssize_t got;

	if (wait == WAIT_ALWAYS && !poll(&ready, 1, 0))
		wait = WAIT_NEVER;
	if (wait == WAIT_NEVER)
		return read(t->fd, buf, size);
	tun_set_blocking(t->fd);
	got = preadv2(t->fd, &iov, 1, -1, wait == WAIT_NOT_NOW ? RWF_NOWAIT : 0);
	set_nonblock(t->fd);
	return got;
}

static ssize_t put(const struct tun *t, const struct plan *plan)
{
	struct iovec iov = { (void *)plan->frame, plan->len };
	ssize_t ret;
	int err;

	if (plan->xdp.wait == WAIT_NEVER)
		return write(t->fd, plan->frame, plan->len);
	tun_set_blocking(t->fd);
	ret = pwritev2(t->fd, &iov, 1, -1, plan->xdp.wait == WAIT_NOT_NOW ? RWF_NOWAIT : 0);
	err = errno;
	set_nonblock(t->fd);
	errno = err;
	return ret;
}

/* What fills the ring is all that is in it. */
static void check_filler(const struct tun *t, enum ebpf_wait wait)
{
	uint8_t buf[VNET_SIZE_LEGACY + FILLER_LEN];
	size_t header = header_size(t);

	if (get(t, buf, sizeof(buf), wait) != (ssize_t)header + FILLER_LEN ||
	    memcmp(buf + header, devices_filler, FILLER_LEN))
		fuzz_wrong("what filled the ring of %s is not in it any more", t->name);
	if (get(t, buf, sizeof(buf), wait) >= 0)
		fuzz_wrong("the ring of %s held more than it has room for", t->name);
}

/* The frame comes to this file, behind a header of zeros. */
static void check_sent(const struct plan *plan, const struct tun *t, struct outcome *o)
{
	static uint8_t buf[VNET_SIZE_LEGACY + 2 * ROOM];
	static const uint8_t zeros[VNET_SIZE_LEGACY];
	ssize_t header = header_size(t), got = get(t, buf, sizeof(buf), plan->xdp.wait);

	if (got < 0 && !o->sure) {
		o->dropped = true;
		return;
	}
	if (got == header + (ssize_t)o->len)
		settle(&plan->xdp, o, buf + header, o->len);
	if (got != header + (ssize_t)o->len || memcmp(buf, zeros, header) ||
	    memcmp(buf + header, o->frame, o->len))
		fuzz_wrong("XDP on %s sends %zu bytes of %zu to %s, read %zd behind %zd%s",
			   device_names[plan->sort], o->len, plan->len, t->name, got - header,
			   header, got == header + (ssize_t)o->len ? " of other content" : "");
}

/* What the counters of the device gain that it is sent to. */
static void count_sent(const struct plan *plan, const struct outcome *o, bool filled)
{
	struct place *p = &places[plan->xdp.to];
	bool sent = !o->dropped && !o->lost, full = !o->dropped && o->lost;

	if (plan->xdp.verdict == XDP_TX) {
		lost[plan->sort] += full;
		return;
	}
	/* In the driver nobody counts what goes to a device without a queue. */
	p->lost += full && (filled || plan->sort != IN_DRIVER);
	p->got += filled || sent;
}

/* What the counters gain: in the stack a frame is counted before it meets the program. */
static void count(const struct plan *plan, struct port *p, const struct outcome *o,
		  struct model_written *w)
{
	bool stack = plan->sort == GENERIC || plan->sort == GENERIC_TUN, passed, sent;

	passed = !o->dropped && plan->xdp.verdict == XDP_PASS;
	sent = !o->dropped && (plan->xdp.verdict == XDP_TX || plan->xdp.verdict == XDP_REDIRECT);
	w->rx_packets = stack || passed || (sent && plan->sort == IN_DRIVER);
	w->rx_bytes = !w->rx_packets ? 0 : sent && !stack ? o->len : plan->len;
	if (!passed)
		w->rx_dropped = plan->sort == IN_DRIVER && !sent;
	port_count(p, w);
}

static void set_xdp(const struct plan *plan)
{
	struct ebpf_code code;
	int program;

	ebpf_xdp(&plan->xdp, places[plan->xdp.to].ifindex, &code);
	program = do_load(BPF_PROG_TYPE_XDP, &code);
	if (bpf_slot_set(&slot, program))
		TH_BAIL("program in a slot: %s", strerror(errno));
	close(program);
}

void do_xdp(const struct plan *plan)
{
	static struct outcome o;
	struct port *p = &ports[plan->sort];
	struct model_written w = { 0 };
	struct delivered d = { 0 };
	bool refused = expect_refused(plan);
	const struct tun *to = device_receiver(plan);

	set_xdp(plan);
	if (to && plan->xdp.full)
		devices_fill(if_nametoindex(to->name));
	d.ret = put(&p->t, plan);
	d.err = d.ret < 0 ? errno : 0;
	if (d.err != (refused ? EINVAL : 0) || (!refused && d.ret != (ssize_t)plan->len))
		fuzz_wrong("write of %zu bytes to XDP on %s: %zd (%s)", plan->len, p->t.name, d.ret,
			   strerror(d.err));
	if (to && plan->xdp.full)
		check_filler(to, plan->xdp.wait);
	if (refused) {
		w.rx_dropped = 1;
		if (to && plan->xdp.full && plan->xdp.verdict == XDP_REDIRECT)
			places[plan->xdp.to].got++;
		return port_count(p, &w);
	}
	expect_xdp(plan, &o);
	if (!o.dropped && plan->xdp.verdict == XDP_PASS)
		check_passed(plan, p, &o, &w, &d);
	else if (!o.dropped && to && !plan->xdp.full)
		check_sent(plan, to, &o);
	if (plan->xdp.verdict == XDP_TX || plan->xdp.verdict == XDP_REDIRECT)
		count_sent(plan, &o, to && plan->xdp.full);
	count(plan, p, &o, &w);
	fuzz_saw(plan->sort << 16 | (plan->xdp.verdict & 7) << 8 | (plan->xdp.head > 0) << 5 |
		 (plan->xdp.head < 0) << 4 | (plan->xdp.tail > 0) << 3 | (plan->xdp.tail < 0) << 2 |
		 o.dropped);
}
