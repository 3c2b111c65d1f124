/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links (network devices) by rtnetlink, in the current namespace: make, change, read back, watch.
 *
 * Functions that return int give 0, or -1 and the kernel's errno (rtnl_extack() may say more), so
 * that a test can check either. A name nobody has gives ENODEV.
 */
#ifndef NETNS_LINK_H
#define NETNS_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/rtnetlink.h>

/* <net/if.h> lacks these, and <linux/if.h> cannot be included next to it. */
#define IFF_LOWER_UP (1 << 16)
enum {
	IF_OPER_UNKNOWN,
	IF_OPER_NOTPRESENT,
	IF_OPER_DOWN,
	IF_OPER_LOWERLAYERDOWN,
	IF_OPER_TESTING,
	IF_OPER_DORMANT,
	IF_OPER_UP,
};

#define LINK_DATA_MAX 16

/* A link as RTM_GETLINK gives it. */
struct link {
	int index;
	char name[IFNAMSIZ];
	char kind[IFNAMSIZ]; /* "tun", "veth", ...; "" for none */
	unsigned int type;   /* ARPHRD_... */
	unsigned int flags;  /* IFF_UP, IFF_LOWER_UP, ... */
	uint32_t mtu, min_mtu, max_mtu;
	uint32_t txqueuelen;
	uint32_t num_tx_queues, num_rx_queues;
	uint32_t gso_max_size, gso_max_segs, tso_max_size;
	int master; /* ifindex, 0 for none */
	uint8_t operstate; /* IF_OPER_... */
	bool carrier;
	uint32_t carrier_changes;
	uint8_t address[32];
	uint8_t address_len;
	char qdisc[IFNAMSIZ];
	struct rtnl_link_stats64 stats;
	struct {
		uint8_t mode; /* XDP_ATTACHED_NONE, _DRV, ... of <linux/if_link.h> */
		/* numbers of programs: the one there is, and by mode; 0 for none */
		uint32_t id, drv_id, skb_id;
	} xdp;
	/* The kind's own attributes (IFLA_INFO_DATA) by number; those of 1, 2 and 4 bytes only. */
	bool has_data[LINK_DATA_MAX];
	uint32_t data[LINK_DATA_MAX];
};

int link_get(const char *name, struct link *link);
/* Statistics alone; ends the test if the link is not there. */
struct rtnl_link_stats64 link_stats(const char *name);
/* What each of the counters gained since @before. */
struct rtnl_link_stats64 link_stats_since(const char *name,
					  const struct rtnl_link_stats64 *before);
/*
 * Waits until @counter, one of those in @before, has gained @n; false if it has not within the
 * time. Ends the test if the link is not there.
 */
bool link_gains(const char *name, const struct rtnl_link_stats64 *before, const __u64 *counter,
		__u64 n, int timeout_ms);
bool link_exists(const char *name);
/* As the driver has set it; the stack may hear of it later. Ends the test if there is no link. */
bool link_carrier(const char *name);

/* @kind: "dummy", "bridge", or any kind without attributes of its own. */
int link_add(const char *kind, const char *name);
/*
 * How many links of @kind a list of all of them has (RTM_GETLINK, NLM_F_DUMP), each with an
 * attribute @data of its own; -1 and errno.
 */
int link_count(const char *kind, unsigned int data);
int link_add_veth(const char *name, const char *peer);
/*
 * A link on top of @lower: "macvlan" and "macvtap" with @mode MACVLAN_MODE_..., "ipvlan" and
 * "ipvtap" with IPVLAN_MODE_..., "vlan" with the VLAN id, "vxlan" with its number.
 */
int link_add_on(const char *kind, const char *name, const char *lower, uint32_t mode);
/* Ethernet in GRE between these IPv4 addresses. */
int link_add_gretap(const char *name, const char *local, const char *remote);
int link_del(const char *name);

/* From now on link_up() keeps IPv6 from speaking, where its sysctls cannot be written. */
void link_silence(void);
int link_up(const char *name);
int link_down(const char *name);
/* Sets the bits of @mask to @flags: IFF_PROMISC, IFF_ALLMULTI, ... */
int link_set_flags(const char *name, unsigned int flags, unsigned int mask);
int link_set_mtu(const char *name, uint32_t mtu);
int link_set_txqueuelen(const char *name, uint32_t len);
int link_set_address(const char *name, const void *address, size_t len);
int link_set_carrier(const char *name, bool on);
/* A text of @len bytes, 255 at most, that means nothing (IFLA_IFALIAS); 0 takes it away. */
int link_set_alias(const char *name, size_t len);
/* @master NULL or "" releases. */
int link_set_master(const char *name, const char *master);
int link_rename(const char *name, const char *to);
/* A second name (IFLA_PROP_LIST, IFLA_ALT_IFNAME). */
int link_add_altname(const char *name, const char *altname);
/* Attaches XDP program @fd, -1 for none, in the mode of @flags: XDP_FLAGS_DRV_MODE, ... */
int link_set_xdp(const char *name, int fd, uint32_t flags);
/* The same with XDP_FLAGS_REPLACE, if @expected (-1 for none) is the program that is there. */
int link_replace_xdp(const char *name, int fd, int expected, uint32_t flags);
/* Moves the link into the namespace of descriptor @netns. */
int link_set_netns(const char *name, int netns);

/*
 * Waits until @name is running (carrier seen by the stack: IFF_UP and IFF_LOWER_UP, operstate
 * settled), or with @running false until it is not. The link watch of the kernel works
 * asynchronously, up to a second late. False after @timeout_ms.
 */
bool link_wait_running(const char *name, bool running, int timeout_ms);

/* One RTM_NEWLINK or RTM_DELLINK message of the watched namespace. */
struct link_event {
	uint16_t type; /* RTM_NEWLINK, RTM_DELLINK */
	struct link link;
};

struct link_watch;
/* Starts to listen to link events of the current namespace. Ends the test if that fails. */
struct link_watch *link_watch_open(void);
/*
 * The next event of link @name (NULL: of any link) that comes within @timeout_ms; false if none
 * does. With 0 only what has already arrived.
 */
bool link_watch_next(struct link_watch *w, const char *name, int timeout_ms,
		     struct link_event *event);
/*
 * How many events of @type (0: both) for @name (NULL: any) have arrived since the watch was opened,
 * those that link_watch_next() took among them. The kernel sends events before the request that
 * caused them returns, so a call right after the cause sees all of them.
 */
int link_watch_count(struct link_watch *w, const char *name, uint16_t type);
void link_watch_close(struct link_watch *w);

#endif /* NETNS_LINK_H */
