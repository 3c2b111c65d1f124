// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sequence of operations on TUN/TAP for which kernel and reference model do not agree. Build it
 * with "cc -o program program.c" and run it as root, or as a user who may make user namespaces and
 * open /dev/net/tun. It touches only network namespaces of its own.
 * Exit status: 0 the kernel does what the model says, 1 it does not, 2 it could not be tried.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IFF_NO_CARRIER
#define IFF_NO_CARRIER 0x0040
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif
#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

static int ns[2], packet[2], wrong;
static int f[6] __attribute__((unused));
/* What the last call gave back, besides its result: a name, a number, or bytes. */
static char name[IFNAMSIZ] __attribute__((unused));

static long long number;

static unsigned char data[256] __attribute__((unused));

#define CHECK(call, expected)                                                                 \
	do {                                                                                  \
		long long seen_ = (call), expected_ = (expected);                             \
		if (seen_ != expected_) {                                                     \
			wrong = 1;                                                            \
			printf("line %d: %s is %lld, expected %lld\n", __LINE__, #call, seen_, \
			       expected_);                                                    \
		}                                                                             \
	} while (0)

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void enter(int netns)
{
	if (setns(netns, CLONE_NEWNET))
		die("setns");
}

static inline void begin(void)
{
	int on = 1;

	for (int i = 0; i < 2; i++) {
		struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(3) };

		if (unshare(CLONE_NEWNET | (i || !geteuid() ? 0 : CLONE_NEWUSER)))
			die("unshare");
		ns[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		packet[i] = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (ns[i] < 0 || packet[i] < 0 || bind(packet[i], (void *)&all, sizeof(all)) ||
		    setsockopt(packet[i], SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
			die("packet socket");
		int file = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY);

		if (file >= 0 && (write(file, "1", 1) != 1 || close(file)))
			die("disable_ipv6");
	}
}

static inline int verdict(void)
{
	puts(wrong ? "the kernel does not do what the model says" : "as the model says");
	return wrong;
}

static long long result(long long ret)
{
	return ret < 0 ? -errno : ret;
}

static inline void as(unsigned int uid, unsigned int gid)
{
	if (syscall(SYS_setresuid, -1, 0, -1) || syscall(SYS_setresgid, -1, gid, -1) ||
	    syscall(SYS_setresuid, -1, uid, -1))
		die("setresuid");
}

static inline int open_tun(int netns)
{
	int fd;

	enter(netns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("/dev/net/tun");
	return fd;
}

static inline int with_ifreq(int fd, unsigned long request, const char *dev, int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	int ret;

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	ret = result(ioctl(fd, request, &ifr));
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	number = (unsigned short)ifr.ifr_flags;
	return ret;
}

static inline int set_int(int fd, unsigned long request, int value)
{
	return result(ioctl(fd, request, &value));
}

static inline int get_int(int fd, unsigned long request)
{
	int value = 0, ret = result(ioctl(fd, request, &value));

	number = value;
	return ret;
}

static inline int by_value(int fd, unsigned long request, unsigned long value)
{
	return result(ioctl(fd, request, value));
}

static inline int set_tx_filter(int fd, int flags, int count, const void *addresses)
{
	struct {
		struct tun_filter filter;
		unsigned char address[16][6];
	} arg = { .filter = { .flags = flags, .count = count } };

	memcpy(arg.address, addresses, count * 6);
	return result(ioctl(fd, TUNSETTXFILTER, &arg));
}

static inline int get_hwaddr(int fd)
{
	struct ifreq ifr = { 0 };
	int ret = result(ioctl(fd, SIOCGIFHWADDR, &ifr));

	number = ifr.ifr_hwaddr.sa_family;
	memcpy(data, ifr.ifr_hwaddr.sa_data, 14);
	return ret;
}

static inline int set_hwaddr(int fd, int family, const void *address)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = family };

	memcpy(ifr.ifr_hwaddr.sa_data, address, 6);
	return result(ioctl(fd, SIOCSIFHWADDR, &ifr));
}

/* A classic BPF program that returns @returns; -1 for one without instructions. */
static struct sock_filter code[4] __attribute__((unused));

static inline int attach_filter(int fd, int index, int returns)
{
	struct sock_fprog program = { .len = returns >= 0, .filter = &code[index] };

	code[index] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, returns);
	return result(ioctl(fd, TUNATTACHFILTER, &program));
}

static inline int get_filter(int fd)
{
	struct sock_fprog program = { 0 };
	int ret = result(ioctl(fd, TUNGETFILTER, &program));

	number = program.filter ? program.filter - code : -1;
	return ret;
}

