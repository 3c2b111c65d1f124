// SPDX-License-Identifier: GPL-2.0-only
/* Steps with flows as C: flow.h does them. */
#include "device/uapi.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/tx_read/flow_plan.h"
#include "harness/harness.h"

static void print_step(FILE *out, const struct flow_step *s)
{
	static const char *const ops[] = { "FLOW_WRITE",    "FLOW_SEND",   "FLOW_EMPTY",
					   "FLOW_WAIT",	    "FLOW_POLL",   "FLOW_QUEUE",
					   "FLOW_STEERING", "FLOW_SNDBUF", "FLOW_UP",
					   "FLOW_CROWD",    "FLOW_ATTACH", "FLOW_TXQUEUELEN",
					   "FLOW_DELETE" };
	static const char *const hows[] = { "FLOW_WHOLE", "FLOW_NONBLOCK", "FLOW_HALF", "FLOW_FOUR",
					    "FLOW_NOWHERE" };
	static const char *const ends[] = { "FLOW_SIGNAL", "FLOW_FRAME", "FLOW_GONE" };

	fprintf(out, "\t\t\t{ %s, %d, %d, %s", ops[s->op], s->file, s->value,
		s->op == FLOW_WAIT ? ends[s->how] : hows[s->how]);
	if (s->ret < 0)
		fprintf(out, ", .ret = -%s", harness_errno_name(-s->ret));
	else if (s->ret)
		fprintf(out, s->op == FLOW_POLL ? ", .ret = %#x" : ", .ret = %d", s->ret);
	if (s->from)
		fprintf(out, ", .from = %#x", s->from);
	if (s->nth)
		fprintf(out, ", .nth = %d", s->nth);
	if (s->woken)
		fprintf(out, ", .woken = %#x", s->woken);
	fputs(" },\n", out);
}

void flows_print(FILE *out, const uint8_t *data, size_t size)
{
	static struct flow_plan p;
	const struct flow *f = &p.flow;

	if (!flow_plan_read(data, size, &p))
		return;
	flow_expect(&p);
	fputs("\t\tstatic const struct flow_step steps[] = {\n", out);
	for (int i = 0; i < f->count; i++)
		print_step(out, &p.steps[i]);
	if (!f->count)
		fputs("\t\t\t{ 0 }\n", out);
	fputs("\t\t};\n\t\tstatic const struct flow flow = {\n\t\t\t.flags = ", out);
	print_iff(out, f->flags);
	fprintf(out,
		",\n\t\t\t.steps = steps,\n\t\t\t.count = %d,\n\t\t\t.crowd = %d,\n\t\t\t.spent = %d,\n",
		f->count, f->crowd, f->spent);
	fprintf(out,
		"\t\t\t.rx_packets = %lld,\n\t\t\t.rx_dropped = %lld,\n\t\t\t.tx_packets = %lld,\n"
		"\t\t\t.tx_dropped = %lld,\n\t\t};\n\n",
		f->rx_packets, f->rx_dropped, f->tx_packets, f->tx_dropped);
	if (f->count && f->steps[f->count - 1].nth)
		fputs("\t\tfault_prepare();\n", out);
	fputs("\t\tenter(ns[0]);\n\t\tflow_begin();\n\t\tCHECK(complain(flow_run(&flow)), 0);\n",
	      out);
}
