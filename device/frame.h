/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames: build them header by header, and take them apart.
 *
 *	struct frame f;
 *	frame_start(&f);
 *	frame_eth(&f, dst, src, ETH_P_IP);
 *	frame_ipv4(&f, "10.9.0.2", "10.9.0.1", IPPROTO_UDP);
 *	frame_udp(&f, 4000, 7);
 *	frame_pattern(&f, 100, 1);
 *	frame_finish(&f);
 *
 * Every builder appends. Lengths and checksums are filled in by frame_finish(); whatever is to be
 * wrong can be made so afterwards, in data[].
 */
#ifndef DEVICE_FRAME_H
#define DEVICE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "device/vnet.h"

#define ETH_P_LOCAL	  0x88b5 /* local experimental: no protocol of the kernel's */

#define FRAME_MAX	  (65535 + 64)
#define FRAME_MAX_HEADERS 16

/* An IP or transport header to be finished. */
struct frame_header {
	int at;
	int l3;	       /* of a transport header: its IP header */
	uint8_t proto; /* IPPROTO_IPIP, _IPV6, or that of the transport */
};

struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
	/* offsets into data[], -1 for a header that is not there; the innermost of a kind */
	int eth, l3, l4, payload;
	uint8_t l4_proto; /* IPPROTO_... of the header at l4 */
	/* for the builders: where to chain the next header, and what frame_finish() completes */
	int ethertype, next_header;
	struct frame_header headers[FRAME_MAX_HEADERS];
	int num_headers;
};

void frame_start(struct frame *f);

/* @ethertype in host order; frame_vlan() after it replaces it with @tpid and adds the tag. */
void frame_eth(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t ethertype);
/*
 * Inserts a VLAN tag after the addresses or the tags there are: call it outer tag first. May come
 * at any time, the headers behind it move; only a vnet header returned before does not.
 */
void frame_vlan(struct frame *f, uint16_t tpid, uint16_t tci);
/* An Ethernet/IPv4 ARP packet; @op ARPOP_REQUEST or _REPLY. */
void frame_arp(struct frame *f, uint16_t op, const uint8_t sender_mac[6], const char *sender_ip,
	       const uint8_t target_mac[6], const char *target_ip);
/* TTL 64, no options, DF set. */
void frame_ipv4(struct frame *f, const char *src, const char *dst, uint8_t proto);
/* Hop limit 64. */
void frame_ipv6(struct frame *f, const char *src, const char *dst, uint8_t next_header);
/*
 * An IPv6 extension header of @type (IPPROTO_HOPOPTS, _DSTOPTS, _ROUTING, _FRAGMENT) with @len
 * bytes in all (a multiple of 8, padded with PadN where the type has options); the header before it
 * is made to point to it and it takes over the next header that one had.
 */
void frame_ipv6_ext(struct frame *f, uint8_t type, size_t len);
void frame_udp(struct frame *f, uint16_t sport, uint16_t dport);
/* @flags: TH_SYN, TH_ACK, ... of <netinet/tcp.h>; window 65535, no options. */
void frame_tcp(struct frame *f, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack,
	       uint8_t flags);
/* ICMP or (after frame_ipv6()) ICMPv6, with an 8-byte header; @id and @seq as in an echo. */
void frame_icmp(struct frame *f, uint8_t type, uint8_t code, uint16_t id, uint16_t seq);
void frame_payload(struct frame *f, const void *data, size_t len);
/* pattern_fill() of netns/sock.h. */
void frame_pattern(struct frame *f, size_t len, uint32_t seed);

/* Fills in all lengths and whole checksums, in a tunnel those of the outer headers too. */
void frame_finish(struct frame *f);
/*
 * The same with a partial checksum at the transport header, that of the pseudo-header alone, as
 * NEEDS_CSUM wants it. Returns a vnet header with NEEDS_CSUM, csum_start and csum_offset set.
 * In a tunnel that is the innermost transport header, and outer UDP goes without a checksum.
 */
struct vnet frame_finish_partial(struct frame *f);
/*
 * The same for a GSO frame with segments of @gso_size bytes of payload: gso_type TCPV4, TCPV6 or
 * UDP_L4 by address family and protocol, hdr_len up to the payload.
 */
struct vnet frame_finish_gso(struct frame *f, uint16_t gso_size);

/* What a frame holds. Offsets from its start; -1 for what is not there. */
struct parsed {
	int vlans;	      /* number of tags */
	uint16_t vlan_tci[2]; /* outermost first */
	uint16_t ethertype;   /* behind the tags; for a raw frame by its IP version */
	int l3, l4, payload;
	uint8_t ip_version;
	uint8_t l4_proto; /* behind all IPv6 extension headers */
	bool fragment;	  /* an IPv4 or IPv6 fragment: more follow or offset not 0 */
	size_t ip_len;	  /* header and payload, as the IP header says */
	size_t payload_len;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	bool l3_checksum_ok;	  /* true for IPv6 */
	bool l4_checksum_ok;	  /* whole and right (or UDP over IPv4 without one) */
	bool l4_checksum_partial; /* holds the pseudo-header sum alone */
	char src[46], dst[46];
};

/*
 * Takes apart a frame that starts with an Ethernet header, or with @ethernet false with an IP
 * header. False if it is cut short or no IP; what was read until then is in @p.
 */
bool frame_parse(const void *frame, size_t len, bool ethernet, struct parsed *p);
/*
 * The same, and false too if it is not one IP packet from end to end, with a right IP checksum, but
 * tagged, a fragment, or followed by something.
 */
bool frame_parse_whole(const void *frame, size_t len, bool ethernet, struct parsed *p);

/*
 * The one's complement sum (RFC 1071) of @len bytes added to @sum, as a number in host order; and
 * that sum folded to 16 bits. A whole checksum is its complement.
 */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);
uint16_t checksum_fold(uint32_t sum);

#endif /* DEVICE_FRAME_H */
