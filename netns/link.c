// SPDX-License-Identifier: GPL-2.0-only
/* Links (network devices) by rtnetlink. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/veth.h>

#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/link.h"
#include "netns/rtnl.h"

/* The attributes that are a plain 32-bit number. */
static const struct {
	uint16_t type;
	uint16_t offset;
} numbers[] = {
	{ IFLA_MTU, offsetof(struct link, mtu) },
	{ IFLA_MIN_MTU, offsetof(struct link, min_mtu) },
	{ IFLA_MAX_MTU, offsetof(struct link, max_mtu) },
	{ IFLA_TXQLEN, offsetof(struct link, txqueuelen) },
	{ IFLA_NUM_TX_QUEUES, offsetof(struct link, num_tx_queues) },
	{ IFLA_NUM_RX_QUEUES, offsetof(struct link, num_rx_queues) },
	{ IFLA_GSO_MAX_SIZE, offsetof(struct link, gso_max_size) },
	{ IFLA_GSO_MAX_SEGS, offsetof(struct link, gso_max_segs) },
	{ IFLA_TSO_MAX_SIZE, offsetof(struct link, tso_max_size) },
	{ IFLA_MASTER, offsetof(struct link, master) },
	{ IFLA_CARRIER_CHANGES, offsetof(struct link, carrier_changes) },
};

/* Copies what fits; the rest of @to stays zero. */
static size_t copy_payload(void *to, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len > size)
		len = size;
	memcpy(to, mnl_attr_get_payload(attr), len);
	return len;
}

static void parse_info_data(const struct nlattr *data, struct link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, data) {
		unsigned int type = mnl_attr_get_type(attr);
		size_t len = mnl_attr_get_payload_len(attr);

		if (type >= LINK_DATA_MAX || (len != 1 && len != 2 && len != 4))
			continue;
		link->has_data[type] = true;
		link->data[type] = len == 1 ? mnl_attr_get_u8(attr) :
				   len == 2 ? mnl_attr_get_u16(attr) :
					      mnl_attr_get_u32(attr);
	}
}

static void parse_linkinfo(const struct nlattr *info, struct link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			copy_payload(link->kind, sizeof(link->kind) - 1, attr);
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			parse_info_data(attr, link);
	}
}

static void parse_xdp(const struct nlattr *xdp, struct link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_XDP_ATTACHED:
			link->xdp.mode = mnl_attr_get_u8(attr);
			break;
		case IFLA_XDP_PROG_ID:
			link->xdp.id = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_DRV_PROG_ID:
			link->xdp.drv_id = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_SKB_PROG_ID:
			link->xdp.skb_id = mnl_attr_get_u32(attr);
			break;
		}
	}
}

static void parse_attr(const struct nlattr *attr, struct link *link)
{
	uint16_t type = mnl_attr_get_type(attr);

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i].type == type)
			copy_payload((char *)link + numbers[i].offset, sizeof(uint32_t), attr);
	}
	switch (type) {
	case IFLA_IFNAME:
		copy_payload(link->name, sizeof(link->name) - 1, attr);
		break;
	case IFLA_QDISC:
		copy_payload(link->qdisc, sizeof(link->qdisc) - 1, attr);
		break;
	case IFLA_ADDRESS:
		link->address_len = copy_payload(link->address, sizeof(link->address), attr);
		break;
	case IFLA_OPERSTATE:
		link->operstate = mnl_attr_get_u8(attr);
		break;
	case IFLA_CARRIER:
		link->carrier = mnl_attr_get_u8(attr);
		break;
	case IFLA_STATS64:
		copy_payload(&link->stats, sizeof(link->stats), attr);
		break;
	case IFLA_XDP:
		parse_xdp(attr, link);
		break;
	case IFLA_LINKINFO:
		parse_linkinfo(attr, link);
		break;
	}
}

static void parse_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct link *link = arg;
	const struct nlattr *attr;

	*link = (struct link){
		.index = ifi->ifi_index,
		.type = ifi->ifi_type,
		.flags = ifi->ifi_flags,
	};
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		parse_attr(attr, link);
}

