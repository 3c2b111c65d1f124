// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel does of an operation. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device/op_run.h"
#include "device/tun.h"
#include "harness/harness.h"
#include "netns/bpf.h"
#include "netns/ethtool.h"
#include "netns/file.h"
#include "netns/link.h"
#include "netns/netns.h"
#include "netns/packet.h"

/* The programs of model_programs[]; the last one is refused for its length. */
static struct sock_filter code[MODEL_PROGRAMS];
static struct sock_fprog programs[MODEL_PROGRAMS];
/* eBPF programs by what they return. */
static int ebpf[OP_EBPF];

static void load_programs(void)
{
	for (int i = 0; i < MODEL_PROGRAMS; i++) {
		code[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, model_programs[i]);
		programs[i].filter = &code[i];
		programs[i].len = model_programs[i] >= 0;
	}
	for (int i = 0; i < OP_EBPF && harness_feature("bpf"); i++) {
		ebpf[i] = bpf_load_return(BPF_PROG_TYPE_SOCKET_FILTER, op_ebpf[i]);
		if (ebpf[i] < 0)
			TH_BAIL("eBPF program: %s", strerror(errno));
	}
}

/* The eBPF program that returns @value; -1, which is no program, for -2. */
static int program(int value)
{
	for (int i = 0; i < OP_EBPF; i++) {
		if (op_ebpf[i] == value)
			return ebpf[i];
	}
	return -1;
}

/*
 * Effective ids; root's capabilities go and come with them. So would the signal at our parent's
 * death, and we would outlive who started us.
 */
static void become(struct lockstep *ls, int who)
{
	const struct model_cred *cred = &op_creds[who];
	int at_death = 0;

	if (ls->who == who)
		return;
	ls->who = who;
	prctl(PR_GET_PDEATHSIG, &at_death);
	if (syscall(SYS_setresuid, -1, 0, -1) || syscall(SYS_setresgid, -1, cred->gid, -1) ||
	    syscall(SYS_setresuid, -1, cred->uid, -1))
		TH_BAIL("cannot become user %u: %s", cred->uid, strerror(errno));
	prctl(PR_SET_PDEATHSIG, at_death);
}

static void enter(struct lockstep *ls, int netns)
{
	become(ls, 0);
	if (ls->here != netns)
		netns_enter(ls->netns[netns]);
	ls->here = netns;
}

static int64_t result(int64_t ret)
{
	return ret < 0 ? -errno : ret;
}

static void run_set_iff(int fd, const struct op *op, struct op_result *r)
{
	struct ifreq ifr;

	r->ret = result(tun_set_iff_ifr(fd, &ifr, op->name, op->flags));
	memcpy(r->name, ifr.ifr_name, IFNAMSIZ);
}

static void run_get_iff(int fd, struct op_result *r)
{
	struct ifreq ifr = { 0 };

	r->ret = result(tun_get_iff(fd, &ifr));
	r->number = (unsigned short)ifr.ifr_flags;
	memcpy(r->name, ifr.ifr_name, IFNAMSIZ);
}

static void run_get_hwaddr(int fd, struct op_result *r)
{
	uint16_t family = 0;

	r->ret = result(tun_get_hwaddr(fd, &family, r->data));
	r->number = family;
	r->len = r->ret ? 0 : 14;
}

static void run_get_filter(int fd, struct op_result *r)
{
	struct sock_fprog got = { 0 };

	r->ret = result(tun_get_filter(fd, &got));
	if (!r->ret)
		r->number = got.filter ? got.filter - code : -1;
}

/* Which of our two namespaces the descriptor is of. */
static void run_netns(struct lockstep *ls, int fd, struct op_result *r)
{
	struct stat st, other;

	r->ret = fd < 0 ? -errno : 0;
	if (fd < 0)
		return;
	if (fstat(fd, &st) || fstat(ls->netns[1], &other))
		TH_BAIL("namespace: %s", strerror(errno));
	r->number = st.st_ino == other.st_ino;
	close(fd);
}

