// SPDX-License-Identifier: GPL-2.0-only
/* The conformance suite: what every test of the driver needs and starts from. */
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"

static void quiet_namespace(void)
{
	netns_quiet();
	if (link_up("lo"))
		TH_BAIL("cannot bring up lo: %s", strerror(errno));
}

SUITE(.name = "tuntests", .version = "0.1", .needs = { "tun" }, .setup = quiet_namespace,
      .attachment = "traffic.pcapng")
