// SPDX-License-Identifier: GPL-2.0-only
/* TUNSETOFFLOAD: which masks the driver takes, and what they do to the device's features. */
#include <netinet/in.h>
#include <unistd.h>

#include "device/offload.h"
#include "device/peer.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/ethtool.h"
#include "netns/link.h"
#include "netns/sock.h"
#include "netns/tool.h"

#define USO	   (TUN_F_USO4 | TUN_F_USO6)
#define TUNNEL	   (TUN_F_UDP_TUNNEL_GSO | TUN_F_UDP_TUNNEL_GSO_CSUM)
#define WAIT_MS	   2000

static bool is_active(const char *name, const char *feature)
{
	return ethtool_get_feature(name, feature).on;
}

static bool ethtool_active(json_t *json, const char *feature)
{
	return tool_get_bool(tool_get(tool_get(json, "0"), feature), "active");
}

/* The same as `ethtool -k` sees it, over netlink. */
static unsigned int ethtool_mask(const char *name)
{
	json_t *json = tool_json("ethtool --json -k %s", name);
	unsigned int mask = 0;

	for (size_t i = 0; i < OFFLOAD_FEATURES; i++) {
		if (ethtool_active(json, offload_features[i].name))
			mask |= offload_features[i].bits;
	}
	json_decref(json);
	return mask;
}

/* All the bits that this kernel knows. */
static unsigned int known_mask(void)
{
	return TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_UFO |
	       (harness_feature("uso") ? USO : 0) |
	       (harness_feature("udp_tunnel_gso") ? TUNNEL : 0);
}

/* A bit counts only next to those it depends on; one that does not count is refused. */
static bool is_allowed(unsigned int mask)
{
	const unsigned int tso = TUN_F_TSO4 | TUN_F_TSO6;

	if (mask & ~known_mask())
		return false;
	if (!(mask & TUN_F_CSUM))
		return !mask;
	if (mask & TUN_F_TSO_ECN && !(mask & tso))
		return false;
	if (mask & USO && (mask & USO) != USO)
		return false;
	if (mask & TUN_F_UDP_TUNNEL_GSO && !(mask & (tso | USO)))
		return false;
	return !(mask & TUN_F_UDP_TUNNEL_GSO_CSUM) || mask & TUN_F_UDP_TUNNEL_GSO;
}

FIXTURE(offload)
{
	struct tun t;
};

FIXTURE_VARIANT(offload)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(offload, tun) { .flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
FIXTURE_VARIANT_ADD(offload, tap) { .flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
/* The driver does not ask for IFF_VNET_HDR, although nobody else can make use of GSO frames. */
FIXTURE_VARIANT_ADD(offload, no_vnet_hdr) { .flags = IFF_TUN | IFF_NO_PI };

FIXTURE_SETUP(offload)
{
	self->t = tun_create("off0", variant->flags);
}

FIXTURE_TEARDOWN(offload)
{
	tun_close(&self->t);
}

TEST_F(offload, every_mask,
       .title = "a mask is accepted when each of its bits has what it depends on, and turns on "
		"those features alone; a refused one changes nothing",
       .behaviours = { 143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154 })
{
	unsigned int active = 0;

	for (unsigned int mask = 0; mask <= 0x1ff; mask++) {
		if (is_allowed(mask)) {
			EXPECT_OK(tun_set_offload(self->t.fd, mask)) TH_LOG("mask %#x", mask);
			active = mask & ~TUN_F_UFO;
		} else {
			EXPECT_ERRNO(EINVAL, tun_set_offload(self->t.fd, mask))
			TH_LOG("mask %#x", mask);
		}
		ASSERT_EQ(active, offload_active(self->t.name)) TH_LOG("mask %#x", mask);
	}
	/* Nor is anything of an earlier mask still asked for. */
	EXPECT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM));
	EXPECT_EQ(TUN_F_CSUM, offload_requested(self->t.name));
	EXPECT_OK(tun_set_offload(self->t.fd, 0));
	EXPECT_EQ(0, offload_active(self->t.name));
	EXPECT_EQ(0, offload_requested(self->t.name));
}

static void try_masks(struct __test_metadata *_metadata, int fd, const unsigned int *masks,
		      size_t count, int err)
{
	for (size_t i = 0; i < count; i++) {
		EXPECT_ERRNO(err, tun_set_offload(fd, masks[i]))
		{
			TH_LOG("mask %#x", masks[i]);
		}
	}
}
#define TRY_MASKS(masks, err)                                                                      \
	try_masks(_metadata, self->t.fd, masks, ARRAY_SIZE(masks), err)

