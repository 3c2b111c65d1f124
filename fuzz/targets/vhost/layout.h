/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rings of /dev/vhost-net, as they lie in memory, for the target "vhost" and, with rings.h behind
 * it, for the programs that it writes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RINGS_RX	 0
#define RINGS_TX	 1
#define RINGS_NUM	 64   /* descriptors of each ring */
#define RINGS_SLOTS	 8    /* buffers of the RX ring: two descriptors each */
#define RINGS_SIZE	 4096 /* bytes of a buffer at most */
#define RINGS_FRAME	 9000 /* and of a frame sent */

#define RINGS_INDIRECT	 (1ULL << VIRTIO_RING_F_INDIRECT_DESC)
#define RINGS_EVENT_IDX	 (1ULL << VIRTIO_RING_F_EVENT_IDX)
#define RINGS_MRG_RXBUF	 (1ULL << 15)
#define RINGS_VERSION_1	 (1ULL << 32)
#define RINGS_OWN_HEADER (1ULL << VHOST_NET_F_VIRTIO_NET_HDR)

#define RINGS_GUARD	 0x5a
#define RINGS_WAITS	 64   /* frames that may wait for buffers */
#define RINGS_XDP_FRAME	 3000 /* one that is in a single page, whatever is put around it */
#define RINGS_XDP_MOVED	 1518 /* the longest that can be redirected */

/* How the TAP is made, and how frames are sent to it. */
#define RINGS_SINGLE	 1 /* as those of a write(), otherwise in batches */
#define RINGS_NAPI	 2
#define RINGS_QUEUES	 4  /* three queues, of which the first is vhost's */
#define RINGS_STEERED	 8  /* a program chooses the first of those that are attached */
#define RINGS_DETACHED	 16 /* vhost's is not */
#define RINGS_ZEROCOPY	 32 /* vhost_net is loaded with experimental_zcopytx=1: no batches */
#define RINGS_FILES	 3

#ifndef IFF_NAPI
#define IFF_NAPI 0x0010
#endif

/* What vhost may write to stands between guards: these it may not. */
struct rings_memory {
	struct rings_guard {
		unsigned char bytes[4096];
	} before;
	struct rings_ring {
		struct vring_desc desc[RINGS_NUM];
		struct {
			uint16_t flags, idx, ring[RINGS_NUM], event;
		} avail;
		struct {
			uint16_t flags, idx;
			struct vring_used_elem ring[RINGS_NUM];
			uint16_t event;
		} used __attribute__((aligned(8)));
	} ring[2] __attribute__((aligned(4096)));
	struct vring_desc indirect[2][RINGS_NUM][4];
	unsigned char sent[12 + RINGS_FRAME];
	struct {
		unsigned char front[64], bytes[RINGS_SIZE], back[64];
	} slot[RINGS_SLOTS];
	struct rings_guard after __attribute__((aligned(4096)));
};

enum rings_place {
	RINGS_AT_SLOT,	 /* a buffer */
	RINGS_AT_TABLE,	 /* the indirect tables */
	RINGS_AT_RING,	 /* the ring itself */
	RINGS_AT_END,	 /* the last bytes of the memory */
	RINGS_AT_BEHIND, /* none of it */
	RINGS_AT_ZERO,
	RINGS_AT_TOP, /* the last bytes of all addresses */
	RINGS_PLACES
};

/* TAPs: 1 is for one with a vnet header, 2 for NAPI, 4 for three queues. Redirected is to the last.
 */
static const char *const rings_name[] = { "vh0", "vh1", "vh2", "vh3", "vh4",
					  "vh5", "vh6", "vh7", "vhto" };
#define RINGS_TAPS 8

/* The number of the one that fits. */
static inline int rings_which(uint64_t features, int how)
{
	return (how & (RINGS_NAPI | RINGS_QUEUES)) | !(features & RINGS_OWN_HEADER);
}

/*
 * What is not copied comes back when it is freed, behind what is copied in the meantime: the one
 * that came with @id becomes the @first of those that came.
 */
static inline void rings_in_order(struct rings_ring *ring, uint16_t first, uint32_t id)
{
	struct vring_used_elem *used = ring->used.ring, e = used[first % RINGS_NUM];

	for (uint16_t at = first; at != ring->used.idx; at++) {
		if (used[at % RINGS_NUM].id == id) {
			used[first % RINGS_NUM] = used[at % RINGS_NUM];
			used[at % RINGS_NUM] = e;
			return;
		}
	}
}
