// SPDX-License-Identifier: GPL-2.0-only
/* The model of read() and of TUNSETOFFLOAD, held against the kernel. */
#include <unistd.h>

#include "device/offload.h"
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

TEST_F_TIMEOUT(sweep_read, size, 300,
	       .title = "a read into a buffer of any size writes the bytes that the model says, "
			"no others",
	       .behaviours = { 297, 298, 299, 300, 303, 328, 329, 330, 331, 332, 333, 334, 338,
			       357, 359, 361, 368, 393, 394 })
{
	sweep_read_all(&self->s, self->mask);
	EXPECT_EQ(0, self->s.mismatches);
	TH_LOG("%llu points", (unsigned long long)self->s.points);
}

TEST(short_tunnel,
     .title = "a frame in a UDP tunnel that is no longer than a segment is read without a GSO type",
     .behaviours = { 324, 334 }, .needs = { "bridge", "udp_tunnel_gso" })
{
	static const struct sweep_setup setup = { .tap = true, .vnet_size = 24 };
	struct sweep_reads s;

	sweep_read_open(&s, &setup, ALL | TUNNEL, true);
	sweep_read_short_tunnel(&s);
	EXPECT_EQ(0, s.mismatches);
	sweep_read_close(&s);
}

/* The mask is taken if the model says so; @active is what is on then. */
static void try_mask(struct __test_metadata *_metadata, const struct model_kernel *kernel,
		     const struct tun *t, unsigned long mask, unsigned int *active)
{
	bool taken = model_offload(kernel, mask, active);

	EXPECT_ERRNO(taken ? 0 : EINVAL, tun_set_offload(t->fd, mask)) TH_LOG("mask %#lx", mask);
	/* A refused mask changes nothing, which every mask that is taken shows too. */
	if (taken)
		ASSERT_EQ(*active, offload_active(t->name)) TH_LOG("mask %#lx", mask);
}

TEST(offload,
     .title = "every mask of TUNSETOFFLOAD is taken or refused as the model says, and turns on the "
	      "same features",
     .behaviours = { 143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154 })
{
	struct model_kernel kernel = model_kernel_probed();
	struct tun t = tun_create("off0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	unsigned int active = 0;

	for (unsigned long mask = 0; mask <= 0x3ff; mask++)
		try_mask(_metadata, &kernel, &t, mask, &active);
	for (unsigned long bit = 0x400; bit; bit <<= 1) {
		try_mask(_metadata, &kernel, &t, bit, &active);
		try_mask(_metadata, &kernel, &t, bit | 0x1f, &active);
		EXPECT_EQ(active, offload_active(t.name));
	}
	tun_close(&t);
}
