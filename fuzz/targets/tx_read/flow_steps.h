/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps on the files of one device, for the target "tx_read" and, with flow.h behind it, for
 * the programs that it writes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FLOW_FILES	3
#define FLOW_FLOWS	4 /* that are written one by one */
#define FLOW_CROWDS	4 /* and others, of many that are written at once */
#define FLOW_CROWD_SIZE 100
#define FLOW_ALL	(FLOW_FLOWS + FLOW_CROWDS)
#define FLOW_PACKET	46  /* bytes of each, behind Ethernet */
#define FLOW_ROOM	200 /* of a buffer */

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

enum flow_op {
	FLOW_WRITE, /* a packet of a flow */
	FLOW_SEND,  /* the kernel sends an answer of that flow, and whoever gets it is read */
	FLOW_EMPTY, /* a read of nothing, without waiting */
	FLOW_WAIT,  /* a read of nothing that waits for an end */
	FLOW_POLL,
	FLOW_QUEUE, /* attached, or with 0 detached */
	FLOW_STEERING,
	FLOW_SNDBUF,
	FLOW_UP,     /* or with 0 down */
	FLOW_CROWD,  /* a packet of each of the many */
	FLOW_ATTACH, /* another file, to the device or with 1 to one of its own; closed again */
	FLOW_TXQUEUELEN,
	FLOW_DELETE,
	FLOW_OPS
};

/* How bytes are passed: the rest of them lies in memory that is not there. */
enum flow_how { FLOW_WHOLE, FLOW_NONBLOCK, FLOW_HALF, FLOW_FOUR, FLOW_NOWHERE, FLOW_HOWS };

/* What ends a read that waits. */
enum flow_end { FLOW_SIGNAL, FLOW_FRAME, FLOW_GONE, FLOW_ENDS };

struct flow_step {
	enum flow_op op;
	int file, value; /* a flow, or what is set */
	int how;	 /* or the end */
	/* what comes of it: a number of bytes or -errno */
	int ret;
	int from;  /* a bit for each file that may get a frame: one of them has to */
	int nth;   /* allocation or copy that fails, 0 for none: only of the last step */
	int woken; /* a bit for each file where somebody waits for room in the send buffer */
};

struct flow {
	int flags; /* of TUNSETIFF */
	const struct flow_step *steps;
	int count;
	int crowd; /* the many are written */
	int spent; /* afterwards the device is not as it was, or not there any more */
	long long rx_packets, rx_dropped, tx_packets, tx_dropped; /* what it counts */
};

static inline int flow_files(int flags)
{
	return flags & IFF_MULTI_QUEUE ? FLOW_FILES : 1;
}

/* Bytes in front of a packet in a file: PI, vnet header, Ethernet header. */
static inline int flow_front(int flags)
{
	return (flags & IFF_NO_PI ? 0 : 4) + (flags & IFF_VNET_HDR ? 10 : 0);
}

/* A packet as it is in a file, or from @at = flow_front() on in the stack: its size. */
static inline int flow_bytes(int flags, int id, int answer, unsigned char *buf)
{
	int front = flow_front(flags), at = front + (flags & IFF_TAP ? 14 : 0);
	const unsigned char net = id >> 16, high = id >> 8, low = id;
	const unsigned char ip[] = { 0x45,	[3] = FLOW_PACKET,
				     [8] = 64,	[9] = IPPROTO_UDP,
				     [12] = 10, 1,
				     net,	answer ? 1 : 2,
				     10,	1,
				     net,	answer ? 2 : 1 };
	const unsigned char udp[] = {
		answer ? 4 : high, answer ? 0 : low, answer ? high : 4, answer ? low : 0, 0,
		FLOW_PACKET - 20
	};

	memset(buf, 0, at);
	if (!(flags & IFF_NO_PI))
		buf[2] = 8;
	if (flags & IFF_TAP) {
		buf[front] = buf[front + 6] = 2;
		buf[front + 5] = 9;
		buf[front + 12] = 8;
	}
	memset(buf + at, id, FLOW_PACKET);
	memcpy(buf + at, ip, sizeof(ip));
	memcpy(buf + at + 20, udp, sizeof(udp));
	return at + FLOW_PACKET;
}

/* How many bytes of @len are in memory that is there. */
static inline int flow_there(int flags, int how, int len)
{
	int front = flow_front(flags);

	return how == FLOW_NOWHERE ? 0 :
	       how == FLOW_FOUR	   ? 4 :
	       how == FLOW_HALF	   ? (front ? front : 14) :
				     len;
}
