// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that come to the file past the code that segments: an XDP program that sends a super-frame
 * back (XDP_TX) calls the driver itself, whatever TUNSETOFFLOAD asked for.
 */
#include <linux/if_link.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/link.h"
#include "netns/sock.h"

#define TSO_MASK (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define WAIT_MS	 2000

FIXTURE(gsotype)
{
	struct tun t;
};

FIXTURE_VARIANT(gsotype)
{
	unsigned int mask;
};

FIXTURE_VARIANT_ADD(gsotype, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(gsotype, tso) { .mask = TSO_MASK };

FIXTURE_SETUP(gsotype)
{
	int xdp = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_TX);

	self->t = peer_create("gt0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	if (xdp < 0 || link_set_xdp("gt0", xdp, XDP_FLAGS_SKB_MODE) ||
	    tun_set_offload(self->t.fd, variant->mask))
		TH_BAIL("XDP on gt0: %s", strerror(errno));
	close(xdp);
}

FIXTURE_TEARDOWN(gsotype)
{
	tun_close(&self->t);
}

/*
 * TCP alone: of a type that the header cannot express, such as UDP to be fragmented, the driver
 * says so in a warning, once for each boot, which would be held against whatever test runs at that
 * time.
 */
TEST_F(gsotype, sent_by_xdp,
       .title = "a TCP super-frame that XDP sends is read as one with TSO, and in segments without",
       .behaviours = { 143, 339 }, .needs = { "xdp" })
{
	bool whole = variant->mask;
	struct tun_packet packet;
	struct parsed p;
	struct frame f;
	struct vnet v;

	peer_ipv4(&self->t, &f, IPPROTO_TCP);
	frame_tcp(&f, 4000, 4001, 1000, 1, TH_ACK);
	frame_pattern(&f, 3000, 1);
	v = frame_finish_gso(&f, 1000);
	ASSERT_LT(0, tun_send(&self->t, &v, &f));
	for (int i = 0; i < (whole ? 1 : 3); i++) {
		ASSERT_TRUE(tun_recv_proto(&self->t, &packet, IPPROTO_TCP, WAIT_MS, &p));
		EXPECT_EQ(whole ? VIRTIO_NET_HDR_GSO_TCPV4 : 0, packet.vnet.gso_type);
		ASSERT_EQ(whole ? 3000 : 1000, p.payload_len);
		EXPECT_EQ(!whole, p.l4_checksum_ok);
	}
}

XFAIL_ADD(gsotype, no_offload, sent_by_xdp, "docs/findings.md F9");
