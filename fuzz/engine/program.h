/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the inputs of fuzz targets are made of, next to the operations above: devices, and frames
 * behind a vnet header.
 */
#include <limits.h>
#include <linux/if_link.h>
#include <linux/mount.h>
#include <linux/virtio_net.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#ifndef IFF_NAPI
#define IFF_NAPI       0x0010
#define IFF_NAPI_FRAGS 0x0020
#endif

/* The longest vnet header that the driver looks at; shorter ones are its beginning. */
struct vnet_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
	uint16_t num_buffers;
	uint32_t hash_value;
	uint16_t hash_report, padding;
	uint16_t outer_th_offset, inner_nh_offset;
} __attribute__((packed));

/* What a packet socket got of a write. */
static struct vnet_header seen __attribute__((unused));
static unsigned char seen_frame[70000] __attribute__((unused));

static int watcher = -1;

static inline void watch(void)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(3) };
	int on = 1;

	enter(ns[0]);
	watcher = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (watcher < 0 || setsockopt(watcher, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(watcher, (void *)&all, sizeof(all)))
		die("packet socket");
}

/*
 * The file of device @dev, which is made and brought up when it is first asked for. @header: the
 * size of its vnet header, 0 for none.
 */
static inline int device(const char *dev, int flags, int header, int big_endian)
{
	static struct {
		char name[IFNAMSIZ];
		int fd;
	} all[64];
	static int count;
	int fd;

	for (int i = 0; i < count; i++) {
		if (!strcmp(all[i].name, dev))
			return all[i].fd;
	}
	fd = open_tun(ns[0]);
	if (with_ifreq(fd, TUNSETIFF, dev, flags) < 0 ||
	    (header && set_int(fd, TUNSETVNETHDRSZ, header)) ||
	    (big_endian && set_int(fd, TUNSETVNETBE, 1)) || link_set_up(0, dev, 1))
		die(dev);
	all[count].fd = fd;
	snprintf(all[count++].name, IFNAMSIZ, "%s", dev);
	if (watcher < 0)
		watch();
	return fd;
}

static inline uint16_t swapped(uint16_t v, int big_endian)
{
	return big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? v : v >> 8 | v << 8;
}

/* A PI header of @protocol (-1 for none), and the first @size bytes of @v in this byte order. */
static inline size_t front_bytes(unsigned char *to, int protocol, const struct vnet_header *v,
				 int size, int big_endian)
{
	struct tun_pi pi = { .proto = htons(protocol) };
	size_t at = protocol < 0 ? 0 : sizeof(pi);
	struct vnet_header h = { 0 };

	memcpy(to, &pi, at);
	if (v) {
		h = *v;
		h.hdr_len = swapped(v->hdr_len, big_endian);
		h.gso_size = swapped(v->gso_size, big_endian);
		h.csum_start = swapped(v->csum_start, big_endian);
		h.csum_offset = swapped(v->csum_offset, big_endian);
		h.num_buffers = swapped(v->num_buffers, big_endian);
	}
	memset(to + at, 0, size);
	memcpy(to + at, &h, size < (int)sizeof(h) ? size : (int)sizeof(h));
	return at + size;
}

/* writev() of these, and a frame. */
static inline long long write_frame(int fd, int protocol, const struct vnet_header *v, int size,
				    int big_endian, const void *frame, size_t len)
{
	unsigned char front[260];
	struct iovec iov[] = {
		{ front, front_bytes(front, protocol, v, size, big_endian) }, { (void *)frame, len }
	};

	return result(writev(fd, iov, 2));
}

static inline void set_mtu(const char *dev, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	if (ioctl(packet[0], SIOCSIFMTU, &ifr))
		die("SIOCSIFMTU");
}

static inline struct sockaddr_in internet(const char *ip, int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
				     .sin_addr.s_addr = inet_addr(ip) };
}

