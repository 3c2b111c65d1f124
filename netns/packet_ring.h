/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet socket whose frames come into memory that it shares with the kernel: no system call. */
#ifndef NETNS_PACKET_RING_H
#define NETNS_PACKET_RING_H

#include <stddef.h>
#include <stdint.h>
#include <linux/if_packet.h>

struct packet_ring {
	int fd;
	uint8_t *memory;
	unsigned int next;	      /* number of the frame that comes next */
	struct tpacket2_hdr *waiting; /* the one that the caller has */
};

/*
 * A socket of packet_open() with @flags, for all frames of the namespace. Ends the test if it
 * cannot be made.
 */
void packet_ring_open(struct packet_ring *ring, int flags);
/*
 * The next frame, valid until the next call, or NULL if there is none. With PACKET_VNET its header
 * stands just before it; a frame that no such header can tell of is lost.
 */
const struct tpacket2_hdr *packet_ring_next(struct packet_ring *ring);
void packet_ring_close(struct packet_ring *ring);

#endif /* NETNS_PACKET_RING_H */
