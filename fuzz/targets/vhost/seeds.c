// SPDX-License-Identifier: GPL-2.0-only
/* Rings that are used, refused, and spoilt. */
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/seed.h"
#include "fuzz/targets/vhost/layout.h"
#include "fuzz/targets/vhost/plan.h"
#include "harness/harness.h"

#define S(...)                                                                                     \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

#define XDP(how, verdict) ((how) | (verdict) << 3) /* see plan_begin() */

static const struct {
	const char *name;
	uint8_t features, how;
	bool frame; /* a SEND at the end */
	uint8_t steps[8][STEP];
	int count, times; /* of what is sent then without a header, see plan.c */
} seeds[] = {
	{ "tx_alone", 0, 1, true, {}, 0, 0 },
	{ "tx_batch", 2, 0, true, {}, 0, 0 },
	{ "tx_own_header", 4, 1, true, {}, 0, 0 },
	{ "tx_indirect", 8, 1, true, {}, 0, 0 },
	{ "rx",
	  0,
	  0,
	  false,
	  { S(POST, 208, 7), S(ARRIVE, 86, 4), S(POST, 208, 7, 10), S(ARRIVE, 46) },
	  4,
	  0 },
	{ "rx_mergeable",
	  3,
	  0,
	  false,
	  { S(ARRIVE, 86, 4), S(POST, 200), S(POST, 5, 0), S(POST, 0, 8), S(POST, 0, 8, 3, 0, 1) },
	  5,
	  0 },
	{ "rx_too_small", 2, 0, false, { S(POST, 20), S(ARRIVE, 86), S(ARRIVE, 0) }, 3, 0 },
	{ "backend_away",
	  0,
	  0,
	  true,
	  { S(POST, 208, 7), S(BACKEND, 0, 0), S(ARRIVE, 86), S(BACKEND, 1, 0), S(BACKEND, 0, 1),
	    S(BACKEND, 1, 1) },
	  6,
	  0 },
	{ "requests",
	  0,
	  0,
	  true,
	  { S(IOCTL, NUM, 0, 7), S(BACKEND, 1, 0), S(IOCTL, NUM, 1, 7),
	    S(IOCTL, ADDR, 0, 0, 0, 0, 0, 2), S(BACKEND, 1, 1), S(IOCTL, GET_BASE, 1) },
	  6,
	  0 },
	{ "tap_away",
	  0,
	  0,
	  false,
	  { S(POST, 208, 7), S(ARRIVE, 86), S(IOCTL, DELETE),
	    S(DESC, 1, 0, RINGS_AT_SLOT, 0, 0, 80),
	    S(PUBLISH, 1, 0, 0, 0, 0, RINGS_NUM, 0, 0, 0, 0, 0, 0, 255), S(BACKEND, 1, 0) },
	  6,
	  0 },
	{ "tx_bad_head",
	  0,
	  1,
	  true,
	  { S(PUBLISH, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 255) },
	  1,
	  0 },
	{ "tx_loop",
	  0,
	  1,
	  false,
	  { S(DESC, 1, 0, 0, 0, 0, 60, 0, 0, 0, 1, 1), S(DESC, 1, 1, 0, 0, 0, 60, 0, 0, 0, 1, 0),
	    S(PUBLISH, 1) },
	  3,
	  0 },
	{ "rx_behind_memory",
	  0,
	  0,
	  false,
	  { S(DESC, 0, 0, RINGS_AT_BEHIND, 0, 0, 0, 4, 0, 0, 2), S(PUBLISH, 0), S(ARRIVE, 86) },
	  3,
	  0 },
	{ "tap_away_with_frames",
	  0,
	  0,
	  false,
	  { S(POST, 208, 7), S(ARRIVE, 86), S(ARRIVE, 46), S(ARRIVE, 0), S(IOCTL, DELETE),
	    S(DESC, 0, 2, RINGS_AT_SLOT, 0, 0, 0, 8, 0, 0, 2), S(PUBLISH, 0, 0, 0, 2) },
	  7,
	  0 },
	{ "napi_batch", 2, RINGS_NAPI, true, {}, 0, 3 },
	{ "napi_alone", 2, RINGS_NAPI | RINGS_SINGLE, true, {}, 0, 3 },
	{ "queues_batch", 2, RINGS_QUEUES, true, { S(POST, 208, 7), S(ARRIVE, 86) }, 2, 0 },
	{ "queues_alone", 2, RINGS_QUEUES | RINGS_SINGLE, true, { S(ARRIVE, 86) }, 1, 3 },
	{ "queues_steered",
	  2 | 1 << 5,
	  RINGS_QUEUES,
	  true,
	  { S(POST, 208, 7), S(ARRIVE, 86) },
	  2,
	  3 },
	{ "queues_detached", 2 | 1 << 6, RINGS_QUEUES, true, { S(ARRIVE, 86) }, 1, 3 },
	{ "napi_detached", 2 | 1 << 6, RINGS_QUEUES | RINGS_NAPI, true, {}, 0, 3 },
	{ "napi_detached_alone",
	  2 | 1 << 6,
	  RINGS_QUEUES | RINGS_NAPI | RINGS_SINGLE,
	  true,
	  { S(ARRIVE, 86) },
	  1,
	  3 },
	{ "rx_frames", 2, RINGS_SINGLE | 2 << 6, true, {}, 0, 7 },
	{ "rx_frames_napi", 2, RINGS_NAPI | RINGS_SINGLE | 2 << 6, true, {}, 0, 5 },
	{ "xdp_pass", 2, XDP(0, 1), true, {}, 0, 3 },
	{ "xdp_pass_alone", 2, XDP(RINGS_SINGLE, 1), true, {}, 0, 0 },
	{ "xdp_pass_super", 2, XDP(0, 1), true, {}, 0, 0 },
	{ "xdp_pass_napi", 2, XDP(RINGS_NAPI, 1), true, {}, 0, 3 },
	{ "xdp_drop", 2, XDP(0, 2), true, {}, 0, 7 },
	{ "xdp_drop_alone", 2, XDP(RINGS_SINGLE, 2), true, {}, 0, 1 },
	{ "xdp_drop_super", 2, XDP(0, 2), true, {}, 0, 0 },
	{ "xdp_tx", 3, XDP(0, 3), true, { S(POST, 208, 7), S(POST, 208, 7) }, 2, 3 },
	{ "xdp_tx_alone", 2, XDP(RINGS_SINGLE, 3), true, { S(POST, 208, 7) }, 1, 3 },
	{ "xdp_tx_own_header", 4, XDP(0, 3), true, { S(POST, 208, 7) }, 1, 3 },
	{ "xdp_tx_queues", 2, XDP(RINGS_QUEUES, 3), true, { S(POST, 208, 7) }, 1, 3 },
	{ "xdp_redirect", 2, XDP(0, 4), true, {}, 0, 3 },
	{ "xdp_redirect_many", 2, XDP(0, 4), true, {}, 0, 6 },
	{ "xdp_redirect_alone", 2, XDP(RINGS_SINGLE, 4), true, {}, 0, 3 },
	{ "xdp_aborted", 2, XDP(0, 5), true, {}, 0, 1 },
	{ "xdp_unknown", 2, XDP(0, 6), true, {}, 0, 1 },
	/* Twice 40,000 bytes are more pages than an skb has fragments. */
	{ "tx_pages",
	  0,
	  RINGS_SINGLE,
	  false,
	  { S(DESC, 1, 0, RINGS_AT_TABLE, 0, 0, 0x40, 0x9c, 0, 0, 1, 1),
	    S(DESC, 1, 1, RINGS_AT_TABLE, 0, 0, 0x40, 0x9c), S(PUBLISH, 1) },
	  3,
	  0 },
};

