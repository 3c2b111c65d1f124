/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference model: what the driver does, as an executable specification.
 *
 * Pure functions, without system calls: from the state of files and devices, the credentials of the
 * caller and the arguments of a call to its result and the new state. Where kernels differ, what
 * the probes found (struct model_abi) decides. What a packet becomes on its way is in model_io.h.
 *
 * Results are those of the kernel: a number that is not negative, or -errno. The rules are those of
 * drivers/net/tun.c; each function names the one it stands for.
 */
#ifndef DEVICE_MODEL_H
#define DEVICE_MODEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/model_io.h"

#define MODEL_FILES   6 /* open files, and as many can be queues of one device */
#define MODEL_DEVICES 8
#define MODEL_NETNS   2
#define MODEL_PACKETS 128 /* that one file can hold: the model knows no more */
#define MODEL_FRAME   96  /* bytes of the longest frame it knows */
#define MODEL_EXACT   8	  /* addresses of TUNSETTXFILTER that are compared, FLT_EXACT_COUNT */

/* What differs between kernels and machines, beside what is in struct model_kernel. */
struct model_abi {
	struct model_kernel kernel;
	unsigned int features; /* TUNGETFEATURES */
	bool ownerless_closed; /* a device of nobody is only for CAP_NET_ADMIN: CVE-2026-99281 */
	bool init_net_admin;   /* the machine's own root, who may ask for IFF_NAPI_FRAGS */
	bool other_ids;	       /* there are ids besides the caller's own */
	bool bpf;	       /* eBPF programs can be loaded */
	bool own_log;	       /* devices may print what they like */
	bool sysfs;	       /* a sysfs can be made */
};

/* Who calls. */
struct model_cred {
	bool net_admin;	   /* CAP_NET_ADMIN in the user namespace of the network namespaces */
	uint32_t uid, gid; /* effective; there are no supplementary groups */
};

/* A packet that the kernel sends to a file. */
struct model_frame {
	uint16_t len, protocol; /* protocol: in host order, what a PI header says */
	uint8_t data[MODEL_FRAME];
};

struct model_file {
	bool open;
	uint8_t netns; /* that it was opened in */
	int device;    /* index into devices, -1 for none */
	bool detached; /* TUNSETQUEUE, IFF_DETACH_QUEUE */
	/*
	 * The driver keeps the number of the queue and the ifindex wished for in one place: what
	 * is left of one is taken for the other.
	 */
	union {
		uint16_t queue;
		uint32_t ifindex;
	};
	int32_t sndbuf;
	bool napi, napi_frags; /* of this queue */
	int filter;	       /* its classic BPF program, -1 for none */
	size_t packets;	       /* that wait to be read, see model.queued */
};

/* Of the counters of a link, those the driver moves. */
struct model_stats {
	uint64_t rx_packets, rx_bytes, rx_dropped, rx_frame_errors;
	uint64_t tx_packets, tx_bytes, tx_dropped;
};

struct model_device {
	bool exists;
	uint8_t netns; /* where it is now */
	char name[IFNAMSIZ];
	bool tap;
	unsigned int flags; /* IFF_NO_PI, ...: what is remembered of TUNSETIFF; and IFF_PERSIST */
	bool vnet_le, vnet_be;
	int vnet_size;
	unsigned int offload; /* the mask of TUNSETOFFLOAD */
	uint32_t ifindex;
	bool up, carrier;
	int64_t owner, group; /* -1 for none */
	uint16_t type;	      /* ARPHRD_... */
	uint8_t address_len, address[6];
	uint32_t mtu, txqueuelen;
	int32_t sndbuf;
	int queues[MODEL_FILES]; /* enabled ones: indices into files, by number of the queue */
	size_t numqueues, numdisabled;
	uint16_t exact; /* addresses in use of the TX filter, 0: no filter */
	uint8_t addresses[MODEL_EXACT][6];
	uint64_t hashed; /* and the bits of those that are hashed */
	bool filter_attached;
	int fprog;	    /* the program of the last TUNATTACHFILTER, -1 for none */
	int steering, ebpf; /* what these programs return, -2 for none */
	/* of ethtool; the speed is not known before it is set */
	uint32_t msg_level, rx_frames, speed;
	struct model_stats stats;
};

struct model {
	struct model_abi abi;
	struct model_file files[MODEL_FILES];
	struct model_device devices[MODEL_DEVICES];
	struct model_frame queued[MODEL_FILES][MODEL_PACKETS]; /* of each file, oldest first */
};

/*
 * What the kernel chose where the model cannot know: the ifindex of a new device, or of one that
 * moved, and a TAP's random address.
 */
