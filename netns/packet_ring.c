// SPDX-License-Identifier: GPL-2.0-only
#include "netns/packet_ring.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/packet.h"

/* Room for the longest frame; a few, since each is looked at as soon as it is there. */
#define FRAME  (128 << 10)
#define FRAMES 4

void packet_ring_open(struct packet_ring *ring, int flags)
{
	struct tpacket_req req = {
		.tp_block_size = FRAME,
		.tp_block_nr = FRAMES,
		.tp_frame_size = FRAME,
		.tp_frame_nr = FRAMES,
	};
	int version = TPACKET_V2;

	*ring = (struct packet_ring){ .fd = packet_open(NULL, ETH_P_ALL, flags) };
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		TH_BAIL("ring of a packet socket: %s", strerror(errno));
	ring->memory = mmap(NULL, FRAME * FRAMES, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->memory == MAP_FAILED)
		TH_BAIL("memory of a packet socket: %s", strerror(errno));
	/*
	 * A child of ours that executes something else has it no more then, of which Linux 6.12 in
	 * user mode makes "Bad page map" and pages that two have.
	 */
	if (madvise(ring->memory, FRAME * FRAMES, MADV_DONTFORK))
		TH_BAIL("memory of a packet socket alone: %s", strerror(errno));
}

const struct tpacket2_hdr *packet_ring_next(struct packet_ring *ring)
{
	struct tpacket2_hdr *frame = (void *)(ring->memory + (size_t)FRAME * ring->next);

	if (ring->waiting)
		__atomic_store_n(&ring->waiting->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->waiting = NULL;
	if (!(__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return NULL;
	ring->next = (ring->next + 1) % FRAMES;
	ring->waiting = frame;
	return frame;
}

void packet_ring_close(struct packet_ring *ring)
{
	munmap(ring->memory, FRAME * FRAMES);
	close(ring->fd);
}
