// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/edit.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "device/frame.h"
#include "harness/harness.h"

uint32_t edit_number(uint32_t old, unsigned int bits, struct draw *draw)
{
	static const uint16_t limits[] = { 0,	 1,    2,     4,     5,	    6,	   7,	 8,
					   13,	 14,   15,    16,    18,    20,	   22,	 24,
					   28,	 34,   40,    48,    54,    60,	   64,	 127,
					   128,	 255,  256,   512,   1280,  1460,  1500, 1514,
					   4096, 9000, 32767, 32768, 65521, 65534, 65535 };
	uint32_t mask = bits < 32 ? (1u << bits) - 1 : UINT32_MAX;

	switch (draw->below(draw, 5)) {
	case 0:
		return (old + 1) & mask;
	case 1:
		return (old - 1) & mask;
	case 2:
		return (old ^ 1u << draw->below(draw, bits)) & mask;
	case 3:
		return draw->below(draw, bits < 31 ? 1u << bits : UINT32_MAX);
	default:
		return limits[draw->below(draw, ARRAY_SIZE(limits))] & mask;
	}
}

/* Bytes that are taken out, or put in; what they are is left to other changes. */
static size_t resize(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t at = size ? draw->below(draw, size + 1) : 0;
	size_t n = edit_number(0, edit_chance(draw, 80) ? 6 : 13, draw);

	if (edit_chance(draw, 50)) {
		n = n < size - at ? n : size - at;
		return edit_remove(data, size, at, n);
	}
	n = n < max - size ? n : max - size;
	size = edit_insert(data, size, at, n);
	memset(data + at, draw->below(draw, 256), n);
	return size;
}

size_t edit_raw(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	if (!size || edit_chance(draw, 30))
		return resize(data, size, max, draw);
	for (uint32_t n = 1 + draw->below(draw, 4); n; n--) {
		uint8_t *byte = &data[draw->below(draw, size)];

		*byte = edit_number(*byte, 8, draw);
	}
	return size;
}

/* Lengths and checksums as they have to be for what stands there now. */
static void mend(uint8_t *frame, size_t size, const struct parsed *p)
{
	size_t l4_len = p->l4 >= 0 && (size_t)p->l4 < size ? size - p->l4 : 0;
	size_t at = p->l4_proto == IPPROTO_TCP ? 16 : 6, addresses;
	uint8_t *ip = frame + p->l3, *l4 = frame + p->l4;
	uint32_t sum;

	if (p->l3 < 0 || size - p->l3 < 20)
		return;
	if (p->ip_version == 4) {
		size_t header = (ip[0] & 15) * 4;

		edit_put_net16(ip + 2, size - p->l3);
		edit_put_net16(ip + 10, 0);
		if (header <= size - p->l3)
			edit_put_net16(ip + 10, ~checksum_fold(checksum_add(0, ip, header)));
		addresses = 12;
	} else if (size - p->l3 >= 40) {
		edit_put_net16(ip + 4, size - p->l3 - 40);
		addresses = 8;
	} else {
		return;
	}
	if (l4_len < (p->l4_proto == IPPROTO_TCP ? 20 : 8) ||
	    (p->l4_proto != IPPROTO_TCP && p->l4_proto != IPPROTO_UDP))
		return;
	if (p->l4_proto == IPPROTO_UDP)
		edit_put_net16(l4 + 4, l4_len);
	edit_put_net16(l4 + at, 0);
	sum = checksum_add(l4_len + p->l4_proto, ip + addresses, p->ip_version == 4 ? 8 : 32);
	edit_put_net16(l4 + at, ~checksum_fold(checksum_add(sum, l4, l4_len)));
}

/* A field of a header at @at, of one byte or two. */
static void edit_field(uint8_t *frame, size_t size, int at, unsigned int bytes, struct draw *draw)
{
	if (at < 0 || at + bytes > size)
		return;
	if (bytes == 1)
		frame[at] = edit_number(frame[at], 8, draw);
	else
		edit_put_net16(frame + at, edit_number(edit_get_net16(frame + at), 16, draw));
}

static void edit_l3(uint8_t *frame, size_t size, const struct parsed *p, struct draw *draw)
{
	static const uint8_t protocols[] = { IPPROTO_TCP,     IPPROTO_UDP,     IPPROTO_ICMP,
					     IPPROTO_ICMPV6,  IPPROTO_IPIP,    IPPROTO_IPV6,
					     IPPROTO_GRE,     IPPROTO_ESP,     IPPROTO_HOPOPTS,
					     IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
					     IPPROTO_NONE,    IPPROTO_SCTP,    IPPROTO_UDPLITE };
	/* type of service, length, identity, fragment, hops, checksum; and of IPv6 */
	static const struct {
		uint8_t at, bytes;
	} v4
		[] = { { 0, 1 }, { 1, 1 }, { 2, 2 },  { 4, 2 },
		       { 6, 2 }, { 8, 1 }, { 10, 2 }, { 12, 2 } },
	      v6[] = { { 0, 1 }, { 1, 1 }, { 2, 2 }, { 4, 2 },
		       { 6, 1 }, { 7, 1 }, { 8, 2 }, { 24, 2 } };
	int at = p->l3 + (p->ip_version == 4 ? 9 : 6);
	uint32_t n = draw->below(draw, ARRAY_SIZE(v4));

	if (p->l3 < 0)
		return;
	if (edit_chance(draw, 40) && (size_t)at < size)
		frame[at] = protocols[draw->below(draw, ARRAY_SIZE(protocols))];
	else if (p->ip_version == 4)
		edit_field(frame, size, p->l3 + v4[n].at, v4[n].bytes, draw);
	else
		edit_field(frame, size, p->l3 + v6[n].at, v6[n].bytes, draw);
}