/* A datagram from @ip to @peer through @dev, or with @segment not 0 as many as it takes. */
static inline long long send_udp(const char *dev, const char *ip, const char *peer, int segment,
				 const void *payload, size_t len)
{
	struct sockaddr_in from = internet(ip, 0), to = internet(peer, 4000);
	struct sockaddr_in mask = internet("255.255.255.0", 0);
	struct arpreq arp = { .arp_flags = ATF_PERM | ATF_COM,
			      .arp_ha.sa_data = { 2, 0, 0, 0, 9, 2 } };
	struct ifreq ifr = { 0 };
	int udp_segment = 103, fd, ret;

	enter(ns[0]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	memcpy(&ifr.ifr_addr, &from, sizeof(from));
	if (fd < 0 || ioctl(fd, SIOCSIFADDR, &ifr))
		die("SIOCSIFADDR");
	memcpy(&ifr.ifr_netmask, &mask, sizeof(mask));
	if (ioctl(fd, SIOCSIFNETMASK, &ifr))
		die("SIOCSIFNETMASK");
	memcpy(&arp.arp_pa, &to, sizeof(to));
	snprintf(arp.arp_dev, sizeof(arp.arp_dev), "%s", dev);
	ioctl(fd, SIOCSARP, &arp); /* a TUN has no neighbours */
	if (bind(fd, (void *)&from, sizeof(from)) ||
	    (segment && setsockopt(fd, IPPROTO_UDP, udp_segment, &segment, sizeof(segment))))
		ret = -errno;
	else
		ret = result(sendto(fd, payload, len, 0, (void *)&to, sizeof(to)));
	close(fd);
	return ret;
}

/* Sends a frame behind a header to @dev, from the stack's side. */
static inline long long send_packet(const char *dev, int protocol, const struct vnet_header *v,
				    const void *frame, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };
	struct iovec iov[] = { { (void *)v, 10 }, { (void *)frame, len } };
	struct msghdr msg = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov,
			      .msg_iovlen = 2 };
	int on = 1, fd, ret;

	enter(ns[0]);
	to.sll_ifindex = if_nametoindex(dev);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)))
		die("packet socket");
	ret = result(sendmsg(fd, &msg, 0));
	close(fd);
	return ret;
}

/* A request of rtnetlink about @dev: attributes are put behind it, then it is sent. */
static struct {
	struct nlmsghdr head;
	struct tcmsg tc;
	char rest[256];
} tc_request;

static inline struct rtattr *tc_attribute(int type, const void *value, int len)
{
	struct rtattr *a = (void *)((char *)&tc_request + NLMSG_ALIGN(tc_request.head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), value, len);
	tc_request.head.nlmsg_len = NLMSG_ALIGN(tc_request.head.nlmsg_len) + RTA_SPACE(len);
	return a;
}

static inline void tc_start(int type, const char *dev, unsigned int parent, unsigned int handle,
			    unsigned int info, const char *kind)
{
	memset(&tc_request, 0, sizeof(tc_request));
	tc_request.head = (struct nlmsghdr){
		.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
	};
	tc_request.tc = (struct tcmsg){ .tcm_ifindex = if_nametoindex(dev), .tcm_parent = parent,
					.tcm_handle = handle, .tcm_info = info };
	tc_attribute(1 /* TCA_KIND */, kind, strlen(kind) + 1);
}

static inline void tc_talk(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		int error;
		char rest[512];
	} answer = { 0 };

	if (send(fd, &tc_request, tc_request.head.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		die("rtnetlink");
	errno = -answer.error;
	if (answer.error && answer.error != -EEXIST)
		die("classifier");
	close(fd);
}

/* The file of device @from, at @fd, whose frames a classifier sends out through @to. */
static inline int redirected(int fd, const char *from, const char *to)
{
	static unsigned long long done;
	unsigned long long bit = 1ull << if_nametoindex(from);
	int ifindex = if_nametoindex(to);
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS, .insn_cnt = 4,
				.insns = (uintptr_t)insns, .license = (uintptr_t) "GPL" };
	struct rtattr *options;
	int program, direct = 1;

	if (done & bit)
		return fd;
	done |= bit;
	program = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (program < 0)
		die("BPF_PROG_LOAD");
	tc_start(RTM_NEWQDISC, from, 0xfffffff1 /* clsact */, 0xffff0000, 0, "clsact");
	tc_talk();
	tc_start(RTM_NEWTFILTER, from, 0xfffffff2 /* its ingress */, 0, 1 << 16 | htons(3), "bpf");
	options = tc_attribute(2 /* TCA_OPTIONS */, "", 0);
	tc_attribute(6 /* TCA_BPF_FD */, &program, sizeof(program));
	tc_attribute(7 /* TCA_BPF_NAME */, "program", 8);
	tc_attribute(8 /* TCA_BPF_FLAGS */, &direct, sizeof(direct));
	options->rta_len = (char *)&tc_request + tc_request.head.nlmsg_len - (char *)options;
	tc_talk();
	return fd;
}

/* What the last read gave; behind it, and where the driver wrote nothing, 0xa5. */
static unsigned char got[70000] __attribute__((unused));

static inline long long read_packet(int fd, size_t size)
{
	memset(got, 0xa5, sizeof(got));
	return result(read(fd, got, size));
}

