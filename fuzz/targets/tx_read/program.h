/* SPDX-License-Identifier: GPL-2.0-only */
/* What tx_read sends, and how it reads: behind fuzz/targets/program.h. */
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/mount.h>

static inline void set_mtu(const char *dev, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	if (ioctl(packet[0], SIOCSIFMTU, &ifr))
		die("SIOCSIFMTU");
}

static inline struct sockaddr_in internet(const char *ip, int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = inet_addr(ip) };
}

/* A datagram from @ip to @peer through @dev, or with @segment not 0 as many as it takes. */
static inline long long send_udp(const char *dev, const char *ip, const char *peer, int segment,
				 int flags, const void *payload, size_t len)
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
	    (flags && setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &flags, sizeof(flags))) ||
	    (segment && setsockopt(fd, IPPROTO_UDP, udp_segment, &segment, sizeof(segment))))
		ret = -errno;
	else
		ret = result(sendto(fd, payload, len, flags, (void *)&to, sizeof(to)));
	close(fd);
	return ret;
}

/* Sends a frame behind a header to @dev, from the stack's side. */
static inline long long send_packet(const char *dev, int protocol, const struct vnet_header *v,
				    const void *frame, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };
	struct iovec iov[] = { { (void *)v, 10 }, { (void *)frame, len } };
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov, .msg_iovlen = 2
	};
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
	tc_request.tc = (struct tcmsg){ .tcm_ifindex = if_nametoindex(dev),
					.tcm_parent = parent,
					.tcm_handle = handle,
					.tcm_info = info };
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
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS,
				.insn_cnt = 4,
				.insns = (uintptr_t)insns,
				.license = (uintptr_t) "GPL" };
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

/* Allocations that could wait and single pages may fail too; only those who ask for it see that. */
static inline void fault_prepare(void)
{
	static const char *const files[] = { "failslab/ignore-gfp-wait",
					     "fail_page_alloc/ignore-gfp-wait",
					     "fail_page_alloc/ignore-gfp-highmem",
					     "fail_page_alloc/min-order" };
	char path[80];

	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (int i = 0; i < 4; i++) {
		int fd;

		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", files[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, i == 3 ? "0" : "N", 1) != 1)
			die(path);
		close(fd);
	}
}

/* What the last read gave; behind it, and where the driver wrote nothing, 0xa5. */
static unsigned char got[70000] __attribute__((unused));

static inline long long read_packet(int fd, size_t size)
{
	memset(got, 0xa5, sizeof(got));
	return result(read(fd, got, size));
}

/* Only the first @there bytes of the buffer are in memory that is there. */
static inline long long read_torn(int fd, size_t there, size_t size)
{
	struct iovec iov[] = { { got, there }, { NULL, size - there } };

	memset(got, 0xa5, sizeof(got));
	return result(readv(fd, iov, 2));
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