/*
 * Long frames behind a header of their own; without a copy, what is copied all the same, and what
 * vhost does about many and about those that are refused.
 */
static const struct {
	const char *name;
	uint8_t how;
	int times; /* as above */
	struct vnet vnet;
	uint16_t len; /* of the frame, 0 as it is */
} longs[] = {
	{ "long_alone", RINGS_SINGLE, 0, { 0 }, 0 },
	{ "long_batch", 0, 1, { 0 }, 0 },
	{ "long_hdr_len", RINGS_SINGLE, 1, { .hdr_len = 14 }, 0 },
	{ "long_hdr_len_page", RINGS_SINGLE, 0, { .hdr_len = 5000 }, RINGS_FRAME },
	{ "long_csum", RINGS_SINGLE, 0, { .flags = 1, .csum_start = 34, .csum_offset = 16 }, 0 },
	{ "long_csum_far", RINGS_SINGLE, 0, { .flags = 1, .csum_start = 900 }, 0 },
	{ "long_gso", RINGS_SINGLE, 0, { .gso_type = 1, .gso_size = 500 }, 0 },
	{ "long_gso_unknown", RINGS_SINGLE, 0, { .gso_type = 0x3f, .gso_size = 500 }, 0 },
	{ "long_many", RINGS_SINGLE | 3 << 6, 7, { 0 }, 0 },
	{ "long_many_napi", RINGS_SINGLE | RINGS_NAPI, 7, { 0 }, 0 },
};

/* A SEND of it with all that belongs to it: its size. */
static size_t put_send(uint8_t *at, int times, const struct vnet *v, const struct seed *s,
		       uint16_t len)
{
	memset(at, 0, STEP + 2 + len);
	at[0] = SEND;
	at[2] = 0x80 | times << 4;
	vnet_encode(v, at + 3, 12, false);
	edit_put16(at + STEP, len);
	memcpy(at + STEP + 2, s->frame.data, s->frame.len);
	return STEP + 2 + len;
}

static size_t long_seed(unsigned int n, uint8_t *data, const char **name)
{
	static struct seed s;

	if (n >= ARRAY_SIZE(longs))
		return 0;
	*name = longs[n].name;
	data[0] = 2;
	data[1] = longs[n].how;
	seed_frame(2, true, &s);
	return HEAD + put_send(data + HEAD, longs[n].times, &longs[n].vnet, &s,
			       longs[n].len ? longs[n].len : s.frame.len);
}

size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	static struct seed s;
	uint8_t *at = data + HEAD;
	struct vnet v;

	if (n >= ARRAY_SIZE(seeds))
		return long_seed(n - ARRAY_SIZE(seeds), data, name);
	*name = seeds[n].name;
	data[0] = seeds[n].features;
	data[1] = seeds[n].how;
	memcpy(at, seeds[n].steps, seeds[n].count * STEP);
	at += seeds[n].count * STEP;
	if (!seeds[n].frame)
		return at - data;
	seed_frame(n % 2 ? 0 : 2, true, &s);
	v = seeds[n].times ? (struct vnet){ 0 } : seed_header(&s, n % 2 ? 0 : 500);
	return at + put_send(at, seeds[n].times, &v, &s, s.frame.len) - data;
}
