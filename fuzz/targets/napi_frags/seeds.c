// SPDX-License-Identifier: GPL-2.0-only
/* Frames cut in each way. */
#include <stdio.h>
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/napi_frags/plan.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"

/* The ways a frame is cut in the seeds. */
static const struct {
	const char *name;
	uint8_t count;
	uint16_t lengths[MOST_PIECES];
} cuts[] = {
	{ "whole", 1, { REST } },
	{ "ethernet", 2, { 14, REST } },
	{ "headers", 4, { 14, 20, 8, REST } },
	{ "empty_first", 3, { 0, 34, REST } },
	{ "empty", 3, { 34, 0, REST } },
	{ "two_pages", 3, { 54, 4096, 4096 } },
	{ "above_page", 2, { 54, 4097 } },
	{ "long_first", 2, { 12288, 100 } },
	{ "unreadable", 2, { 34, UNREADABLE | 20 } },
	{ "most", 18, { 34, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "too_many", 19, { 34, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "too_long",
	  17,
	  { 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096,
	    4096, 4096, 4096 } },
};

/* Each cut on four kinds of device; which frame is in it follows from its number. */
size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	static const uint8_t kind[] = { 6, 8, 1, 0 };
	static const char *const kind_name[] = { "frags", "frags_vnet", "tap", "tun" };
	static char text[80];
	static struct seed s;
	unsigned int i = n / 4;
	struct vnet v;
	size_t at = 2;

	if (i >= ARRAY_SIZE(cuts) || !seed_frame(i, n % 4 != 3, &s))
		return 0;
	v = seed_header(&s, 0);
	data[0] = kind[n % 4];
	data[1] = cuts[i].count;
	for (int k = 0; k < cuts[i].count; k++) {
		edit_put16(data + at, cuts[i].lengths[k]);
		at += 2;
	}
	vnet_encode(&v, data + at, PORT_HEADER, false);
	at += PORT_HEADER;
	memcpy(data + at, s.frame.data, s.frame.len);
	snprintf(text, sizeof(text), "%s_%s_%s", kind_name[n % 4], cuts[i].name, s.name);
	*name = text;
	return at + s.frame.len;
}
