/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices that are read, and the ways to them. */
#ifndef FUZZ_TARGETS_TX_READ_READER_H
#define FUZZ_TARGETS_TX_READ_READER_H

#include "fuzz/targets/port.h"

/* A reader's number has these bits, as far as it names a device. */
#define READER_TAP	 1
#define READER_PI	 2
#define READER_VNET	 4
#define READERS		 8
#define READER_BE	 8 /* and this if its header is big-endian */

#define READER_MTU	 9000
#define READER_FRAME	 2048		      /* bytes that are sent to it at most */
#define READER_QUEUE	 (READER_FRAME + 200) /* packets that wait at most */
#define READER_PEER_PORT 4000

struct reader {
	struct port port, in; /* what is written to in is sent to port */
	int packet, udp;      /* sockets that send to it */
	char ip[16], peer[16];
	unsigned int mask, active; /* of TUNSETOFFLOAD: the last word, and what is on */
	uint64_t tx_packets, tx_bytes;
};

extern struct reader readers[READERS];
extern struct model_kernel kernel; /* as the reads are held against it */
extern bool has_redirect;	   /* there is a way through in */

void readers_begin(void);
/* fuzz_wrong() if a device has not counted what was read of it. */
void readers_check(void);
void readers_end(void);

#endif /* FUZZ_TARGETS_TX_READ_READER_H */