struct model_chosen {
	uint32_t ifindex;
	uint8_t address[6];
};

void model_init(struct model *m, const struct model_abi *abi);

/* The device of this name in @netns, or NULL. */
struct model_device *model_device(struct model *m, int netns, const char *name);
/* The device that @file is a queue of, enabled or not, or NULL. */
struct model_device *model_device_of(struct model *m, const struct model_file *f);
static inline bool model_multi_queue(const struct model_device *d)
{
	return d->flags & 0x100;
}

/* open() and close() of the character device. */
void model_open(struct model *m, int file, int netns);
void model_close(struct model *m, int file);

/*
 * TUNSETIFF. @name has room for IFNAMSIZ bytes and gets the device's name. When it makes a device,
 * @made is that, and the caller fills in what the kernel chose (model_chosen()).
 */
int model_set_iff(struct model *m, int file, const struct model_cred *who, char *name,
		  unsigned int flags, struct model_device **made);
void model_choose(struct model_device *d, const struct model_chosen *chosen);
/* TUNGETIFF's flags, or -EBADFD. */
int model_get_iff(struct model *m, int file);
/* TUNSETQUEUE */
int model_set_queue(struct model *m, int file, unsigned int flags);
/* TUNSETIFINDEX */
int model_set_ifindex(struct model *m, int file, int32_t ifindex);

/* Settings of a device through one of its files: the ioctls of these names, in model_set.c. */
int model_set_persist(struct model *m, int file, unsigned long on);
int model_set_owner(struct model *m, int file, uint32_t uid);
int model_set_group(struct model *m, int file, uint32_t gid);
int model_set_link(struct model *m, int file, unsigned long type);
int model_set_offload(struct model *m, int file, unsigned long mask);
int model_set_sndbuf(struct model *m, int file, int32_t bytes);
int model_set_vnet_hdr_sz(struct model *m, int file, int32_t bytes);
int model_set_vnet_le(struct model *m, int file, int on);
int model_set_vnet_be(struct model *m, int file, int on);
int model_set_carrier(struct model *m, int file, int on);
int model_set_debug(struct model *m, int file, uint32_t level);
int model_set_tx_filter(struct model *m, int file, unsigned int flags, size_t count,
			const uint8_t (*addresses)[6]);
int model_set_hwaddr(struct model *m, int file, unsigned int family, const uint8_t address[6]);
/* @program: index of a program of model_programs[]. */
int model_attach_filter(struct model *m, int file, int program);
int model_detach_filter(struct model *m, int file);
/* @returns: what the program does, -2 to take it away. */
int model_set_steering(struct model *m, int file, int returns);
int model_set_ebpf(struct model *m, int file, int returns);
/* @request with an argument that cannot be read or written. */
int model_bad_pointer(struct model *m, int file, unsigned long request);
/* An ioctl that only needs a device, and one the driver does not know. */
int model_ioctl_attached(struct model *m, int file);
int model_ioctl_unknown(struct model *m, int file);

/* The bit that TUNSETTXFILTER hashes a group address to. */
unsigned int model_hash(const uint8_t address[6]);

/* What the classic BPF programs of TUNATTACHFILTER return; -1 is one that the kernel refuses. */
extern const int model_programs[];
#define MODEL_PROGRAMS 4

/* rtnetlink, by the machine's administrator, in model_link.c: 0 or -errno. */
int model_link_up(struct model *m, int netns, const char *name, bool up);
int model_link_del(struct model *m, int netns, const char *name);
int model_link_rename(struct model *m, int netns, const char *name, const char *to);
int model_link_txqueuelen(struct model *m, int netns, const char *name, uint32_t len);
int model_link_mtu(struct model *m, int netns, const char *name, uint32_t mtu);
int model_link_move(struct model *m, int netns, const char *name, int to,
		    struct model_device **moved);

/* poll(): events for all that can be asked for. */
int model_poll(const struct model *m, int file);
/*
 * sendto() of an AF_PACKET socket with PACKET_QDISC_BYPASS: the bytes sent or -errno. False in
 * @known if several queues and no steering program leave the choice to a hash.
 */
int model_send(struct model *m, int netns, const char *name, const struct model_frame *p,
	       bool *known);
/* A read() of @size bytes (more than none) into @buf, a write() of @len bytes. */
ssize_t model_read_file(struct model *m, int file, uint8_t *buf, size_t size);
ssize_t model_write_file(struct model *m, int file, const uint8_t *buf, size_t len);

/* A network name as dev_valid_name() wants it, "%d" aside. */
bool model_name_valid(const char *name);

#endif /* DEVICE_MODEL_H */
