// SPDX-License-Identifier: GPL-2.0-only
/* Packets on every way to every kind of reader. */
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/seed.h"
#include "fuzz/targets/tx_read/flow_plan.h"
#include "fuzz/targets/tx_read/plan.h"
#include "harness/harness.h"

static const struct {
	const char *name;
	unsigned int mask;
	uint16_t gso; /* 0: a partial checksum */
	uint8_t way, reader, header_size;
	uint8_t frame; /* number of the frame of seed_frame() */
	uint16_t buffer;
	uint8_t pieces;
} seeds[] = {
	{ "packet_tun_csum_filled", 0, 0, WAY_PACKET, 4, 0, 0, LARGE - 1, 0 },
	{ "packet_tap_csum_left", 1, 0, WAY_PACKET, 5, 2, 1, LARGE - 1, 0 },
	{ "packet_tap_pi_strip", 0, 0, WAY_PACKET, 7, 2, 0, 70, 0 },
	{ "packet_tap_pi_fits", 0, 0, WAY_PACKET, 7, 2, 0, 89, 0 },
	{ "packet_tap_pi_one_short", 0, 0, WAY_PACKET, 7, 2, 0, 88, 0 },
	{ "packet_tap_short_header", 1, 0, WAY_PACKET, 5, 30, 4, 20, 0 },
	{ "packet_tun_pi_readv", 0, 0, WAY_PACKET, 6, 10, 5, 100, 3 },
	{ "packet_tun_be", 3, 20, WAY_PACKET, 12, 2, 1, LARGE - 1, 0 },
	{ "packet_tap_tso_segmented", 1, 20, WAY_PACKET, 5, 0, 1, LARGE - 1, 0 },
	{ "packet_tun_tso_filled", 0, 500, WAY_PACKET, 4, 0, 2, LARGE - 1, 0 },
	{ "packet_tun_tso6_filled", 0, 20, WAY_PACKET, 4, 14, 5, 50, 1 },
	{ "packet_tap_uso_kept", 0x61, 10, WAY_PACKET, 5, 14, 0, LARGE - 1, 0 },
	{ "packet_plain_tap", 0, 0, WAY_PACKET, 1, 0, 12, 100, 1 },
	{ "packet_plain_tun_tso", 3, 20, WAY_PACKET, 0, 0, 1, 100, 1 },
	{ "redirect_tun_csum_filled", 0, 0, WAY_REDIRECT, 4, 2, 0, LARGE - 1, 0 },
	{ "redirect_tap_csum_left", 1, 0, WAY_REDIRECT, 5, 2, 5, LARGE - 1, 0 },
	{ "redirect_tap_tso_kept", 3, 20, WAY_REDIRECT, 5, 2, 1, LARGE - 1, 0 },
	{ "redirect_tap_tso6_kept", 5, 20, WAY_REDIRECT, 5, 2, 5, LARGE - 1, 0 },
	{ "redirect_tap_ecn_kept", 0xb, 20, WAY_REDIRECT, 5, 2, 1, LARGE - 1, 0 },
	{ "redirect_tap_tso_filled", 0, 20, WAY_REDIRECT, 5, 2, 1, LARGE - 1, 0 },
	{ "redirect_tun_tso6_segmented", 1, 20, WAY_REDIRECT, 4, 14, 5, 60, 2 },
	{ "redirect_tun_uso_filled", 0, 10, WAY_REDIRECT, 4, 0, 4, LARGE - 1, 0 },
	{ "redirect_tap_ufo_fragmented", 0x11, 16, WAY_REDIRECT, 5, 2, 0, LARGE - 1, 0 },
	{ "redirect_vlan_tap_filled", 0, 0, WAY_REDIRECT, 5, 2, 12, 40, 0 },
	{ "redirect_vlan_tap_left", 1, 0, WAY_REDIRECT, 7, 2, 12, 26, 2 },
	{ "udp_tun_filled", 0, 0, WAY_UDP, 4, 2, 0, LARGE - 1, 0 },
	{ "udp_tap_left", 1, 0, WAY_UDP, 5, 0, 0, 60, 1 },
	{ "udp_tap_uso_kept", 0x61, 7, WAY_UDP, 5, 2, 0, LARGE - 1, 0 },
	{ "udp_tun_uso_segmented", 1, 7, WAY_UDP, 6, 14, 0, 90, 3 },
	{ "udp_tap_zerocopy", 1, 0, WAY_UDP | PLAN_ZEROCOPY, 5, 0, 0, 400, 0 },
	{ "udp_tun_zerocopy", 0, 0, WAY_UDP | PLAN_ZEROCOPY, 0, 0, 0, 400, 0 },
	{ "packet_tap_pi_torn", 0, 0, WAY_PACKET, 7, 0, 0, 400, PLAN_TORN },
	{ "redirect_vlan_tap_torn", 1, 0, WAY_REDIRECT, 5, 2, 12, 400, PLAN_TORN },
	{ "udp_tap_plain", 0, 0, WAY_UDP, 1, 0, 0, 33, 0 },
};

size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	static struct seed s;
	struct vnet v;

	if (n >= ARRAY_SIZE(seeds))
		return flows_seed(n - ARRAY_SIZE(seeds), data, name);
	if (!seed_frame(seeds[n].frame, seeds[n].reader & READER_TAP, &s))
		return 0;
	v = seed_header(&s, seeds[n].gso);
	if (seeds[n].mask & TUN_F_UFO)
		v.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	if (seeds[n].mask & TUN_F_TSO_ECN)
		v.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	memset(data, 0, FRONT);
	data[READER] = seeds[n].reader;
	data[WAY] = seeds[n].way;
	data[HEADER_SIZE] = seeds[n].header_size;
	edit_put16(data + MASK, seeds[n].mask);
	edit_put16(data + BUFFER, seeds[n].buffer);
	data[PIECES] = seeds[n].pieces;
	/* Where memory ends: in the vnet header, or in the Ethernet header. */
	data[PIECE] = seeds[n].pieces & PLAN_TORN && seeds[n].reader & READER_PI ? 7 : 17;
	vnet_encode(&v, data + HEADER, PORT_HEADER, false);
	memcpy(data + FRONT, s.frame.data, s.frame.len);
	*name = seeds[n].name;
	return FRONT + s.frame.len;
}
