// SPDX-License-Identifier: GPL-2.0-only
/* An input of napi_frags as C. */

#include "fuzz/targets/napi_frags/plan.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/print.h"

static void print_lengths(FILE *out, const struct plan *s)
{
	fputs("\t\tstatic const unsigned short pieces[] = {", out);
	for (int i = 0; i < s->count; i++)
		fprintf(out, " %s%zu,", s->iov[i].iov_base ? "" : "UNREADABLE | ",
			s->iov[i].iov_len);
	fputs(s->count ? " };\n" : " 0 };\n", out);
}

/* The frame, of which the program fills in what is a pattern. */
static size_t print_frame(FILE *out, const struct plan *s, size_t front)
{
	size_t len = s->size > front ? s->size - front : 0;
	size_t given = s->given < s->size ? s->given - front : len;

	fprintf(out, "\t\tstatic unsigned char frame[%zu] = {", len + !len);
	for (size_t i = 0; i < given; i++)
		fprintf(out, "%s0x%02x,", i % 16 ? " " : "\n\t\t\t", s->bytes[front + i]);
	fputs(given ? "\n\t\t};\n" : " 0 };\n", out);
	if (given < len)
		fprintf(out, "\n\t\tpattern(frame, %zu, %zu);", given, len);
	return len;
}

void target_print(FILE *out, const uint8_t *data, size_t size)
{
	static struct plan s;
	const struct model_port *m;
	struct model_written w;
	struct vnet v;
	size_t len;

	if (!plan_read(data, size, &s))
		return;
	m = &s.port->model;
	model_write(&fuzz_abi.kernel, m, s.iov, s.count, &w);
	if (m->vnet_hdr) {
		v = vnet_decode(s.bytes + (m->pi ? 4 : 0), m->vnet_size, m->big_endian);
		print_vnet(out, "header", &v);
	}
	print_lengths(out, &s);
	len = print_frame(out, &s, tun_header_size(&s.port->t));
	fputs("\n\t\tCHECK(write_pieces(", out);
	print_device(out, s.port);
	fprintf(out, ", %d, %s, %u, %d,\n\t\t\t\t   frame, %zu, pieces, %d), ",
		m->pi ? s.bytes[2] << 8 | s.bytes[3] : -1, m->vnet_hdr ? "&header" : "NULL",
		m->vnet_size, m->big_endian, len, s.count);
	print_result(out, w.ret, w.err);
	print_seen(out, m, &w);
}