/* True if the sum over TCP or UDP of this IP packet comes out, and UDP has one. */
static inline int right_checksum(const unsigned char *ip)
{
	int six = *ip >> 4 == 6, header = six ? 40 : (*ip & 15) * 4;
	int len = six ? ip[4] << 8 | ip[5] : (ip[2] << 8 | ip[3]) - header;
	int proto = ip[six ? 6 : 9], from = six ? 8 : 12;
	unsigned long sum = proto + len;

	if (proto == IPPROTO_UDP && !ip[header + 6] && !ip[header + 7])
		return 0;
	for (int i = from; i < (six ? 40 : 20); i++)
		sum += ip[i] << (i & 1 ? 0 : 8);
	for (int i = 0; i < len; i++)
		sum += ip[header + i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Fills what is not said of a frame. */
static inline void pattern(unsigned char *frame, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		frame[i] = i ^ i >> 8;
}

/*
 * The same as write_frame(), cut into pieces of these lengths; where UNREADABLE is added, the bytes
 * lie in memory that is not there.
 */
#define UNREADABLE 0x8000

static inline long long write_pieces(int fd, int protocol, const struct vnet_header *v, int size,
				     int big_endian, const void *frame, size_t len,
				     const unsigned short *pieces, int count)
{
	static unsigned char bytes[140000];
	struct iovec iov[32];
	size_t at = 0;

	at = front_bytes(bytes, protocol, v, size, big_endian);
	memcpy(bytes + at, frame, len);
	at = 0;
	for (int i = 0; i < count; i++) {
		size_t n = pieces[i] & ~UNREADABLE;

		iov[i] = (struct iovec){ pieces[i] & UNREADABLE ? NULL : bytes + at, n };
		at += n;
	}
	return result(count == 1 ? write(fd, iov->iov_base, iov->iov_len) : writev(fd, iov, count));
}

/* The next frame that has come: its length, or -EAGAIN. */
static inline long long receive(void)
{
	struct iovec iov[] = { { &seen, 10 }, { seen_frame, sizeof(seen_frame) } };
	long long len = result(readv(watcher, iov, 2));

	return len < 10 ? len : len - 10;
}

/* The next frame that the file has: its length, or -EAGAIN. */
static inline long long read_frame(int fd)
{
	return result(read(fd, seen_frame, sizeof(seen_frame)));
}

/* File number @which of a TAP with several queues, which are attached in order. */
static inline int queue(const char *dev, int which)
{
	static int fds[8], count;

	while (count <= which) {
		fds[count] = open_tun(ns[0]);
		if (with_ifreq(fds[count++], TUNSETIFF, dev,
			       IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE) < 0 ||
		    link_set_up(0, dev, 1))
			die(dev);
	}
	return fds[which];
}

static inline int attach_insns(int fd, const struct sock_filter *insns, int count)
{
	struct sock_fprog program = { .len = count, .filter = (void *)insns };

	return result(ioctl(fd, TUNATTACHFILTER, &program));
}

static inline int load_program(int type, const struct bpf_insn *insns, int count)
{
	union bpf_attr attr = { .prog_type = type, .insn_cnt = count, .insns = (uintptr_t)insns,
				.license = (uintptr_t) "GPL" };
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

/* An eBPF program for TUNSETFILTEREBPF or TUNSETSTEERINGEBPF. */
static inline int set_program(int fd, unsigned long request, const struct bpf_insn *insns,
			      int count)
{
	int program = load_program(BPF_PROG_TYPE_SOCKET_FILTER, insns, count);
	int ret = set_int(fd, request, program);

	close(program);
	return ret;
}

static inline int set_xdp(const char *dev, const struct bpf_insn *insns, int count, uint32_t flags)
{
	struct {
		struct rtattr fd_head;
		int fd;
		struct rtattr flags_head;
		uint32_t flags;
	} xdp = {
		{ RTA_LENGTH(sizeof(int)), IFLA_XDP_FD },
		load_program(BPF_PROG_TYPE_XDP, insns, count),
		{ RTA_LENGTH(sizeof(uint32_t)), IFLA_XDP_FLAGS }, flags,
	};
	int ret = link_talk(ns[0], RTM_NEWLINK, dev, 0, 0, IFLA_XDP | NLA_F_NESTED, &xdp,
			    sizeof(xdp));

	close(xdp.fd);
	return ret;
}

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
	int lower_up;
};

static inline void tap_make(struct tap *t, const char *kind, int number)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(3) };
	uint32_t vepa = MACVLAN_MODE_VEPA;
	uint16_t l2 = IPVLAN_MODE_L2;
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
	if (number)
		link_make(kind, t->dev, t->lower, &l2, sizeof(l2));
	else
		link_make(kind, t->dev, t->lower, &vepa, sizeof(vepa));
	mac[4] = 3;
	if (!number)
		link_talk(ns[0], RTM_NEWLINK, t->dev, 0, 0, IFLA_ADDRESS, mac, 6);
	if (link_set_up(0, t->world, 1) || link_set_up(0, t->lower, 1) || link_set_up(0, t->dev, 1))
		die(t->dev);
	if (number)
		set_address(t->dev, "10.77.1.1");
	t->lower_up = 1;
	t->fd[0] = open_node(t->dev);
	t->fd[1] = open_node(t->dev);
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

/* As it was when it was made, but for the offloads: none. */
static inline void tap_defaults(const char *kind)
{
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

/* For checks that give a text: NULL if there is nothing to say. */
static inline int complain(const char *text)
{
	if (text)
		puts(text);
	return text != NULL;
}
