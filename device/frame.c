// SPDX-License-Identifier: GPL-2.0-only
/* Building frames. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#include "device/frame.h"
#include "device/uapi.h"
#include "harness/harness.h"
#include "netns/sock.h"

#define IPV4_HEADER   20
#define IPV6_HEADER   40
#define UDP_HEADER    8
#define TCP_HEADER    20
#define ICMP_HEADER   8
#define UDP_CHECKSUM  6
#define TCP_CHECKSUM  16
#define ICMP_CHECKSUM 2
#define IPV4_CHECKSUM 10

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

static void put_ip(uint8_t *p, int family, const char *text)
{
	if (inet_pton(family, text, p) != 1)
		TH_BAIL("'%s' is no IPv%d address", text, family == AF_INET ? 4 : 6);
}

/* @n zeroed bytes at the end. */
static uint8_t *append(struct frame *f, size_t n)
{
	uint8_t *p = f->data + f->len;

	if (n > sizeof(f->data) - f->len)
		TH_BAIL("a frame of %zu bytes is more than FRAME_MAX", f->len + n);
	memset(p, 0, n);
	f->len += n;
	return p;
}

static uint8_t *append_header(struct frame *f, size_t n)
{
	uint8_t *p = append(f, n);

	f->payload = f->len;
	return p;
}

/* Has frame_finish() complete the header about to be appended. */
static void will_finish(struct frame *f, uint8_t proto)
{
	if (f->num_headers == FRAME_MAX_HEADERS)
		TH_BAIL("a frame has more than %d headers", FRAME_MAX_HEADERS);
	f->headers[f->num_headers++] =
		(struct frame_header){ .at = f->len, .l3 = f->l3, .proto = proto };
}

void frame_start(struct frame *f)
{
	f->len = 0;
	f->num_headers = 0;
	f->eth = f->l3 = f->l4 = f->payload = -1;
	f->ethertype = f->next_header = -1;
	f->l4_proto = 0;
}

void frame_eth(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t ethertype)
{
	uint8_t *p;

	f->eth = f->len;
	f->ethertype = f->len + 2 * ETH_ALEN;
	p = append_header(f, ETH_HLEN);
	memcpy(p, dst, ETH_ALEN);
	memcpy(p + ETH_ALEN, src, ETH_ALEN);
	put16(p + 2 * ETH_ALEN, ethertype);
}

static void move_behind(int *offset, int at, int by)
{
	if (*offset >= at)
		*offset += by;
}

void frame_vlan(struct frame *f, uint16_t tpid, uint16_t tci)
{
	int at = f->ethertype;
	size_t behind;

	if (at < 0)
		TH_BAIL("a VLAN tag needs an Ethernet header");
	behind = f->len - at;
	append(f, 4);
	memmove(f->data + at + 4, f->data + at, behind);
	put16(f->data + at, tpid);
	put16(f->data + at + 2, tci);

	f->ethertype += 4;
	move_behind(&f->l3, at, 4);
	move_behind(&f->l4, at, 4);
	move_behind(&f->payload, at, 4);
	move_behind(&f->next_header, at, 4);
	for (int i = 0; i < f->num_headers; i++) {
		move_behind(&f->headers[i].at, at, 4);
		move_behind(&f->headers[i].l3, at, 4);
	}
}

void frame_arp(struct frame *f, uint16_t op, const uint8_t sender_mac[6], const char *sender_ip,
	       const uint8_t target_mac[6], const char *target_ip)
{
	uint8_t *p;

	f->l3 = f->len;
	p = append_header(f, 28);
	put16(p, 1); /* ARPHRD_ETHER */
	put16(p + 2, ETHERTYPE_IP);
	p[4] = ETH_ALEN;
	p[5] = 4;
	put16(p + 6, op);
	memcpy(p + 8, sender_mac, ETH_ALEN);
	put_ip(p + 14, AF_INET, sender_ip);
	memcpy(p + 18, target_mac, ETH_ALEN);
	put_ip(p + 24, AF_INET, target_ip);
}

void frame_ipv4(struct frame *f, const char *src, const char *dst, uint8_t proto)
{
	uint8_t *p;

	will_finish(f, IPPROTO_IPIP);
	f->l3 = f->len;
	f->next_header = f->l3 + 9;
	p = append_header(f, IPV4_HEADER);
	p[0] = 0x45;
	p[6] = 0x40; /* DF */
	p[8] = 64;
	p[9] = proto;
	put_ip(p + 12, AF_INET, src);
	put_ip(p + 16, AF_INET, dst);
}

void frame_ipv6(struct frame *f, const char *src, const char *dst, uint8_t next_header)
{
	uint8_t *p;

	will_finish(f, IPPROTO_IPV6);
	f->l3 = f->len;
	f->next_header = f->l3 + 6;
	p = append_header(f, IPV6_HEADER);
	p[0] = 0x60;
	p[6] = next_header;
	p[7] = 64;
	put_ip(p + 8, AF_INET6, src);
	put_ip(p + 24, AF_INET6, dst);
}

static void pad_options(uint8_t *p, size_t len)
{
	const size_t longest = 2 + 255;

	while (len) {
		size_t n = len < longest ? len : longest;

		/* A single byte left over could not hold a PadN. */
		if (len - n == 1)
			n--;
		p[0] = 1;
		p[1] = n - 2;
		p += n;
		len -= n;
	}
}

