// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/tx_read/judge.h"

#include <netinet/in.h>
#include <string.h>

#include "device/frame.h"
#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"

static void compare(const struct plan *p, size_t size, const struct got *g,
		    const struct model_readout *m, const uint8_t *expected)
{
	size_t at = 0;

	while (at < LARGE && g->bytes[at] == expected[at])
		at++;
	if (g->ret != m->ret || g->err != m->err || at < LARGE)
		fuzz_wrong(
			"a read of %zu bytes from %s (header of %u, mask %#x, way %d) in %d pieces of "
			"%zu: model %zd (%s), kernel %zd (%s); first different byte %zu, model %#x, "
			"kernel %#x",
			size, p->r->port.t.name, p->port.vnet_size, p->active, p->way, p->pieces,
			p->piece, m->ret, strerror(m->err), g->ret, strerror(g->err), at,
			at < LARGE ? expected[at] : 0, at < LARGE ? g->bytes[at] : 0);
	p->r->tx_packets += m->tx_packets;
	p->r->tx_bytes += m->tx_bytes;
}

void judge_read(const struct plan *p, const struct model_packet *q, size_t size,
		const struct got *g)
{
	static uint8_t expected[LARGE];
	struct model_readout m;

	memset(expected, g->fill, sizeof(expected));
	model_read(&kernel, &p->port, q, expected, size, &m);
	compare(p, size, g, &m, expected);
}

void judge_cut(const struct plan *p, const struct model_packet *q, const struct got *g)
{
	static uint8_t expected[LARGE];
	struct model_readout m;

	memset(expected, g->fill, sizeof(expected));
	expect_cut(p, q, g->fill, expected, &m);
	compare(p, p->buffer, g, &m, expected);
}

void judge_twins(const struct plan *p, const struct got *a, const struct got *b)
{
	size_t pi = p->port.pi ? 4 : 0, tail = pi + VNET_SIZE_LEGACY;

	if (a->ret != b->ret || a->err != b->err)
		fuzz_wrong("the same packet of %s gives %zd and %zd", p->r->port.t.name, a->ret,
			   b->ret);
	for (size_t i = 0; a->ret > 0 && i < (size_t)a->ret; i++) {
		if (a->bytes[i] == a->fill && b->bytes[i] == b->fill) {
			if (kernel.zeroed_tail || i < tail || i >= pi + p->port.vnet_size)
				fuzz_wrong(
					"a read of %zd bytes from %s (header of %u) does not write "
					"byte %zu",
					a->ret, p->r->port.t.name, p->port.vnet_size, i);
		} else if (a->bytes[i] != b->bytes[i]) {
			fuzz_wrong("the same packet of %s (way %d) has %#x and %#x in byte %zu",
				   p->r->port.t.name, p->way, a->bytes[i], b->bytes[i], i);
		}
	}
}

/* Nothing but what the reader has asked for. */
static void check_asked(const struct plan *p, const struct model_packet *q)
{
	unsigned int needs = expect_offloads(q->gso_type) | (q->partial ? TUN_F_CSUM : 0);

	if (needs & ~p->active)
		fuzz_wrong("%s gives a packet of type %#x, flags %d, to a reader of mask %#x",
			   p->r->port.t.name, q->gso_type, q->partial, p->active);
}

/* What is in the queue against what was sent, all of it in one piece. */
static void check_whole(const struct plan *p, const struct expected *e, const struct got *g)
{
	static struct got m;
	struct model_readout out;

	memset(m.bytes, g->fill, sizeof(m.bytes));
	model_read(&kernel, &p->port, &e->q, m.bytes, LARGE, &out);
	for (size_t i = 0; i < LARGE; i++) {
		if (m.bytes[i] != g->bytes[i])
			fuzz_wrong(
				"a packet comes to %s (header of %u, mask %#x, way %d) with %#x in "
				"byte %zu, which should be %#x",
				p->r->port.t.name, p->port.vnet_size, p->active, p->way,
				g->bytes[i], i, m.bytes[i]);
	}
	if (out.ret != g->ret)
		fuzz_wrong("a packet comes to %s with %zd bytes instead of %zd", p->r->port.t.name,
			   g->ret, out.ret);
}

/* Segment number @n: its part of what was sent, and checksums that are right or left to the reader.
 */
static void check_segment(const struct plan *p, const struct expected *e, size_t n,
			  const struct model_packet *q)
{
	size_t at = n * e->segment, len = e->len - at < e->segment ? e->len - at : e->segment;
	bool known = p->port.vnet_hdr || !(p->active & TUN_F_CSUM);
	const char *what = NULL;
	struct parsed f;

	if (!frame_parse(q->data, q->len, p->port.tap, &f) || f.l4 < 0)
		what = "headers";
	else if (f.payload_len != len || memcmp(q->data + f.payload, e->payload + at, len))
		what = "payload";
	else if (!f.l3_checksum_ok)
		what = "IP checksum";
	else if (known && !(q->partial ? f.l4_checksum_partial : f.l4_checksum_ok))
		what = "checksum";
	else if (f.l4_proto == IPPROTO_UDP && !edit_get_net16(q->data + f.l4 + 6))
		what = "absent checksum";
	else if (e->tcp && f.seq != e->seq + (uint32_t)at)
		what = "sequence number";
	if (what)
		fuzz_wrong("segment %zu of %zu comes to %s (mask %#x, way %d) with a wrong %s", n,
			   e->count, p->r->port.t.name, p->active, p->way, what);
}

void judge_packet(const struct plan *p, const struct expected *e, size_t n, const struct got *g,
		  const struct model_packet *q)
{
	if (p->port.vnet_hdr)
		check_asked(p, q);
	if (e->what == WHOLE && !n)
		check_whole(p, e, g);
	if (e->what == SEGMENTS && n < e->count)
		check_segment(p, e, n, q);
}

static bool is_right_number(const struct expected *e, bool sent, size_t n)
{
	if (!sent || e->what == NOTHING)
		return !n;
	if (e->what == WHOLE)
		return n == 1;
	return e->what == UNKNOWN || n == e->count;
}

void judge_number(const struct plan *p, const struct expected *e, bool sent, size_t n)
{
	if (!is_right_number(e, sent, n))
		fuzz_wrong("%zu packets come to %s (mask %#x, way %d) of one that was %s", n,
			   p->r->port.t.name, p->active, p->way, sent ? "taken" : "refused");
}