/* What /proc says of the file: the name of its device. */
static void run_fdinfo(int fd, struct op_result *r)
{
	char path[64], line[128];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	in = fopen(path, "re");
	if (!in)
		TH_BAIL("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), in))
		sscanf(line, "iff:\t%15s", r->name);
	fclose(in);
}

static int64_t run_async(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return result(fcntl(fd, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC));
}

static int64_t get_int(int fd, unsigned long request, struct op_result *r)
{
	int value = 0;

	r->ret = result(ioctl(fd, request, &value));
	r->number = value;
	return r->ret;
}

static int64_t set_int(int fd, unsigned long request, int value)
{
	return result(ioctl(fd, request, &value));
}

static void run_ioctl(struct lockstep *ls, int fd, const struct op *op, struct op_result *r)
{
	switch (op->kind) {
	case OP_SET_IFF:
		run_set_iff(fd, op, r);
		break;
	case OP_GET_IFF:
		run_get_iff(fd, r);
		break;
	case OP_SET_QUEUE:
		r->ret = result(tun_set_queue(fd, op->flags));
		break;
	case OP_SET_IFINDEX:
		r->ret = set_int(fd, TUNSETIFINDEX, op->value);
		break;
	case OP_GET_FEATURES:
		get_int(fd, TUNGETFEATURES, r);
		break;
	case OP_SET_PERSIST:
		r->ret = result(tun_set_persist(fd, op->value));
		break;
	case OP_SET_OWNER:
		r->ret = result(tun_set_owner(fd, op->value));
		break;
	case OP_SET_GROUP:
		r->ret = result(tun_set_group(fd, op->value));
		break;
	case OP_SET_LINK:
		r->ret = result(tun_set_link(fd, op->value));
		break;
	case OP_SET_NOCSUM:
		r->ret = result(tun_set_nocsum(fd, op->value));
		break;
	case OP_SET_OFFLOAD:
		r->ret = result(tun_set_offload(fd, op->value));
		break;
	case OP_GET_SNDBUF:
		get_int(fd, TUNGETSNDBUF, r);
		break;
	case OP_SET_SNDBUF:
		r->ret = set_int(fd, TUNSETSNDBUF, op->value);
		break;
	case OP_GET_VNET_HDR_SZ:
		get_int(fd, TUNGETVNETHDRSZ, r);
		break;
	case OP_SET_VNET_HDR_SZ:
		r->ret = set_int(fd, TUNSETVNETHDRSZ, op->value);
		break;
	case OP_GET_VNET_LE:
		get_int(fd, TUNGETVNETLE, r);
		break;
	case OP_SET_VNET_LE:
		r->ret = set_int(fd, TUNSETVNETLE, op->value);
		break;
	case OP_GET_VNET_BE:
		get_int(fd, TUNGETVNETBE, r);
		break;
	case OP_SET_VNET_BE:
		r->ret = set_int(fd, TUNSETVNETBE, op->value);
		break;
	case OP_SET_CARRIER:
		r->ret = set_int(fd, TUNSETCARRIER, op->value);
		break;
	case OP_SET_DEBUG:
		r->ret = result(ioctl(fd, TUNSETDEBUG, (unsigned long)op->value));
		break;
	case OP_BAD_POINTER:
		r->ret = result(ioctl(fd, op_pointers[op->value].request, 1UL));
		break;
	case OP_SET_TX_FILTER:
		r->ret = result(
			tun_set_tx_filter(fd, op->flags, op->len / 6, (const void *)op->data));
		break;
	case OP_GET_HWADDR:
		run_get_hwaddr(fd, r);
		break;
	case OP_SET_HWADDR:
		r->ret = result(tun_set_hwaddr(fd, op->value, op->data, 6));
		break;
	case OP_ATTACH_FILTER:
		r->ret = result(tun_attach_filter(fd, &programs[op->value]));
		break;
	case OP_DETACH_FILTER:
		r->ret = result(tun_detach_filter(fd));
		break;
	case OP_GET_FILTER:
		run_get_filter(fd, r);
		break;
	case OP_SET_STEERING:
		r->ret = result(tun_set_steering_ebpf(fd, program(op->value)));
		break;
	case OP_SET_EBPF:
		r->ret = result(tun_set_filter_ebpf(fd, program(op->value)));
		break;
	case OP_GET_DEV_NETNS:
		run_netns(ls, tun_get_dev_netns(fd), r);
		break;
	case OP_GET_SK_NETNS:
		run_netns(ls, tun_get_sk_netns(fd), r);
		break;
	default: /* OP_UNKNOWN_IOCTL */
		r->ret = result(ioctl(fd, _IO('T', 250), 0));
	}
}

static int64_t run_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = ~0 };

	if (poll(&p, 1, 0) < 0)
		TH_BAIL("poll: %s", strerror(errno));
	return p.revents;
}

