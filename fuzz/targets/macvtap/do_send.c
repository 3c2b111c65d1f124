// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/macvtap/do.h"

#define FILL	0xa5
#define CANARY	64		/* bytes behind a reader's buffer that stay as they are */
#define HEADERS (ETH_HLEN + 20) /* of Ethernet and IPv4 */

/* Reads what is there; the frame behind the header, NULL if there is nothing. */
static const uint8_t *next(const struct side *s, int queue, size_t *len)
{
	static uint8_t buf[MAX_HEADER + MAX_FRAME];
	size_t front = tap_port(&s->q[queue]).vnet_size;
	ssize_t n = read(s->fd[queue], buf, sizeof(buf));

	if (n < (ssize_t)front)
		return NULL;
	*len = n - front;
	return buf + front;
}

/* Reads the one packet into a buffer of the size that the input says, and looks at all of it. */
static void check_packet(const struct side *s, int queue, const struct tap_op *o,
			 const struct sent *t, const uint8_t *buf, ssize_t got, int err)
{
	static uint8_t expected[2 * MAX_FRAME + CANARY];
	const struct tap_queue *q = &s->q[queue];
	struct model_packet packet = expect_packet(s, q, o, t);
	struct model_readout r;
	ssize_t other;

	/* How far a super-frame is in one piece is nobody's promise. */
	if (packet.gso_type && o->size >= VNET_SIZE_LEGACY)
		packet.hdr_len = vnet_decode(buf, VNET_SIZE_LEGACY, tap_port(q).big_endian).hdr_len;
	memset(expected, FILL, o->size + CANARY);
	other = tap_read(&fuzz_abi.kernel, q, &packet, expected, o->size, &r);
	if (got != r.ret && !(other && got == other))
		fuzz_wrong("read of %zu bytes from %s, a frame of %zu: model %zd (%s), "
			   "kernel %zd (%s)",
			   o->size, s->kind, t->wire.len, r.ret, strerror(r.err), got,
			   strerror(err));
	if (r.err != err)
		fuzz_wrong("read from %s: model %s, kernel %s", s->kind, strerror(r.err),
			   strerror(err));
	for (size_t i = 0; i < o->size + CANARY; i++) {
		if (buf[i] != expected[i])
			fuzz_wrong("byte %zu of a read of %zu from %s: model %#x, kernel %#x", i,
				   o->size, s->kind, expected[i], buf[i]);
	}
}

/* All segments have to be there, in order, of the same queue. */
static void check_segments(const struct side *s, int queue, const struct tap_op *o,
			   const struct sent *t)
{
	size_t headers = HEADERS + 20, len, part;

	for (size_t at = 0; at < o->payload; at += part) {
		const uint8_t *frame = next(s, queue, &len);

		part = o->payload - at < o->gso_size ? o->payload - at : o->gso_size;
		if (!frame || len != headers + part ||
		    memcmp(frame + headers, t->whole.data + headers + at, part))
			fuzz_wrong("a segment of %zu bytes at %zu of %zu is not what %s gives",
				   part, at, o->payload, s->kind);
	}
}

/* packet_snd(): what is longer than the other end's MTU is not sent; a tag does not count. */
static bool too_long(const struct side *s, const struct tap_op *o, const struct sent *t)
{
	size_t most = s->mtu + ETH_HLEN + (o->shape == TAGGED ? 4 : 0);

	return !t->vnet.gso_type && t->wire.len > most;
}

/* False if it does not get away. */
static bool send_it(const struct side *s, const struct tap_op *o, const struct sent *t)
{
	ssize_t ret = delivered_send(s->packet, NULL, &t->vnet, t->wire.data, t->wire.len);

	if (too_long(s, o, t)) {
		if (ret >= 0 || errno != EMSGSIZE)
			fuzz_wrong("%zu bytes sent at %s, with an MTU of %u: %zd (%s)", t->wire.len,
				   s->world, s->mtu, ret, strerror(errno));
		return false;
	}
	if (side_open(s) && ret != (ssize_t)(VNET_SIZE_LEGACY + t->wire.len))
		fuzz_wrong("%zu bytes sent at %s: %zd (%s)", t->wire.len, s->world, ret,
			   strerror(errno));
	return side_open(s);
}

/* Nothing waits in any queue. */
static void check_empty(const struct side *s)
{
	size_t len;

	for (int i = 0; i < QUEUES; i++) {
		if (next(s, i, &len))
			fuzz_wrong("%zu bytes in queue %d of %s that should not be there", len, i,
				   s->kind);
	}
}

static bool readable(const struct side *s, int queue)
{
	struct pollfd p = { s->fd[queue], POLLIN, 0 };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* Which of two queues gets it is up to a hash: the first one that has something. */
void do_send(struct side *s, const struct tap_op *o)
{
	static uint8_t buf[2 * MAX_FRAME + CANARY];
	static struct sent t;
	bool passes;
	size_t len;

	expect_sent(s, o, &t);
	passes = send_it(s, o, &t);
	if (passes && !readable(s, 0) && !readable(s, 1))
		sides_settle();
	for (int i = 0; i < QUEUES && passes; i++) {
		ssize_t got;

		if (!s->q[i].enabled)
			continue;
		if (!readable(s, i)) {
			if (!s->q[!i].enabled || i)
				fuzz_wrong("nothing to read from %s of a frame of %zu bytes",
					   s->kind, t.wire.len);
			continue;
		}
		fuzz_saw(1u << 30 | o->shape << 8 | s->q[i].vnet_hdr << 4 |
			 expect_segmented(s, &s->q[i], &t));
		if (expect_segmented(s, &s->q[i], &t)) {
			check_segments(s, i, o, &t);
			break;
		}
		memset(buf, FILL, o->size + CANARY);
		got = read(s->fd[i], buf, o->size);
		check_packet(s, i, o, &t, buf, got, got < 0 ? errno : 0);
		if (!o->size && !next(s, i, &len))
			fuzz_wrong("a read of no bytes takes the packet of %s", s->kind);
		break;
	}
	check_empty(s);
}
