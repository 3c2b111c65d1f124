// SPDX-License-Identifier: GPL-2.0-only
/* An input of tx_read as C. */
#include <linux/if_ether.h>
#include <string.h>

#include "device/uapi.h"
#include "harness/harness.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/tx_read/expect.h"
#include "fuzz/targets/tx_read/flow_plan.h"

static void print_mask(FILE *out, unsigned int mask)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} bits[] = {
		{ "TUN_F_CSUM", TUN_F_CSUM },
		{ "TUN_F_TSO4", TUN_F_TSO4 },
		{ "TUN_F_TSO6", TUN_F_TSO6 },
		{ "TUN_F_TSO_ECN", TUN_F_TSO_ECN },
		{ "TUN_F_UFO", TUN_F_UFO },
		{ "0x20 /* TUN_F_USO4 */", TUN_F_USO4 },
		{ "0x40 /* TUN_F_USO6 */", TUN_F_USO6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		if (mask & bits[i].bit)
			fprintf(out, "%s | ", bits[i].name);
		mask &= ~bits[i].bit;
	}
	fprintf(out, "%#x", mask);
}

static void print_settings(FILE *out, const struct plan *p)
{
	struct port port = p->r->port;

	/* What it is made with; its header becomes another one afterwards. */
	port.model.vnet_size = port.model.vnet_hdr ? VNET_SIZE_LEGACY : 0;
	port.model.big_endian = false;
	fputs("\t\tint reader = ", out);
	print_device(out, &port);
	fputs(";\n\n\t\tset_mtu(\"", out);
	fprintf(out, "%s\", %u);\n", port.t.name, READER_MTU);
	if (p->port.vnet_hdr)
		fprintf(out, "\t\tCHECK(set_int(reader, TUNSETVNETHDRSZ, %u), 0);\n",
			p->port.vnet_size);
	if (p->port.vnet_hdr && kernel.cross_le)
		fprintf(out, "\t\tCHECK(set_int(reader, TUNSETVNETBE, %d), 0);\n",
			p->port.big_endian);
	fputs("\t\tCHECK(by_value(reader, TUNSETOFFLOAD, ", out);
	print_mask(out, p->mask);
	fprintf(out, "), %s);\n", p->taken ? "0" : "-EINVAL");
	if (!p->taken)
		fputs("\t\tCHECK(by_value(reader, TUNSETOFFLOAD, 0), 0);\n", out);
}

static void print_send(FILE *out, const struct plan *p, const struct model_written *w)
{
	const struct reader *r = p->r;

	if (p->way == WAY_UDP) {
		fprintf(out, "\t\tsent = send_udp(\"%s\", \"%s\", \"%s\", %u, %s, frame, %zu);\n",
			r->port.t.name, r->ip, r->peer, p->v.gso_type ? p->v.gso_size : 0,
			p->zerocopy ? "MSG_ZEROCOPY" : "0", p->len);
	} else if (p->way == WAY_PACKET) {
		fprintf(out, "\t\tsent = send_packet(\"%s\", %#x, &header, frame, %zu);\n",
			r->port.t.name, p->protocol, p->len);
	} else {
		fputs("\t\tsent = write_frame(redirected(", out);
		print_device(out, &r->in);
		fprintf(out,
			",\n\t\t\t\t\t      \"%s\", \"%s\"), -1, &header, %u, 0, frame, %zu);\n",
			r->in.t.name, r->port.t.name, PORT_HEADER, p->len);
		fputs("\t\tCHECK(sent, ", out);
		print_result(out, w->ret, w->err);
	}
}

/* What is read of the one packet into so many bytes, which hold others before. */
struct reading {
	const char *name;
	bool cut;	  /* as the input says */
	size_t room, len; /* of the buffer; bytes of it that are looked at */
	struct model_readout m;
};

static void print_expected(FILE *out, const struct plan *p, const struct expected *e,
			   struct reading *r)
{
	static uint8_t bytes[LARGE];

	memset(bytes, 0xa5, sizeof(bytes));
	if (r->cut)
		expect_cut(p, &e->q, 0xa5, bytes, &r->m);
	else
		model_read(&kernel, &p->port, &e->q, bytes, r->room, &r->m);
	r->len = r->room < LARGE ? r->room : r->m.ret > 0 ? r->m.ret : 0;
	print_bytes(out, r->name, bytes, r->len);
}

static void print_whole(FILE *out, const struct plan *p, const struct reading *r)
{
	fputs("\t\tif (sent >= 0) {\n\t\t\tCHECK(", out);
	if (r->cut && !p->pieces)
		fprintf(out, "read_torn(reader, %zu, %zu), ", p->piece, r->room);
	else
		fprintf(out, "read_packet(reader, %zu), ", r->room);
	print_result(out, r->m.ret, r->m.err);
	fprintf(out, "\t\t\tCHECK(memcmp(got, %s, %zu), 0);\n\t\t}\n", r->name, r->len);
}

static void print_segments(FILE *out, const struct plan *p, const struct expected *e)
{
	size_t front = (p->port.pi ? 4 : 0) + p->port.vnet_size, headers;

	headers = p->way == WAY_UDP ? (p->port.tap ? ETH_HLEN : 0) + 28 :
				      (size_t)(e->payload - p->frame);
	fprintf(out, "\t\tfor (int i = 0; sent >= 0 && i < %zu; i++) {\n", e->count);
	fprintf(out, "\t\t\tCHECK(read_packet(reader, %d), i < %zu ? %zu : %zu);\n", LARGE,
		e->count - 1, front + headers + e->segment,
		front + headers + e->len - (e->count - 1) * e->segment);
	fprintf(out,
		"\t\t\tCHECK(memcmp(got + %zu, frame + %zu + i * %zu, i < %zu ? %zu : %zu), 0);\n",
		front + headers, (size_t)(e->payload - p->frame), e->segment, e->count - 1,
		e->segment, e->len - (e->count - 1) * e->segment);
	if (!(p->active & TUN_F_CSUM))
		fprintf(out, "\t\t\tCHECK(right_checksum(got + %zu), 1);\n",
			front + (p->port.tap ? ETH_HLEN : 0));
	fputs("\t\t}\n", out);
}

void target_print(FILE *out, const uint8_t *data, size_t size)
{
	static struct expected e;
	struct model_written w = { 0 };
	struct reading all = { .name = "whole", .room = LARGE },
		       part = { .name = "expected", .cut = true };
	struct plan p;

	if (is_flows(data, size)) {
		flows_print(out, data, size);
		return;
	}
	if (!plan_read(data, size, &p))
		return;
	part.room = p.buffer;
	expect(&p, &w, &e);
	if (p.way != WAY_UDP)
		print_vnet(out, "header", &p.v);
	print_bytes(out, "frame", p.frame, p.len);
	if (e.what == WHOLE) {
		print_expected(out, &p, &e, &all);
		print_expected(out, &p, &e, &part);
	}
	fputs("\t\tlong long sent;\n", out);
	print_settings(out, &p);
	print_send(out, &p, &w);
	if (e.what == WHOLE) {
		print_whole(out, &p, &all);
		print_send(out, &p, &w);
		print_whole(out, &p, &part);
	} else if (e.what == SEGMENTS) {
		print_segments(out, &p, &e);
	}
	/* What becomes of the others the model does not know: they can only be read. */
	fprintf(out, "\t\twhile (read_packet(reader, %d) >= 0)\n\t\t\t;\n", LARGE);
}
