/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * macvtap and ipvtap: the other driver (tap.c) behind the interface of <linux/if_tun.h>. The link
 * is made by rtnetlink on top of another one, and has a device node of its own, each open() of
 * which is a queue:
 *
 *	packet sockets -- "world" ==veth== "lower" -- "m0" == file
 *	                                           `- "m1" == file
 *
 * What tun.h says of an attached file holds for these too.
 */
#ifndef DEVICE_MACVTAP_H
#define DEVICE_MACVTAP_H

#include <linux/if_link.h>

#include "device/tun.h"

#define MACVTAP_LOWER	  "lower"
#define MACVTAP_WORLD	  "world"
#define MACVTAP_NODE_SIZE 64

/* The Ethertype of its frames: local experimental 1, of no protocol of the kernel's. */
#define MACVTAP_ETHERTYPE 0x88b5

/* What open() gives: macvtap has a vnet header from the start. */
#define MACVTAP_FLAGS	  (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)

/* The veth pair that links are put on, both ends up. 0, or -1 and errno. */
int macvtap_add_lower(void);

/*
 * Makes a node for the device of @link, whose number is in sysfs, where only this test sees it:
 * those in /dev are named by the index of the link, which many namespaces have. 0, or -1 and errno;
 * EPERM in a user namespace.
 */
int macvtap_node(const char *link, char path[MACVTAP_NODE_SIZE]);
/* Opens a queue, O_RDWR | O_NONBLOCK | O_CLOEXEC, the caller's to close. -1 and errno. */
int macvtap_open(const char *link);
/*
 * The same for who has no sandbox: nothing is mounted or made that others can see, and /sys may be
 * that of another namespace. Linux 5.2 and later.
 */
int macvtap_open_unmounted(const char *link);
/* macvtap_open(); ends the test if that fails. */
struct tun macvtap_attach(const char *link);

/*
 * A link of @kind, "macvtap" or "ipvtap", on MACVTAP_LOWER (made if it is not there), which is up,
 * and a queue of it. @mode as in link_add_on(). Ends the test if anything fails.
 */
struct tun macvtap_create(const char *kind, const char *link, uint32_t mode);
/* A macvtap of MACVLAN_MODE_BRIDGE. */
struct tun macvtap_bridge(const char *link);
/* The link's Ethernet address. */
void macvtap_mac(const char *link, uint8_t mac[6]);

/* Two macvtaps of mode bridge, "tx" and "rx", which can reach each other. */
struct macvtap_pair {
	struct tun tx, rx;
	uint8_t tx_mac[6], rx_mac[6];
};
struct macvtap_pair macvtap_pair(void);
void macvtap_pair_close(struct macvtap_pair *p);

/* A frame of MACVTAP_ETHERTYPE and @len bytes in all, the payload being of pattern @seed. */
void macvtap_frame(struct frame *f, const uint8_t dst[6], const uint8_t src[6], size_t len,
		   uint32_t seed);
/* Puts @tags VLAN tags into it, 0 to 2. */
void macvtap_tag(struct frame *f, int tags);
/* A packet socket that sees what is sent through @link from its network header on. */
int macvtap_open_network(const char *link);
/*
 * True if the next that it sees are the @len bytes of payload with pattern @seed; otherwise the
 * test's log says what came.
 */
bool macvtap_network_recv(int fd, size_t len, uint32_t seed, int timeout_ms);
/* One from tx to rx. */
void macvtap_pair_frame(const struct macvtap_pair *p, struct frame *f, size_t len, uint32_t seed);
/* Reads the very next packet: true if it is @f. Otherwise the test's log says what it is. */
bool macvtap_recv_same(const struct tun *t, const struct frame *f, int timeout_ms);

#endif /* DEVICE_MACVTAP_H */
