// SPDX-License-Identifier: GPL-2.0-only
/* Buffers that a guest should not have put into its rings, and how vhost-net goes on after them. */
#include <limits.h>
#include <net/ethernet.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/vhost.h"
#include "harness/harness.h"
#include "netns/link.h"

#define STUCK_MS 1000 /* vhost computes all the time while its ring is stuck */
#define SIZE	 60
#define PAGE	 4096

enum fault { TOO_SHORT, CHECKSUM_BEHIND_END, UNREADABLE };

FIXTURE(vhost_bad)
{
	struct vhost v;
	struct tun t;
};

FIXTURE_VARIANT(vhost_bad)
{
	enum fault fault;
	int sndbuf;
};

FIXTURE_VARIANT_ADD(vhost_bad, short_batch) { TOO_SHORT, INT_MAX };
FIXTURE_VARIANT_ADD(vhost_bad, short_single) { TOO_SHORT, INT_MAX - 1 };
FIXTURE_VARIANT_ADD(vhost_bad, checksum_batch) { CHECKSUM_BEHIND_END, INT_MAX };
FIXTURE_VARIANT_ADD(vhost_bad, checksum_single) { CHECKSUM_BEHIND_END, INT_MAX - 1 };
FIXTURE_VARIANT_ADD(vhost_bad, unreadable_batch) { UNREADABLE, INT_MAX };
FIXTURE_VARIANT_ADD(vhost_bad, unreadable_single) { UNREADABLE, INT_MAX - 1 };

FIXTURE_SETUP(vhost_bad)
{
	self->t = vhost_peer(&self->v, 0, 0);
	ASSERT_OK(tun_set_sndbuf(self->t.fd, variant->sndbuf));
}

FIXTURE_TEARDOWN(vhost_bad)
{
	vhost_close(&self->v);
	tun_close(&self->t);
}

static void send_frame(struct vhost *v, const struct vnet *vnet)
{
	struct frame f;

	frame_start(&f);
	frame_eth(&f, peer_mac, peer_mac, ETH_P_LOCAL);
	frame_pattern(&f, SIZE - f.len, 1);
	vhost_send(v, vnet, f.data, f.len);
}

static void send_bad(struct vhost *v, enum fault fault)
{
	const struct vnet behind = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 2 * SIZE };

	switch (fault) {
	case TOO_SHORT:
		vhost_add(v, VHOST_TX, v->header - 1);
		vhost_kick(v, VHOST_TX);
		break;
	case CHECKSUM_BEHIND_END:
		send_frame(v, &behind);
		break;
	case UNREADABLE:
		if (mprotect(vhost_add(v, VHOST_TX, SIZE), PAGE, PROT_NONE))
			TH_BAIL("mprotect: %s", strerror(errno));
		vhost_kick(v, VHOST_TX);
		break;
	}
}

TEST_F(vhost_bad, comes_back,
       .title = "a buffer that vhost cannot send from comes back, and the next frame is sent",
       .behaviours = { 545 }, .needs = { "vhost" })
{
	struct rtnl_link_stats64 before = link_stats("v0");

	send_bad(&self->v, variant->fault);
	ASSERT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, STUCK_MS));
	send_frame(&self->v, NULL);
	EXPECT_EQ(1, vhost_used(&self->v, VHOST_TX, 1, STUCK_MS));
	EXPECT_EQ(1, link_stats_since("v0", &before).rx_packets);
}

#define STUCK "a batch stops at a buffer that cannot be sent, for ever (docs/findings.md)"
XFAIL_ADD(vhost_bad, short_batch, comes_back, STUCK);
XFAIL_ADD(vhost_bad, checksum_batch, comes_back, STUCK);
XFAIL_ADD(vhost_bad, unreadable_batch, comes_back, STUCK);