static struct nlmsghdr *link_start(void *buf, uint16_t type, uint16_t flags, int index)
{
	struct nlmsghdr *nlh = rtnl_start(buf, type, flags, sizeof(struct ifinfomsg));
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_index = index;
	return nlh;
}

static int talk(struct nlmsghdr *nlh)
{
	return rtnl_talk(nlh, NULL, NULL);
}

int link_get(const char *name, struct link *link)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start(buf, RTM_GETLINK, 0, 0);

	/* Not by if_nametoindex(), which finds "a" if asked for "a:b". */
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (!rtnl_talk(nlh, parse_link, link))
		return 0;
	/* What the kernel says to a name longer than any can be. */
	if (errno == ERANGE)
		errno = ENODEV;
	return -1;
}

/* The index of a link, 0 and ENODEV if there is none. */
static int index_of(const char *name)
{
	struct link link;

	return link_get(name, &link) ? 0 : link.index;
}

/* Starts a message about an existing link; NULL and ENODEV if there is none. */
static struct nlmsghdr *link_start_named(void *buf, uint16_t type, const char *name)
{
	int index = index_of(name);

	return index ? link_start(buf, type, 0, index) : NULL;
}

struct rtnl_link_stats64 link_stats(const char *name)
{
	struct link link;

	if (link_get(name, &link))
		TH_BAIL("statistics of %s: %s", name, strerror(errno));
	return link.stats;
}

struct rtnl_link_stats64 link_stats_since(const char *name, const struct rtnl_link_stats64 *before)
{
	struct rtnl_link_stats64 now = link_stats(name);
	__u64 *counter = (__u64 *)&now;

	for (size_t i = 0; i < sizeof(now) / sizeof(*counter); i++)
		counter[i] -= ((const __u64 *)before)[i];
	return now;
}

bool link_gains(const char *name, const struct rtnl_link_stats64 *before, const __u64 *counter,
		__u64 n, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	size_t i = counter - (const __u64 *)before;
	struct rtnl_link_stats64 gain;

	while (gain = link_stats_since(name, before), ((const __u64 *)&gain)[i] < n) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return true;
}

bool link_exists(const char *name)
{
	return index_of(name) != 0;
}

bool link_carrier(const char *name)
{
	struct link link;

	if (link_get(name, &link))
		TH_BAIL("carrier of %s: %s", name, strerror(errno));
	return link.carrier;
}

static struct nlmsghdr *link_start_new(void *buf, const char *name)
{
	struct nlmsghdr *nlh = link_start(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

int link_add(const char *kind, const char *name)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_new(buf, name);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, info);
	return talk(nlh);
}

struct counted {
	const char *kind;
	unsigned int data;
	int count;
};

static void count_link(const struct nlmsghdr *nlh, void *arg)
{
	struct counted *c = arg;
	struct link link;

	parse_link(nlh, &link);
	c->count += !strcmp(link.kind, c->kind) && link.has_data[c->data];
}

int link_count(const char *kind, unsigned int data)
{
	struct counted c = { .kind = kind, .data = data };
	char buf[RTNL_REQUEST_SIZE];

	if (rtnl_talk(link_start(buf, RTM_GETLINK, NLM_F_DUMP, 0), count_link, &c))
		return -1;
	return c.count;
}

int link_add_veth(const char *name, const char *peer)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_new(buf, name);
	struct nlattr *info, *data, *nested;

	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	nested = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, peer);
	mnl_attr_nest_end(nlh, nested);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return talk(nlh);
}

static void put_mode(struct nlmsghdr *nlh, const char *kind, uint32_t mode, int lower)
{
	if (!strcmp(kind, "vxlan")) {
		mnl_attr_put_u32(nlh, IFLA_VXLAN_ID, mode);
		mnl_attr_put_u32(nlh, IFLA_VXLAN_LINK, lower);
	} else if (!strcmp(kind, "vlan")) {
		mnl_attr_put_u16(nlh, IFLA_VLAN_ID, mode);
	} else if (!strncmp(kind, "ipv", 3)) {
		mnl_attr_put_u16(nlh, IFLA_IPVLAN_MODE, mode);
	} else {
		mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, mode);
	}
}

