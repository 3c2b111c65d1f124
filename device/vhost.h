/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user of /dev/vhost-net: what a hypervisor does for a guest, and that guest's network driver.
 * vhost-net takes frames from the guest's memory to a device file and back, in a thread of its own.
 *
 *	struct vhost v = vhost_open(0);
 *
 *	ASSERT_OK(vhost_attach(&v, t.fd));
 *	vhost_send(&v, NULL, f.data, f.len);
 *	EXPECT_EQ(1, vhost_used(&v, VHOST_TX, 1, 2000));
 *
 *	vhost_post(&v, 10, 2000);
 *	EXPECT_TRUE(vhost_recv(&v, &packet, 2000));
 *
 * Each queue is a split ring of VHOST_RING descriptors (virtio 1.x, "Split Virtqueues"). The guest's
 * physical addresses are our own. A chain of descriptors is one stretch of memory, cut into pieces.
 * A test needs the feature "vhost".
 */
#ifndef DEVICE_VHOST_H
#define DEVICE_VHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "device/tun.h"

#define VHOST_NODE "/dev/vhost-net"

/* The queues: frames to the guest, and frames from it. */
#define VHOST_RX     0
#define VHOST_TX     1
#define VHOST_QUEUES 2

#define VHOST_RING 2048 /* descriptors of a queue: more than vhost takes for one packet */

/* Features. The header in front of a frame has 12 bytes with one of the first two, otherwise 10. */
#define VHOST_MRG_RXBUF	 (1ULL << 15) /* a packet may take several chains of the RX queue */
#define VHOST_VERSION_1	 (1ULL << VIRTIO_F_VERSION_1)
#define VHOST_OWN_HEADER (1ULL << VHOST_NET_F_VIRTIO_NET_HDR) /* header made and taken by vhost */
#define VHOST_IOMMU	 (1ULL << VIRTIO_F_ACCESS_PLATFORM) /* addresses are asked for by read() */

struct vhost_queue {
	struct vring ring;
	uint8_t *memory; /* of the chains */
	int kick, call, error; /* eventfds */
	uint16_t next_desc, free; /* descriptors are used in turn */
	uint16_t avail, used; /* the counters of the ring, as far as this side has come */
};

struct vhost {
	int fd;
	size_t header; /* bytes in front of a frame */
	bool mergeable; /* VHOST_MRG_RXBUF is on */
	size_t piece; /* bytes of each descriptor but the last of a chain; 0: a chain is one */
	void *arena; /* rings and memory */
	struct vhost_queue queue[VHOST_QUEUES];
};

/* O_RDWR | O_NONBLOCK | O_CLOEXEC. Ends the test if there is no such file. */
int vhost_node(void);
/*
 * An owned file with memory table, rings, eventfds and @features (VHOST_...), and no backend. Ends
 * the test if anything fails. vhost_close() detaches and frees all of it.
 */
struct vhost vhost_open(uint64_t features);
void vhost_close(struct vhost *v);

/*
 * The id of vhost's thread, which since Linux 6.4 is one of this process's; 0 if it is not. With
 * several files open, that of one of them.
 */
int vhost_thread(void);

/* VHOST_NET_SET_BACKEND: 0, or -1 and errno. @backend -1 for none. */
int vhost_set_backend(int vhost_fd, unsigned int queue, int backend);
/* The same for both queues: stops at the first that fails. */
int vhost_attach(const struct vhost *v, int backend);
int vhost_detach(const struct vhost *v);

/*
 * The usual pair: opens @v with @features and makes a TAP as peer_create() does, IFF_NO_PI and with
 * @flags besides, with a vnet header of the size that @v wants (none with VHOST_OWN_HEADER), which
 * is the backend of both queues.
 */
struct tun vhost_peer(struct vhost *v, uint64_t features, unsigned int flags);

/*
 * Adds a chain of @len bytes and returns its memory, which is the caller's until vhost_kick() makes
 * all that was added visible and rings. A full ring ends the test.
 */
uint8_t *vhost_add(struct vhost *v, int queue, size_t len);
void vhost_kick(struct vhost *v, int queue);
/* The descriptors of the chain that vhost_add() will make next, to spoil it after it is made. */
struct vring_desc *vhost_next_desc(struct vhost *v, int queue);

/* One frame for TX, behind @vnet (NULL: zeros): added, and with _send the queue is kicked too. */
void vhost_put(struct vhost *v, const struct vnet *vnet, const void *frame, size_t len);
void vhost_send(struct vhost *v, const struct vnet *vnet, const void *frame, size_t len);
/*
 * How many of the next @n chains come back within @timeout_ms. They have to come in the order they
 * were added; anything else ends the test.
 */
int vhost_used(struct vhost *v, int queue, int n, int timeout_ms);

/* @n empty chains of @size bytes each for RX, kicked. */
void vhost_post(struct vhost *v, int n, size_t size);
/*
 * The next packet within @timeout_ms, false if none comes; its chains are free again. With
 * VHOST_MRG_RXBUF the pieces in vnet.num_buffers chains are put together.
 */
bool vhost_recv(struct vhost *v, struct tun_packet *p, int timeout_ms);

/*
 * True when nothing is left in the ring of the device, within @timeout_ms: vhost takes a packet
 * without a buffer, too. (What comes while it has one stays in the ring.)
 */
bool vhost_takes_all(const struct tun *t, int timeout_ms);

/* True if vhost says within @timeout_ms that it found an error in the queue; takes it back. */
bool vhost_error(const struct vhost *v, int queue, int timeout_ms);

#endif /* DEVICE_VHOST_H */
