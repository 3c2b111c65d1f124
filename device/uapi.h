/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/if_tun.h> and <linux/virtio_net.h> up to the newest known, whatever the system's headers
 * are: what they lack is defined here.
 */
#ifndef DEVICE_UAPI_H
#define DEVICE_UAPI_H

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>

#ifndef IFF_NO_CARRIER /* 6.0 */
#define IFF_NO_CARRIER 0x0040
#endif
#ifndef IFF_BACKPRESSURE /* 7.3 */
#define IFF_BACKPRESSURE 0x0080
#endif
#ifndef TUN_F_USO4 /* 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef TUN_F_UDP_TUNNEL_GSO /* 6.17 */
#define TUN_F_UDP_TUNNEL_GSO	  0x080
#define TUN_F_UDP_TUNNEL_GSO_CSUM 0x100
#endif
#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif
/* <net/if_arp.h> lacks these of <linux/if_arp.h>, which cannot be included next to <net/if.h>. */
#ifndef ARPHRD_IP6GRE
#define ARPHRD_IP6GRE 823
#endif
#ifndef ARPHRD_6LOWPAN
#define ARPHRD_6LOWPAN 825
#endif
#ifndef ARPHRD_PHONET_PIPE
#define ARPHRD_PHONET_PIPE 821
#endif
#ifndef ARPHRD_IEEE802154_MONITOR
#define ARPHRD_IEEE802154_MONITOR 805
#endif
#ifndef ARPHRD_NONE
#define ARPHRD_NONE 0xfffe
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2
#ifndef VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM
#define VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM 8
#endif
#define VIRTIO_NET_HDR_GSO_NONE		   0
#define VIRTIO_NET_HDR_GSO_TCPV4	   1
#define VIRTIO_NET_HDR_GSO_UDP		   3
#define VIRTIO_NET_HDR_GSO_TCPV6	   4
#define VIRTIO_NET_HDR_GSO_UDP_L4	   5
#define VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 0x20
#define VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6 0x40
#define VIRTIO_NET_HDR_GSO_ECN		   0x80

/* Attributes of IFLA_INFO_DATA for kind "tun", see struct link's data[]. */
enum {
	TUN_LINK_OWNER = 1,
	TUN_LINK_GROUP = 2,
	TUN_LINK_TYPE = 3,
	TUN_LINK_PI = 4,
	TUN_LINK_VNET_HDR = 5,
	TUN_LINK_PERSIST = 6,
	TUN_LINK_MULTI_QUEUE = 7,
	TUN_LINK_NUM_QUEUES = 8,
	TUN_LINK_NUM_DISABLED_QUEUES = 9,
};

#endif /* DEVICE_UAPI_H */
