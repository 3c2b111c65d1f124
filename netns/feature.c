// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel and the machine can do around the device: each probe tries the thing in a sandbox
 * of its own and reads it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "harness/harness.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/rtnl.h"
#include "netns/tool.h"

/* The first line of @path; "" if it cannot be read. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	if (!f || !fgets(line, size, f))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (f)
		fclose(f);
}

FEATURE(ipv6, "kernel has no IPv6")
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	close(fd);
	return !access("/proc/sys/net/ipv6/conf/default/disable_ipv6", F_OK);
}

FEATURE(sysfs, "/sys does not show the test's network namespace")
{
	char mtu[16];

	/* Every namespace has a "lo": only a changed one tells whose it is. */
	if (link_set_mtu("lo", 12345))
		return false;
	read_line("/sys/class/net/lo/mtu", mtu, sizeof(mtu));
	return !strcmp(mtu, "12345");
}

FEATURE(sysctl, "/proc/sys/net cannot be written")
{
	char value[16];

	if (netns_sysctl("ipv4/conf/default/rp_filter", "2"))
		return false;
	read_line("/proc/sys/net/ipv4/conf/default/rp_filter", value, sizeof(value));
	return !strcmp(value, "2");
}

static bool has_kind(const char *name, const char *kind)
{
	struct link link;

	return !link_get(name, &link) && !strcmp(link.kind, kind);
}

FEATURE(dummy, "kernel has no dummy device")
{
	return !link_add("dummy", "probe") && has_kind("probe", "dummy");
}

FEATURE(bridge, "kernel has no bridge device")
{
	return !link_add("bridge", "probe") && has_kind("probe", "bridge");
}

FEATURE(veth, "kernel has no veth device")
{
	return !link_add_veth("probe", "peer") && has_kind("peer", "veth");
}

/* A link of @kind on any Ethernet device that can be made without /dev/net/tun. */
static bool stacks(const char *kind, uint32_t mode)
{
	if (link_add_veth("lower", "peer") && link_add("dummy", "lower") &&
	    link_add("bridge", "lower")) {
		harness_missing("kernel has no veth, dummy or bridge to try a %s on", kind);
		return false;
	}
	return !link_add_on(kind, "probe", "lower", mode) && has_kind("probe", kind);
}

FEATURE(macvlan, "kernel has no macvlan device")
{
	return stacks("macvlan", MACVLAN_MODE_BRIDGE);
}

FEATURE(vlan, "kernel has no VLAN device (802.1Q)")
{
	return stacks("vlan", 5);
}

/* Starts to give "lo" a root qdisc of @kind. */
static struct nlmsghdr *qdisc_start(void *buf, const char *kind)
{
	struct nlmsghdr *nlh =
		rtnl_start(buf, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct tcmsg));
	struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);

	tcm->tcm_ifindex = if_nametoindex("lo");
	tcm->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(nlh, TCA_KIND, kind);
	return nlh;
}

static bool qdisc_works(struct nlmsghdr *request, const char *kind)
{
	struct link lo;

	return !link_up("lo") && !rtnl_talk(request, NULL, NULL) && !link_get("lo", &lo) &&
	       !strcmp(lo.qdisc, kind);
}

FEATURE(netem, "kernel has no netem qdisc")
{
	struct tc_netem_qopt opt = { .limit = 1000 };
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = qdisc_start(buf, "netem");

	mnl_attr_put(nlh, TCA_OPTIONS, sizeof(opt), &opt);
	return qdisc_works(nlh, "netem");
}

FEATURE(tbf, "kernel has no tbf qdisc")
{
	struct tc_tbf_qopt opt = {
		.rate = { .rate = 1000000, .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = 100000,
	};
	char buf[RTNL_REQUEST_SIZE];
	struct nlmsghdr *nlh = qdisc_start(buf, "tbf");
	struct nlattr *options;

	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put(nlh, TCA_TBF_PARMS, sizeof(opt), &opt);
	mnl_attr_put_u32(nlh, TCA_TBF_BURST, 100000);
	mnl_attr_nest_end(nlh, options);
	return qdisc_works(nlh, "tbf");
}

FEATURE(iproute2, "ip (iproute2) is not installed")
{
	char text[8192];
	json_t *json;
	bool shown;

	if (tool_run(NULL, 0, "ip -V"))
		return false;
	tool_run(text, sizeof(text), "ip -d -s -j link show lo");
	json = json_loads(text, 0, NULL);
	shown = !strcmp(tool_get_string(json, "0.ifname"), "lo");
	if (!shown)
		harness_missing("ip (iproute2) does not show a link as JSON: %.100s", text);
	json_decref(json);
	return shown;
}

FEATURE(tc, "tc (iproute2) is not installed")
{
	return !tool_run(NULL, 0, "tc -V");
}

FEATURE(bridge_tool, "bridge (iproute2) is not installed")
{
	return !tool_run(NULL, 0, "bridge -V");
}

FEATURE(ethtool, "ethtool is not installed")
{
	return !tool_run(NULL, 0, "ethtool --version");
}

FEATURE(udp_gso, "kernel has no UDP_SEGMENT")
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 1000, seen = 0;
	socklen_t len = sizeof(seen);

	return !setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) &&
	       !getsockopt(fd, SOL_UDP, UDP_SEGMENT, &seen, &len) && seen == size;
}

FEATURE(packet_socket, "kernel has no packet sockets")
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("lo"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return !bind(fd, (void *)&ll, sizeof(ll));
}

FEATURE(second_uid, "only one user id can be used")
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000) ||
		      getuid() != 1000);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/*
 * The initial user namespace is known by its inode number, which is the same in every kernel. Its
 * uid_map would not do: a nested namespace can have the same.
 */
FEATURE(init_net_admin, "no CAP_NET_ADMIN in the initial user namespace")
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino == 0xeffffffd &&
	       !syscall(SYS_capget, &header, caps) && caps[0].effective & (1 << CAP_NET_ADMIN);
}

FEATURE(net_namespaces, "no second network namespace can be made")
{
	int old = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	bool differs;

	/* netns_new() would end the probe where it cannot say what is missing. */
	if (old < 0 || unshare(CLONE_NEWNET) || setns(old, CLONE_NEWNET))
		return false;
	fd = netns_new();
	differs = netns_inode(fd) != netns_inode(-1);
	netns_enter(fd);
	return differs && netns_inode(-1) == netns_inode(fd);
}
