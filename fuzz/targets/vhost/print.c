// SPDX-License-Identifier: GPL-2.0-only
/* An input of vhost as C. */
#include <stdio.h>

#include "fuzz/targets/parts.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/vhost/expect.h"
#include "fuzz/targets/vhost/layout.h"
#include "harness/harness.h"

static void print_ioctl(FILE *out, const struct plan *plan, const struct step *s)
{
	char call[128];

	switch (s->request) {
	case NUM:
	case BASE:
		snprintf(call, sizeof(call), "rings_state(VHOST_SET_VRING_%s, %u, %u)",
			 s->request == NUM ? "NUM" : "BASE", s->index, s->value);
		break;
	case ADDR:
		snprintf(call, sizeof(call), "rings_addr(%u, %#x, %u, %u, %u)", s->index, s->flags,
			 s->offset, s->avail, s->used);
		break;
	case FEATURES:
		snprintf(call, sizeof(call), "rings_features(%#llx | 1ULL << %u)",
			 (unsigned long long)plan->features, s->value);
		break;
	case TABLE:
		snprintf(call, sizeof(call), "rings_table(%u, %u)", s->count, s->flags);
		break;
	case OWNER:
		snprintf(call, sizeof(call), "rings_owner()");
		break;
	case NO_SOCKET:
		snprintf(call, sizeof(call),
			 "rings_file(VHOST_NET_SET_BACKEND, %u, rings.error[0])", s->index);
		break;
	case DELETE:
		snprintf(call, sizeof(call), "link_del(0, \"%s\")",
			 rings_name[rings_which(plan->features, plan->how)]);
		break;
	default:
		snprintf(call, sizeof(call), "rings_base(%u)", s->index);
	}
	fprintf(out, "\t\tCHECK(%s, ", call);
	print_result(out, s->expected, -s->expected);
	if (s->request == DELETE)
		fputs("\t\trings_gone();\n", out);
	if (s->spoils)
		fprintf(out, "\t\trings_spoil(%u);\n", s->index);
}

static void print_send(FILE *out, const struct plan *plan, const struct step *s)
{
	static const char *const calls[] = { [FATE_WRITTEN] = "send",
					     [FATE_GONE] = "send",
					     [FATE_BACK] = "bounce",
					     [FATE_MOVED] = "move" };
	struct model_written w;
	struct model_port port;
	enum fate fate;

	expect_send(plan, s, &port, &w);
	fate = expect_fate(plan, s, &w);
	fputs("\t\t{\n", out);
	print_vnet(out, "header", &s->vnet);
	print_bytes(out, "frame", s->frame, s->len);
	fprintf(out, "\n\t\tCHECK(complain(rings_%s(&header, frame, %u, %u, %u, %d)), 0);\n",
		calls[fate], s->len, s->cut, s->indirect, s->times);
	if (fate != FATE_WRITTEN || (!w.seen && expect_known(plan, s, &w)))
		fputs("\t\tCHECK(receive(), -EAGAIN);\n", out);
	else if (!w.seen)
		fputs("\t\twhile (receive() >= 0)\n\t\t\t;\n", out);
	for (int i = 0; i < s->times && fate == FATE_WRITTEN && w.seen; i++)
		print_seen(out, &port, &w);
	fputs("\t\t}\n", out);
}

static const char *queue_name(int queue)
{
	return queue == RINGS_TX ? "RINGS_TX" : "RINGS_RX";
}

static void print_desc(FILE *out, const struct step *s)
{
	static const char *const places[] = { "RINGS_AT_SLOT", "RINGS_AT_TABLE",  "RINGS_AT_RING",
					      "RINGS_AT_END",  "RINGS_AT_BEHIND", "RINGS_AT_ZERO",
					      "RINGS_AT_TOP" },
				 *const flags[] = { "VRING_DESC_F_NEXT", "VRING_DESC_F_WRITE",
						    "VRING_DESC_F_INDIRECT", "8" };

	fprintf(out, "\t\trings_desc(%s, %u, %s, %u, %u, 0", queue_name(s->queue), s->index,
		places[s->place], s->offset, s->len);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (s->flags >> i & 1)
			fprintf(out, " | %s", flags[i]);
	}
	fprintf(out, ", %u);\n", s->next);
}

