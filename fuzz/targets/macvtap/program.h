/* SPDX-License-Identifier: GPL-2.0-only */
/* macvtap and ipvtap, and the wire below: behind fuzz/targets/program.h. */
#include <limits.h>
#include <linux/if_link.h>
#include <linux/mount.h>
#include <sys/sysmacros.h>

/* Attributes put one behind the other into a message that makes a link. */
static struct {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char rest[512];
} new_link;

static inline struct rtattr *put(int type, const void *value, int len)
{
	struct rtattr *a = (void *)((char *)&new_link + NLMSG_ALIGN(new_link.head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), value, len);
	new_link.head.nlmsg_len = NLMSG_ALIGN(new_link.head.nlmsg_len) + RTA_SPACE(len);
	return a;
}

/* All that was put since @nest is inside of it. */
static inline void inside(struct rtattr *nest)
{
	nest->rta_len = (char *)&new_link + new_link.head.nlmsg_len - (char *)nest;
}

/* A veth pair of @dev and @peer, or with @mode not NULL a link of this kind on top of @peer. */
static inline void link_make(const char *kind, const char *dev, const char *peer, const void *mode,
			     int mode_len)
{
	static const struct ifinfomsg none;
	uint32_t lower = if_nametoindex(peer);
	struct rtattr *info, *nest, *inner;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), ret;

	memset(&new_link, 0, sizeof(new_link));
	new_link.head.nlmsg_len = NLMSG_LENGTH(sizeof(new_link.info));
	new_link.head.nlmsg_type = RTM_NEWLINK;
	new_link.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	put(IFLA_IFNAME, dev, strlen(dev) + 1);
	if (mode)
		put(IFLA_LINK, &lower, sizeof(lower));
	info = put(IFLA_LINKINFO, "", 0);
	put(IFLA_INFO_KIND, kind, strlen(kind));
	nest = put(IFLA_INFO_DATA, "", 0);
	if (mode) {
		put(1 /* IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE */, mode, mode_len);
	} else {
		inner = put(1 /* VETH_INFO_PEER */, &none, sizeof(none));
		put(IFLA_IFNAME, peer, strlen(peer) + 1);
		inside(inner);
	}
	inside(nest);
	inside(info);
	if (send(fd, &new_link, new_link.head.nlmsg_len, 0) < 0 ||
	    recv(fd, &link_answer, sizeof(link_answer), 0) < 0)
		die("rtnetlink");
	close(fd);
	memcpy(&ret, NLMSG_DATA(&link_answer.head), sizeof(ret));
	errno = -ret;
	if (ret)
		die(kind);
}

/* The root of a file system that is mounted nowhere. */
static inline int detached(const char *type)
{
	int context = syscall(SYS_fsopen, type, 0);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		die(type);
	return syscall(SYS_fsmount, context, 0, 0);
}

/* Another file of the link: its device is in sysfs, its node is made where nobody sees it. */
static inline int open_node(const char *dev)
{
	unsigned int major = 0, minor = 0, nodes = detached("tmpfs");
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "class/net/%s/tap%u/dev", dev, if_nametoindex(dev));
	fd = openat(detached("sysfs"), path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1 ||
	    sscanf(text, "%u:%u", &major, &minor) != 2 ||
	    mknodat(nodes, "tap", S_IFCHR | 0600, makedev(major, minor)))
		die(path);
	fd = openat(nodes, "tap", O_RDWR | O_NONBLOCK);
	if (fd < 0)
		die(dev);
	return fd;
}

/* An IPv4 address of this link, and nothing that is reached through it. */
static inline void set_address(const char *dev, const char *address)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in *in = (void *)&ifr.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = inet_addr(address);
	if (ioctl(fd, SIOCSIFADDR, &ifr))
		die(address);
	in->sin_addr.s_addr = ~0;
	if (ioctl(fd, SIOCSIFNETMASK, &ifr))
		die(address);
	close(fd);
}

/*
 * A macvtap or ipvtap with two files, "tapN" on a veth pair "lowerN" and "worldN"; at the other end
 * of that listens a packet socket.
 */
struct tap {
	char dev[8], lower[8], world[8];
	int fd[2], watcher;
	int lower_up, gone;
	uint8_t mac[6];
};

