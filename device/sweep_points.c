// SPDX-License-Identifier: GPL-2.0-only
/* The points of a sweep: boundary values crossed, lengths, and random ones. */
#include <linux/if_ether.h>

#include "device/sweep.h"
#include "device/uapi.h"
#include "harness/harness.h"

/* Values of one field. */
struct values {
	unsigned int n;
	uint16_t at[24];
};

static void put(struct values *v, uint32_t value)
{
	for (unsigned int i = 0; i < v->n; i++) {
		if (v->at[i] == (uint16_t)value)
			return;
	}
	v->at[v->n++] = value;
}
#define PUT(v, ...)                                                        \
	do {                                                               \
		const uint32_t all[] = { __VA_ARGS__ };                    \
		for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)         \
			put(v, all[i]);                                    \
	} while (0)

static const uint8_t all_types[] = {
	0, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_TCPV6,
	VIRTIO_NET_HDR_GSO_UDP_L4, 0x81, 0x83, 0x84, 0x85, /* with ECN */
	0x80, 2, 6, 7, 0x11, 0x21, 0x41, 0x61, 0xff,
};

/* The boundaries of each field, for a frame of @len bytes with @headers bytes up to its payload. */
struct space {
	struct values flags, type, hdr_len, gso_size, start, offset;
};

static void boundaries(const struct sweep *s, uint32_t len, struct space *b)
{
	uint32_t l2 = s->port.tap ? ETH_HLEN : 0, slack = s->port.vnet_size - VNET_SIZE_LEGACY;

	*b = (struct space){ 0 };
	PUT(&b->flags, 0, 1, 0xfe, 0xff);
	for (unsigned int i = 0; i < ARRAY_SIZE(all_types); i++)
		put(&b->type, all_types[i]);
	PUT(&b->hdr_len, 0, 1, 13, 14, len, len + 1, len + slack, len + slack + 1, 0xffff);
	/* Payloads are counted from behind TCP, from UDP and from behind UDP. */
	PUT(&b->gso_size, 0, 1, 7, 8, 9, len - l2 - 40, len - l2 - 40 - 1, 0xfffe, 0xffff);
	PUT(&b->start, 0, 19, 20, l2 + 20, 39, 40, l2 + 40, len - 22, len - 20, len - 2, 0xfff0);
	PUT(&b->offset, 0, 6, 16, 18, 0xffff);
}

/* A point of the cross, of which @thin takes one of so many, spread evenly. */
static void add(struct sweep *s, const struct sweep_point *p)
{
	static uint32_t state;

	state = state * 1664525 + 1013904223;
	if (s->thin == 1 || (state >> 8) % s->thin == 0)
		sweep_add(s, p);
}

static void cross_sums(struct sweep *s, const struct space *b, struct sweep_point *p)
{
	bool needs = p->v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;

	for (unsigned int i = 0; i < (needs ? b->start.n : 2); i++) {
		for (unsigned int k = 0; k < (needs ? b->offset.n : 1); k++) {
			p->v.csum_start = b->start.at[i];
			p->v.csum_offset = b->offset.at[k];
			add(s, p);
		}
	}
}

void sweep_cross(struct sweep *s, enum sweep_frame frame, uint32_t len)
{
	struct sweep_point p = { .frame = frame, .len = len, .pi_proto = ETH_P_IP };
	struct space b;

	boundaries(s, len, &b);
	for (unsigned int f = 0; f < b.flags.n && !sweep_over(s); f++) {
		for (unsigned int t = 0; t < b.type.n; t++) {
			for (unsigned int h = 0; h < b.hdr_len.n; h++) {
				for (unsigned int g = 0; g < b.gso_size.n; g++) {
					p.v.flags = b.flags.at[f];
					p.v.gso_type = b.type.at[t];
					p.v.hdr_len = b.hdr_len.at[h];
					p.v.gso_size = b.gso_size.at[g];
					cross_sums(s, &b, &p);
				}
			}
		}
	}
	sweep_flush(s);
}

/* Types inside of a tunnel, and the places of the headers around the right ones. */
static const uint8_t tunnel_types[] = { 0x20, 0x21, 0x23, 0x24, 0x25, 0x40, 0x41, 0x44, 0x45,
					0x60, 0x61, 0xa1, 0xa5, 0xc4, 0x01 };

void sweep_tunnels(struct sweep *s, enum sweep_frame frame, uint32_t len)
{
	static const uint16_t outer[] = { 0, 20, 33, 34, 40, 53, 54, 0xffff };
	static const uint16_t inner[] = { 0, 41, 42, 61, 62, 84, 0xfff8, 0xffff };
	static const uint16_t starts[] = { 61, 62, 81, 82, 101, 102, 104, 124, 0xffff };
	struct sweep_point p = { .frame = frame, .len = len, .pi_proto = ETH_P_IP,
				 .v = { .gso_size = 16 } };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(tunnel_types) * ARRAY_SIZE(outer) *
					 ARRAY_SIZE(inner) * ARRAY_SIZE(starts) * 2; i++) {
		unsigned int n = i;
#define TAKE(from) ((from)[n % ARRAY_SIZE(from)]); n /= ARRAY_SIZE(from)
		p.v.gso_type = TAKE(tunnel_types);
		p.v.outer_th_offset = TAKE(outer);
		p.v.inner_nh_offset = TAKE(inner);
		p.v.csum_start = TAKE(starts);
		p.v.csum_offset = n & 1 ? 16 : 6;
		p.v.flags = n & 2 ? 9 : 1;
		add(s, &p);
	}
	sweep_flush(s);
}

