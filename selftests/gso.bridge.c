// SPDX-License-Identifier: GPL-2.0-only
/* Checksum and segmentation offload: what a bridge carries from one TAP to another, tunnels too. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "selftests/gso.h"

/* Two TAPs in a bridge; the mask is that of the second. */
FIXTURE(bridged)
{
	struct tun in, out;
	unsigned int mask; /* the variant's, as far as the kernel knows it */
};

FIXTURE_VARIANT(bridged)
{
	unsigned int mask;
};

FIXTURE_VARIANT_ADD(bridged, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(bridged, all) { .mask = TSO_MASK | TUN_F_UFO | USO_MASK };

static const uint8_t far_mac[6] = { 0x02, 0, 0, 0, 0x08, 0x02 };

static struct tun bridge_port(const char *name, unsigned int mask)
{
	struct tun t = tun_create(name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	if (tun_set_offload(t.fd, mask) || link_up(name) || link_set_master(name, "br0"))
		TH_BAIL("cannot put %s into the bridge: %s", name, strerror(errno));
	return t;
}

FIXTURE_SETUP(bridged)
{
	if (link_add("bridge", "br0") || link_up("br0"))
		TH_BAIL("bridge: %s", strerror(errno));
	self->in = bridge_port("in0", 0);
	self->mask = known_mask(variant->mask);
	self->out = bridge_port("out0", self->mask);
}

static void start_bridged(struct frame *f, size_t len)
{
	frame_start(f);
	frame_eth(f, far_mac, peer_mac, 0x0800);
	frame_ipv4(f, PEER_IP4, FAR_IP4, IPPROTO_UDP);
	f->data[f->l3 + 6] = 0;
	frame_udp(f, PEER_PORT, PORT);
	frame_pattern(f, len, 5);
}

TEST_F(bridged, bridge_checksum,
       .title = "a bridge carries an unfinished checksum to a TAP with checksum offload, and "
		"finishes it for others; of DATA_VALID nothing is left",
       .behaviours = { 306, 336, 337 }, .needs = { "bridge" })
{
	struct vnet v, data_valid = { .flags = DATA_VALID };
	struct tun_packet packet;
	struct parsed p;
	struct frame f;

	start_bridged(&f, 100);
	v = frame_finish_partial(&f);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	ASSERT_EQ(f.len, packet.len);
	EXPECT_EQ(!self->mask, p.l4_checksum_ok);
	if (self->mask)
		expect_partial(_metadata, &self->out, &packet, UDP_CSUM);
	EXPECT_EQ(0, memcmp(f.data, packet.data, f.l4 + UDP_CSUM));
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 100, 5));

	/* A wrong checksum is none of a bridge's business. */
	ASSERT_LT(0, tun_send(&self->in, &data_valid, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(0, packet.vnet.flags);
	ASSERT_EQ(f.len, packet.len);
	EXPECT_EQ(0, memcmp(f.data, packet.data, f.len));
}

/* Once it did not, and who finished the checksum wrote it four bytes early. */
TEST_F(bridged, bridge_vlan,
       .title = "csum_start counts the VLAN tag that the kernel took off and read puts back",
       .behaviours = { 338 }, .needs = { "bridge" })
{
	struct tun_packet packet;
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_bridged(&f, 100);
	frame_vlan(&f, 0x8100, 42);
	v = frame_finish_partial(&f);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(1, p.vlans);
	EXPECT_EQ(14 + 4 + 20, p.l4);
	if (self->mask & TUN_F_CSUM) {
		EXPECT_EQ(NEEDS_CSUM, packet.vnet.flags);
		EXPECT_EQ(p.l4, packet.vnet.csum_start);
		EXPECT_EQ(6, packet.vnet.csum_offset);
		EXPECT_TRUE(p.l4_checksum_partial);
	} else {
		EXPECT_EQ(0, packet.vnet.flags & NEEDS_CSUM);
		EXPECT_TRUE(p.l4_checksum_ok);
	}
}

TEST_F(bridged, bridge_uso,
       .title = "a bridge carries a UDP super-frame to a TAP with USO, and cuts it up for others",
       .behaviours = { 325, 337 }, .needs = { "bridge", "usogso_write" })
{
	int count = self->mask ? 1 : 4;
	struct tun_packet packet;
	uint8_t stream[1000];
	struct parsed p;
	struct frame f;
	struct vnet v;

	start_bridged(&f, sizeof(stream));
	v = frame_finish_gso(&f, 300);
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	for (int i = 0; i < count; i++) {
		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &p));
		ASSERT_EQ(count == 1 ? 1000 : i < 3 ? 300 : 100, p.payload_len);
		memcpy(stream + 300 * i, packet.data + p.payload, p.payload_len);
		EXPECT_EQ(count == 1 ? USO : 0, packet.vnet.gso_type);
		EXPECT_EQ(count == 1 ? 300 : 0, packet.vnet.gso_size);
		EXPECT_EQ(count != 1, p.l4_checksum_ok);
		EXPECT_EQ(count == 1, p.l4_checksum_partial);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 5));
}