/* An eBPF program that returns @returns, loaded when it is first asked for; none for -2. */
static inline int program(int returns)
{
	static int loaded[8], value[8], count;
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = returns },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,
				.insns = (uintptr_t)insns, .license = (uintptr_t) "GPL" };

	if (returns == -2)
		return -1;
	for (int i = 0; i < count; i++) {
		if (value[i] == returns)
			return loaded[i];
	}
	value[count] = returns;
	loaded[count] = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (loaded[count] < 0)
		die("BPF_PROG_LOAD");
	return loaded[count++];
}

static inline int get_netns(int fd, unsigned long request)
{
	int got = ioctl(fd, request), ret = got < 0 ? -errno : 0;
	struct stat a, b;

	number = got >= 0 && !fstat(got, &a) && !fstat(ns[1], &b) && a.st_ino == b.st_ino;
	close(got);
	return ret;
}

static inline long long do_read(int fd, size_t size)
{
	memset(data, 0xaa, sizeof(data));
	return result(read(fd, data, size));
}

static inline int do_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = ~0 };

	poll(&p, 1, 0);
	return p.revents;
}

/* The file's device, as /proc says. */
static inline int get_fdinfo(int fd)
{
	char path[64], line[128];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	in = fopen(path, "re");
	if (!in)
		die(path);
	memset(name, 0, sizeof(name));
	while (fgets(line, sizeof(line), in))
		sscanf(line, "iff:\t%15s", name);
	fclose(in);
	return 0;
}

static inline int set_async(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	signal(SIGIO, SIG_IGN);
	return result(fcntl(fd, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC));
}

static inline int ethtool(int netns, const char *dev, void *command)
{
	struct ifreq ifr = { .ifr_data = command };
	int fd, ret;

	enter(ns[netns]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	ret = result(ioctl(fd, SIOCETHTOOL, &ifr));
	close(fd);
	return ret;
}

/* A number of the namespace's sysfs. */
static inline long long sysfs_number(int netns, const char *dev, const char *file)
{
	static int root[2];
	char path[64], text[32] = "";
	int context, fd;

	if (!root[netns]) {
		context = syscall(SYS_fsopen, "sysfs", 0);
		syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0);
		root[netns] = syscall(SYS_fsmount, context, 0, 0);
	}
	snprintf(path, sizeof(path), "class/net/%s/%s", dev, file);
	fd = openat(root[netns], path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return strtoll(text, NULL, 0);
}

/* What ethtool calls it, and flags, owner and group as sysfs has them. */
static inline int get_kind(int netns, const char *dev)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int ret = ethtool(netns, dev, &info);

	number = strcmp(info.driver, "tun")   ? -1 :
		 strcmp(info.bus_info, "tap") ? IFF_TUN :
						IFF_TAP;
	if (!ret)
		number |= sysfs_number(netns, dev, "tun_flags") |
			  (sysfs_number(netns, dev, "owner") & 0xffff) << 16 |
			  (sysfs_number(netns, dev, "group") & 0xffff) << 32;
	return ret;
}

static inline int get_msglevel(int netns, const char *dev)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GMSGLVL };
	int ret = ethtool(netns, dev, &value);

	number = value.data;
	return ret;
}

static inline int set_msglevel(int netns, const char *dev, uint32_t level)
{
	struct ethtool_value value = { .cmd = ETHTOOL_SMSGLVL, .data = level };

	return ethtool(netns, dev, &value);
}

static inline int get_rx_frames(int netns, const char *dev)
{
	struct ethtool_coalesce coalesce = { .cmd = ETHTOOL_GCOALESCE };
	int ret = ethtool(netns, dev, &coalesce);

	number = coalesce.rx_max_coalesced_frames;
	return ret;
}

static inline int set_rx_frames(int netns, const char *dev, uint32_t frames)
{
	struct ethtool_coalesce coalesce = { .cmd = ETHTOOL_SCOALESCE,
					     .rx_max_coalesced_frames = frames };

	return ethtool(netns, dev, &coalesce);
}

static inline int get_speed(int netns, const char *dev)
{
	struct ethtool_cmd settings = { .cmd = ETHTOOL_GSET };
	int ret = ethtool(netns, dev, &settings);

	number = ethtool_cmd_speed(&settings);
	return ret;
}

static inline int set_speed(int netns, const char *dev, uint32_t speed)
{
	struct ethtool_cmd settings = { .cmd = ETHTOOL_SSET };

	ethtool_cmd_speed_set(&settings, speed);
	return ethtool(netns, dev, &settings);
}

