/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sweeps: the model of the data path held against the kernel, at very many points.
 *
 * A point is one write() with its vnet header, or one read(). The points run in blocks; what a
 * point shows by itself (return value, delivered bytes, the header a packet socket sees) is
 * compared at once, the device's counters in sums at the end of a block. If these differ, the block
 * runs again with the counters read at each point, and without a packet socket of its own only as
 * long as there is none elsewhere either that takes everything (untaken.h).
 */
#ifndef DEVICE_SWEEP_H
#define DEVICE_SWEEP_H

#include "device/model_io.h"
#include "device/tun.h"

/* The frames that are written. On a TUN they begin at their IP header, or what stands there. */
enum sweep_frame {
	SWEEP_TCP4,	/* to the device itself, like all that say nothing else */
	SWEEP_UDP4,	/* to everyone */
	SWEEP_TCP6,	/* to a group */
	SWEEP_UDP6,	/* to somebody else */
	SWEEP_OTHER4,	/* IPv4 with a protocol nobody knows */
	SWEEP_UNKNOWN,	/* no IP: version 0, unknown EtherType */
	SWEEP_TUNNEL44, /* TCP over IPv4 in Ethernet in UDP over IPv4 */
	SWEEP_TUNNEL66, /* UDP over IPv6 in UDP over IPv6 */
	SWEEP_TUN_FRAMES,
	SWEEP_VLAN = SWEEP_TUN_FRAMES, /* tagged, UDP over IPv4 */
	SWEEP_VLAN_UNKNOWN,	       /* tagged, unknown EtherType */
	SWEEP_QINQ,		       /* with two tags, the outer one 802.1ad */
	SWEEP_IPX,		       /* length in place of the type, ff ff behind it */
	SWEEP_LLC,		       /* the last length in place of the type */
	SWEEP_FIRST_TYPE,	       /* and the first number that is a type */
	SWEEP_TAP_FRAMES,
};

#define SWEEP_SHAPES 12 /* ways to cut a write into iovecs, 0: one */

/* One write(). */
struct sweep_point {
	enum sweep_frame frame;
	uint32_t len; /* so many of its bytes; they are SWEEP_LEN_MAX, filled up with a pattern */
	uint16_t pi_flags, pi_proto;
	uint8_t shape;
	struct vnet v;
};
#define SWEEP_LEN_MAX 65590

/* What a sweep is done with. */
struct sweep_setup {
	bool tap, pi, big_endian;
	bool napi_frags;
	bool blocking; /* no O_NONBLOCK */
	bool down;
	bool unwatched; /* no packet socket, so that it counts whether anybody takes a frame */
	int vnet_size; /* 0: no IFF_VNET_HDR */
};

struct sweep {
	struct model_kernel kernel;
	struct model_port port;
	struct tun t;
	int packet; /* a packet socket with PACKET_VNET_HDR, -1 for none */
	int proc;   /* the counters of /proc/net/dev */
	struct tun nobodys; /* without that socket: what is written to it nobody takes */
	uint8_t *frames[SWEEP_TAP_FRAMES];

	unsigned int thin; /* of the crossed points, one of so many */
	bool quiet;	   /* says nothing, and ends at the first mismatch */
	uint64_t points;
	unsigned int mismatches;
	bool disturbed; /* somebody else took what nobody takes: that was not compared */

	/* points that wait for their run */
	struct sweep_point block[512];
	unsigned int queued;
	/* the write that is made of a point */
	uint8_t *buffer;
	struct iovec iov[64];
	int iovcnt;
};

/* Makes the device and its packet socket; ends the test if it cannot. */
void sweep_open(struct sweep *s, const struct sweep_setup *setup);
void sweep_close(struct sweep *s);

/* How many times fewer points will do: 1, and more in a kernel that is emulated, or checked. */
unsigned int sweep_slowness(struct sweep *s);

/* Adds a point, and runs those that wait when there are enough; sweep_flush() runs them now. */
void sweep_add(struct sweep *s, const struct sweep_point *point);
void sweep_flush(struct sweep *s);
/* True if a quiet sweep has nothing left to find; it begins anew. */
bool sweep_over(const struct sweep *s);
void sweep_again(struct sweep *s);

/*
 * The boundary values of all fields of the vnet header, crossed, on @len bytes of @frame. Without
 * NEEDS_CSUM the two fields of the checksum have two values only, as nobody looks at them.
 */
void sweep_cross(struct sweep *s, enum sweep_frame frame, uint32_t len);
/* The offsets of a tunnel, crossed with the types; @len bytes of @frame. */
void sweep_tunnels(struct sweep *s, enum sweep_frame frame, uint32_t len);
/* Every length of every frame up to @max, with an empty header and a plain one of each type. */
void sweep_lengths(struct sweep *s, uint32_t max);
/* What is bounded by the size of a page, of a fragment, and of 16 bits. */
void sweep_limits(struct sweep *s);
/* @n points of everything, by @seed. */
void sweep_random(struct sweep *s, uint64_t seed, unsigned int n);

/* sweep_shapes.c: cuts the @len bytes of s->buffer into s->iov. */
void sweep_cut(struct sweep *s, unsigned int shape, size_t len);
/* sweep_frames.c */
void sweep_build_frames(struct sweep *s);
const char *sweep_frame_name(enum sweep_frame frame);

#endif /* DEVICE_SWEEP_H */
