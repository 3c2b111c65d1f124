// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking frames apart. Nothing here is shared with the builders, so that a mistake of either side
 * shows when one meets the other.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "device/frame.h"

/* What is left of the frame: all reads are relative to its start. */
struct cursor {
	const uint8_t *data;
	size_t at, end;
};

static bool have(const struct cursor *c, size_t n)
{
	return c->end - c->at >= n;
}

static uint16_t word(const struct cursor *c, size_t offset)
{
	const uint8_t *p = c->data + c->at + offset;

	return (uint16_t)(p[0] * 256 + p[1]);
}

static uint32_t dword(const struct cursor *c, size_t offset)
{
	return (uint32_t)word(c, offset) * 65536 + word(c, offset + 2);
}

static uint8_t byte(const struct cursor *c, size_t offset)
{
	return c->data[c->at + offset];
}

/* One's complement addition, the carry brought round at once. */
static uint16_t add16(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return sum > 0xffff ? sum - 0xffff : sum;
}

static uint16_t sum_bytes(uint16_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = add16(sum, i % 2 ? p[i] : (uint16_t)(p[i] * 256));
	return sum;
}

static bool parse_ethernet(struct cursor *c, struct parsed *p)
{
	if (!have(c, 14))
		return false;
	c->at += 12;
	p->ethertype = word(c, 0);
	while (p->ethertype == 0x8100 || p->ethertype == 0x88a8) {
		if (!have(c, 6))
			return false;
		if (p->vlans < 2)
			p->vlan_tci[p->vlans] = word(c, 2);
		p->vlans++;
		p->ethertype = word(c, 4);
		c->at += 4;
	}
	c->at += 2;
	return true;
}

/* Leaves the cursor behind the header, its end where the IP header says. */
static bool parse_ipv4(struct cursor *c, struct parsed *p)
{
	size_t header;
	uint16_t frag;

	if (!have(c, 20))
		return false;
	header = (byte(c, 0) & 15) * 4;
	p->ip_len = word(c, 2);
	p->l4_proto = byte(c, 9);
	inet_ntop(AF_INET, c->data + c->at + 12, p->src, sizeof(p->src));
	inet_ntop(AF_INET, c->data + c->at + 16, p->dst, sizeof(p->dst));
	if (header < 20 || p->ip_len < header || !have(c, p->ip_len))
		return false;

	p->l3_checksum_ok = sum_bytes(0, c->data + c->at, header) == 0xffff;
	frag = word(c, 6);
	p->fragment = frag & 0x3fff; /* all but DF */
	c->end = c->at + p->ip_len;
	c->at += header;
	return !(frag & 0x1fff);
}

static bool is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_DSTOPTS || type == IPPROTO_ROUTING ||
	       type == IPPROTO_FRAGMENT;
}

static bool parse_ipv6_extensions(struct cursor *c, struct parsed *p)
{
	bool first = true;

	while (is_extension(p->l4_proto)) {
		bool is_fragment = p->l4_proto == IPPROTO_FRAGMENT;
		size_t len;

		if (!have(c, 8))
			return false;
		len = is_fragment ? 8 : 8 + 8 * byte(c, 1);
		if (!have(c, len))
			return false;
		if (is_fragment) {
			p->fragment = word(c, 2) & 0xfff9;
			first = !(word(c, 2) & 0xfff8);
		}
		p->l4_proto = byte(c, 0);
		c->at += len;
		if (!first)
			return false;
	}
	return true;
}

static bool parse_ipv6(struct cursor *c, struct parsed *p)
{
	if (!have(c, 40))
		return false;
	p->ip_len = 40 + word(c, 4);
	p->l4_proto = byte(c, 6);
	p->l3_checksum_ok = true;
	inet_ntop(AF_INET6, c->data + c->at + 8, p->src, sizeof(p->src));
	inet_ntop(AF_INET6, c->data + c->at + 24, p->dst, sizeof(p->dst));
	if (!have(c, p->ip_len))
		return false;
	c->end = c->at + p->ip_len;
	c->at += 40;
	return parse_ipv6_extensions(c, p);
}

static uint16_t sum_pseudo(const struct cursor *c, const struct parsed *p, size_t len)
{
	const uint8_t *addresses = c->data + p->l3 + (p->ip_version == 6 ? 8 : 12);
	uint16_t sum = sum_bytes(0, addresses, p->ip_version == 6 ? 32 : 8);

	return add16(add16(sum, p->l4_proto), len);
}