TEST_F(offload, reported_masks,
       .title = "the masks that virtual machine monitors rely on are accepted and refused as ever",
       .behaviours = { 144, 145, 146, 147, 148, 149, 150, 151, 152, 153 })
{
	static const unsigned int accepted[] = { 0, 1, 3, 7, 0xf, 0x11, 0x1f };
	static const unsigned int uso[] = { 0x61, 0x67, 0x6f, 0x7f };
	static const unsigned int tunnel[] = { 0x83, 0x87, 0x183, 0x187, 0x1ff };
	static const unsigned int refused[] = { 2,    4,    8,	  9,	0x10,  0x20,  0x40, 0x60,
						0x21, 0x41, 0x80, 0x81, 0x100, 0x101, 0x103 };

	TRY_MASKS(accepted, 0);
	TRY_MASKS(uso, harness_feature("uso") ? 0 : EINVAL);
	TRY_MASKS(tunnel, harness_feature("udp_tunnel_gso") ? 0 : EINVAL);
	TRY_MASKS(refused, EINVAL);
}

TEST_F(offload, unknown_bits,
       .title = "a mask with a bit nobody defined is refused as a whole, up to the top of a long",
       .behaviours = { 153 })
{
	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | TUN_F_TSO4));
	EXPECT_ERRNO(EINVAL, tun_set_offload(self->t.fd, ~0ul));
	/* The next bits may get a meaning one day. */
	for (unsigned int bit = 16; bit < 8 * sizeof(long); bit++) {
		EXPECT_ERRNO(EINVAL, tun_set_offload(self->t.fd, TUN_F_CSUM | 1ul << bit))
		{
			TH_LOG("bit %u", bit);
		}
	}
	EXPECT_EQ(TUN_F_CSUM | TUN_F_TSO4, offload_active(self->t.name));
}

TEST_F(offload, ethtool_agrees, .title = "ethtool shows the features of the mask",
       .behaviours = { 143, 144, 146, 147, 148, 149, 150 }, .needs = { "ethtool" })
{
	const unsigned int masks[] = { TUN_F_CSUM,
				       TUN_F_CSUM | TUN_F_TSO4,
				       TUN_F_CSUM | TUN_F_TSO6,
				       TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN,
				       TUN_F_CSUM | TUN_F_UFO,
				       known_mask(),
				       0 };

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		ASSERT_OK(tun_set_offload(self->t.fd, masks[i]));
		EXPECT_EQ(masks[i] & ~TUN_F_UFO, ethtool_mask(self->t.name));
	}
}

TEST_F(offload, initial_features,
       .title = "a new device offloads nothing to the file, but gathers, tags and merges",
       .behaviours = { 157 }, .needs = { "ethtool" })
{
	static const char *const on[] = {
		"tx-scatter-gather",
		"tx-scatter-gather-fraglist",
		"generic-segmentation-offload",
		"generic-receive-offload",
		"tx-vlan-offload",
		"tx-vlan-stag-hw-insert",
	};
	json_t *json = tool_json("ethtool --json -k %s", self->t.name);

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		EXPECT_TRUE(ethtool_active(json, on[i])) TH_LOG("%s", on[i]);
	}
	EXPECT_FALSE(tool_get_bool(json, "0.large-receive-offload.active"));
	EXPECT_TRUE(tool_get_bool(json, "0.large-receive-offload.fixed"));
	EXPECT_FALSE(tool_get_bool(json, "0.tx-checksum-ip-generic.fixed"));
	json_decref(json);
	EXPECT_EQ(0, ethtool_mask(self->t.name));
	EXPECT_EQ(0, offload_active(self->t.name));
}

TEST_F(offload, events,
       .title = "a mask that changes features sends one link event, up or down; the same mask "
		"again, and a refused one, send none",
       .behaviours = { 145, 155 })
{
	struct link_watch *watch = link_watch_open();
	int before;

	for (int up = 0; up <= 1; up++) {
		if (up && link_up(self->t.name))
			TH_BAIL("cannot bring %s up: %s", self->t.name, strerror(errno));
		before = link_watch_count(watch, NULL, 0);
		EXPECT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | TUN_F_TSO4));
		EXPECT_EQ(before + 1, link_watch_count(watch, self->t.name, RTM_NEWLINK));
		EXPECT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | TUN_F_TSO4));
		EXPECT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_UFO));
		EXPECT_ERRNO(EINVAL, tun_set_offload(self->t.fd, TUN_F_TSO4));
		EXPECT_EQ(before + 1, link_watch_count(watch, NULL, 0));
		EXPECT_OK(tun_set_offload(self->t.fd, 0));
		EXPECT_EQ(before + 2, link_watch_count(watch, self->t.name, RTM_NEWLINK));
	}
	link_watch_close(watch);
}