static inline long long do_send(int netns, const char *dev, int protocol, const void *frame,
				size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };

	enter(ns[netns]);
	to.sll_ifindex = if_nametoindex(dev);
	return to.sll_ifindex ?
		       result(sendto(packet[netns], frame, len, 0, (void *)&to, sizeof(to))) :
		       -ENXIO;
}

/* rtnetlink: a request about link @dev with one attribute or none; the answer stays in link. */
static struct {
	struct nlmsghdr head;
	char rest[16384];
} link_answer;

static inline int link_talk(int netns, int type, const char *dev, int set, int up, int attribute,
			    const void *value, int len)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		char rest[512];
	} req = { .head = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST } };
	struct rtattr *a = (void *)req.rest;
	int fd, ret;

	enter(netns);
	if (type != RTM_GETLINK)
		req.head.nlmsg_flags |= NLM_F_ACK;
	req.info.ifi_index = if_nametoindex(dev);
	if (!req.info.ifi_index)
		return -ENODEV;
	req.info.ifi_flags = up ? IFF_UP : 0;
	req.info.ifi_change = set ? IFF_UP : 0;
	req.head.nlmsg_len = NLMSG_LENGTH(sizeof(req.info));
	if (len) {
		a->rta_type = attribute;
		a->rta_len = RTA_LENGTH(len);
		memcpy(RTA_DATA(a), value, len);
		req.head.nlmsg_len += RTA_SPACE(len);
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (send(fd, &req, req.head.nlmsg_len, 0) < 0 ||
	    recv(fd, &link_answer, sizeof(link_answer), 0) < 0)
		die("rtnetlink");
	close(fd);
	memcpy(&ret, NLMSG_DATA(&link_answer.head), sizeof(ret));
	return link_answer.head.nlmsg_type == NLMSG_ERROR ? ret : 0;
}

static inline int link_set_up(int netns, const char *dev, int up)
{
	return link_talk(ns[netns], RTM_NEWLINK, dev, 1, up, 0, NULL, 0);
}

static inline int link_del(int netns, const char *dev)
{
	return link_talk(ns[netns], RTM_DELLINK, dev, 0, 0, 0, NULL, 0);
}

static inline int link_rename(int netns, const char *dev, const char *to)
{
	return link_talk(ns[netns], RTM_NEWLINK, dev, 0, 0, IFLA_IFNAME, to, strlen(to) + 1);
}

static inline int link_set(int netns, const char *dev, int attribute, uint32_t value)
{
	return link_talk(ns[netns], RTM_NEWLINK, dev, 0, 0, attribute, &value, sizeof(value));
}

static inline int link_move(int netns, const char *dev, int to)
{
	return link_set(netns, dev, IFLA_NET_NS_FD, ns[to]);
}

/* A link of kind "tun", made by rtnetlink. */
static inline int link_new(int netns, const char *dev)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr name;
		char name_text[IFNAMSIZ];
		struct rtattr about, kind;
		char kind_text[4];
	} req = {
		.head = { .nlmsg_type = RTM_NEWLINK, .nlmsg_len = sizeof(req),
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.name = { RTA_LENGTH(IFNAMSIZ), IFLA_IFNAME },
		.about = { RTA_LENGTH(RTA_LENGTH(4)), IFLA_LINKINFO },
		.kind = { RTA_LENGTH(4), IFLA_INFO_KIND },
		.kind_text = "tun",
	};
	struct nlmsgerr *answer = NLMSG_DATA(&link_answer.head);
	int fd;

	enter(ns[netns]);
	snprintf(req.name_text, IFNAMSIZ, "%s", dev);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (send(fd, &req, sizeof(req), 0) < 0 ||
	    recv(fd, &link_answer, sizeof(link_answer), 0) < 0)
		die("rtnetlink");
	close(fd);
	return answer->error;
}

static inline const struct rtattr *attribute(const void *from, int len, int type)
{
	for (const struct rtattr *a = from; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	}
	return NULL;
}

static inline long long attribute_number(const struct rtattr *a)
{
	long long n = 0;

	if (!a)
		return -1;
	memcpy(&n, RTA_DATA(a), RTA_PAYLOAD(a) < 8 ? RTA_PAYLOAD(a) : 8);
	return n;
}

