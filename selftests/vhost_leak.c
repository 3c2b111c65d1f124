// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that vhost-net hands over in a batch lie in pieces of 32 KiB of pages. A piece is free
 * when its last frame is: one frame that is forgotten costs all of it. So some frames fill most of
 * a piece, and between them is one whose fate is of interest.
 */
#include <limits.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <unistd.h>

#include "device/macvtap.h"
#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"

#define TIMEOUT_MS  10000
#define ETH_P_LOCAL 0x88b5 /* local experimental: no protocol of the kernel's */
#define FILLERS	    7 /* of FILLER bytes, and of 3.5 KiB with what the kernel adds */
#define FILLER	    3000
#define GROUPS	    256
#define GROUP_KB    24 /* what a group takes: as much as it leaks */
#define PAIRS	    6
#define GOOD	    60 /* bytes of a frame that is received */

FIXTURE(vhost_leak)
{
	struct vhost v;
	struct tun t;
};

FIXTURE_VARIANT(vhost_leak)
{
	bool macvtap;
};

FIXTURE_VARIANT_ADD(vhost_leak, tap) { false };
FIXTURE_VARIANT_ADD(vhost_leak, macvtap) { true };

FIXTURE_SETUP(vhost_leak)
{
	if (!variant->macvtap) {
		self->t = vhost_peer(&self->v, 0, 0);
		return;
	}
	if (!harness_feature("macvtap"))
		SKIP(return, "%s", harness_feature_reason("macvtap"));
	self->t = macvtap_bridge("m0");
	self->v = vhost_open(0);
	ASSERT_OK(tun_set_sndbuf(self->t.fd, INT_MAX));
	ASSERT_OK(vhost_attach(&self->v, self->t.fd));
}

FIXTURE_TEARDOWN(vhost_leak)
{
	vhost_close(&self->v);
	tun_close(&self->t);
}

/* MemAvailable in KiB. */
static long available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = -1;

	while (f && kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "MemAvailable: %ld", &kb);
	if (kb < 0)
		TH_BAIL("/proc/meminfo does not tell MemAvailable");
	fclose(f);
	return kb;
}

/* Sends one frame of @len bytes: true if its buffer comes back. */
static bool send_frame(struct vhost *v, size_t len)
{
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_LOCAL);
	if (len > f.len)
		frame_pattern(&f, len - f.len, 1);
	vhost_send(v, NULL, f.data, len);
	return vhost_used(v, VHOST_TX, 1, TIMEOUT_MS) == 1;
}

/* Not by vhost_put(), whose capture would take memory too. */
static void send_fillers(struct vhost *v)
{
	for (int i = 0; i < FILLERS; i++) {
		uint8_t *memory = vhost_add(v, VHOST_TX, FILLER);

		memset(memory, 0, FILLER);
		memory[v->header + 12] = ETH_P_LOCAL >> 8;
		memory[v->header + 13] = ETH_P_LOCAL & 0xff;
	}
	vhost_kick(v, VHOST_TX);
	if (vhost_used(v, VHOST_TX, FILLERS, TIMEOUT_MS) != FILLERS)
		TH_BAIL("the fillers do not come back");
}

/* How much less memory is available after GROUPS groups with a frame of @len bytes in each. */
static long lost(struct vhost *v, size_t len)
{
	long before = available();

	for (int i = 0; i < GROUPS; i++) {
		send_fillers(v);
		if (!send_frame(v, len))
			TH_BAIL("the buffer of a frame of %zu bytes does not come back", len);
	}
	return before - available();
}

/*
 * True if frames of @len bytes cost the memory of their groups. What is available is the machine's
 * affair: others take of it too, and much. So frames that are received are sent in turn with them,
 * now the one and now the other first, and only a difference in each of PAIRS pairs is a leak.
 */
static bool leaks(struct vhost *v, size_t len)
{
	/* Our own memory is touched for the first time. */
	lost(v, GOOD);
	for (int pair = 0; pair < PAIRS; pair++) {
		bool good_first = pair % 2 == 0;
		long first = lost(v, good_first ? GOOD : len);
		long second = lost(v, good_first ? len : GOOD);
		long more = good_first ? second - first : first - second;

		TH_LOG("pair %d: %ld KiB more than good frames", pair, more);
		if (more < GROUPS * GROUP_KB / 2)
			return false;
	}
	return true;
}

TEST_F(vhost_leak, short_frame,
       .title = "the memory of a frame shorter than an Ethernet header is freed",
       .behaviours = { 545 }, .needs = { "vhost" },
       .guards = { "CVE-2026-46321", "CVE-2026-46320", "3bcf7aec6a9d" }, .waits = true)
{
	EXPECT_FALSE(leaks(&self->v, ETH_HLEN - 1));
}
