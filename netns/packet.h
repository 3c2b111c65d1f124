/* SPDX-License-Identifier: GPL-2.0-only */
/* AF_PACKET sockets: send and see whole frames on a link. All that crosses is captured. */
#ifndef NETNS_PACKET_H
#define NETNS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/if_packet.h>

#define PACKET_VNET   1 /* PACKET_VNET_HDR: every frame is behind a virtio_net_hdr of 10 bytes */
#define PACKET_BYPASS 2 /* PACKET_QDISC_BYPASS: send() meets the driver, not the qdisc */
#define PACKET_DGRAM  4 /* SOCK_DGRAM: without the link-layer header */

/* What came with a frame. */
struct packet_info {
	struct sockaddr_ll from;    /* sll_pkttype, sll_hatype, sll_protocol, ... */
	struct tpacket_auxdata aux; /* tp_status: TP_STATUS_CSUMNOTREADY, _VLAN_VALID, ... */
	bool has_aux;
};

/*
 * A socket bound to link @name (NULL: all of the namespace, and sendto() says through which), for
 * frames of protocol @proto (host order, ETH_P_ALL for all, 0 to send only). Non-blocking, with
 * PACKET_AUXDATA, blind to frames it sends itself (PACKET_IGNORE_OUTGOING). The caller closes it.
 * Ends the test if it cannot be made.
 */
int packet_open(const char *name, uint16_t proto, int flags);

/*
 * The next frame within @timeout_ms: its length (of the frame, may be more than @size), or -1 and
 * EAGAIN. @info may be NULL.
 */
ssize_t packet_recv(int fd, void *buf, size_t size, int timeout_ms, struct packet_info *info);

/* What the socket is charged for the frames that wait in it: all the memory they take. */
uint32_t packet_charged(int fd);

/* send(): the number of bytes, or -1 and errno. */
ssize_t packet_send(int fd, const void *frame, size_t len);
/* sendto() with this protocol (host order), for PACKET_DGRAM and for TUN. */
ssize_t packet_sendto(int fd, const void *frame, size_t len, uint16_t proto);

/*
 * Waits until the stack has taken what drivers handed to it before on this processor: such frames
 * queue up behind each other, on a busy machine until a thread of the kernel has its turn, and one
 * through lo is the last. @lo: a socket for PACKET_SETTLE on lo. False after @timeout_ms.
 */
#define PACKET_SETTLE 0x88b5
bool packet_settle(int lo, int timeout_ms);

#endif /* NETNS_PACKET_H */