TEST_F(bridged, bridge_ufo,
       .title = "UDP to be fragmented comes out of a bridge in IP fragments, even with TUN_F_UFO",
       .behaviours = { 148, 335 }, .needs = { "bridge" })
{
	struct frame f;
	struct vnet v;

	start_bridged(&f, 1140 - 8);
	v = frame_finish_partial(&f);
	v.gso_type = UFO;
	v.gso_size = 448;
	ASSERT_LT(0, tun_send(&self->in, &v, &f));
	EXPECT_EQ(3, recv_fragments(_metadata, &self->out, 1140 - 8, 448));
}

/* TCP in VXLAN over IPv4. */
static struct vnet vxlan_gso(struct frame *f, size_t len)
{
	static const uint8_t vxlan[8] = { 0x08, 0, 0, 0, 0, 0, 0x2a, 0 };
	struct vnet v;
	int outer;

	start_bridged(f, 0);
	outer = f->l4;
	frame_payload(f, vxlan, sizeof(vxlan));
	frame_eth(f, far_mac, peer_mac, 0x0800);
	frame_ipv4(f, "192.0.2.1", "192.0.2.2", IPPROTO_TCP);
	frame_tcp(f, PEER_PORT, PORT, 1000, 1, TH_ACK);
	frame_pattern(f, len, 5);
	v = frame_finish_gso(f, 1000);
	v.gso_type |= VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4;
	v.outer_th_offset = outer;
	v.inner_nh_offset = f->l3;
	return v;
}

FIXTURE(tunnel)
{
	struct tun in, out;
};

FIXTURE_VARIANT(tunnel)
{
	unsigned int mask;
};

FIXTURE_VARIANT_ADD(tunnel, no_offload) { .mask = 0 };
FIXTURE_VARIANT_ADD(tunnel, tso) { .mask = TSO_MASK };
FIXTURE_VARIANT_ADD(tunnel, tunnel_gso) { .mask = TSO_MASK | TUN_F_UDP_TUNNEL_GSO };

FIXTURE_SETUP(tunnel)
{
	if (link_add("bridge", "br0") || link_up("br0"))
		TH_BAIL("bridge: %s", strerror(errno));
	self->in = bridge_port("in0", 0);
	self->out = bridge_port("out0", variant->mask);
	if (tun_set_vnet_hdr_sz(&self->in, VNET_SIZE_HASH_TUNNEL) ||
	    tun_set_vnet_hdr_sz(&self->out, VNET_SIZE_HASH_TUNNEL))
		TH_BAIL("header for tunnels: %s", strerror(errno));
}