void sweep_lengths(struct sweep *s, uint32_t max)
{
	int frames = s->port.tap ? SWEEP_TAP_FRAMES : SWEEP_TUN_FRAMES;
	static const uint16_t protos[] = { ETH_P_IP, ETH_P_8021Q, ETH_P_8021AD, 0, 1, 0x88b5 };
	struct sweep_point p = { 0 };

	for (int frame = 0; frame < frames; frame++) {
		for (p.len = 0; p.len <= max && !sweep_over(s); p.len++) {
			p.frame = frame;
			p.pi_proto = protos[p.len % ARRAY_SIZE(protos)];
			p.pi_flags = p.len * 0x1111;
			for (p.shape = 0; p.shape < (max > 256 ? 1 : SWEEP_SHAPES); p.shape++)
				add(s, &p);
		}
	}
	sweep_flush(s);
}

static void limits_of_gso(struct sweep *s, struct sweep_point *p)
{
	uint32_t pad = s->kernel.net_skb_pad, page = s->kernel.page_size;
	const uint32_t lens[] = { page - pad - 3, page - pad - 2, page - pad - 1, page - pad, page,
				  page + 1000, 2 * page, 5 * page };
	const uint16_t hdr_lens[] = { 0, 1, 100, page / 2, page - pad - s->kernel.shared_info - 1,
				      page - pad - s->kernel.shared_info + 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(lens) * ARRAY_SIZE(hdr_lens); i++) {
		p->len = lens[i / ARRAY_SIZE(hdr_lens)];
		p->v = (struct vnet){ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000,
				      .hdr_len = hdr_lens[i % ARRAY_SIZE(hdr_lens)] };
		sweep_add(s, p);
		/* A checksum far behind makes the linear part longer. */
		p->v.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		p->v.csum_start = p->len - 200;
		p->v.csum_offset = 16;
		sweep_add(s, p);
	}
}

static void limits_of_16_bits(struct sweep *s, struct sweep_point *p)
{
	uint32_t room = s->kernel.net_skb_pad;

	for (int i = -4; i <= 4; i++) {
		p->v = (struct vnet){ 0 };
		p->len = 65535 - room - s->kernel.net_ip_align + i;
		sweep_add(s, p);
		/* The last place of a checksum, that of which only the sum of both fails, and 0. */
		p->len = SWEEP_LEN_MAX;
		p->v.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		p->v.csum_start = 65535 - room + i;
		sweep_add(s, p);
		p->v.csum_start = 65000;
		p->v.csum_offset = 534 + i;
		sweep_add(s, p);
	}
}

static void limits_of_uso(struct sweep *s, struct sweep_point *p)
{
	uint32_t l2 = s->port.tap ? ETH_HLEN : 0;

	for (int i = -2; i <= 2; i++) {
		p->len = l2 + 28 + 128 * 3 + i;
		p->v = (struct vnet){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_size = 3,
				      .gso_type = VIRTIO_NET_HDR_GSO_UDP_L4,
				      .csum_start = l2 + 20, .csum_offset = 6 };
		sweep_add(s, p);
	}
}

void sweep_limits(struct sweep *s)
{
	struct sweep_point p = { .frame = SWEEP_TCP4, .pi_proto = ETH_P_IP };

	limits_of_gso(s, &p);
	limits_of_16_bits(s, &p);
	limits_of_uso(s, &p);
	sweep_flush(s);
}

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A number below @n. */
static uint32_t below(uint64_t *state, uint32_t n)
{
	return (next(state) >> 16) % n;
}

static uint16_t one_of(uint64_t *state, const struct values *v)
{
	return below(state, 8) ? v->at[below(state, v->n)] : next(state) >> 16;
}

/* Mostly short; sometimes of more than a page, and seldom so long that 16 bits are not enough. */
static uint32_t random_len(uint64_t *state)
{
	uint32_t kind = below(state, 64);

	if (kind < 58)
		return below(state, 160);
	if (kind < 63)
		return 3400 + below(state, 4000);
	return 65300 + below(state, SWEEP_LEN_MAX - 65300 + 1);
}

void sweep_random(struct sweep *s, uint64_t seed, unsigned int n)
{
	int frames = s->port.tap ? SWEEP_TAP_FRAMES : SWEEP_TUN_FRAMES;
	struct sweep_point p = { 0 };
	struct space b;

	for (unsigned int i = 0; i < n && !sweep_over(s); i++) {
		p.frame = below(&seed, frames);
		p.len = random_len(&seed);
		p.shape = below(&seed, 3) ? 0 : below(&seed, SWEEP_SHAPES);
		p.pi_flags = next(&seed) >> 16;
		p.pi_proto = below(&seed, 4) ? ETH_P_IP : next(&seed) >> 16;
		boundaries(s, p.len, &b);
		p.v.flags = one_of(&seed, &b.flags);
		p.v.gso_type = one_of(&seed, &b.type);
		p.v.hdr_len = one_of(&seed, &b.hdr_len);
		p.v.gso_size = one_of(&seed, &b.gso_size);
		p.v.csum_start = one_of(&seed, &b.start);
		p.v.csum_offset = one_of(&seed, &b.offset);
		sweep_add(s, &p);
	}
	sweep_flush(s);
}
