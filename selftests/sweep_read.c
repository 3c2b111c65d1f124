// SPDX-License-Identifier: GPL-2.0-only
/* The model of read() and of TUNSETOFFLOAD, held against the kernel. */
#include <unistd.h>

#include "device/sweep_read.h"
#include "harness/harness.h"
#include "netns/ethtool.h"

#define TUNNEL (TUN_F_UDP_TUNNEL_GSO | TUN_F_UDP_TUNNEL_GSO_CSUM)
#define ALL    0x7f

FIXTURE(sweep_read)
{
	struct sweep_reads s;
	unsigned int mask;
};

FIXTURE_VARIANT(sweep_read)
{
	struct sweep_setup setup;
	unsigned int mask;
	bool bridge;
	const char *need;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(sweep_read, name) { __VA_ARGS__ }
VARIANT(tun, .setup = { .pi = true }, .mask = 0);
VARIANT(tap, .setup = { .tap = true }, .mask = 0);
VARIANT(tun_10, .setup = { .vnet_size = 10 }, .mask = ALL);
VARIANT(tun_pi_12, .setup = { .vnet_size = 12, .pi = true }, .mask = ALL);
VARIANT(tap_pi_20, .setup = { .tap = true, .vnet_size = 20, .pi = true }, .mask = ALL);
VARIANT(tap_40, .setup = { .tap = true, .vnet_size = 40 }, .mask = ALL);
VARIANT(tap_be, .setup = { .tap = true, .vnet_size = 12, .big_endian = true }, .mask = ALL,
	.need = "vnet_be");
VARIANT(bridge_10, .setup = { .tap = true, .vnet_size = 10 }, .mask = ALL, .bridge = true,
	.need = "bridge");
VARIANT(bridge_pi_24, .setup = { .tap = true, .vnet_size = 24, .pi = true }, .mask = ALL,
	.bridge = true, .need = "bridge");
VARIANT(tunnel_10, .setup = { .vnet_size = 10 }, .mask = ALL | TUNNEL, .need = "udp_tunnel_gso");
VARIANT(tunnel_23, .setup = { .tap = true, .vnet_size = 23, .pi = true }, .mask = ALL | TUNNEL,
	.need = "udp_tunnel_gso");
VARIANT(tunnel_24, .setup = { .tap = true, .vnet_size = 24 }, .mask = ALL | TUNNEL,
	.need = "udp_tunnel_gso");
VARIANT(tunnel_bridge, .setup = { .tap = true, .vnet_size = 24, .pi = true }, .mask = ALL | TUNNEL,
	.bridge = true, .need = "udp_tunnel_gso");
VARIANT(tunnel_40, .setup = { .vnet_size = 40 }, .mask = ALL | TUNNEL, .need = "udp_tunnel_gso");

FIXTURE_SETUP(sweep_read)
{
	self->s.t.fd = -1;
	if (variant->need && !harness_feature(variant->need))
		SKIP(return, "%s", harness_feature_reason(variant->need));
	self->mask = variant->mask;
	if (!harness_feature("uso"))
		self->mask &= ~(TUN_F_USO4 | TUN_F_USO6);
	sweep_read_open(&self->s, &variant->setup, self->mask, variant->bridge);
}

FIXTURE_TEARDOWN(sweep_read)
{
	if (self->s.t.fd >= 0)
		sweep_read_close(&self->s);
}

TEST_F(sweep_read, size,
       .title = "a read into a buffer of any size writes the bytes that the model says, no others")
{
	sweep_read_all(&self->s, self->mask);
	EXPECT_EQ(0, self->s.mismatches);
	TH_LOG("%llu points", (unsigned long long)self->s.points);
}
