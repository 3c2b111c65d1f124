// SPDX-License-Identifier: GPL-2.0-only
/* An input of queues as C. */

#include "fuzz/targets/parts.h"
#include "fuzz/targets/queues/expect.h"
#include "harness/harness.h"

static void print_step(FILE *out, const struct race_step *s)
{
	fprintf(out, "\t\t\t{ %s", race_name(s->op));
	if (s->op < RACE_TXQUEUELEN)
		fprintf(out, ", .file = %d", s->file);
	if (s->value)
		fprintf(out, ", .value = %d", s->value);
	if (s->delay)
		fprintf(out, ", .delay = %d", s->delay);
	fputs(", RACE_MAY(", out);
	for (int i = 0; i < s->choices; i++) {
		if (i)
			fputs(", ", out);
		if (s->may[i] < 0)
			fprintf(out, "-%s", harness_errno_name(-s->may[i]));
		else
			fprintf(out, s->op == RACE_POLL ? "%#x" : "%d", s->may[i]);
	}
	fputs(") },\n", out);
}

void target_print(FILE *out, const uint8_t *data, size_t size)
{
	static const char *const files[] = { "RACE_CLOSED", "RACE_FREE", "RACE_ATTACHED",
					     "RACE_DETACHED" };
	static struct plan plan;

	if (!plan_read(data, size, &plan))
		return;
	expect(&plan);
	for (int t = 0; t < RACE_THREADS; t++) {
		if (!plan.race.lists[t].count)
			continue;
		fprintf(out, "\t\tstatic const struct race_step thread%d[] = {\n", t);
		for (int i = 0; i < plan.race.lists[t].count; i++)
			print_step(out, &plan.steps[t][i]);
		fputs("\t\t};\n", out);
	}
	fprintf(out,
		"\t\tstatic const struct race race = {\n\t\t\t.flags = %s | IFF_NO_PI | "
		"IFF_MULTI_QUEUE%s,\n\t\t\t.persist = %d,\n\t\t\t.files = { ",
		plan.race.flags & IFF_TAP ? "IFF_TAP" : "IFF_TUN", plan.napi ? " | IFF_NAPI" : "",
		plan.race.persist);
	for (int i = 0; i < RACE_FILES; i++)
		fprintf(out, "%s%s", files[plan.race.files[i]],
			i + 1 < RACE_FILES ? ", " : " },\n");
	fputs("\t\t\t.lists = {\n", out);
	for (int t = 0; t < RACE_THREADS; t++) {
		if (plan.race.lists[t].count)
			fprintf(out, "\t\t\t\t[%d] = RACE_LIST(thread%d),\n", t, t);
	}
	fprintf(out, "\t\t\t},\n\t\t\t.may_vanish = %d,\n\t\t};\n\n", plan.race.may_vanish);
	fputs("\t\tenter(ns[0]);\n\t\trace_begin(program(1));\n"
	      "\t\tCHECK(complain(race_run(&race)), 0);\n\t\trace_finish();\n",
	      out);
}
