/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference model of the data path: what the driver does with a write(), what a read() gives.
 *
 * Pure functions: no system calls, no memory of their own, no state. What the kernels differ in is
 * in struct model_kernel, which model_kernel_probed() fills by trying; what the device and the file
 * are set to is in struct model_port.
 */
#ifndef DEVICE_MODEL_IO_H
#define DEVICE_MODEL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "device/vnet.h"

/* What kernels differ in. */
struct model_kernel {
	/* abilities */
	bool uso;	 /* 6.2: GSO of UDP on write, TUN_F_USO4 with TUN_F_USO6 */
	bool tunnel_gso; /* 6.17: GSO in UDP tunnels, in headers of 24 bytes and more */
	bool cross_le;	 /* CONFIG_TUN_VNET_CROSS_LE: a port can be big_endian */

	/* rules of the vnet header */
	bool hdr_slack;	     /* 6.15: hdr_len may be longer than the frame, by the header's rest */
	bool csum_behind_ip; /* 6.12: a checksum starts behind the smallest IP header */
	bool tcp_min_gso;    /* 2026: segments of TCP have 8 bytes at least */
	bool zeroed_tail;    /* 6.15: a read gives zeros in the rest of the header */

	/* frames in memory */
	bool paged; /* 6.6: the linear part of a long frame is a page at most */
	unsigned int page_size;
	unsigned int shared_info;  /* what a page lacks for that, next to the room in front */
	unsigned int net_skb_pad;  /* NET_SKB_PAD: room in front of a frame */
	unsigned int net_ip_align; /* NET_IP_ALIGN: more of it on a TAP */
	unsigned int max_frags;	   /* MAX_SKB_FRAGS: pages, or iovecs behind the first */

	/* who takes a frame besides packet sockets; those of IPv4 and ARP are always taken */
	bool takes_ipv6, takes_llc;
};

/* What the data path looks at in the device and in the file. */
struct model_port {
	bool attached; /* otherwise all else is without meaning */
	bool tap;
	bool pi;       /* no IFF_NO_PI */
	bool vnet_hdr; /* IFF_VNET_HDR */
	unsigned int vnet_size;
	bool big_endian; /* the byte order of the vnet header, whatever made it so */
	bool tunnel_gso; /* TUN_F_UDP_TUNNEL_GSO is on */
	bool up;	 /* IFF_UP */
	bool napi;	 /* IFF_NAPI of this queue */
	bool napi_frags; /* IFF_NAPI_FRAGS of this queue */
	bool detached;	 /* TUNSETQUEUE with IFF_DETACH_QUEUE */
	bool nonblock;	 /* O_NONBLOCK or RWF_NOWAIT: decides about nothing that can be seen here */
	bool watched;	 /* a packet socket for all protocols sees what comes in */
	uint8_t mac[6];	 /* of a TAP: decides about pkt_type */
};

/*
 * What a write() does; with more than one iovec a writev(), which does nothing if they are empty.
 * An iovec without address but with a length stands for memory that cannot be read.
 *
 * Taken for granted: there is room in the send buffer, and memory (frames of several megabytes find
 * none, ENOBUFS); no XDP program; the device is no port of a bridge that wants headroom.
 */
struct model_written {
	ssize_t ret; /* of writev(): the length, or -1 */
	int err;     /* and errno */

	/* what the device's counters gain; a TAP does not show frame errors */
	unsigned int rx_packets, rx_dropped, rx_frame_errors;
	uint64_t rx_bytes;

	/* true: a frame is handed to the stack, and the rest has a meaning */
	bool delivered;
	size_t at, len;	   /* the frame: where in the bytes written, and its length */
	uint16_t protocol; /* in host order, before a VLAN tag is taken away */

	/* what a packet socket for all protocols sees of it, if it sees it */
	bool seen;
	bool vlan; /* tag taken out of the frame, which is 4 bytes shorter */
	uint16_t vlan_tpid, vlan_tci;
	size_t vlan_at;		/* where in the frame those 4 bytes were */
	uint16_t seen_protocol; /* sll_protocol */
	uint8_t pkt_type;	/* PACKET_HOST, ... */
	int vnet_err;		/* of recv() with PACKET_VNET_HDR: EINVAL for UFO, otherwise 0 */
	struct vnet vnet;	/* the header then, its first 10 bytes */
	bool gro; /* it passed GRO, which may check the checksum and move the end of the headers */
};

void model_write(const struct model_kernel *kernel, const struct model_port *port,
		 const struct iovec *iov, int iovcnt, struct model_written *out);

/* A frame that waits in the queue of a file. */
struct model_packet {
	const uint8_t *data; /* from the Ethernet header on, without a tag that is apart */
	size_t len;
	uint16_t protocol; /* skb->protocol, in host order */
	bool vlan;	   /* tag kept apart */
	uint16_t vlan_tpid, vlan_tci;
	/* as in a vnet header, without the 4 bytes of the tag */
	uint8_t gso_type;
	uint16_t gso_size, hdr_len;
	bool partial;	 /* checksum at csum_start + csum_offset */
	bool data_valid; /* checksum was checked */
	uint16_t csum_start, csum_offset;
	/* in a UDP tunnel, which gso_type says */
	bool tunnel_csum;
	uint16_t outer_th_offset, inner_nh_offset;
};

struct model_readout {
	ssize_t ret;
	int err;
	bool taken; /* the packet is gone */
	unsigned int tx_packets;
	uint64_t tx_bytes;
};

/*
 * A read() into @size bytes. What the driver writes is written to @buf (of @size bytes); bytes that
 * it leaves alone are left alone. @packet NULL: the queue is empty and the file does not block.
 */
void model_read(const struct model_kernel *kernel, const struct model_port *port,
		const struct model_packet *packet, uint8_t *buf, size_t size,
		struct model_readout *out);

/*
 * TUNSETOFFLOAD: true if the mask is taken; *@active is then the part of it that is on, as bits
 * TUN_F_..., otherwise it is left alone.
 */
bool model_offload(const struct model_kernel *kernel, unsigned long mask, unsigned int *active);

/* The running kernel, by probes. Runs in a test's sandbox; ends the test if it cannot. */
struct model_kernel model_kernel_probed(void);

#endif /* DEVICE_MODEL_IO_H */