TEST_F(tunnel, bridge_tunnel,
       .title = "a super-frame in a UDP tunnel is carried as it is to a device that knows them, "
		"otherwise in segments that each have all headers",
       .behaviours = { 151, 334, 568 }, .needs = { "bridge", "udp_tunnel_gso" })
{
	bool whole = variant->mask & TUN_F_UDP_TUNNEL_GSO;
	uint8_t stream[3500];
	struct frame f;
	struct vnet v = vxlan_gso(&f, sizeof(stream));

	ASSERT_EQ(VNET_SIZE_HASH_TUNNEL + f.len, tun_send(&self->in, &v, &f));
	for (int i = 0; i < (whole ? 1 : 4); i++) {
		struct parsed outer, inner;
		struct tun_packet packet;

		ASSERT_TRUE(tun_recv_proto(&self->out, &packet, IPPROTO_UDP, WAIT_MS, &outer));
		EXPECT_EQ(whole ? v.gso_type : 0, packet.vnet.gso_type);
		EXPECT_EQ(whole ? 1000 : 0, packet.vnet.gso_size);
		if (whole) {
			EXPECT_EQ(NEEDS_CSUM, packet.vnet.flags);
			EXPECT_EQ(v.csum_start, packet.vnet.csum_start);
			EXPECT_EQ(TCP_CSUM, packet.vnet.csum_offset);
			EXPECT_EQ(v.outer_th_offset, packet.vnet.outer_th_offset);
			EXPECT_EQ(v.inner_nh_offset, packet.vnet.inner_nh_offset);
		} else if (packet.vnet.flags & NEEDS_CSUM) {
			EXPECT_TRUE(variant->mask & TUN_F_CSUM);
			complete_checksum(&packet);
		}

		EXPECT_TRUE(outer.l3_checksum_ok);
		EXPECT_TRUE(outer.l4_checksum_ok);
		EXPECT_EQ(packet.len, 14 + outer.ip_len);
		ASSERT_TRUE(frame_parse(packet.data + outer.payload + 8, outer.payload_len - 8,
					true, &inner));
		EXPECT_TRUE(inner.l3_checksum_ok);
		EXPECT_TRUE(whole ? inner.l4_checksum_partial : inner.l4_checksum_ok);
		EXPECT_EQ(1000 + 1000 * i, inner.seq);
		ASSERT_EQ(whole ? 3500 : i < 3 ? 1000 : 500, inner.payload_len);
		memcpy(stream + 1000 * i, packet.data + outer.payload + 8 + inner.payload,
		       inner.payload_len);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 5));
}

TEST_F(tunnel, tunnel_headers,
       .title = "a super-frame in a UDP tunnel needs a checksum, TCP or USO inside, one outer IP "
		"version and its offsets in order",
       .behaviours = { 334 }, .needs = { "bridge", "udp_tunnel_gso" })
{
	struct frame f;
	struct vnet good = vxlan_gso(&f, 3500), v;

#define REFUSED(change)                                                                            \
	do {                                                                                       \
		v = good;                                                                          \
		v.change;                                                                          \
		EXPECT_ERRNO(EINVAL, tun_send(&self->in, &v, &f))                                  \
		{                                                                                  \
			TH_LOG("%s", #change);                                                     \
		}                                                                                  \
	} while (0)
	REFUSED(flags = 0);
	REFUSED(gso_type = VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4);
	REFUSED(gso_type = VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | UFO);
	REFUSED(gso_type |= VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6);
	REFUSED(gso_size = 0);
	REFUSED(outer_th_offset = 0);
	REFUSED(outer_th_offset = good.inner_nh_offset);
	REFUSED(inner_nh_offset = good.outer_th_offset + 7);
	REFUSED(inner_nh_offset = good.csum_start - 19);
	REFUSED(inner_nh_offset = 0xffff);
	EXPECT_LT(0, tun_send(&self->in, &good, &f));
	/* Without the fields in the header nothing says where the tunnel is. */
	ASSERT_OK(tun_set_vnet_hdr_sz(&self->in, VNET_SIZE_HASH));
	EXPECT_ERRNO(EINVAL, tun_send(&self->in, &good, &f));
}
