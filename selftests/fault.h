/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of area fault share: the operations, and what they work on. */
#ifndef SELFTESTS_FAULT_H
#define SELFTESTS_FAULT_H

#include "device/frame.h"
#include "device/macvtap.h"
#include "device/tun.h"
#include "device/vhost.h"

#define PORT	4001
#define WAIT_MS 2000
/* More allocations than any operation makes. */
#define MANY	3000

/* What an operation works on. */
struct bench {
	const struct op *op;
	struct tun t; /* with the op's flags, up; .fd -1 for an op without a device */
	int fd;	      /* a second file, not attached before the operation */
	int udp;      /* the kernel's end of the traffic */
	int program;  /* a BPF socket filter */
	struct frame f;
	struct vnet vnet;
	char node[MACVTAP_NODE_SIZE];
	struct vhost v; /* .arena NULL: none */
	struct tun rx;	/* a macvtap that gets what .t sends; .name "": none */
	int other;	/* one more descriptor of the operation's, -1 for none */
	int thread;	/* whose allocations fail; 0: the caller's */
};

struct op {
	unsigned int flags; /* of the device */
	const char *device; /* its name, NULL for "t0" */
	bool no_device;
	bool no_file;			  /* no second file */
	const char *needs[2];		  /* features, or NULL */
	void (*make)(struct bench *b);	  /* what is needed besides, or NULL */
	void (*prepare)(struct bench *b); /* before each run */
	long (*call)(void *bench);
	void (*undo)(struct bench *b, long ret); /* after a run that worked */
	int errnos[5];
	/* Those that may mean that it worked: the kernel copies or sends the result when all is
	 * done. */
	int late[2];
	bool counted; /* a write: link statistics tell */
};

/* Ends the test if the operation cannot be prepared. */
void bench_open(struct bench *b, const struct op *op);
void bench_close(struct bench *b);

/* Reads the device until nothing waits there. */
void bench_drain(const struct bench *b);
/* For .make: two macvtaps, and a frame from .t to .rx. */
void bench_macvtap(struct bench *b);
/* For .call: writes the frame behind the header. */
long bench_write(void *bench);
/* For .undo: closes the descriptor that the call gave, or the second file. */
void close_result(struct bench *b, long fd);
void close_file(struct bench *b, long ret);

#define OPS(each)                                                                                  \
	each(open) each(new_tun) each(new_tap) each(new_multi_queue) each(new_napi_frags) each(    \
		second_queue) each(close) each(detach) each(attach) each(tx_filter)                \
		each(attach_filter) each(steering) each(offload) each(dev_netns) each(             \
			fioasync) each(poll) each(epoll) each(txqueuelen) each(rename) each(up)    \
			each(write_tun_pi) each(write_tap) each(write_built) each(write_xdp) each( \
				write_vnet) each(write_gso) each(write_napi)                       \
				each(write_napi_frags) each(read) each(transmit) each(             \
					macvtap_open) each(macvtap_write) each(macvtap_link)       \
					each(ipvtap_link) each(macvtap_txqueuelen) each(           \
						transmit_trimmed) each(transmit_zerocopy)          \
						each(write_napi_frags_long) each(vhost_open)       \
							each(vhost_owner) each(vhost_memory) each( \
								vhost_backend) each(vhost_send)    \
								each(vhost_send_macvtap)

#define DECLARE_OP(name) extern const struct op fault_op_##name;
OPS(DECLARE_OP)

#endif /* SELFTESTS_FAULT_H */
