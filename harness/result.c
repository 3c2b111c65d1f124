// SPDX-License-Identifier: GPL-2.0-only
#include "harness/result.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[RESULT_COUNT] = {
	[RESULT_NOTRUN] = "notrun", [RESULT_PASS] = "pass",	  [RESULT_FAIL] = "fail",
	[RESULT_XFAIL] = "xfail",   [RESULT_XPASS] = "xpass",	  [RESULT_SKIP] = "skip",
	[RESULT_ERROR] = "error",   [RESULT_TIMEOUT] = "timeout", [RESULT_CRASH] = "crash",
};

const char *result_name(enum result r)
{
	return names[r];
}

int result_from_name(const char *name)
{
	int r;

	for (r = 0; r < RESULT_COUNT; r++)
		if (!strcmp(names[r], name))
			return r;
	return -1;
}

bool result_is_bad(enum result r)
{
	return r == RESULT_FAIL || r == RESULT_ERROR || r == RESULT_TIMEOUT || r == RESULT_CRASH;
}

void record_changed(struct record *r)
{
	free(r->json);
	r->json = NULL;
}