int link_add_on(const char *kind, const char *name, const char *lower, uint32_t mode)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_new(buf, name);
	int index = index_of(lower);
	struct nlattr *info, *data;

	if (!index)
		return -1;
	mnl_attr_put_u32(nlh, IFLA_LINK, index);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	put_mode(nlh, kind, mode, index);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return talk(nlh);
}

/* Of <linux/if_tunnel.h>, which cannot be included next to <net/if.h>. */
enum { GRE_LOCAL = 6, GRE_REMOTE = 7 };

int link_add_gretap(const char *name, const char *local, const char *remote)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_new(buf, name);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO), *data;

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "gretap");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u32(nlh, GRE_LOCAL, inet_addr(local));
	mnl_attr_put_u32(nlh, GRE_REMOTE, inet_addr(remote));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return talk(nlh);
}

int link_del(const char *name)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_named(buf, RTM_DELLINK, name);

	return nlh ? talk(nlh) : -1;
}

int link_set_flags(const char *name, unsigned int flags, unsigned int mask)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_named(buf, RTM_SETLINK, name);
	struct ifinfomsg *ifi;

	if (!nlh)
		return -1;
	ifi = mnl_nlmsg_get_payload(nlh);
	ifi->ifi_flags = flags;
	ifi->ifi_change = mask;
	return talk(nlh);
}

static bool noisy;

void link_silence(void)
{
	noisy = true;
}

/* Without a link-local address IPv6 has nothing to say: no DAD, solicitations or reports. */
static void silence(const char *name)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_named(buf, RTM_SETLINK, name);
	struct nlattr *spec, *inet6;

	if (!nlh)
		return;
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, spec);
	talk(nlh);
}

int link_up(const char *name)
{
	if (noisy && strcmp(name, "lo"))
		silence(name);
	return link_set_flags(name, IFF_UP, IFF_UP);
}

int link_down(const char *name)
{
	return link_set_flags(name, 0, IFF_UP);
}

/* Changes one attribute of an existing link. */
static int set_attr(const char *name, uint16_t type, const void *value, size_t len)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_named(buf, RTM_SETLINK, name);

	if (!nlh)
		return -1;
	mnl_attr_put(nlh, type, len, value);
	return talk(nlh);
}

int link_set_mtu(const char *name, uint32_t mtu)
{
	return set_attr(name, IFLA_MTU, &mtu, sizeof(mtu));
}

int link_set_txqueuelen(const char *name, uint32_t len)
{
	return set_attr(name, IFLA_TXQLEN, &len, sizeof(len));
}

int link_set_address(const char *name, const void *address, size_t len)
{
	return set_attr(name, IFLA_ADDRESS, address, len);
}

int link_set_alias(const char *name, size_t len)
{
	char text[256];

	memset(text, 'a', sizeof(text));
	return set_attr(name, IFLA_IFALIAS, text, len);
}

int link_set_carrier(const char *name, bool on)
{
	uint8_t carrier = on;

	return set_attr(name, IFLA_CARRIER, &carrier, sizeof(carrier));
}

int link_set_master(const char *name, const char *master)
{
	uint32_t index = 0;

	if (master && *master) {
		index = index_of(master);
		if (!index)
			return -1;
	}
	return set_attr(name, IFLA_MASTER, &index, sizeof(index));
}

int link_rename(const char *name, const char *to)
{
	return set_attr(name, IFLA_IFNAME, to, strlen(to) + 1);
}

int link_add_altname(const char *name, const char *altname)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_named(buf, RTM_NEWLINKPROP, name);
	struct nlattr *list;

	if (!nlh)
		return -1;
	nlh->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
	list = mnl_attr_nest_start(nlh, IFLA_PROP_LIST);
	mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, altname);
	mnl_attr_nest_end(nlh, list);
	return talk(nlh);
}

static int set_xdp(const char *name, int fd, const int *expected, uint32_t flags)
{
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = link_start_named(buf, RTM_SETLINK, name);
	struct nlattr *xdp;

	if (!nlh)
		return -1;
	xdp = mnl_attr_nest_start(nlh, IFLA_XDP);
	mnl_attr_put_u32(nlh, IFLA_XDP_FD, fd);
	mnl_attr_put_u32(nlh, IFLA_XDP_FLAGS, flags);
	if (expected)
		mnl_attr_put_u32(nlh, IFLA_XDP_EXPECTED_FD, *expected);
	mnl_attr_nest_end(nlh, xdp);
	return talk(nlh);
}