static inline void tap_make_link(struct tap *t, const char *kind, int number)
{
	uint32_t vepa = MACVLAN_MODE_VEPA;
	uint16_t l2 = IPVLAN_MODE_L2;
	uint8_t mac[6] = { 2, 0, 0, 0, number ? 2 : 3, number };

	if (number)
		link_make(kind, t->dev, t->lower, &l2, sizeof(l2));
	else
		link_make(kind, t->dev, t->lower, &vepa, sizeof(vepa));
	memcpy(t->mac, mac, 6);
	if (!number)
		link_talk(ns[0], RTM_NEWLINK, t->dev, 0, 0, IFLA_ADDRESS, mac, 6);
	if (link_set_up(0, t->dev, 1))
		die(t->dev);
	if (number)
		set_address(t->dev, "10.77.1.1");
	t->fd[0] = open_node(t->dev);
	t->fd[1] = open_node(t->dev);
}

static inline void tap_make(struct tap *t, const char *kind, int number)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(3) };
	uint8_t mac[6] = { 2, 0, 0, 0, 1, number };
	int on = 1;

	enter(ns[0]);
	snprintf(t->dev, sizeof(t->dev), "tap%d", number);
	snprintf(t->lower, sizeof(t->lower), "lower%d", number);
	snprintf(t->world, sizeof(t->world), "world%d", number);
	link_make("veth", t->lower, t->world, NULL, 0);
	link_talk(ns[0], RTM_NEWLINK, t->world, 0, 0, IFLA_ADDRESS, mac, 6);
	mac[4] = 2;
	link_talk(ns[0], RTM_NEWLINK, t->lower, 0, 0, IFLA_ADDRESS, mac, 6);
	if (link_set_up(0, t->world, 1) || link_set_up(0, t->lower, 1))
		die(t->lower);
	tap_make_link(t, kind, number);
	t->lower_up = 1;
	t->watcher = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	to.sll_ifindex = if_nametoindex(t->world);
	if (setsockopt(t->watcher, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    setsockopt(t->watcher, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    bind(t->watcher, (void *)&to, sizeof(to)))
		die("packet socket");
}

static inline struct tap *tap(const char *kind)
{
	static struct tap all[2];
	int number = !strcmp(kind, "ipvtap");

	if (!*all[number].dev)
		tap_make(&all[number], kind, number);
	watcher = all[number].watcher;
	return &all[number];
}

static inline int tap_queue(const char *kind, int which)
{
	return tap(kind)->fd[which];
}

static inline int set_flags(int fd, unsigned long request, int flags)
{
	return with_ifreq(fd, request, "", flags);
}

/* Waits until the stack has seen that the link below is up, or down. */
static inline void wait_carrier(const char *dev, int up)
{
	for (int i = 0; i < 3000; i++) {
		const struct ifinfomsg *info = NLMSG_DATA(&link_answer.head);

		link_talk(ns[0], RTM_GETLINK, dev, 0, 0, 0, NULL, 0);
		if (!(info->ifi_flags & IFF_RUNNING) == !up)
			return;
		poll(NULL, 0, 1);
	}
	die(dev);
}

static inline int set_wire(const char *kind, int up, int lower_up, int mtu)
{
	struct tap *t = tap(kind);
	int ret = link_set(0, t->world, IFLA_MTU, mtu) ?: link_set_up(0, t->dev, up);

	if (ret || lower_up == t->lower_up)
		return ret;
	t->lower_up = lower_up;
	ret = link_set_up(0, t->lower, lower_up);
	wait_carrier(t->world, lower_up);
	if (up)
		wait_carrier(t->dev, lower_up);
	return ret;
}

static inline int tap_delete(const char *kind)
{
	int ret = link_del(0, tap(kind)->dev);

	tap(kind)->gone = 1;
	return ret;
}

/* As it was when it was made, but for the offloads: none. */
static inline void tap_defaults(const char *kind)
{
	struct tap *t = tap(kind);

	if (t->gone) {
		close(t->fd[0]);
		close(t->fd[1]);
		tap_make_link(t, kind, !strcmp(kind, "ipvtap"));
		t->gone = 0;
	}
	set_wire(kind, 1, 1, 1500);
	for (int i = 0; i < 2; i++) {
		int fd = tap_queue(kind, i);

		set_flags(fd, TUNSETIFF, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
		set_int(fd, TUNSETVNETHDRSZ, 10);
		set_int(fd, TUNSETVNETLE, 0);
		set_int(fd, TUNSETVNETBE, 0);
		by_value(fd, TUNSETOFFLOAD, 0);
		set_flags(fd, TUNSETQUEUE, IFF_ATTACH_QUEUE);
	}
}

/* A frame, behind the header that PACKET_VNET_HDR wants, from the other end of the wire. */
static inline long long send_from_world(const char *kind, const struct vnet_header *v,
					const void *frame, size_t len)
{
	struct iovec iov[] = { { (void *)v, 10 }, { (void *)frame, len } };

	return result(writev(tap(kind)->watcher, iov, 2));
}
