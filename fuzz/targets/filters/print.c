// SPDX-License-Identifier: GPL-2.0-only
/* An input of filters as C. */
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "fuzz/targets/filters/cbpf.h"
#include "fuzz/targets/filters/expect.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/print.h"
#include "harness/harness.h"

static void print_insns(FILE *out, const struct plan *plan)
{
	fputs("\t\tstatic const struct sock_filter insns[] = {\n", out);
	for (size_t i = 0; i < plan->n; i++) {
		const struct sock_filter *f = &plan->code[i];

		fputs("\t\t\t{ ", out);
		ebpf_print_code(out, f->code, true);
		fprintf(out, ", %u, %u, %#x },\n", f->jt, f->jf, f->k);
	}
	fputs(plan->n ? "\t\t};\n" : "\t\t\t{ 0 } /* none */\n\t\t};\n", out);
}

#define FILTERED "device(\"c0\", IFF_TAP | IFF_NO_PI, 0, 0)"

/* The frame goes into the device, and so many bytes come to this file. */
static void print_pass(FILE *out, const struct plan *plan, const char *file, size_t len)
{
	fprintf(out, "\t\tCHECK(do_send(0, \"%s\", 0x%02x%02x, frame, %zu), ",
		device_names[plan->sort], plan->frame[12], plan->frame[13], plan->len);
	if (!len) {
		fprintf(out, "-ENOBUFS);\n\t\tCHECK(read_frame(%s), -EAGAIN);\n", file);
		return;
	}
	fprintf(out, "%zu);\n\t\tCHECK(read_frame(%s), %zu);\n", plan->len, file, len);
	fprintf(out, "\t\tCHECK(memcmp(seen_frame, frame, %zu), 0);\n", len);
}

static void print_classic(FILE *out, const struct plan *plan)
{
	bool valid = cbpf_valid(plan->code, plan->n);
	uint32_t value = UINT32_MAX;

	print_insns(out, plan);
	fprintf(out, "\n\t\tCHECK(attach_insns(" FILTERED ", insns, %zu), %s);\n", plan->n,
		valid ? "0" : "-EINVAL");
	if (valid && !cbpf_run(plan->code, plan->n, plan->frame, plan->len, &value))
		fprintf(out,
			"\t\tdo_send(0, \"c0\", 0, frame, %zu);\n\t\tread_frame(" FILTERED ");\n",
			plan->len);
	else
		print_pass(out, plan, FILTERED, expect_kept(plan, value));
	if (valid)
		fputs("\t\tCHECK(set_int(" FILTERED ", TUNDETACHFILTER, 0), 0);\n", out);
}

static void print_addresses(FILE *out, const struct plan *plan)
{
	size_t n = plan->addresses.n;
	bool passes;
	int ret = expect_addresses(plan, &passes);

	print_bytes(out, "addresses", plan->addresses.list[0], n ? n * 6 : 6);
	fprintf(out, "\n\t\tCHECK(set_tx_filter(" FILTERED ", %#x, %zu, addresses), %d);\n",
		plan->addresses.flags, n, ret);
	print_pass(out, plan, FILTERED, passes ? plan->len : 0);
	fputs("\t\tCHECK(set_tx_filter(" FILTERED ", 0, 0, addresses), 0);\n", out);
}

static void print_program(FILE *out, int program)
{
	if (program == NO_PROGRAM)
		fputs("-1", out);
	else if (program == BAD_PROGRAM)
		fputs("fd", out);
	else
		fprintf(out, "returning(%s)", program == XDP_DROP ? "XDP_DROP" : "XDP_PASS");
}

static void print_request(FILE *out, const struct attach_step *s, int ret)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} modes[] = { { XDP_FLAGS_SKB_MODE, " | XDP_FLAGS_SKB_MODE" },
		      { XDP_FLAGS_DRV_MODE, " | XDP_FLAGS_DRV_MODE" },
		      { XDP_FLAGS_HW_MODE, " | XDP_FLAGS_HW_MODE" } };

	fprintf(out, "\t\tCHECK(change_xdp(\"%s\", ", device_names[ATTACHING]);
	print_program(out, s->program);
	fputs(", 0", out);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (s->mode & modes[i].flag)
			fputs(modes[i].name, out);
	}
	fprintf(out, "%s%s, ", s->if_none ? " | XDP_FLAGS_UPDATE_IF_NOEXIST" : "",
		s->replace ? " | XDP_FLAGS_REPLACE" : "");
	print_program(out, s->replace ? XDP_DROP : NO_PROGRAM);
	fputs("), ", out);
	print_result(out, ret ? -1 : 0, -ret);
}

