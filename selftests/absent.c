// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel that lacks a feature says to a program that asks for it: a program must be able to
 * find out by trying. Each of these tests has two expectations, and the feature's probe says which
 * one counts; that the feature works where it is, is tested elsewhere.
 */
#include <sys/uio.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"

#define USO VIRTIO_NET_HDR_GSO_UDP_L4

FIXTURE(absent)
{
	struct tun t;
};

FIXTURE_VARIANT(absent)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(absent, tun) { .flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(absent, tap) { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

FIXTURE_SETUP(absent)
{
	self->t = peer_create("ab0", variant->flags);
}

FIXTURE_TEARDOWN(absent)
{
	tun_close(&self->t);
}

/* The stack of 6.1 segments UDP, too, but its vnet header has no type for it. */
TEST_F(absent, uso_write,
       .title = "a UDP super-frame is taken, or refused by a kernel that does not know its GSO type",
       .behaviours = { 314, 322 })
{
	bool known = harness_feature("usogso_write");
	struct rtnl_link_stats64 before = link_stats("ab0"), d;
	struct frame f;
	struct vnet v;

	peer_udp(&self->t, &f, 4000, 4001, 1000, 1);
	v = frame_finish_gso(&f, 100);
	EXPECT_EQ(USO, v.gso_type);
	EXPECT_ERRNO(known ? 0 : EINVAL, tun_send(&self->t, &v, &f));
	d = link_stats_since("ab0", &before);
	EXPECT_EQ(known, d.rx_packets);
	EXPECT_EQ(!known && !tun_is_tap(&self->t), d.rx_frame_errors);
}

TEST_F(absent, offloads,
       .title = "TUNSETOFFLOAD takes the bits of UDP segmentation and of tunnels where they are known, "
		"and otherwise refuses the mask as a whole",
       .behaviours = { 149, 151, 153 })
{
	static const struct {
		const char *feature;
		unsigned int mask;
	} masks[] = { { "uso", TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6 },
		      { "udp_tunnel_gso", TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
						  TUN_F_UDP_TUNNEL_GSO } };

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		EXPECT_ERRNO(harness_feature(masks[i].feature) ? 0 : EINVAL,
			     tun_set_offload(self->t.fd, masks[i].mask))
		{
			TH_LOG("%s", masks[i].feature);
		}
	}
}

TEST_F(absent, nowait,
       .title = "RWF_NOWAIT gives EAGAIN, or EOPNOTSUPP on a kernel that has it not for the file",
       .behaviours = { 357 })
{
	char buf[2048];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };

	EXPECT_ERRNO(harness_feature("nowait") ? EAGAIN : EOPNOTSUPP,
		     preadv2(self->t.fd, &iov, 1, -1, RWF_NOWAIT));
}

/* TUNSETIFF pays no heed to bits it does not know: TUNGETFEATURES alone tells. */
TEST_F(absent, flags,
       .title = "a flag that TUNGETFEATURES does not have is ignored, one that it has is not lost",
       .behaviours = { 37, 123 })
{
	static const unsigned int flags[] = { IFF_NO_CARRIER, IFF_BACKPRESSURE };
	static const char *const features[] = { "no_carrier", "backpressure" };
	unsigned int known;

	ASSERT_OK(tun_get_features(self->t.fd, &known));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct tun t = tun_create(NULL, variant->flags | flags[i]);

		EXPECT_EQ(harness_feature(features[i]), !!(known & flags[i]));
		if (!(known & flags[i]))
			EXPECT_EQ(variant->flags, tun_iff_flags(t.fd));
		tun_close(&t);
	}
}
