// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/dictionary.h"

#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stdint.h>

#include "device/uapi.h"
#include "harness/harness.h"

/* Where it comes from: frames are big-endian, the numbers of inputs themselves little-endian. */
enum order { NETWORK, INPUT };

static const struct {
	const char *name;
	uint32_t value;
	uint8_t bytes;
	enum order order;
} words[] = {
	{ "type_ip", ETH_P_IP, 2, NETWORK },
	{ "type_ipv6", ETH_P_IPV6, 2, NETWORK },
	{ "type_arp", ETH_P_ARP, 2, NETWORK },
	{ "type_8021q", ETH_P_8021Q, 2, NETWORK },
	{ "type_8021ad", ETH_P_8021AD, 2, NETWORK },
	{ "type_mpls", ETH_P_MPLS_UC, 2, NETWORK },
	{ "type_teb", ETH_P_TEB, 2, NETWORK },
	{ "type_pppoe", ETH_P_PPP_SES, 2, NETWORK },
	{ "type_least", ETH_P_802_3_MIN, 2, NETWORK },
	{ "ip_begins", 0x45, 1, NETWORK },
	{ "ipv6_begins", 0x60000000, 4, NETWORK },
	{ "ip_df", 0x4000, 2, NETWORK },
	{ "ip_mf", 0x2000, 2, NETWORK },
	{ "proto_icmp", IPPROTO_ICMP, 1, NETWORK },
	{ "proto_ipip", IPPROTO_IPIP, 1, NETWORK },
	{ "proto_tcp", IPPROTO_TCP, 1, NETWORK },
	{ "proto_udp", IPPROTO_UDP, 1, NETWORK },
	{ "proto_ipv6", IPPROTO_IPV6, 1, NETWORK },
	{ "proto_routing", IPPROTO_ROUTING, 1, NETWORK },
	{ "proto_fragment", IPPROTO_FRAGMENT, 1, NETWORK },
	{ "proto_gre", IPPROTO_GRE, 1, NETWORK },
	{ "proto_esp", IPPROTO_ESP, 1, NETWORK },
	{ "proto_icmpv6", IPPROTO_ICMPV6, 1, NETWORK },
	{ "proto_dstopts", IPPROTO_DSTOPTS, 1, NETWORK },
	{ "proto_sctp", IPPROTO_SCTP, 1, NETWORK },
	{ "port_vxlan", 4789, 2, NETWORK },
	{ "port_geneve", 6081, 2, NETWORK },
	/* flags and gso_type of a vnet header, which stand side by side */
	{ "gso_tcp4", VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_GSO_TCPV4 << 8, 2, INPUT },
	{ "gso_tcp6", VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_GSO_TCPV6 << 8, 2, INPUT },
	{ "gso_ufo", VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_GSO_UDP << 8, 2, INPUT },
	{ "gso_udp_l4", VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_GSO_UDP_L4 << 8, 2, INPUT },
	{ "gso_ecn", VIRTIO_NET_HDR_GSO_ECN, 1, INPUT },
	{ "csum_valid", VIRTIO_NET_HDR_F_DATA_VALID, 2, INPUT },
	/* lengths of headers, and of a header and what stands before it */
	{ "len_vnet", 10, 2, INPUT },
	{ "len_vnet_v1", 12, 2, INPUT },
	{ "len_eth", ETH_HLEN, 2, INPUT },
	{ "len_ip", 20, 2, INPUT },
	{ "len_ipv6", 40, 2, INPUT },
	{ "len_ip_udp", 28, 2, INPUT },
	{ "len_eth_ip", 34, 2, INPUT },
	{ "len_ip_tcp", 40, 2, INPUT },
	{ "len_eth_ip_tcp", 54, 2, INPUT },
	{ "len_eth_ipv6_tcp", 74, 2, INPUT },
	{ "mss", 1460, 2, INPUT },
	{ "most", 65535, 2, INPUT },
	/* words of TUNSETIFF */
	{ "if_tun", IFF_TUN, 2, INPUT },
	{ "if_tap", IFF_TAP, 2, INPUT },
	{ "if_tun_no_pi", IFF_TUN | IFF_NO_PI, 2, INPUT },
	{ "if_tap_no_pi_vnet", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 2, INPUT },
	{ "if_multi_queue", IFF_MULTI_QUEUE, 2, INPUT },
	{ "if_napi", IFF_NAPI, 2, INPUT },
	{ "if_napi_frags", IFF_NAPI | IFF_NAPI_FRAGS, 2, INPUT },
	{ "if_persist", IFF_PERSIST, 2, INPUT },
	{ "if_excl", IFF_TUN_EXCL, 2, INPUT },
};

void dictionary_print(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		fprintf(out, "%s=\"", words[i].name);
		for (unsigned int byte = 0; byte < words[i].bytes; byte++) {
			unsigned int place =
				words[i].order == INPUT ? byte : words[i].bytes - 1 - byte;

			fprintf(out, "\\x%02x", words[i].value >> 8 * place & 0xff);
		}
		fputs("\"\n", out);
	}
}
