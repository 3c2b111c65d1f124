// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel and the machine can do around the device: each probe tries the thing in a sandbox
 * of its own and reads it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/creds.h"
#include "netns/fault.h"
#include "netns/file.h"
#include "netns/klog.h"
#include "netns/link.h"
#include "netns/lsm.h"
#include "netns/netdev.h"
#include "netns/netns.h"
#include "netns/program.h"
#include "netns/qdisc.h"
#include "netns/sysfs.h"
#include "netns/tool.h"
#include "netns/trace.h"
#include "netns/uring.h"

FEATURE(ipv6, "kernel has no IPv6")
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	close(fd);
	if (!netns_sysctl("ipv6/conf/default/disable_ipv6", "0"))
		return true;
	if (errno != ENOENT)
		harness_missing("/proc/sys/net/ipv6 cannot be written: %s", strerror(errno));
	return false;
}

FEATURE(sysfs, "/sys does not show the test's network namespace")
{
	/* Every namespace has a "lo": only a changed one tells whose it is. */
	return !link_set_mtu("lo", 12345) && !strcmp(sysfs_get("lo", "mtu"), "12345");
}

/* Receive queues are shown, by rtnetlink and sysfs, only where packets can be steered to CPUs. */
FEATURE(rps, "kernel does not show receive queues (CONFIG_RPS)")
{
	struct link lo;

	return !link_get("lo", &lo) && lo.num_rx_queues > 0;
}

FEATURE(sysctl, "/proc/sys/net cannot be written")
{
	char value[16];

	return !netns_sysctl("ipv4/conf/default/rp_filter", "2") &&
	       !file_read_line("/proc/sys/net/ipv4/conf/default/rp_filter", value, sizeof(value)) &&
	       !strcmp(value, "2");
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

static bool lo_has_qdisc(const char *kind)
{
	struct link lo;

	return !link_get("lo", &lo) && !strcmp(lo.qdisc, kind);
}

FEATURE(netem, "kernel has no netem qdisc")
{
	return !link_up("lo") && !qdisc_add_netem("lo", 1000) && lo_has_qdisc("netem");
}

FEATURE(tbf, "kernel has no tbf qdisc")
{
	return !link_up("lo") && !qdisc_add_tbf("lo", 1000000, 100000, 100000) &&
	       lo_has_qdisc("tbf");
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

FEATURE(user_namespaces, "no user namespace can be made")
{
	return !creds_unshare(0) && !geteuid();
}

FEATURE(bpf, "bpf() loads no socket filter")
{
	int fd = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, 0);

	if (fd < 0)
		harness_missing("bpf() loads no socket filter: %s", strerror(errno));
	return fd >= 0;
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

FEATURE(kernel_log, "/dev/kmsg cannot be read")
{
	int fd = klog_open();

	if (fd < 0)
		harness_missing("/dev/kmsg cannot be read: %s", strerror(errno));
	return fd >= 0;
}

/* A guest was started for us: what fills its log is nobody's trouble. */
FEATURE(own_log, "the kernel's log is not the tests' alone")
{
	char line[4096];

	return !file_read_line("/proc/cmdline", line, sizeof(line)) &&
	       strstr(line, "tuntests.cmd=");
}

FEATURE(tracefs, "tracepoints cannot be recorded")
{
	struct trace *t = trace_open("skb/kfree_skb");

	if (t)
		trace_close(t);
	else
		harness_missing("tracepoints cannot be recorded: %s", strerror(errno));
	return t;
}

FEATURE(fault_injection, "kernel lets no allocation fail on request (CONFIG_FAULT_INJECTION)")
{
	return !access("/proc/thread-self/fail-nth", W_OK) && !fault_prepare();
}

FEATURE(kmemleak, "kernel does not look for memory leaks (CONFIG_DEBUG_KMEMLEAK)")
{
	return fault_leaks_known();
}

FEATURE(io_uring, "kernel has no io_uring for us")
{
	struct uring r;

	if (uring_open(&r))
		return true;
	harness_missing("io_uring cannot be used: %s", strerror(errno));
	return false;
}

/* Whether the program is asked depends on lsm= of the kernel's command line. */
FEATURE(bpf_lsm, "kernel does not ask BPF programs on LSM hooks (lsm= without bpf)")
{
	int link = lsm_deny("socket_create", ENOLINK);

	if (link < 0)
		harness_missing("no BPF program on an LSM hook: %s", strerror(errno));
	return link >= 0 && socket(AF_INET, SOCK_DGRAM, 0) == -1 && errno == ENOLINK;
}

FEATURE(userfaultfd, "kernel has no userfaultfd, or not for us")
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		harness_missing("userfaultfd(): %s", strerror(errno));
	return fd >= 0;
}

FEATURE(vxlan, "kernel has no VXLAN device")
{
	return stacks("vxlan", 5);
}

FEATURE(udp_encap, "kernel has no ESP in UDP (UDP_ENCAP)")
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), encap = UDP_ENCAP_ESPINUDP;

	return !setsockopt(fd, SOL_UDP, UDP_ENCAP, &encap, sizeof(encap));
}

FEATURE(gretap, "kernel has no Ethernet in GRE (gretap)")
{
	return !link_add_gretap("probe", "127.0.0.1", "127.0.0.2") && has_kind("probe", "gretap");
}

FEATURE(bpf_ids, "BPF programs cannot be found by number")
{
	struct program p;

	program_start(&p, BPF_PROG_TYPE_SOCKET_FILTER);
	return program_return(&p, 0) >= 0 && program_exists(program_id(p.fd));
}

FEATURE(tc_bpf, "kernel has no clsact with BPF classifiers")
{
	int program = bpf_load_return(BPF_PROG_TYPE_SCHED_CLS, 0);

	if (program < 0)
		harness_missing("bpf() loads no classifier: %s", strerror(errno));
	return program >= 0 && !link_up("lo") && !qdisc_add_clsact("lo") &&
	       !qdisc_add_bpf("lo", QDISC_INGRESS, program);
}

/* For devices whose driver knows nothing of it. */
FEATURE(xdp_generic, "kernel has no generic XDP")
{
	int program = bpf_load_return(BPF_PROG_TYPE_XDP, XDP_PASS);
	struct link lo;

	if (program < 0)
		harness_missing("bpf() loads no XDP program: %s", strerror(errno));
	return program >= 0 && !link_set_xdp("lo", program, XDP_FLAGS_SKB_MODE) &&
	       !link_get("lo", &lo) && lo.xdp.mode == XDP_ATTACHED_SKB;
}

FEATURE(netdev, "kernel does not tell what a device can do with XDP")
{
	uint64_t features;

	return !netdev_xdp_features("lo", &features);
}
