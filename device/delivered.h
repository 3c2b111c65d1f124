/* SPDX-License-Identifier: GPL-2.0-only */
/* What a write() led to, and whether that is what the model says. */
#ifndef DEVICE_DELIVERED_H
#define DEVICE_DELIVERED_H

#include "device/model_io.h"
#include "netns/packet.h"
#include "netns/packet_ring.h"

struct delivered {
	ssize_t ret; /* of the write, and errno or 0 */
	int err;
	/* what a packet socket got of it */
	bool seen;
	int recv_err; /* EINVAL for a frame that PACKET_VNET_HDR cannot tell of */
	struct vnet vnet;
	struct packet_info info;
	const uint8_t *frame; /* valid until the next call */
	size_t len;
};

/* The next frame of @packet, a socket with PACKET_VNET_HDR, if there is one already. */
void delivered_receive(int packet, struct delivered *d);

/* Takes all that have come: the bytes of the longest, 0 if there is none. */
size_t delivered_drain(int packet);
/* sendmsg() of a frame behind @v through such a socket; @to NULL: where it is bound to. */
ssize_t delivered_send(int packet, const struct sockaddr_ll *to, const struct vnet *v,
		       const void *frame, size_t len);
/*
 * The same as delivered_receive() of a ring with PACKET_VNET, without a system call. A frame that
 * PACKET_VNET_HDR cannot tell of is not there.
 */
void delivered_take(struct packet_ring *ring, struct delivered *d);

/*
 * What differs between @m and @d in a word or two, NULL if nothing does. @written: the frame as it
 * was written; with @watched false nobody looked whether it arrived.
 */
const char *delivered_difference(const struct model_written *m, const uint8_t *written,
				 const struct delivered *d, bool watched);

#endif /* DEVICE_DELIVERED_H */
