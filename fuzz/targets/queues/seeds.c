// SPDX-License-Identifier: GPL-2.0-only
/* Races that were bugs, or could be. */
#include <string.h>

#include "fuzz/targets/parts.h"
#include "fuzz/targets/queues/plan.h"
#include "harness/harness.h"

#define ALL(state)		    ((state)*0x55)
#define AT(thread, op, file, value) (thread) << 6 | (op), file, value, 0

static const struct {
	const char *name;
	uint8_t bytes[MAX];
	int steps;
} seeds[] = {
	{ "close_against_write",
	  { 0, ALL(RACE_ATTACHED), AT(0, RACE_WRITE, 0, 0), AT(0, RACE_WRITE, 0, 0),
	    AT(1, RACE_CLOSE, 0, 0), AT(2, RACE_WRITE, 1, 4), AT(3, RACE_POLL, 0, 0) },
	  5 },
	{ "detach_against_send",
	  { 0, ALL(RACE_ATTACHED), AT(0, RACE_SEND, 0, 0), AT(0, RACE_SEND, 0, 0),
	    AT(1, RACE_DETACH, 0, 0), AT(1, RACE_ATTACH, 0, 0), AT(2, RACE_DETACH, 1, 0),
	    AT(3, RACE_READ, 2, 0) },
	  6 },
	{ "resize_against_read",
	  { 0, ALL(RACE_ATTACHED), AT(0, RACE_SEND, 0, 0), AT(1, RACE_TXQUEUELEN, 0, 0),
	    AT(1, RACE_TXQUEUELEN, 0, 5), AT(2, RACE_READ, 0, 0), AT(3, RACE_READ, 1, 0) },
	  5 },
	{ "last_close_against_attach",
	  { 0, RACE_ATTACHED | RACE_FREE << 2 | RACE_FREE << 4, AT(0, RACE_SETIFF, 1, 0),
	    AT(1, RACE_CLOSE, 0, 0), AT(2, RACE_SETIFF, 2, 0), AT(3, RACE_UP, 0, 1) },
	  4 },
	{ "first_of_several",
	  { 1, ALL(RACE_FREE), AT(0, RACE_SETIFF, 0, 0), AT(1, RACE_SETIFF, 1, 0),
	    AT(2, RACE_SETIFF, 2, 0), AT(3, RACE_SETIFF, 3, 0), AT(0, RACE_UP, 0, 1),
	    AT(1, RACE_WRITE, 1, 0) },
	  6 },
	{ "delete_persistent",
	  { 4, ALL(RACE_DETACHED), AT(0, RACE_DELETE, 0, 0), AT(1, RACE_ATTACH, 0, 0),
	    AT(2, RACE_ATTACH, 1, 0), AT(3, RACE_PERSIST, 2, 0) },
	  4 },
	{ "napi_detach",
	  { 2, ALL(RACE_ATTACHED), AT(0, RACE_WRITE, 0, 5), AT(0, RACE_WRITE, 0, 5),
	    AT(1, RACE_DETACH, 0, 0), AT(2, RACE_WRITE, 0, 0), AT(3, RACE_UP, 0, 0) },
	  5 },
	{ "settings",
	  { 1, ALL(RACE_ATTACHED), AT(0, RACE_MTU, 0, 1), AT(1, RACE_MTU, 0, 4),
	    AT(1, RACE_SNDBUF, 1, 0), AT(2, RACE_UP, 0, 0), AT(2, RACE_SETLINK, 0, 2),
	    AT(3, RACE_CARRIER, 3, 0), AT(3, RACE_STEERING, 3, 1) },
	  7 },
};

size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	if (n >= ARRAY_SIZE(seeds))
		return 0;
	*name = seeds[n].name;
	memcpy(data, seeds[n].bytes, HEAD + STEP * seeds[n].steps);
	return HEAD + STEP * seeds[n].steps;
}