static int64_t run_send(struct lockstep *ls, const struct op *op)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(op->value),
	};

	enter(ls, op->netns);
	to.sll_ifindex = if_nametoindex(op->name);
	if (!to.sll_ifindex)
		return -ENXIO;
	return result(
		sendto(ls->sockets[op->netns], op->data, op->len, 0, (void *)&to, sizeof(to)));
}

/*
 * Whatever is written is to be taken, so that the stack counts nothing as dropped for want of
 * somebody who does. One socket for all devices would take the frames of other namespaces from
 * that count, too, in 6.12 (ptype_all is one for all of them there).
 */
static void watch_device(struct lockstep *ls, int file)
{
	int device = ls->model.files[file].device, *fd;
	const struct model_device *d;
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};

	if (device < 0)
		return;
	d = &ls->model.devices[device];
	enter(ls, d->netns);
	fd = &ls->watchers[d->netns][device];
	if (*fd < 0)
		*fd = packet_open(NULL, 0, 0);
	to.sll_ifindex = if_nametoindex(d->name);
	/* Of the same device as before it does nothing. */
	if (to.sll_ifindex)
		bind(*fd, (void *)&to, sizeof(to));
}

static int64_t run_link(struct lockstep *ls, const struct op *op)
{
	enter(ls, op->netns);
	switch (op->kind) {
	case OP_LINK_UP:
		return result(link_up(op->name));
	case OP_LINK_DOWN:
		return result(link_down(op->name));
	case OP_LINK_DEL:
		return result(link_del(op->name));
	case OP_LINK_RENAME:
		return result(link_rename(op->name, op->to));
	case OP_LINK_TXQUEUELEN:
		return result(link_set_txqueuelen(op->name, op->value));
	case OP_LINK_MTU:
		return result(link_set_mtu(op->name, op->value));
	case OP_LINK_NEW:
		return result(link_add("tun", op->name));
	default: /* OP_LINK_MOVE */
		return result(link_set_netns(op->name, ls->netns[op->value]));
	}
}

/*
 * The first message of a list has less than a page, so that the second device, or the third, is
 * the one for which it has no room any more. What is in front moves that place, an attribute at a
 * time.
 */
static int64_t run_list(struct lockstep *ls, const struct op *op, struct op_result *r)
{
	int64_t count;

	enter(ls, op->netns);
	for (size_t len = 0; len < 256; len += 8) {
		if (link_set_alias("lo", len))
			return -errno;
		count = link_count("tun", TUN_LINK_TYPE);
		if (count < 0)
			return -errno;
		if (len && count != r->number)
			return -EBADMSG;
		r->number = count;
	}
	return 0;
}

static int64_t get_value(const struct op *op, uint32_t command, struct op_result *r)
{
	struct ethtool_value value = { .cmd = command };
	int64_t ret = result(ethtool_ioctl(op->name, &value));

	r->number = ret ? 0 : value.data;
	return ret;
}

/* A number of sysfs, decimal or 0x... */
static int64_t attribute(int sysfs, const char *link, const char *name)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "class/net/%s/%s", link, name);
	fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		snprintf(text, sizeof(text), "%d", -errno);
	if (fd >= 0)
		close(fd);
	return strtoll(text, NULL, 0);
}

static int64_t get_kind(const struct op *op, int sysfs, struct op_result *r)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int64_t ret = result(ethtool_ioctl(op->name, &info));

	if (ret)
		return ret;
	r->number = strcmp(info.driver, "tun")	 ? -1 :
		    strcmp(info.bus_info, "tap") ? IFF_TUN :
						   IFF_TAP;
	r->number |= attribute(sysfs, op->name, "tun_flags") |
		     (attribute(sysfs, op->name, "owner") & 0xffff) << 16 |
		     (attribute(sysfs, op->name, "group") & 0xffff) << 32;
	return 0;
}