static void print_queue(FILE *out, const char *file, bool *detached)
{
	*detached = !*detached;
	fprintf(out, "\t\tCHECK(with_ifreq(%s, TUNSETQUEUE, \"\", %s), 0);\n", file,
		*detached ? "IFF_DETACH_QUEUE" : "IFF_ATTACH_QUEUE");
}

static void print_attaching(FILE *out, const struct plan *plan)
{
	const char *name = device_names[ATTACHING];
	struct model_port p = ports[ATTACHING].model;
	struct attached a = { NO_PROGRAM, NO_PROGRAM };
	struct iovec iov = { (void *)plan->frame, plan->len };
	struct model_written w;
	bool other = false;

	fprintf(out,
		"\t\tint fd = device(\"%s\", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE, 0, 0);\n"
		"\t\tint other = other_file(\"%s\");\n\n\t\t(void)other;\n",
		name, name);
	for (size_t i = 0; i < plan->n; i++) {
		const struct attach_step *s = &plan->steps[i];

		if (s->other)
			print_queue(out, "other", &other);
		if (s->own)
			print_queue(out, "fd", &p.detached);
		model_write(&fuzz_abi.kernel, &p, &iov, 1, &w);
		print_request(out, s, expect_attach(&a, s));
		fprintf(out, "\t\tCHECK(result(write(fd, frame, %zu)), %zu);\n", plan->len,
			plan->len);
		if (w.seen && a.driver != XDP_DROP && a.stack != XDP_DROP)
			print_seen(out, &p, &w);
		else
			fputs("\t\tCHECK(receive(), -EAGAIN);\n", out);
	}
	if (a.driver != NO_PROGRAM)
		fprintf(out, "\t\tCHECK(change_xdp(\"%s\", -1, XDP_FLAGS_DRV_MODE, -1), 0);\n",
			name);
	if (a.stack != NO_PROGRAM)
		fprintf(out, "\t\tCHECK(change_xdp(\"%s\", -1, XDP_FLAGS_SKB_MODE, -1), 0);\n",
			name);
	if (other)
		print_queue(out, "other", &other);
	if (p.detached)
		print_queue(out, "fd", &p.detached);
}

static void print_ebpf(FILE *out, const struct plan *plan)
{
	char file[64] = FILTERED;
	struct ebpf_code code;

	ebpf_filter(&plan->filter, &code);
	ebpf_print(out, "insns", &code);
	if (plan->sort == FILTER) {
		fprintf(out, "\n\t\tCHECK(set_program(%s, TUNSETFILTEREBPF, insns, %zu), 0);\n",
			file, code.n);
		print_pass(
			out, plan, file,
			expect_kept(plan, ebpf_filter_run(&plan->filter, plan->frame, plan->len)));
		fprintf(out, "\t\tCHECK(set_int(%s, TUNSETFILTEREBPF, -1), 0);\n", file);
		return;
	}
	/* The last queue is attached when all are. */
	fprintf(out,
		"\n\t\tCHECK(set_program(queue(\"s0\", %d), TUNSETSTEERINGEBPF, insns, %zu), 0);\n",
		QUEUES - 1, code.n);
	snprintf(file, sizeof(file), "queue(\"s0\", %u)", expect_queue(plan));
	print_pass(out, plan, file, plan->len);
}

static const char *const waits[][2] = {
	[WAIT_NEVER] = { "result(write", "read_frame" },
	[WAIT_NOT_NOW] = { "(write_nowait", "read_nowait" },
	[WAIT_ALWAYS] = { "(write_waiting", "read_waiting" },
};

/* What has to come by @call, the file's own or that of the packet socket. */
static void print_outcome(FILE *out, const char *call, const struct outcome *o, size_t len,
			  bool same)
{
	if (!o->sure) {
		fprintf(out, "\t\t%s; /* if there was room for it */\n", call);
		return;
	}
	if (same)
		print_bytes(out, "edited", o->frame, o->len);
	fprintf(out, "\t\tCHECK(%s, %zu);\n", call, len);
	if (same)
		fprintf(out, "\t\tCHECK(memcmp(seen_frame, edited, %zu), 0);\n", len);
}