int link_set_xdp(const char *name, int fd, uint32_t flags)
{
	return set_xdp(name, fd, NULL, flags);
}

int link_replace_xdp(const char *name, int fd, int expected, uint32_t flags)
{
	return set_xdp(name, fd, &expected, flags | XDP_FLAGS_REPLACE);
}

int link_set_netns(const char *name, int netns)
{
	uint32_t fd = netns;

	return set_attr(name, IFLA_NET_NS_FD, &fd, sizeof(fd));
}

/*
 * IFF_LOWER_UP follows the driver at once, IFF_RUNNING the operstate, which the link watch sets
 * later: only when both agree has it settled.
 */
static bool has_settled(const char *name, bool running)
{
	unsigned int mask = IFF_LOWER_UP | IFF_RUNNING;
	struct link link;

	if (link_get(name, &link))
		return false;
	return (link.flags & mask) == (running ? mask : 0);
}

bool link_wait_running(const char *name, bool running, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;

	while (!has_settled(name, running)) {
		if (!clock_left(deadline))
			return false;
		usleep(2000);
	}
	return true;
}

struct noted_event {
	struct link_event event;
	bool taken; /* by link_watch_next() */
};

struct link_watch {
	struct mnl_socket *nl;
	struct noted_event *events;
	size_t count, room;
};

struct link_watch *link_watch_open(void)
{
	struct link_watch *w = calloc(1, sizeof(*w));

	if (!w)
		TH_BAIL("link watch: %s", strerror(errno));
	w->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->nl || mnl_socket_bind(w->nl, RTMGRP_LINK, MNL_SOCKET_AUTOPID))
		TH_BAIL("rtnetlink socket for link events: %s", strerror(errno));
	return w;
}

void link_watch_close(struct link_watch *w)
{
	mnl_socket_close(w->nl);
	free(w->events);
	free(w);
}

static void note_event(struct link_watch *w, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct noted_event *e;

	/* A bridge tells about its ports in the same group, with its own family. */
	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    ifi->ifi_family != AF_UNSPEC)
		return;
	if (w->count == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->events = realloc(w->events, w->room * sizeof(*w->events));
		if (!w->events)
			TH_BAIL("link watch: %s", strerror(errno));
	}
	e = &w->events[w->count++];
	e->taken = false;
	e->event.type = nlh->nlmsg_type;
	parse_link(nlh, &e->event.link);
}

/* Takes in all that has arrived. */
static void note_events(struct link_watch *w)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh;
	int len;

	while ((len = mnl_socket_recvfrom(w->nl, buf, sizeof(buf))) > 0) {
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			note_event(w, nlh);
	}
	/* ENOBUFS among others: a lost event would make the test's count wrong. */
	if (len < 0 && errno != EAGAIN)
		TH_BAIL("link events: %s", strerror(errno));
}

static bool event_matches(const struct noted_event *e, const char *name, uint16_t type)
{
	return (!name || !strcmp(name, e->event.link.name)) && (!type || type == e->event.type);
}

static struct noted_event *first_untaken(struct link_watch *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++) {
		if (!w->events[i].taken && event_matches(&w->events[i], name, 0))
			return &w->events[i];
	}
	return NULL;
}

bool link_watch_next(struct link_watch *w, const char *name, int timeout_ms,
		     struct link_event *event)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(w->nl), .events = POLLIN };
	int64_t deadline = clock_ms() + timeout_ms;
	struct noted_event *e;

	for (note_events(w); !(e = first_untaken(w, name)); note_events(w)) {
		if (!clock_left(deadline))
			return false;
		poll(&p, 1, clock_left(deadline));
	}
	e->taken = true;
	*event = e->event;
	return true;
}

int link_watch_count(struct link_watch *w, const char *name, uint16_t type)
{
	int n = 0;

	note_events(w);
	for (size_t i = 0; i < w->count; i++)
		n += event_matches(&w->events[i], name, type);
	return n;
}