static void print_step(FILE *out, const struct plan *plan, const struct step *s)
{
	switch (s->kind) {
	case SEND:
		print_send(out, plan, s);
		break;
	case POST:
		fprintf(out, "\t\tCHECK(complain(rings_post(%u, %u, %u)), 0);\n", s->len, s->cut,
			s->indirect);
		break;
	case ARRIVE:
		fprintf(out, "\t\tCHECK(complain(rings_arrive(%u)), 0);\n", s->len);
		break;
	case BACKEND:
		fprintf(out, "\t\tCHECK(complain(rings_backend(%s, %d)), 0);\n",
			queue_name(s->queue), s->on);
		break;
	case IOCTL:
		print_ioctl(out, plan, s);
		break;
	case DESC:
		print_desc(out, s);
		break;
	default:
		fprintf(out, "\t\tCHECK(complain(rings_publish(%s, %u, %u)), 0);\n",
			queue_name(s->queue), s->value, s->count);
	}
	if (s->error)
		fputs("\t\tCHECK(rings_error(RINGS_TX), 1);\n", out);
}

static void print_how(FILE *out, const struct plan *plan)
{
	static const char *const flags[] = { "RINGS_SINGLE", "RINGS_NAPI", "RINGS_QUEUES",
					     "RINGS_STEERED", "RINGS_DETACHED",
					     "RINGS_ZEROCOPY" };
	static const char *const verdicts[] = { "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX",
						"XDP_REDIRECT" };

	fputs(", 0", out);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (plan->how >> i & 1)
			fprintf(out, " | %s", flags[i]);
	}
	if (plan->verdict >= 0 && plan->verdict < (int)ARRAY_SIZE(verdicts))
		fprintf(out, ", %s", verdicts[plan->verdict]);
	else
		fprintf(out, ", %d", plan->verdict);
	fprintf(out, ", %d);\n", plan->rx_frames);
}

/* Of the whole input. */
static struct gain gain_of(const uint8_t *data, size_t size)
{
	struct gain gain = { .known = true };
	struct model_written w;
	struct model_port port;
	struct plan plan;
	struct step s;

	plan_begin(&plan, data, size);
	while (plan_step(&plan, &s)) {
		if (s.skip || s.kind != SEND)
			continue;
		expect_send(&plan, &s, &port, &w);
		expect_gain(&gain, &plan, &s, expect_fate(&plan, &s, &w), &w);
	}
	gain.known = gain.known && !plan.gone && !plan.spoilt[RINGS_TX];
	return gain;
}

#define FIELD "link_field(ns[0], rings_name[rings.which], \"rx_%s\")"

static void print_before(FILE *out)
{
	static const char *const names[] = { "packets", "bytes", "dropped" };

	for (int i = 0; i < 3; i++)
		fprintf(out, "\t\tlong long %s = " FIELD ";\n", names[i], names[i]);
}

static void print_gain(FILE *out, const struct gain *gain)
{
	fprintf(out, "\t\tCHECK(" FIELD " - packets, %u);\n", "packets", gain->packets);
	fprintf(out, "\t\tCHECK(" FIELD " - bytes, %llu);\n", "bytes",
		(unsigned long long)gain->bytes);
	fprintf(out, "\t\tCHECK(" FIELD " - dropped, %u);\n", "dropped", gain->dropped);
}

void target_print(FILE *out, const uint8_t *data, size_t size)
{
	static const char *const names[] = { "RINGS_MRG_RXBUF", "RINGS_VERSION_1",
					     "RINGS_OWN_HEADER", "RINGS_INDIRECT",
					     "RINGS_EVENT_IDX" };
	struct gain gain;
	struct plan plan;
	struct step s;

	if (!plan_begin(&plan, data, size))
		return;
	gain = gain_of(data, size);
	fputs("\t\tif (watcher < 0)\n\t\t\twatch();\n\t\tenter(ns[0]);\n\t\trings_open(0", out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (data[0] >> i & 1)
			fprintf(out, " | %s", names[i]);
	}
	print_how(out, &plan);
	if (gain.known)
		print_before(out);
	while (plan_step(&plan, &s)) {
		if (!s.skip)
			print_step(out, &plan, &s);
	}
	if (gain.known)
		print_gain(out, &gain);
	fputs("\t\trings_close();\n", out);
	if (plan.spoilt[RINGS_TX])
		fputs("\t\twhile (receive() >= 0)\n\t\t\t;\n", out);
}
