// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sweeps can fail: with any of the model's numbers changed by one they see that it is no longer
 * the kernel's.
 */
#include "device/model_rules.h"
#include "device/sweep.h"
#include "device/sweep_read.h"
#include "harness/harness.h"

#define OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define TUNNEL	 (TUN_F_UDP_TUNNEL_GSO | TUN_F_UDP_TUNNEL_GSO_CSUM)

static bool found[NUM_MODEL_RULES];

static void sweep_everything(struct sweep *s)
{
	int frames = s->port.tap ? SWEEP_TAP_FRAMES : SWEEP_TUN_FRAMES;

	sweep_lengths(s, 80);
	sweep_limits(s);
	sweep_random(s, 1, 2000);
	for (int frame = 0; frame < frames && !sweep_over(s); frame++) {
		sweep_tunnels(s, frame, 180);
		sweep_cross(s, frame, 100);
	}
}

/* A change that means something: a bit more would be lost beside NEEDS_CSUM. */
static int change_of(int rule)
{
	return rule == RULE_TUNNEL_CSUM ? 8 : 1;
}

/* Looks for each change that was not found yet. */
static void try_writes(struct __test_metadata *_metadata, const struct sweep_setup *setup)
{
	static struct sweep s;

	sweep_open(&s, setup);
	s.quiet = true;
	s.thin = 50;
	sweep_everything(&s);
	EXPECT_EQ(0, s.mismatches);
	for (int rule = 0; rule < NUM_MODEL_RULES; rule++) {
		if (found[rule])
			continue;
		sweep_again(&s);
		model_rules[rule] += change_of(rule);
		sweep_everything(&s);
		model_rules[rule] -= change_of(rule);
		found[rule] = s.mismatches;
	}
	sweep_again(&s);
	sweep_close(&s);
}

static void try_reads(struct __test_metadata *_metadata, const struct sweep_setup *setup,
		      unsigned int mask)
{
	static struct sweep_reads s;

	sweep_read_open(&s, setup, mask, harness_feature("bridge"));
	s.quiet = true;
	sweep_read_all(&s, mask);
	EXPECT_EQ(0, s.mismatches);
	for (int rule = 0; rule < NUM_MODEL_RULES; rule++) {
		if (found[rule])
			continue;
		sweep_read_again(&s);
		model_rules[rule] += change_of(rule);
		sweep_read_all(&s, mask);
		model_rules[rule] -= change_of(rule);
		found[rule] = s.mismatches;
	}
	sweep_read_close(&s);
}

/* What the kernel does not have cannot be told apart. */
static bool is_known(int rule)
{
	switch (rule) {
	case RULE_GSO_UDP_L4:
	case RULE_USO_SEGMENTS:
		return harness_feature("usogso_write");
	case RULE_TUNNEL_CSUM:
		return harness_feature("udp_tunnel_gso") && harness_feature("bridge");
	case RULE_HDR_TUNNEL:
	case RULE_GSO_TUNNEL4:
	case RULE_GSO_TUNNEL6:
		return harness_feature("udp_tunnel_gso");
	case RULE_TCP_MIN_GSO:
		return harness_feature("tcp_min_gso");
	case RULE_FRAME_LIMIT:
		return harness_feature("napi_frags");
	case RULE_VLAN_AT:
		return harness_feature("bridge");
	}
	return true;
}

TEST(model, .title = "a change of any number of the model is seen by the sweeps")
{
	static const struct sweep_setup writes[] = {
		{ .vnet_size = 10 },
		{ .vnet_size = 24, .tap = true },
		{ .vnet_size = 10, .tap = true, .napi_frags = true },
		{ .vnet_size = 12, .pi = true },
		{ .vnet_size = 10, .down = true },
	};

	static const struct sweep_setup reads = { .tap = true, .vnet_size = 24, .pi = true };

	for (int i = 0; i < ARRAY_SIZE(writes); i++) {
		if (!writes[i].napi_frags || harness_feature("napi_frags"))
			try_writes(_metadata, &writes[i]);
	}
	try_reads(_metadata, &reads, harness_feature("udp_tunnel_gso") ? OFFLOADS | TUNNEL : OFFLOADS);
	for (int rule = 0; rule < NUM_MODEL_RULES; rule++) {
		if (is_known(rule))
			EXPECT_TRUE(found[rule]) TH_LOG("%s", model_rule_names[rule]);
	}
}