TEST_F(offload, ethtool_cannot_exceed_mask,
       .title = "ethtool cannot turn on what the mask does not have", .behaviours = { 158 },
       .needs = { "ethtool" })
{
	char out[256];

	ASSERT_OK(tun_set_offload(self->t.fd, 0));
	EXPECT_NE(0, tool_run(out, sizeof(out), "ethtool -K %s tx on", self->t.name));
	EXPECT_NE(NULL, strstr(out, "Could not change any device features"))
	{
		TH_LOG("ethtool said: %s", out);
	}
	EXPECT_EQ(0, offload_active(self->t.name));
	/* With a checksum in the mask, segmentation alone stays out of reach. */
	ASSERT_OK(tun_set_offload(self->t.fd, TUN_F_CSUM));
	EXPECT_NE(0, tool_run(out, sizeof(out), "ethtool -K %s tso on", self->t.name));
	EXPECT_EQ(TUN_F_CSUM, offload_active(self->t.name));
}

TEST_F(offload, ethtool_narrows_until_next_mask,
       .title = "ethtool -K tx off takes checksums and TSO away; the same mask again restores "
		"them",
       .behaviours = { 159 }, .needs = { "ethtool" })
{
	const unsigned int mask = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	ASSERT_OK(tun_set_offload(self->t.fd, mask));
	tool_must("ethtool -K %s tx off", self->t.name);
	EXPECT_EQ(0, offload_active(self->t.name));
	EXPECT_OK(tun_set_offload(self->t.fd, mask));
	EXPECT_EQ(mask, offload_active(self->t.name));

	tool_must("ethtool -K %s tx-tcp6-segmentation off", self->t.name);
	EXPECT_EQ(TUN_F_CSUM | TUN_F_TSO4, offload_active(self->t.name));
	tool_must("ethtool -K %s tx-tcp6-segmentation on", self->t.name);
	EXPECT_EQ(mask, offload_active(self->t.name));
}

TEST_F(offload, gather_off,
       .title = "ethtool -K sg off takes all segmentation away, and a mask does not bring it back",
       .behaviours = { 160 }, .needs = { "ethtool" })
{
	const unsigned int mask = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	ASSERT_OK(tun_set_offload(self->t.fd, mask));
	tool_must("ethtool -K %s sg off", self->t.name);
	EXPECT_FALSE(is_active(self->t.name, "tx-generic-segmentation"));
	EXPECT_EQ(TUN_F_CSUM, offload_active(self->t.name));
	EXPECT_OK(tun_set_offload(self->t.fd, 0));
	EXPECT_OK(tun_set_offload(self->t.fd, mask));
	EXPECT_EQ(TUN_F_CSUM, offload_active(self->t.name));
	tool_must("ethtool -K %s sg on", self->t.name);
	EXPECT_EQ(mask, offload_active(self->t.name));
}

TEST(detached_queue, .title = "a detached queue can set the mask of its device",
     .behaviours = { 154 }, .needs = { "multi_queue" })
{
	const unsigned int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	struct tun first = tun_create("off0", flags), second = tun_create("off0", flags);

	ASSERT_OK(tun_set_queue(second.fd, IFF_DETACH_QUEUE));
	EXPECT_OK(tun_set_offload(second.fd, TUN_F_CSUM));
	EXPECT_EQ(TUN_F_CSUM, offload_active(first.name));
	EXPECT_ERRNO(EINVAL, tun_set_offload(second.fd, TUN_F_TSO4));
	EXPECT_OK(tun_set_offload(first.fd, 0));
	EXPECT_EQ(0, offload_active(first.name));
	tun_close(&second);
	tun_close(&first);
}

/*
 * Sends @len bytes to the peer, as datagrams of @gso bytes if that is not 0. False if the kernel
 * refuses UDP_SEGMENT on a device without checksum offload, as it did before 6.11.
 */