/* Where XDP sends it: "to" becomes the file that gets it, if there is one. */
static void print_to(FILE *out, const struct plan *plan, const struct ebpf_code *code)
{
	const struct ebpf_xdp *x = &plan->xdp;
	const struct tun *to = device_receiver(plan);

	if (to)
		fprintf(out, "\t\tint to = %s%s%s;\n\n", x->verdict == XDP_TX ? "fd" : "device(\"",
			x->verdict == XDP_TX ? "" : to->name,
			x->verdict == XDP_TX	 ? "" :
			to->flags & IFF_VNET_HDR ? "\", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 0, 0)" :
						   "\", IFF_TAP | IFF_NO_PI, 0, 0)");
	if (code->redirect && x->to == TO_NO_FILE)
		fprintf(out, "\t\tno_file(\"%s\");\n", places[x->to].name);
	if (code->redirect && x->to == TO_DOWN)
		fprintf(out,
			"\t\tdevice(\"%s\", IFF_TAP | IFF_NO_PI, 0, 0);\n"
			"\t\tCHECK(link_set_up(0, \"%s\", 0), 0);\n",
			places[x->to].name, places[x->to].name);
	if (code->redirect && x->to != TO_MISSING)
		fprintf(out, "\t\tinsns[%zu].imm = if_nametoindex(\"%s\");\n", code->redirect,
			places[x->to].name);
	if (!to || !x->full)
		return;
	print_bytes(out, "filler", devices_filler, FILLER_LEN);
	fprintf(out, "\t\tCHECK(link_set(0, \"%s\", IFLA_TXQLEN, 1), 0);\n", to->name);
	fprintf(out, "\t\tCHECK(do_send(0, \"%s\", 0x88b5, filler, %d), %d);\n", to->name,
		FILLER_LEN, FILLER_LEN);
}

static void print_edited(FILE *out, const struct plan *plan, const struct port *p,
			 const struct outcome *o)
{
	const struct tun *to = device_receiver(plan);
	size_t header = to && to->flags & IFF_VNET_HDR ? VNET_SIZE_LEGACY : 0;
	struct iovec iov = { (void *)o->frame, o->len };
	struct model_written w;
	char call[128];

	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	if (to)
		snprintf(call, sizeof(call), "%s(to)", waits[plan->xdp.wait][1]);
	if (to && plan->xdp.full)
		fprintf(out,
			"\t\tCHECK(read_frame(to), %zu);\n\t\tCHECK(read_frame(to), -EAGAIN);\n",
			FILLER_LEN + header);
	else if (!o->dropped && to)
		print_outcome(out, call, o, o->len + header, !o->unset && !header);
	else if (o->dropped || plan->xdp.verdict != XDP_PASS || !w.seen)
		fputs("\t\tCHECK(receive(), -EAGAIN);\n", out);
	else
		print_outcome(out, "receive()", o, o->len - (w.vlan ? 4 : 0), !o->unset && !w.vlan);
}

static void print_xdp(FILE *out, const struct plan *plan)
{
	static struct outcome o;
	const struct port *p = &ports[plan->sort];
	const char *write = waits[plan->xdp.wait][0];
	struct ebpf_code code;
	char device[96];

	snprintf(device, sizeof(device), "device(\"%s\", %s | IFF_NO_PI, 0, 0)",
		 device_names[plan->sort], device_flags(plan->sort));
	ebpf_xdp(&plan->xdp, places[plan->xdp.to].ifindex, &code);
	expect_xdp(plan, &o);
	ebpf_print(out, "insns", &code);
	fprintf(out, "\t\tint fd = %s;\n", device);
	print_to(out, plan, &code);
	fprintf(out, "\t\tCHECK(set_xdp(\"%s\", insns, %zu, %s), 0);\n", device_names[plan->sort],
		code.n, device_in_driver(plan->sort) ? "XDP_FLAGS_DRV_MODE" : "XDP_FLAGS_SKB_MODE");
	if (plan->sort == AS_SKB)
		fputs("\t\tCHECK(set_int(fd, TUNSETSNDBUF, INT_MAX - 1), 0);\n", out);
	if (expect_refused(plan)) {
		fprintf(out, "\t\tCHECK(%s(fd, frame, %zu)), -EINVAL);\n", write, plan->len);
		if (device_receiver(plan))
			fputs("\t\tread_frame(to);\n", out);
		return;
	}
	fprintf(out, "\t\tCHECK(%s(fd, frame, %zu)), %zu);\n", write, plan->len, plan->len);
	print_edited(out, plan, p, &o);
}

void target_print(FILE *out, const uint8_t *data, size_t size)
{
	static struct plan plan;

	if (!plan_read(data, size, &plan) || !device_has(plan.sort))
		return;
	print_bytes(out, "frame", plan.frame, plan.len);
	if (plan.sort == CLASSIC)
		print_classic(out, &plan);
	else if (plan.sort == ADDRESSES)
		print_addresses(out, &plan);
	else if (plan.sort == ATTACHING)
		print_attaching(out, &plan);
	else if (plan.sort < IN_DRIVER)
		print_ebpf(out, &plan);
	else
		print_xdp(out, &plan);
}