static int64_t run_ethtool(struct lockstep *ls, const struct op *op, struct op_result *r)
{
	struct ethtool_value value = { .cmd = ETHTOOL_SMSGLVL, .data = op->value };
	struct ethtool_coalesce coalesce = { .cmd = ETHTOOL_GCOALESCE };
	struct ethtool_cmd settings = { .cmd = ETHTOOL_GSET };
	int64_t ret;

	enter(ls, op->netns);
	switch (op->kind) {
	case OP_GET_KIND:
		return get_kind(op, ls->sysfs[op->netns], r);
	case OP_GET_MSGLEVEL:
		return get_value(op, ETHTOOL_GMSGLVL, r);
	case OP_SET_MSGLEVEL:
		return result(ethtool_ioctl(op->name, &value));
	case OP_GET_RX_FRAMES:
		ret = result(ethtool_ioctl(op->name, &coalesce));
		r->number = coalesce.rx_max_coalesced_frames;
		return ret;
	case OP_SET_RX_FRAMES:
		coalesce.cmd = ETHTOOL_SCOALESCE;
		coalesce.rx_max_coalesced_frames = op->value;
		return result(ethtool_ioctl(op->name, &coalesce));
	case OP_GET_SPEED:
		ret = result(ethtool_ioctl(op->name, &settings));
		r->number = ethtool_cmd_speed(&settings);
		return ret;
	default: /* OP_SET_SPEED */
		settings.cmd = ETHTOOL_SSET;
		ethtool_cmd_speed_set(&settings, op->value);
		return result(ethtool_ioctl(op->name, &settings));
	}
}

struct op_result op_run(struct lockstep *ls, const struct op *op)
{
	struct op_result r = { .known = true };
	int *fd = &ls->fds[op->file];

	switch (op->kind) {
	case OP_OPEN:
		enter(ls, op->netns);
		*fd = tun_open();
		break;
	case OP_CLOSE:
		r.ret = result(close(*fd));
		*fd = -1;
		break;
	case OP_READ:
		memset(r.data, 0xaa, sizeof(r.data));
		r.len = op->value;
		r.ret = result(read(*fd, r.data, op->value));
		break;
	case OP_WRITE:
		watch_device(ls, op->file);
		r.ret = result(write(*fd, op->data, op->len));
		break;
	case OP_POLL:
		r.ret = run_poll(*fd);
		break;
	case OP_SET_ASYNC:
		r.ret = run_async(*fd, op->value);
		break;
	case OP_GET_FDINFO:
		run_fdinfo(*fd, &r);
		break;
	case OP_SEND:
		r.ret = run_send(ls, op);
		break;
	case OP_LIST:
		r.ret = run_list(ls, op, &r);
		break;
	default:
		if (op_is_ethtool(op->kind)) {
			r.ret = run_ethtool(ls, op, &r);
			break;
		}
		if (op->kind >= OP_LINK_UP) {
			r.ret = run_link(ls, op);
			break;
		}
		become(ls, op->who);
		run_ioctl(ls, *fd, op, &r);
	}
	return r;
}

static void make_namespaces(struct lockstep *ls)
{
	for (int i = 0; i < MODEL_NETNS; i++) {
		ls->netns[i] = netns_new();
		netns_enter(ls->netns[i]);
		ls->sockets[i] = packet_open(NULL, 0, PACKET_BYPASS);
		for (int j = 0; j < MODEL_DEVICES; j++)
			ls->watchers[i][j] = -1;
		ls->sysfs[i] = file_unmounted("sysfs");
	}
	ls->here = MODEL_NETNS - 1;
	ls->has_namespaces = true;
}

void op_run_prepare(struct lockstep *ls)
{
	if (!programs[0].filter)
		load_programs();
	/* Of files with O_ASYNC. */
	signal(SIGIO, SIG_IGN);
	for (int i = 0; i < MODEL_FILES; i++)
		ls->fds[i] = -1;
	if (!ls->has_namespaces)
		make_namespaces(ls);
	ls->who = 0;
}

void op_run_enter(struct lockstep *ls, int netns)
{
	enter(ls, netns);
}

void op_run_finish(struct lockstep *ls)
{
	become(ls, 0);
	for (int i = 0; i < MODEL_FILES; i++) {
		if (ls->fds[i] >= 0)
			close(ls->fds[i]);
	}
}

void op_run_leave(struct lockstep *ls)
{
	for (int i = 0; i < MODEL_NETNS && ls->has_namespaces; i++) {
		close(ls->sockets[i]);
		for (int j = 0; j < MODEL_DEVICES; j++) {
			if (ls->watchers[i][j] >= 0)
				close(ls->watchers[i][j]);
		}
		close(ls->netns[i]);
		if (ls->sysfs[i] >= 0)
			close(ls->sysfs[i]);
	}
	ls->has_namespaces = false;
}