void frame_ipv6_ext(struct frame *f, uint8_t type, size_t len)
{
	int at = f->len;
	uint8_t *p;

	if (len < 8 || len % 8 || len > 2048 || f->next_header < 0)
		TH_BAIL("an IPv6 extension header of %zu bytes cannot be added", len);
	p = append_header(f, len);
	p[0] = f->data[f->next_header];
	f->data[f->next_header] = type;
	f->next_header = at;
	if (type != IPPROTO_FRAGMENT)
		p[1] = len / 8 - 1;
	if (type == IPPROTO_HOPOPTS || type == IPPROTO_DSTOPTS)
		pad_options(p + 2, len - 2);
}

static uint8_t *append_l4(struct frame *f, uint8_t proto, size_t len)
{
	will_finish(f, proto);
	f->l4 = f->len;
	f->l4_proto = proto;
	return append_header(f, len);
}

void frame_udp(struct frame *f, uint16_t sport, uint16_t dport)
{
	uint8_t *p = append_l4(f, IPPROTO_UDP, UDP_HEADER);

	put16(p, sport);
	put16(p + 2, dport);
}

void frame_tcp(struct frame *f, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack,
	       uint8_t flags)
{
	uint8_t *p = append_l4(f, IPPROTO_TCP, TCP_HEADER);

	put16(p, sport);
	put16(p + 2, dport);
	put32(p + 4, seq);
	put32(p + 8, ack);
	p[12] = TCP_HEADER / 4 << 4;
	p[13] = flags;
	put16(p + 14, 65535);
}

static bool is_ipv6(const struct frame *f, int l3)
{
	return l3 >= 0 && f->data[l3] >> 4 == 6;
}

void frame_icmp(struct frame *f, uint8_t type, uint8_t code, uint16_t id, uint16_t seq)
{
	uint8_t *p = append_l4(f, is_ipv6(f, f->l3) ? IPPROTO_ICMPV6 : IPPROTO_ICMP, ICMP_HEADER);

	p[0] = type;
	p[1] = code;
	put16(p + 4, id);
	put16(p + 6, seq);
}

void frame_payload(struct frame *f, const void *data, size_t len)
{
	memcpy(append(f, len), data, len);
}

void frame_pattern(struct frame *f, size_t len, uint32_t seed)
{
	pattern_fill(append(f, len), len, seed);
}

uint32_t checksum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	return sum;
}

uint16_t checksum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static int checksum_offset(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_UDP:
		return UDP_CHECKSUM;
	case IPPROTO_TCP:
		return TCP_CHECKSUM;
	default:
		return ICMP_CHECKSUM;
	}
}

/* Addresses, protocol and length, as the checksum of transport header @h covers them. */
static uint32_t pseudo_header(const struct frame *f, const struct frame_header *h)
{
	const uint8_t *ip = f->data + h->l3;
	uint32_t sum = h->proto + (f->len - h->at);

	if (h->proto == IPPROTO_ICMP)
		return 0;
	if (h->l3 < 0)
		TH_BAIL("a transport header has no IP header before it");
	if (is_ipv6(f, h->l3))
		return checksum_add(sum, ip + 8, 32);
	return checksum_add(sum, ip + 12, 8);
}

static void finish_l4(struct frame *f, const struct frame_header *h)
{
	uint8_t *p = f->data + h->at;
	uint16_t sum;

	sum = ~checksum_fold(checksum_add(pseudo_header(f, h), p, f->len - h->at));
	if (h->proto == IPPROTO_UDP && sum == 0)
		sum = 0xffff; /* 0 would say that there is none */
	put16(p + checksum_offset(h->proto), sum);
}

static void finish_l4_partial(struct frame *f, const struct frame_header *h)
{
	bool innermost = h->at == f->l4;

	if (innermost)
		put16(f->data + h->at + checksum_offset(h->proto),
		      checksum_fold(pseudo_header(f, h)));
	else if (h->proto != IPPROTO_UDP)
		finish_l4(f, h);
}

static void finish_ipv4(struct frame *f, int at)
{
	uint8_t *p = f->data + at;

	put16(p + 2, f->len - at);
	put16(p + IPV4_CHECKSUM, 0);
	put16(p + IPV4_CHECKSUM, ~checksum_fold(checksum_add(0, p, (p[0] & 15) * 4)));
}

/* From the inside out: a checksum covers the finished headers behind it. */
static void finish(struct frame *f, bool partial)
{
	for (int i = f->num_headers - 1; i >= 0; i--) {
		const struct frame_header *h = &f->headers[i];

		if (h->proto == IPPROTO_IPIP) {
			finish_ipv4(f, h->at);
			continue;
		}
		if (h->proto == IPPROTO_IPV6) {
			put16(f->data + h->at + 4, f->len - h->at - IPV6_HEADER);
			continue;
		}
		if (h->proto == IPPROTO_UDP)
			put16(f->data + h->at + 4, f->len - h->at);
		put16(f->data + h->at + checksum_offset(h->proto), 0);
		if (partial)
			finish_l4_partial(f, h);
		else
			finish_l4(f, h);
	}
}

void frame_finish(struct frame *f)
{
	finish(f, false);
}

struct vnet frame_finish_partial(struct frame *f)
{
	if (f->l4 < 0)
		TH_BAIL("a partial checksum needs a transport header");
	finish(f, true);
	return (struct vnet){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = f->l4,
		.csum_offset = checksum_offset(f->l4_proto),
	};
}

struct vnet frame_finish_gso(struct frame *f, uint16_t gso_size)
{
	struct vnet v = frame_finish_partial(f);

	v.gso_size = gso_size;
	if (f->l4_proto == IPPROTO_TCP) {
		v.gso_type =
			is_ipv6(f, f->l3) ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		v.hdr_len = f->l4 + (f->data[f->l4 + 12] >> 4) * 4;
	} else {
		v.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		v.hdr_len = f->l4 + UDP_HEADER;
	}
	return v;
}
