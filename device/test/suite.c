// SPDX-License-Identifier: GPL-2.0-only
/* The unit tests' program. */
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"

static void setup(void)
{
	netns_quiet();
	if (link_up("lo"))
		TH_BAIL("cannot bring lo up: %s", strerror(errno));
}

SUITE(.name = "unit", .version = "0", .setup = setup, .attachment = "traffic.pcapng");
