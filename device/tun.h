/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/net/tun: open it, attach it, and every ioctl of <linux/if_tun.h>.
 *
 * The ioctl wrappers give what the kernel gives, 0 (or the value said), or -1 and errno, so that a
 * test can check either. tun_open() and tun_create() end the test if they fail.
 */
#ifndef DEVICE_TUN_H
#define DEVICE_TUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "device/frame.h"
#include "device/uapi.h"
#include "device/vnet.h"

#define TUN_NODE "/dev/net/tun"

struct sock_fprog;

/* An attached file. */
struct tun {
	int fd;
	char name[IFNAMSIZ];
	unsigned int flags; /* as asked in TUNSETIFF: IFF_TUN or IFF_TAP, IFF_NO_PI, ... */
	size_t vnet_size;   /* bytes of vnet header in front of a frame, 0 without IFF_VNET_HDR */
	bool vnet_be;	    /* the header is big-endian */
};

/* O_RDWR | O_NONBLOCK | O_CLOEXEC. */
int tun_open(void);
/* Opens and attaches; @name NULL or "" for the kernel's choice, "x%d" for a numbered one. */
struct tun tun_create(const char *name, unsigned int flags);
void tun_close(struct tun *t);
/* True if frames start with an Ethernet header. IFF_TUN and IFF_TAP at once make a TUN. */
bool tun_is_tap(const struct tun *t);
/* Bytes in front of a frame in the file, PI and vnet header; and in front of IP in a frame. */
size_t tun_header_size(const struct tun *t);
size_t tun_l2_size(const struct tun *t);
/* Clears O_NONBLOCK; ends the test if that fails. */
void tun_set_blocking(int fd);

/* TUNSETIFF. @name may be NULL. */
int tun_set_iff(int fd, const char *name, unsigned int flags);
/* TUNSETIFF with the kernel's answer (name, flags) left in @ifr. */
int tun_set_iff_ifr(int fd, struct ifreq *ifr, const char *name, unsigned int flags);
/* TUNGETIFF */
int tun_get_iff(int fd, struct ifreq *ifr);
/* TUNGETIFF's flags, without the sign extension of ifr_flags; ends the test if it fails. */
unsigned int tun_iff_flags(int fd);

int tun_get_features(int fd, unsigned int *features); /* TUNGETFEATURES */
int tun_set_persist(int fd, unsigned long on);	      /* TUNSETPERSIST */
int tun_set_owner(int fd, unsigned long uid);	      /* TUNSETOWNER */
int tun_set_group(int fd, unsigned long gid);	      /* TUNSETGROUP */
int tun_set_link(int fd, unsigned long arphrd);	      /* TUNSETLINK */
int tun_set_debug(int fd, unsigned long msg_enable);  /* TUNSETDEBUG */
int tun_set_nocsum(int fd, unsigned long on);	      /* TUNSETNOCSUM */
int tun_set_offload(int fd, unsigned long mask);      /* TUNSETOFFLOAD */
int tun_get_sndbuf(int fd, int *bytes);		      /* TUNGETSNDBUF */
int tun_set_sndbuf(int fd, int bytes);		      /* TUNSETSNDBUF */
int tun_get_vnet_hdr_sz(int fd, int *bytes);	      /* TUNGETVNETHDRSZ */
/* TUNSETVNETHDRSZ; also notes the size in @t when it succeeds. */
int tun_set_vnet_hdr_sz(struct tun *t, int bytes);
int tun_get_vnet_le(int fd, int *on);	       /* TUNGETVNETLE */
int tun_set_vnet_le(int fd, int on);	       /* TUNSETVNETLE */
int tun_get_vnet_be(int fd, int *on);	       /* TUNGETVNETBE */
int tun_set_vnet_be(int fd, int on);	       /* TUNSETVNETBE */
int tun_set_queue(int fd, unsigned int flags); /* TUNSETQUEUE: IFF_ATTACH_QUEUE, _DETACH_QUEUE */
int tun_set_ifindex(int fd, int ifindex);      /* TUNSETIFINDEX */
int tun_set_carrier(int fd, int on);	       /* TUNSETCARRIER */
int tun_get_dev_netns(int fd);		       /* TUNGETDEVNETNS: a descriptor */
int tun_get_sk_netns(int fd);		       /* SIOCGSKNS: a descriptor */
/* TUNSETTXFILTER: @addresses holds @count of six bytes each. Gives the number of exact entries. */
int tun_set_tx_filter(int fd, uint16_t flags, uint16_t count, const uint8_t (*addresses)[6]);
int tun_get_hwaddr(int fd, uint16_t *family, uint8_t address[14]);		 /* SIOCGIFHWADDR */
int tun_set_hwaddr(int fd, uint16_t family, const uint8_t *address, size_t len); /* SIOCSIFHWADDR */

/*
 * The classic BPF program for what the kernel sends to the file: TUNATTACHFILTER, TUNDETACHFILTER,
 * TUNGETFILTER. A TUN gives EINVAL. The kernel copies the instructions, for every queue attached
 * now or later; what the program returns is the number of bytes of the frame that are kept, 0 drops
 * it (the rules of SO_ATTACH_FILTER, socket(7)). Detaching needs no program to be there. Given back
 * is the last struct as it was passed: its pointer is the caller's of then.
 */
int tun_attach_filter(int fd, const struct sock_fprog *program);
int tun_detach_filter(int fd);
int tun_get_filter(int fd, struct sock_fprog *program);
/*
 * TUNSETSTEERINGEBPF, TUNSETFILTEREBPF: @program is a descriptor of type
 * BPF_PROG_TYPE_SOCKET_FILTER, which stays the caller's to close (the device has a reference of its
 * own), or -1 for none. EBADF for no descriptor, EINVAL for one of another kind. TUN and TAP alike.
 * The first returns the queue, taken modulo those attached; the second the bytes to keep, as above.
 */
int tun_set_steering_ebpf(int fd, int program);
int tun_set_filter_ebpf(int fd, int program);

/*
 * Raw read and write, captured. tun_write() is write(). tun_read() waits up to @timeout_ms for a
 * packet, then reads: -1 and EAGAIN if none came.
 */
ssize_t tun_write(const struct tun *t, const void *buf, size_t len);
ssize_t tun_read(const struct tun *t, void *buf, size_t size, int timeout_ms);

/* A packet with its headers apart. */
struct tun_packet {
	struct tun_pi pi;    /* flags in host order, proto big-endian; zero without PI */
	struct vnet vnet;    /* zero without vnet header */
	const uint8_t *data; /* the frame, inside @raw */
	size_t len;
	size_t raw_len; /* what read() returned */
	uint8_t raw[FRAME_MAX + 256];
};

/*
 * Writes one frame in one writev() behind the PI and vnet headers that @t wants; NULL for a zero
 * header (PI: with the frame's own protocol). Returns what writev() did.
 */
ssize_t tun_send_hdr(const struct tun *t, const struct tun_pi *pi, const struct vnet *vnet,
		     const void *frame, size_t len);
ssize_t tun_send(const struct tun *t, const struct vnet *vnet, const struct frame *f);
/* The next packet within @timeout_ms, false if none comes. */
bool tun_recv(const struct tun *t, struct tun_packet *p, int timeout_ms);
/*
 * The next packet of transport protocol @l4_proto (IPPROTO_...), others dropped; @parsed may be
 * NULL. False if none comes within @timeout_ms.
 */
bool tun_recv_proto(const struct tun *t, struct tun_packet *p, uint8_t l4_proto, int timeout_ms,
		    struct parsed *parsed);

#endif /* DEVICE_TUN_H */
