// SPDX-License-Identifier: GPL-2.0-only
/* The model of the data path held against the kernel, over the whole space of vnet headers. */
#include "device/sweep.h"
#include "harness/harness.h"

FIXTURE(sweep_vnet)
{
	struct sweep s;
	unsigned int slower; /* so many times fewer points */
};

FIXTURE_VARIANT(sweep_vnet)
{
	struct sweep_setup setup;
	const char *need;
	unsigned int thin;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(sweep_vnet, name) { __VA_ARGS__ }
VARIANT(tun, .setup = { .vnet_size = 10 }, .thin = 1);
VARIANT(tap, .setup = { .tap = true, .vnet_size = 10 }, .thin = 1);
VARIANT(tun_pi_12, .setup = { .pi = true, .vnet_size = 12 }, .thin = 16);
VARIANT(tap_pi_20, .setup = { .tap = true, .pi = true, .vnet_size = 20 }, .thin = 16);
VARIANT(tap_11, .setup = { .tap = true, .vnet_size = 11, .blocking = true }, .thin = 16);
VARIANT(tun_24, .setup = { .vnet_size = 24 }, .thin = 8);
VARIANT(tap_40, .setup = { .tap = true, .vnet_size = 40 }, .thin = 16);
VARIANT(tap_be, .setup = { .tap = true, .vnet_size = 12, .big_endian = true }, .thin = 16,
	.need = "vnet_be");
VARIANT(tap_frags, .setup = { .tap = true, .vnet_size = 10, .napi_frags = true }, .thin = 16,
	.need = "napi_frags");
VARIANT(tun_plain, .setup = { 0 }, .thin = 4096);
VARIANT(tap_plain_pi, .setup = { .tap = true, .pi = true }, .thin = 4096);
VARIANT(tap_plain_frags, .setup = { .tap = true, .napi_frags = true }, .thin = 4096,
	.need = "napi_frags");
VARIANT(tun_unwatched, .setup = { .pi = true, .unwatched = true }, .thin = 4096);
VARIANT(tap_unwatched, .setup = { .tap = true, .vnet_size = 10, .unwatched = true }, .thin = 64);
VARIANT(tun_down, .setup = { .vnet_size = 10, .down = true }, .thin = 64);
VARIANT(tap_down, .setup = { .tap = true, .vnet_size = 10, .down = true }, .thin = 64);

FIXTURE_SETUP(sweep_vnet)
{
	if (variant->need && !harness_feature(variant->need))
		SKIP(return, "%s", harness_feature_reason(variant->need));
	sweep_open(&self->s, &variant->setup);
	self->slower = sweep_slowness(&self->s);
}

FIXTURE_TEARDOWN(sweep_vnet)
{
	if (self->s.buffer)
		sweep_close(&self->s);
}

static void conclude(struct __test_metadata *_metadata, const struct sweep *s)
{
	TH_LOG("%llu points", (unsigned long long)s->points);
	EXPECT_EQ(0, s->mismatches);
	if (s->disturbed && !s->mismatches)
		SKIP(return, "somebody on this machine takes what is for nobody: a packet socket?");
}

static void cross_all(struct sweep *s)
{
	int frames = s->port.tap ? SWEEP_TAP_FRAMES : SWEEP_TUN_FRAMES;

	for (int frame = 0; frame < frames; frame++) {
		sweep_cross(s, frame, 100);
		sweep_tunnels(s, frame, 180);
	}
}

TEST_F_TIMEOUT(sweep_vnet, header, 300,
	       .title = "every vnet header does what the model says, on every kind of frame",
	       .behaviours = { 268, 280, 305, 306, 307, 308, 309, 310, 311, 312, 314, 315, 316, 317,
			       318, 319, 320, 322, 324, 326, 327 },
	       .guards = { "89add40066f9", "fc8b2a619469", "b616be6b9768" })
{
	self->s.thin = variant->thin * self->slower;
	cross_all(&self->s);
	conclude(_metadata, &self->s);
}

/* Half a minute of a processor in all. */
TEST_F_TIMEOUT(sweep_vnet, every_header, 900,
	       .title = "every vnet header does what the model says, for every kind of device",
	       .behaviours = { 268, 308, 334 }, .waits = true, .takes_long = true)
{
	if (variant->thin <= 1)
		SKIP(return, "done by sweep_vnet.header");
	self->s.thin = self->slower;
	cross_all(&self->s);
	conclude(_metadata, &self->s);
}

TEST_F(sweep_vnet, length,
       .title = "every length does what the model says, however the write is cut",
       .behaviours = { 271, 272, 273, 275, 281, 284, 285, 292, 293, 294, 295, 296, 346, 347, 348 },
       .guards = { "CVE-2024-41091" })
{
	self->s.thin = self->slower;
	sweep_lengths(&self->s, 100);
	sweep_limits(&self->s);
	conclude(_metadata, &self->s);
}

TEST_F(sweep_vnet, random,
       .title = "random headers, lengths and cuts do what the model says",
       .behaviours = { 268, 281, 340, 392, 397, 398 })
{
	sweep_random(&self->s, 0x123456789abcdef, 20000 / self->slower);
	conclude(_metadata, &self->s);
}

/* The model goes by what the kernel does; this asks for what it ought to do. */
TEST(tcp_min_gso,
     .title = "a super-frame of TCP is never cut into segments of less than 8 bytes",
     .behaviours = { 318 })
{
	EXPECT_TRUE(harness_feature("tcp_min_gso"));
}
