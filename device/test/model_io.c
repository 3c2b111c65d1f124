// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sweeps can fail: with any of the model's numbers changed by one, or what it knows of the
 * kernel, they see that it is no longer the kernel's.
 */
#include "device/model_rules.h"
#include "device/sweep.h"
#include "device/sweep_read.h"
#include "harness/harness.h"

#define OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define TUNNEL	 (TUN_F_UDP_TUNNEL_GSO | TUN_F_UDP_TUNNEL_GSO_CSUM)

/* What is changed: an entry of model_rules, or a field of struct model_kernel. */
enum {
	KERNEL_USO = NUM_MODEL_RULES,
	KERNEL_TUNNEL_GSO,
	KERNEL_HDR_SLACK,
	KERNEL_CSUM_BEHIND_IP,
	KERNEL_TCP_MIN_GSO,
	KERNEL_ZEROED_TAIL,
	KERNEL_PAGED,
	KERNEL_TAKES_IPV6,
	KERNEL_TAKES_LLC,
	KERNEL_SHARED_INFO,
	KERNEL_NET_SKB_PAD,
	KERNEL_NET_IP_ALIGN,
	KERNEL_MAX_FRAGS,
	NUM_CHANGES
};

/* Changes number @change, or with @back undoes it. */
static void alter(struct model_kernel *k, int change, bool back)
{
	int by = back ? -1 : 1;

	switch (change) {
	case KERNEL_USO:
		k->uso = !k->uso;
		break;
	case KERNEL_TUNNEL_GSO:
		k->tunnel_gso = !k->tunnel_gso;
		break;
	case KERNEL_HDR_SLACK:
		k->hdr_slack = !k->hdr_slack;
		break;
	case KERNEL_CSUM_BEHIND_IP:
		k->csum_behind_ip = !k->csum_behind_ip;
		break;
	case KERNEL_TCP_MIN_GSO:
		k->tcp_min_gso = !k->tcp_min_gso;
		break;
	case KERNEL_ZEROED_TAIL:
		k->zeroed_tail = !k->zeroed_tail;
		break;
	case KERNEL_PAGED:
		k->paged = !k->paged;
		break;
	case KERNEL_TAKES_IPV6:
		k->takes_ipv6 = !k->takes_ipv6;
		break;
	case KERNEL_TAKES_LLC:
		k->takes_llc = !k->takes_llc;
		break;
	case KERNEL_SHARED_INFO:
		k->shared_info += by;
		break;
	case KERNEL_NET_SKB_PAD:
		k->net_skb_pad += by;
		break;
	case KERNEL_NET_IP_ALIGN:
		k->net_ip_align += by;
		break;
	case KERNEL_MAX_FRAGS:
		k->max_frags += by;
		break;
	case RULE_TUNNEL_CSUM: /* one more would be lost beside NEEDS_CSUM */
		model_rules[change] += 8 * by;
		break;
	default:
		model_rules[change] += by;
	}
}

static bool found[NUM_CHANGES];

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

/* Looks for each change that was not found yet. */
static void try_writes(struct __test_metadata *_metadata, const struct sweep_setup *setup)
{
	static struct sweep s;

	sweep_open(&s, setup);
	s.quiet = true;
	s.thin = 50;
	sweep_everything(&s);
	EXPECT_EQ(0, s.mismatches);
	for (int change = 0; change < NUM_CHANGES; change++) {
		if (found[change])
			continue;
		sweep_again(&s);
		alter(&s.kernel, change, false);
		sweep_everything(&s);
		alter(&s.kernel, change, true);
		found[change] = s.mismatches;
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
	for (int change = 0; change < NUM_CHANGES; change++) {
		if (found[change])
			continue;
		sweep_read_again(&s);
		alter(&s.kernel, change, false);
		sweep_read_all(&s, mask);
		alter(&s.kernel, change, true);
		found[change] = s.mismatches;
	}
	sweep_read_close(&s);
}

/* What the kernel does not have cannot be told apart. */
static bool is_known(int change)
{
	switch (change) {
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
	case RULE_FRAGS_DROPPED:
	case KERNEL_MAX_FRAGS:
		return harness_feature("napi_frags");
	case RULE_VLAN_AT:
		return harness_feature("bridge");
	}
	return true;
}

FIXTURE(model)
{
	unsigned int offloads;
};
FIXTURE_VARIANT(model)
{
};

FIXTURE_SETUP(model)
{
	self->offloads = OFFLOADS | (harness_feature("udp_tunnel_gso") ? TUNNEL : 0);
}

TEST_F_TIMEOUT(model, change, 300,
	       .title = "a change of any number of the model is seen by the sweeps", .waits = true)
{
	static const struct sweep_setup reads = { .tap = true, .vnet_size = 40, .pi = true };
	static const struct sweep_setup writes[] = {
		{ .vnet_size = 10 },
		{ .vnet_size = 24, .tap = true },
		{ .vnet_size = 12, .tap = true, .napi_frags = true },
		{ .vnet_size = 12, .pi = true },
		{ .vnet_size = 10, .down = true },
		{ .vnet_size = 10, .tap = true, .unwatched = true },
	};

	for (int i = 0; i < ARRAY_SIZE(writes); i++) {
		if (!writes[i].napi_frags || harness_feature("napi_frags"))
			try_writes(_metadata, &writes[i]);
	}
	try_reads(_metadata, &reads, self->offloads);
	for (int i = 0; i < NUM_CHANGES; i++) {
		if (is_known(i))
			EXPECT_TRUE(found[i]) TH_LOG("change %d, %s", i, i < NUM_MODEL_RULES ?
						     model_rule_names[i] : "of the kernel");
	}
}
