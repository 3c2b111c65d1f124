// SPDX-License-Identifier: GPL-2.0-only
/* The model of the running kernel: its abilities by probes, its numbers by measuring. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_ether.h>

#include "device/model_io.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/packet.h"

#define LONG_FRAME   65590 /* a checksum can start beyond the limit of 16 bits */
#define TWO_PAGES    6000
#define MOST_FRAGS   45 /* the largest CONFIG_MAX_SKB_FRAGS */
#define USUAL_FRAGS  17

static struct tun open_up(const char *name, unsigned int flags)
{
	struct tun t = tun_create(name, flags | IFF_NO_PI);

	if (link_up(t.name))
		TH_BAIL("cannot bring %s up: %s", t.name, strerror(errno));
	return t;
}

/*
 * The room in front of a frame: with it skb_partial_csum_set() takes a checksum only if it starts
 * below 65535. The kernel logs each that it does not take, so few are tried.
 */
static unsigned int measure_headroom(const struct tun *t)
{
	static struct frame f = { .data = { 0x45, [12] = 0x08 }, .len = LONG_FRAME };
	struct vnet v = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	unsigned int low = 0, high = 1024;

	while (low < high) {
		unsigned int room = (low + high) / 2;

		v.csum_start = 65535 - 1 - room;
		if (tun_send(t, &v, &f) > 0)
			high = room;
		else
			low = room + 1;
	}
	return low;
}

/* The linear part of a frame that is longer than a page, when the header gives @hdr_len. */
static unsigned int measure_linear(const struct tun *t, uint16_t hdr_len)
{
	static struct frame f = { .data = { 0x45 }, .len = TWO_PAGES };
	struct vnet v = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 100,
			  .hdr_len = hdr_len };
	int sock = packet_open(t->name, ETH_P_ALL, PACKET_VNET);
	uint8_t buf[VNET_SIZE_LEGACY + TWO_PAGES];

	if (tun_send(t, &v, &f) < 0 || packet_recv(sock, buf, sizeof(buf), 2000, NULL) < 0)
		TH_BAIL("no frame of two pages: %s", strerror(errno));
	close(sock);
	return vnet_decode(buf, sizeof(buf), __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__).hdr_len;
}

/* MAX_SKB_FRAGS: iovecs behind the first. */
static unsigned int measure_frags(void)
{
	uint8_t bytes[ETH_HLEN + 1] = { [12] = 0x08 };
	struct iovec iov[MOST_FRAGS + 1];
	unsigned int frags;
	struct tun t;

	if (!harness_feature("napi_frags"))
		return USUAL_FRAGS;
	t = open_up("probe2", IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS);
	for (int i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ bytes, i ? 1 : ETH_HLEN };
	for (frags = MOST_FRAGS; frags && writev(t.fd, iov, frags + 1) < 0; frags--)
		;
	tun_close(&t);
	return frags;
}

/* True if somebody takes frames of this EtherType: otherwise one counts as dropped. */
static bool is_taken(const struct tun *t, uint16_t type)
{
	struct frame f = { .data = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = type >> 8,
				     [13] = type }, .len = 60 };
	struct rtnl_link_stats64 stats = link_stats(t->name);

	if (tun_send(t, NULL, &f) < 0)
		TH_BAIL("cannot write to %s: %s", t->name, strerror(errno));
	return !link_stats_since(t->name, &stats).rx_dropped;
}

struct model_kernel model_kernel_probed(void)
{
	struct tun tun = open_up("probe0", IFF_TUN | IFF_VNET_HDR);
	struct tun tap = open_up("probe1", IFF_TAP | IFF_VNET_HDR);
	unsigned int pad = measure_headroom(&tun), page = sysconf(_SC_PAGESIZE);
	struct model_kernel kernel = {
		.uso = harness_feature("usogso_write"),
		.tunnel_gso = harness_feature("udp_tunnel_gso"),
		.cross_le = harness_feature("vnet_be"),
		.hdr_slack = harness_feature("vnet_slack"),
		.csum_behind_ip = harness_feature("vnet_csum_start"),
		.tcp_min_gso = harness_feature("tcp_min_gso"),
		.zeroed_tail = harness_feature("vnet_zeroed"),
		.paged = measure_linear(&tun, 0) < TWO_PAGES,
		.page_size = page,
		.net_skb_pad = pad,
		.net_ip_align = measure_headroom(&tap) - pad,
		.shared_info = page - pad - measure_linear(&tun, TWO_PAGES),
		.max_frags = measure_frags(),
		.takes_ipv6 = is_taken(&tap, ETH_P_IPV6),
		.takes_llc = is_taken(&tap, ETH_P_802_2),
	};

	tun_close(&tun);
	tun_close(&tap);
	return kernel;
}