static bool kernel_sends(size_t len, uint16_t gso)
{
	static uint8_t data[8192];
	int fd = udp_open(KERNEL_IP4, 4000);
	ssize_t sent;

	pattern_fill(data, len, 7);
	sent = gso ? udp_send_gso(fd, data, len, gso, PEER_IP4, 4001) :
		     udp_send(fd, data, len, PEER_IP4, 4001);
	if (sent != len && (!gso || errno != EIO))
		TH_BAIL("cannot send %zu bytes (segments of %u): %s", len, gso, strerror(errno));
	close(fd);
	return sent == len;
}

/* A persistent device that somebody left with all offloads on, taken by one who knows of none. */
static struct tun inherit(unsigned int mask)
{
	struct tun t = tun_create("off0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);

	if (tun_set_offload(t.fd, mask) || tun_set_persist(t.fd, 1))
		TH_BAIL("cannot prepare a persistent device: %s", strerror(errno));
	tun_close(&t);
	return peer_create("off0", IFF_TUN | IFF_NO_PI);
}

TEST(survives_checksum,
     .title = "the mask of a persistent device outlives its file: a reader without IFF_VNET_HDR "
	      "gets unfinished checksums until it clears the mask",
     .behaviours = { 154, 156 })
{
	struct tun t = inherit(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
	struct tun_packet packet;
	struct parsed p;

	EXPECT_EQ(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, offload_active(t.name));
	kernel_sends(5, 0);
	ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(33, packet.raw_len);
	EXPECT_FALSE(p.l4_checksum_ok);
	EXPECT_TRUE(p.l4_checksum_partial);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 5, 7));

	EXPECT_OK(tun_set_offload(t.fd, 0));
	kernel_sends(5, 0);
	ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(33, packet.raw_len);
	EXPECT_TRUE(p.l4_checksum_ok);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, 5, 7));
	tun_close(&t);
}

TEST(survives_gso,
     .title = "the mask of a persistent device outlives its file: a reader without IFF_VNET_HDR "
	      "gets super-frames until it clears the mask",
     .behaviours = { 156, 162 }, .needs = { "uso", "udp_gso" })
{
	struct tun t = inherit(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | USO);
	struct tun_packet packet;
	uint8_t stream[5000];
	struct parsed p;

	ASSERT_TRUE(kernel_sends(sizeof(stream), 500));
	ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, &p));
	EXPECT_EQ(28 + sizeof(stream), packet.raw_len);
	EXPECT_EQ(-1, pattern_check(packet.data + p.payload, p.payload_len, 7));

	/* Where the socket refuses there is nothing to read, and no super-frame either. */
	EXPECT_OK(tun_set_offload(t.fd, 0));
	for (int i = kernel_sends(sizeof(stream), 500) ? 0 : 10; i < 10; i++) {
		ASSERT_TRUE(tun_recv_proto(&t, &packet, IPPROTO_UDP, WAIT_MS, &p));
		ASSERT_EQ(28 + 500, packet.raw_len);
		EXPECT_TRUE(p.l4_checksum_ok);
		memcpy(stream + i * 500, packet.data + p.payload, 500);
	}
	EXPECT_EQ(-1, pattern_check(stream, sizeof(stream), 7));
	tun_close(&t);
}

TEST(bridge_follows,
     .title = "a bridge over a TAP sends an event and changes its features with the mask",
     .behaviours = { 161 }, .needs = { "bridge", "uso" })
{
	struct tun t = tun_create("off0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	struct link_watch *watch;
	int before;

	if (link_add("bridge", "br0") || link_set_master(t.name, "br0"))
		TH_BAIL("cannot put %s in a bridge: %s", t.name, strerror(errno));
	watch = link_watch_open();
	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM | TUN_F_TSO4));
	/* A bridge does checksums and TSO itself if need be; USO it has from its ports. */
	EXPECT_FALSE(is_active("br0", "tx-udp-segmentation"));
	before = link_watch_count(watch, "br0", RTM_NEWLINK);
	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM | TUN_F_TSO4 | USO));
	EXPECT_TRUE(is_active("br0", "tx-udp-segmentation"));
	EXPECT_EQ(before + 1, link_watch_count(watch, "br0", RTM_NEWLINK));
	ASSERT_OK(tun_set_offload(t.fd, TUN_F_CSUM | TUN_F_TSO4));
	EXPECT_FALSE(is_active("br0", "tx-udp-segmentation"));
	EXPECT_EQ(before + 2, link_watch_count(watch, "br0", RTM_NEWLINK));
	link_watch_close(watch);
	tun_close(&t);
}
