/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations on TUN/TAP files and devices: what the reference model and the kernel are led through
 * side by side, drawn at random or from a fuzzer's input, and printed as lines of C.
 */
#ifndef DEVICE_OP_H
#define DEVICE_OP_H

#include <stdio.h>

#include "device/model.h"

enum op_kind {
	OP_OPEN,
	OP_CLOSE,
	/* ioctls */
	OP_SET_IFF,
	OP_GET_IFF,
	OP_SET_QUEUE,
	OP_SET_IFINDEX,
	OP_GET_FEATURES,
	OP_SET_PERSIST,
	OP_SET_OWNER,
	OP_SET_GROUP,
	OP_SET_LINK,
	OP_SET_NOCSUM,
	OP_SET_OFFLOAD,
	OP_GET_SNDBUF,
	OP_SET_SNDBUF,
	OP_GET_VNET_HDR_SZ,
	OP_SET_VNET_HDR_SZ,
	OP_GET_VNET_LE,
	OP_SET_VNET_LE,
	OP_GET_VNET_BE,
	OP_SET_VNET_BE,
	OP_SET_CARRIER,
	OP_SET_TX_FILTER,
	OP_GET_HWADDR,
	OP_SET_HWADDR,
	OP_ATTACH_FILTER,
	OP_DETACH_FILTER,
	OP_GET_FILTER,
	OP_SET_STEERING,
	OP_SET_EBPF,
	OP_GET_DEV_NETNS,
	OP_GET_SK_NETNS,
	OP_SET_DEBUG,
	OP_BAD_POINTER, /* an ioctl whose argument cannot be read or written */
	OP_UNKNOWN_IOCTL,
	/* on a file */
	OP_READ,
	OP_WRITE,
	OP_POLL,
	OP_SET_ASYNC,
	OP_GET_FDINFO,
	/* on a link, by its name */
	OP_LINK_UP,
	OP_LINK_DOWN,
	OP_LINK_DEL,
	OP_LINK_RENAME,
	OP_LINK_TXQUEUELEN,
	OP_LINK_MTU,
	OP_LINK_MOVE,
	OP_LINK_NEW, /* of kind "tun", which rtnetlink cannot make */
	/* ethtool */
	OP_GET_KIND, /* and flags, owner and group as sysfs has them */
	OP_GET_MSGLEVEL,
	OP_SET_MSGLEVEL,
	OP_GET_RX_FRAMES,
	OP_SET_RX_FRAMES,
	OP_GET_SPEED,
	OP_SET_SPEED,
	OP_SEND, /* a frame through an AF_PACKET socket */
	OP_LIST, /* of all links of a namespace, broken at many places into messages */
	OP_KINDS
};

/* They are asked and set by the name of a link, too. */
static inline bool op_is_ethtool(enum op_kind kind)
{
	return kind >= OP_GET_KIND && kind <= OP_SET_SPEED;
}

#define OP_DATA	   160 /* bytes of the longest write or read */
#define OP_FILTERS 12  /* addresses in TUNSETTXFILTER */

/* Who makes a call: root, and two users without capabilities. */
#define OP_CREDS   3
extern const struct model_cred op_creds[OP_CREDS];

/* What the eBPF programs of TUNSETSTEERINGEBPF and TUNSETFILTEREBPF return. */
#define OP_EBPF 6
extern const int op_ebpf[OP_EBPF];

/* The ioctls of OP_BAD_POINTER. */
#define OP_POINTERS 20
extern const struct op_pointer {
	unsigned long request;
	const char *name;
} op_pointers[OP_POINTERS];

struct op {
	enum op_kind kind;
	uint8_t file;	/* 0 to MODEL_FILES - 1 */
	uint8_t who;	/* index into op_creds[] */
	uint8_t netns;	/* of a name; of an open */
	uint32_t flags; /* TUNSETIFF, TUNSETQUEUE, TUNSETTXFILTER */
	int64_t value;	/* argument of an ioctl, or which; size of a read, protocol of a frame sent
			 */
	char name[IFNAMSIZ], to[IFNAMSIZ];
	uint16_t len; /* of the data: a write's, a frame's, or six for each address */
	uint8_t data[OP_DATA];
};

/* What came of it. */
struct op_result {
	int64_t ret;	/* not negative, or -errno */
	bool known;	/* false: the model cannot say, and the operation is left out */
	int64_t number; /* what an ioctl gave back */
	char name[IFNAMSIZ];
	uint16_t len; /* of data */
	uint8_t data[OP_DATA];
};

/* Where the choices come from: numbers from 0 to @n - 1. */
struct draw {
	uint32_t (*below)(struct draw *draw, uint32_t n);
	uint64_t state;
	/* for a source of bytes, see draw_bytes() */
	const uint8_t *data;
	size_t left;
};

/* A sequence of pseudo-random choices that @seed determines. */
struct draw draw_random(uint64_t seed);
/* Choices from a fuzzer's input; zeros when it is used up. */
struct draw draw_bytes(const uint8_t *data, size_t size);

/* The next operation, chosen so that it means something in the state @m mostly. */
struct op op_draw(struct draw *draw, const struct model *m);

/*
 * What the model says of it; changes @m. Where the kernel has a choice (struct model_chosen)
 * @device becomes the device concerned, otherwise NULL.
 */
struct op_result op_expect(struct model *m, const struct op *op, struct model_device **device);

/* A line of C that does it, for the program of op_program.h. */
void op_print(FILE *out, const struct op *op, const struct op_result *expected);
/* The same in short, without the expectation. */
void op_print_call(FILE *out, const struct op *op);

#endif /* DEVICE_OP_H */
