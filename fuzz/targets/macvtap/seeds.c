// SPDX-License-Identifier: GPL-2.0-only
/* Settings, then a write and a frame that is sent. */
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/macvtap/plan.h"
#include "fuzz/targets/macvtap/query.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"

#define ASK(query) QUERY, 0, query

/* The settings that an input begins with, each of op_bytes[] bytes and its number. */
static const struct {
	const char *name;
	uint8_t ops[36];
	size_t size;
} settings[] = {
	{ "plain", { 0 }, 0 },
	{ "no_header", { SET_IFF, 0, 0 }, 3 },
	{ "header_24", { SET_SIZE, 0, 24 }, 3 },
	{ "big_endian", { SET_ORDER, 0, 3 }, 3 },
	{ "offloads", { SET_OFFLOAD, 0x0f, 0 }, 3 },
	{ "one_queue", { SET_QUEUE, 1, 0, SET_OFFLOAD, 1, 0 }, 6 },
	{ "no_queue", { SET_QUEUE, 0, 0, SET_QUEUE, 1, 0 }, 6 },
	{ "down", { SET_LINK, 0 }, 2 },
	{ "below_down", { SET_LINK, 0xf9 }, 2 },
	{ "refused",
	  { SET_IFF, 0, 0x70, SET_SIZE, 0, 9, SET_OFFLOAD, 0x80, 0, SET_QUEUE, 0, 1 },
	  12 },
	{ "asked",
	  { ASK(TAP_FLAGS), ASK(TAP_FEATURES), ASK(TAP_SIZE), ASK(TAP_LE), ASK(TAP_BE),
	    ASK(TAP_ADDRESS), ASK(TAP_POLL), ASK(TAP_READ), ASK(TAP_READ_NOTHING),
	    ASK(TAP_READ_NOWAIT), ASK(TAP_READ_WAIT), ASK(TAP_UNKNOWN) },
	  36 },
	{ "bad_pointers",
	  { ASK(TAP_BAD), ASK(TAP_BAD + 1), ASK(TAP_BAD + 2), ASK(TAP_BAD + 3), ASK(TAP_BAD + 4),
	    ASK(TAP_BAD + 5), ASK(TAP_BAD + 6), ASK(TAP_BAD + 7), ASK(TAP_BAD + 8),
	    ASK(TAP_BAD + 9), ASK(TAP_BAD + 10), ASK(TAP_BAD + 11) },
	  36 },
	{ "link_set",
	  { SET_SNDBUF, 0, 1, SET_SNDBUF, 0, 3, SET_ADDRESS, 0, 0, SET_ADDRESS, 1, 1,
	    SET_TXQUEUELEN, 0, 1, SET_TXQUEUELEN, 0, 3 },
	  18 },
	{ "reopened", { SET_IFF, 0, 2, ASK(TAP_FLAGS), REOPEN, 0, 0, ASK(TAP_FLAGS) }, 12 },
	{ "deleted",
	  { DELETE,
	    0,
	    0,
	    ASK(TAP_FLAGS),
	    ASK(TAP_ADDRESS),
	    SET_OFFLOAD,
	    1,
	    0,
	    SET_QUEUE,
	    0,
	    0,
	    SET_ADDRESS,
	    0,
	    0,
	    SET_TXQUEUELEN,
	    0,
	    0,
	    REOPEN,
	    1,
	    0,
	    ASK(TAP_POLL),
	    ASK(TAP_READ) },
	  30 },
	{ "gone", { DELETE, 1, 0, DELETE, 0, 0, ASK(TAP_BAD + 1), SET_LINK, 0 }, 11 },
	{ "torn", { 0 }, 0 },	 /* the write is */
	{ "untyped", { 0 }, 0 }, /* it has EtherType 0, and no checksum to be finished */
};

/* A write of one of three frames, then one that is sent to be read. */
size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	static const unsigned int frames[] = { 0, 1, 12 };
	static struct seed s;
	static char text[64];
	unsigned int set = n / 4, shape = n % SHAPES;
	bool ipvtap = set % 2;
	struct vnet v = { 0 };
	size_t at = 1;

	if (set >= ARRAY_SIZE(settings))
		return 0;
	seed_frame(frames[n % 3], true, &s);
	if (shape >= PARTIAL)
		v = seed_header(&s, shape == SUPER ? 20 : 0);
	if (!strcmp(settings[set].name, "untyped")) {
		v.flags = 0;
		edit_put16(s.frame.data + 2 * ETH_ALEN, 0);
	}
	data[0] = ipvtap;
	memcpy(data + at, settings[set].ops, settings[set].size);
	at += settings[set].size;
	data[at] = WRITE;
	data[at + 1] = !strcmp(settings[set].name, "torn") ? 2 : 0;
	vnet_encode(&v, data + at + 2, VNET_SIZE_LEGACY, false);
	data[at + 12] = SMALL;
	edit_put16(data + at + 13, s.frame.len);
	at += 1 + op_bytes[WRITE];
	memcpy(data + at, s.frame.data, s.frame.len);
	at += s.frame.len;
	data[at] = SEND;
	data[at + 1] = shape;
	edit_put16(data + at + 2, shape == SUPER ? 3000 : 100);
	data[at + 4] = 200;
	edit_put16(data + at + 5, 4000);
	at += 1 + op_bytes[SEND];
	snprintf(text, sizeof(text), "%s_%s_%s_%u", ipvtap ? "ipvtap" : "macvtap",
		 settings[set].name, s.name, shape);
	*name = text;
	return at;
}