static inline int is_tun(const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const struct rtattr *a = attribute(
		info + 1, h->nlmsg_len - NLMSG_LENGTH(sizeof(*info)), IFLA_LINKINFO);
	const struct rtattr *kind =
		a ? attribute(RTA_DATA(a), RTA_PAYLOAD(a), IFLA_INFO_KIND) : NULL;

	return kind && !strcmp(RTA_DATA(kind), "tun") &&
	       attribute(RTA_DATA(a), RTA_PAYLOAD(a), IFLA_INFO_DATA);
}

/* How many links of kind "tun" a list of all has. */
static inline int count_links(void)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} req = { .head = { .nlmsg_type = RTM_GETLINK, .nlmsg_len = sizeof(req),
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	static char answer[32768] __attribute__((aligned(8)));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), len, count = 0;
	struct nlmsghdr *h;

	if (send(fd, &req, sizeof(req), 0) < 0)
		die("rtnetlink");
	for (;;) {
		len = recv(fd, answer, sizeof(answer), 0);
		if (len < 0)
			die("rtnetlink");
		for (h = (void *)answer; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == NLMSG_DONE) {
				close(fd);
				return count;
			}
			count += is_tun(h);
		}
	}
}

/* The same, with the list broken at other places: an alias of the first link moves them. */
static inline int list(int netns)
{
	char alias[256];
	int ret;

	memset(alias, 'a', sizeof(alias));
	for (int len = 0; len < 256; len += 8) {
		ret = link_talk(ns[netns], RTM_NEWLINK, "lo", 0, 0, IFLA_IFALIAS, alias, len);
		if (ret)
			return ret;
		if (len && count_links() != number)
			return -EBADMSG;
		number = count_links();
	}
	return 0;
}

/* One field of a link, by the name that the model calls it. */
static inline long long link_field(int netns, const char *dev, const char *field)
{
	static const struct {
		const char *name;
		int type;
	} own[] = { { "mtu", IFLA_MTU }, { "txqueuelen", IFLA_TXQLEN }, { "carrier", IFLA_CARRIER } },
	  kind[] = { { "owner", 1 }, { "group", 2 },   { "kind", 3 },	     { "pi", 4 },
		     { "vnet_hdr", 5 }, { "persist", 6 }, { "multi_queue", 7 }, { "queues", 8 },
		     { "disabled", 9 } };
	const struct ifinfomsg *info = NLMSG_DATA(&link_answer.head);
	const struct rtnl_link_stats64 *s;
	const struct rtattr *a;
	int len;

	if (link_talk(netns, RTM_GETLINK, dev, 0, 0, 0, NULL, 0))
		return -1;
	len = link_answer.head.nlmsg_len - NLMSG_LENGTH(sizeof(*info));
	if (!strcmp(field, "ifindex"))
		return info->ifi_index;
	if (!strcmp(field, "up"))
		return info->ifi_flags & IFF_UP;
	if (!strcmp(field, "type"))
		return info->ifi_type;
	for (unsigned int i = 0; i < 3; i++) {
		if (!strcmp(field, own[i].name))
			return attribute_number(attribute(info + 1, len, own[i].type));
	}
	a = attribute(info + 1, len, IFLA_ADDRESS);
	if (!strcmp(field, "address_len"))
		return a ? (int)RTA_PAYLOAD(a) : 0;
	if (!strcmp(field, "address")) {
		long long n = 0;

		for (unsigned int i = 0; i < 6; i++)
			n = n << 8 | (a && i < RTA_PAYLOAD(a) ? ((uint8_t *)RTA_DATA(a))[i] : 0);
		return n;
	}
	s = RTA_DATA(attribute(info + 1, len, IFLA_STATS64));
	if (!strcmp(field, "rx_packets"))
		return s->rx_packets;
	if (!strcmp(field, "rx_bytes"))
		return s->rx_bytes;
	if (!strcmp(field, "rx_dropped"))
		return s->rx_dropped;
	if (!strcmp(field, "rx_frame_errors"))
		return s->rx_frame_errors;
	if (!strcmp(field, "tx_packets"))
		return s->tx_packets;
	if (!strcmp(field, "tx_bytes"))
		return s->tx_bytes;
	if (!strcmp(field, "tx_dropped"))
		return s->tx_dropped;
	a = attribute(info + 1, len, IFLA_LINKINFO);
	a = attribute(RTA_DATA(a), RTA_PAYLOAD(a), IFLA_INFO_DATA);
	for (unsigned int i = 0; i < 9; i++) {
		const struct rtattr *inner = attribute(RTA_DATA(a), RTA_PAYLOAD(a), kind[i].type);

		if (!strcmp(field, kind[i].name))
			return inner && i < 2 ? (uint32_t)attribute_number(inner) :
						attribute_number(inner);
	}
	return -1;
}