/* Ports, sequence, data offset, flags, window, checksum, urgent; of UDP the first four words. */
static void edit_l4(uint8_t *frame, size_t size, const struct parsed *p, struct draw *draw)
{
	uint32_t words = p->l4_proto == IPPROTO_TCP ? 10 : 4;

	if (p->l4 < 0)
		return;
	if (edit_chance(draw, 30))
		edit_field(frame, size, p->l4 + 12 + draw->below(draw, 2), 1, draw);
	else
		edit_field(frame, size, p->l4 + 2 * draw->below(draw, words), 2, draw);
}

static size_t edit_ethernet(uint8_t *frame, size_t size, size_t max, struct draw *draw)
{
	static const uint16_t types[] = { ETH_P_IP,    ETH_P_IPV6,    ETH_P_ARP,
					  ETH_P_8021Q, ETH_P_8021AD,  ETH_P_MPLS_UC,
					  ETH_P_TEB,   ETH_P_PPP_SES, 0,
					  0x05ff,      0x0600,	      0xffff };

	if (size < ETH_HLEN)
		return edit_raw(frame, size, max, draw);
	if (edit_chance(draw, 30) && size + 4 <= max) {
		/* A tag, in front of the type. */
		size = edit_insert(frame, size, 12, 4);
		edit_put_net16(frame + 12, edit_chance(draw, 70) ? ETH_P_8021Q : ETH_P_8021AD);
		edit_put_net16(frame + 14, edit_number(1, 16, draw));
		return size;
	}
	if (edit_chance(draw, 50))
		edit_put_net16(frame + 12, types[draw->below(draw, ARRAY_SIZE(types))]);
	else
		memset(frame, edit_chance(draw, 50) ? 0xff : draw->below(draw, 256), 6);
	return size;
}

size_t edit_frame(uint8_t *frame, size_t size, size_t max, bool tap, struct draw *draw)
{
	struct parsed p;

	switch (draw->below(draw, 6)) {
	case 0:
		return edit_raw(frame, size, max, draw);
	case 1:
		if (tap)
			size = edit_ethernet(frame, size, max, draw);
		break;
	case 2:
		size = resize(frame, size, max, draw);
		break;
	case 3:
	case 4:
		frame_parse(frame, size, tap, &p);
		edit_l3(frame, size, &p, draw);
		break;
	default:
		frame_parse(frame, size, tap, &p);
		edit_l4(frame, size, &p, draw);
	}
	if (edit_chance(draw, 70)) {
		frame_parse(frame, size, tap, &p);
		if (p.l3 >= 0 && (size_t)p.l3 < size)
			mend(frame, size, &p);
	}
	return size;
}

void edit_header(uint8_t *header, const uint8_t *frame, size_t size, bool tap, struct draw *draw)
{
	static const uint8_t types[] = { 0, 1, 3, 4, 5, 0x80, 0x81, 0x84, 0x21, 0x41, 0x25, 0x45 };
	struct vnet v = vnet_decode(header, EDIT_HEADER, false);
	struct parsed parsed;
	/* numbers of the header by where they stand */
	uint16_t *const numbers[] = { &v.hdr_len,     &v.gso_size,	  &v.csum_start,
				      &v.csum_offset, &v.outer_th_offset, &v.inner_nh_offset };
	uint16_t *number = numbers[draw->below(draw, 6)];

	switch (draw->below(draw, 5)) {
	case 0:
		v.flags = edit_number(v.flags, edit_chance(draw, 80) ? 4 : 8, draw);
		break;
	case 1:
		v.gso_type = edit_chance(draw, 80) ? types[draw->below(draw, sizeof(types))] :
						     edit_number(v.gso_type, 8, draw);
		break;
	case 2:
	case 3:
		*number = edit_number(*number, 16, draw);
		break;
	default:
		if (!frame_parse(frame, size, tap, &parsed) || parsed.l4 < 0)
			break;
		v.flags |= 1;
		v.csum_start = parsed.l4;
		v.csum_offset = parsed.l4_proto == 6 ? 16 : 6;
		v.hdr_len = parsed.payload > 0 ? parsed.payload : parsed.l4 + 8;
	}
	vnet_encode(&v, header, EDIT_HEADER, false);
}

size_t edit_header_or_frame(uint8_t *data, size_t size, size_t max, size_t front, uint32_t percent,
			    bool tap, struct draw *draw)
{
	uint8_t *frame = data + front;

	if (!edit_chance(draw, percent))
		return front + edit_frame(frame, size - front, max - front, tap, draw);
	edit_header(frame - EDIT_HEADER, frame, size - front, tap, draw);
	return size;
}
