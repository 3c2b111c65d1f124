// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
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

static void check_sent(const struct plan *plan, struct port *p, struct outcome *o)
{
	static uint8_t buf[2 * ROOM];
	ssize_t got = read(p->t.fd, buf, sizeof(buf));

	if (got < 0 && !o->sure) {
		o->dropped = true;
		return;
	}
	if (got == (ssize_t)o->len)
		settle(&plan->xdp, o, buf, o->len);
	if (got != (ssize_t)o->len || memcmp(buf, o->frame, o->len))
		fuzz_wrong("XDP on %s sends back %zu bytes of %zu, read %zd%s", p->t.name, o->len,
			   plan->len, got, got == (ssize_t)o->len ? " of other content" : "");
}

/* What the counters gain: in the stack a frame is counted before it meets the program. */
static void count(const struct plan *plan, struct port *p, const struct outcome *o,
		  struct model_written *w)
{
	bool stack = plan->sort == GENERIC || plan->sort == GENERIC_TUN, passed, sent;

	passed = !o->dropped && plan->xdp.verdict == XDP_PASS;
	sent = !o->dropped && plan->xdp.verdict == XDP_TX;
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

	ebpf_xdp(&plan->xdp, &code);
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

	set_xdp(plan);
	d.ret = write(p->t.fd, plan->frame, plan->len);
	d.err = d.ret < 0 ? errno : 0;
	if (d.err != (refused ? EINVAL : 0) || (!refused && d.ret != (ssize_t)plan->len))
		fuzz_wrong("write of %zu bytes to XDP on %s: %zd (%s)", plan->len, p->t.name, d.ret,
			   strerror(d.err));
	if (refused) {
		w.rx_dropped = 1;
		return port_count(p, &w);
	}
	expect_xdp(plan, &o);
	if (!o.dropped && plan->xdp.verdict == XDP_PASS)
		check_passed(plan, p, &o, &w, &d);
	else if (!o.dropped && plan->xdp.verdict == XDP_TX)
		check_sent(plan, p, &o);
	count(plan, p, &o, &w);
	fuzz_saw(plan->sort << 16 | (plan->xdp.verdict & 7) << 8 | (plan->xdp.head > 0) << 5 |
		 (plan->xdp.head < 0) << 4 | (plan->xdp.tail > 0) << 3 | (plan->xdp.tail < 0) << 2 |
		 o.dropped);
}