/* @len bytes from the cursor, with the checksum at @offset. */
static void check_l4(const struct cursor *c, struct parsed *p, size_t len, size_t offset)
{
	uint16_t pseudo = p->l4_proto == IPPROTO_ICMP ? 0 : sum_pseudo(c, p, len);
	uint16_t field = word(c, offset);

	if (p->fragment)
		return;
	p->l4_checksum_partial = field == pseudo;
	p->l4_checksum_ok = sum_bytes(pseudo, c->data + c->at, len) == 0xffff;
	if (p->l4_proto != IPPROTO_UDP || field)
		return;
	/* No checksum: allowed by IPv4 only. */
	p->l4_checksum_ok = p->ip_version == 4;
}

static void set_payload(struct parsed *p, const struct cursor *c, size_t header, size_t len)
{
	p->payload = c->at + header;
	p->payload_len = len - header;
}

static bool parse_udp(struct cursor *c, struct parsed *p)
{
	size_t rest = c->end - c->at, len;

	if (!have(c, 8))
		return false;
	p->sport = word(c, 0);
	p->dport = word(c, 2);
	/* In a first fragment the length is that of the whole datagram. */
	len = p->fragment ? rest : word(c, 4);
	if (len < 8 || len > rest)
		return false;
	set_payload(p, c, 8, len);
	check_l4(c, p, len, 6);
	return true;
}

static bool parse_tcp(struct cursor *c, struct parsed *p)
{
	size_t rest = c->end - c->at, header;

	if (!have(c, 20))
		return false;
	p->sport = word(c, 0);
	p->dport = word(c, 2);
	p->seq = dword(c, 4);
	p->ack = dword(c, 8);
	p->tcp_flags = byte(c, 13);
	header = byte(c, 12) / 16 * 4;
	if (header < 20 || !have(c, header))
		return false;
	set_payload(p, c, header, rest);
	check_l4(c, p, rest, 16);
	return true;
}

static bool parse_icmp(struct cursor *c, struct parsed *p)
{
	if (!have(c, 8))
		return false;
	p->icmp_type = byte(c, 0);
	p->icmp_code = byte(c, 1);
	set_payload(p, c, 8, c->end - c->at);
	check_l4(c, p, c->end - c->at, 2);
	return true;
}

static bool parse_l4(struct cursor *c, struct parsed *p)
{
	p->l4 = c->at;
	switch (p->l4_proto) {
	case IPPROTO_UDP:
		return parse_udp(c, p);
	case IPPROTO_TCP:
		return parse_tcp(c, p);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return parse_icmp(c, p);
	default:
		set_payload(p, c, 0, c->end - c->at);
		return true;
	}
}

/* False where no transport header can follow; fragments behind the first are no failure. */
static bool parse_ip(struct cursor *c, struct parsed *p)
{
	bool ok = p->ip_version == 4 ? parse_ipv4(c, p) : parse_ipv6(c, p);

	if (ok)
		return parse_l4(c, p);
	if (!p->fragment)
		return false;
	set_payload(p, c, 0, c->end - c->at);
	return true;
}

bool frame_parse(const void *frame, size_t len, bool ethernet, struct parsed *p)
{
	struct cursor c = { .data = frame, .end = len };

	*p = (struct parsed){ .l3 = -1, .l4 = -1, .payload = -1 };
	if (ethernet && !parse_ethernet(&c, p))
		return false;
	if (!have(&c, 1))
		return false;
	p->l3 = c.at;
	p->ip_version = byte(&c, 0) >> 4;
	if (!ethernet)
		p->ethertype = p->ip_version == 4 ? 0x0800 : p->ip_version == 6 ? 0x86dd : 0;
	if (p->ethertype != (p->ip_version == 4 ? 0x0800 : 0x86dd) ||
	    (p->ip_version != 4 && p->ip_version != 6)) {
		p->ip_version = 0;
		return false;
	}
	return parse_ip(&c, p);
}

bool frame_parse_whole(const void *frame, size_t len, bool ethernet, struct parsed *p)
{
	return frame_parse(frame, len, ethernet, p) && !p->vlans && !p->fragment &&
	       p->payload >= 0 && p->l3_checksum_ok && p->l3 + p->ip_len == len;
}
