// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that vhost-net hands over in a batch lie in pieces of 32 KiB of pages. A piece is free when
 * its last frame is: one frame that is forgotten costs all of it. So each piece gets some frames that
 * fill it and one whose fate is of interest.
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
#define FILLERS	    7	   /* for one piece, of FILLER bytes */
#define FILLER	    3000
#define PIECES	    256
#define ROUND_KB    (PIECES * 32) /* what a round would leak */
#define ROUNDS	    3

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
static void fill_piece(struct vhost *v)
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

/*
 * True if @frame, sent into PIECES pieces, takes their memory with it, each time. Others on the
 * machine take memory too, but not so much again and again.
 */
static bool leaks(struct vhost *v, void (*frame)(struct vhost *v, void *arg), void *arg)
{
	for (int round = 0; round < ROUNDS; round++) {
		long before = available(), lost;

		for (int i = 0; i < PIECES; i++) {
			fill_piece(v);
			frame(v, arg);
		}
		lost = before - available();
		if (lost < ROUND_KB * 3 / 4)
			return false;
		TH_LOG("%ld KiB less are available", lost);
	}
	return true;
}

static void send_short(struct vhost *v, void *arg __UNUSED)
{
	if (!send_frame(v, ETH_HLEN - 1))
		TH_BAIL("the buffer of a short frame does not come back");
}

TEST_F(vhost_leak, short_frame,
       .title = "the memory of a frame shorter than an Ethernet header is freed",
       .behaviours = { 545 }, .needs = { "vhost" },
       .guards = { "CVE-2026-46321", "CVE-2026-46320", "3bcf7aec6a9d" }, .waits = true)
{
	EXPECT_FALSE(leaks(&self->v, send_short, NULL));
}
