// SPDX-License-Identifier: GPL-2.0-only
/* An input of macvtap as C. */
#include "fuzz/targets/macvtap/expect.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/print.h"

/* The file of queue @queue in a program. */
static const char *file(const struct side *s, int queue)
{
	static char text[2][48];

	snprintf(text[queue], sizeof(text[queue]), "tap_queue(\"%s\", %d)", s->kind, queue);
	return text[queue];
}

static void print_setting(FILE *out, struct side *s, const struct tap_op *o)
{
	const char *fd = file(s, o->queue);
	int err = expect_setting(s, o), value = o->value;

	if (o->kind == SET_LINK && s->gone)
		return;
	fputs("\t\tCHECK(", out);
	switch (o->kind) {
	case SET_IFF:
		fprintf(out, "set_flags(%s, TUNSETIFF, ", fd);
		print_iff(out, o->value);
		break;
	case SET_SIZE:
		fprintf(out, "set_int(%s, TUNSETVNETHDRSZ, %d", fd, value);
		break;
	case SET_ORDER:
		fprintf(out, "set_int(%s, TUNSETVNET%s, %d", fd, value & 2 ? "BE" : "LE",
			value & 1);
		break;
	case SET_OFFLOAD:
		fprintf(out, "by_value(%s, TUNSETOFFLOAD, %#x", fd, o->value);
		break;
	case SET_QUEUE:
		fprintf(out, "set_flags(%s, TUNSETQUEUE, IFF_%s_QUEUE", fd,
			value & 1 ? "ATTACH" : "DETACH");
		break;
	case SET_SNDBUF:
		fprintf(out, "tap_sndbuf(%s, %d", fd, value);
		break;
	case SET_ADDRESS:
		fprintf(out, "tap_same_address(%s, %d, tap(\"%s\")->mac", fd, value & 1, s->kind);
		break;
	case SET_TXQUEUELEN:
		fprintf(out, "link_set(0, tap(\"%s\")->dev, IFLA_TXQLEN, %d", s->kind, value);
		break;
	case REOPEN:
		fprintf(out, "tap_reopen(%s", fd);
		break;
	case DELETE:
		fprintf(out, "tap_delete(\"%s\"", s->kind);
		break;
	default:
		fprintf(out, "set_wire(\"%s\", %d, %d, %u", s->kind, s->up, s->lower_up, s->mtu);
	}
	fputc(')', out);
	fputs(", ", out);
	print_result(out, err ? -1 : 0, err);
}

static void print_query(FILE *out, const struct side *s, const struct tap_op *o)
{
	int ret = expect_query(s, o);

	fprintf(out, "\t\tCHECK(tap_ask(%s, %u), ", file(s, o->queue), o->value);
	print_result(out, ret < 0 ? -1 : ret, ret < 0 ? -ret : 0);
}

static void print_write_op(FILE *out, const struct side *s, const struct tap_op *o)
{
	static struct expected_write e;
	struct model_port p = tap_port(&s->q[o->queue]);
	struct tap_written *w = &e.w;

	expect_write(s, o, &e);
	p.watched = e.arrival == FRAME;
	w->seen.ret = w->err ? -1 : (ssize_t)e.len;
	w->seen.err = w->err;
	fputs("\t\t{\n", out);
	if (e.there < e.len) {
		print_bytes(out, "bytes", e.bytes, e.len);
		fprintf(out, "\n\t\tCHECK(tap_write_torn(%s, bytes, %zu, %zu), ", file(s, o->queue),
			e.there, e.len);
		print_result(out, w->seen.ret, w->err);
		fputs("\t\t}\n", out);
		return;
	}
	print_write_to(out, file(s, o->queue), &p, e.bytes, e.len, w->known ? &w->seen : NULL);
	if (e.arrival == NOTHING)
		fputs("\t\tCHECK(receive(), -EAGAIN);\n", out);
	else if (e.arrival == UNKNOWN)
		fputs("\t\twhile (receive() != -EAGAIN)\n\t\t\t;\n", out);
	fputs("\t\t}\n", out);
}

/* Which queue it is and what the file gives, if one alone is there; otherwise how much there is. */
static void print_send(FILE *out, const struct side *s, const struct tap_op *o)
{
	static struct sent t;
	int queue = s->q[0].enabled ? 0 : 1;
	const struct tap_queue *q = &s->q[queue];
	size_t front = tap_port(q).vnet_size;

	expect_sent(s, o, &t);
	fputs("\t\t{\n", out);
	print_vnet(out, "header", &t.vnet);
	print_bytes(out, "frame", t.wire.data, t.wire.len);
	fprintf(out, "\n\t\tsend_from_world(\"%s\", &header, frame, %zu);\n", s->kind, t.wire.len);
	if (side_open(s) && s->q[0].enabled != s->q[1].enabled && !expect_segmented(s, q, &t))
		fprintf(out, "\t\tCHECK(read_frame(%s), %zu);\n", file(s, queue),
			t.wire.len + front);
	if (side_open(s) && s->q[0].enabled != s->q[1].enabled && o->shape == PLAIN)
		fprintf(out, "\t\tCHECK(memcmp(seen_frame + %zu, frame, %zu), 0);\n", front,
			t.wire.len);
	for (int i = 0; i < QUEUES; i++)
		fprintf(out, "\t\twhile (read_frame(%s) > 0)\n\t\t\t;\n", file(s, i));
	fputs("\t\t}\n", out);
}

void target_print(FILE *out, const uint8_t *data, size_t size)
{
	static struct side copy;
	struct plan plan;
	struct tap_op o;

	if (!plan_begin(&plan, data, size))
		return;
	copy = sides[plan.side];
	fprintf(out, "\t\ttap_defaults(\"%s\");\n", copy.kind);
	while (plan_next(&plan, &o)) {
		if (o.kind == WRITE)
			print_write_op(out, &copy, &o);
		else if (o.kind == SEND)
			print_send(out, &copy, &o);
		else if (o.kind == QUERY)
			print_query(out, &copy, &o);
		else
			print_setting(out, &copy, &o);
	}
}
