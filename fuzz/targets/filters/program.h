/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs: behind fuzz/targets/program.h. */
#include <limits.h>
#include <linux/if_link.h>
#include <poll.h>

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

/* A TAP that is up and has no file. */
static inline void no_file(const char *dev)
{
	int fd;

	if (if_nametoindex(dev))
		return;
	fd = open_tun(ns[0]);
	if (with_ifreq(fd, TUNSETIFF, dev, IFF_TAP | IFF_NO_PI) < 0 ||
	    set_int(fd, TUNSETPERSIST, 1) || link_set_up(0, dev, 1))
		die(dev);
	close(fd);
}

static inline int attach_insns(int fd, const struct sock_filter *insns, int count)
{
	struct sock_fprog program = { .len = count, .filter = (void *)insns };

	return result(ioctl(fd, TUNATTACHFILTER, &program));
}

static inline int load_program(int type, const struct bpf_insn *insns, int count)
{
	union bpf_attr attr = { .prog_type = type,
				.insn_cnt = count,
				.insns = (uintptr_t)insns,
				.license = (uintptr_t) "GPL" };
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

static inline void set_blocking(int fd, int on)
{
	if (fcntl(fd, F_SETFL, on ? 0 : O_NONBLOCK))
		die("fcntl");
}

/* With a file that could wait: with RWF_NOWAIT in @flags it does not. */
static inline long long write_flags(int fd, const void *frame, size_t len, int flags)
{
	struct iovec iov = { (void *)frame, len };
	long long ret;

	set_blocking(fd, 1);
	ret = result(pwritev2(fd, &iov, 1, -1, flags));
	set_blocking(fd, 0);
	return ret;
}

static inline long long read_flags(int fd, int flags)
{
	struct iovec iov = { seen_frame, sizeof(seen_frame) };
	long long ret;

	set_blocking(fd, 1);
	ret = result(preadv2(fd, &iov, 1, -1, flags));
	set_blocking(fd, 0);
	return ret;
}

static inline long long write_nowait(int fd, const void *frame, size_t len)
{
	return write_flags(fd, frame, len, RWF_NOWAIT);
}

static inline long long write_waiting(int fd, const void *frame, size_t len)
{
	return write_flags(fd, frame, len, 0);
}

static inline long long read_nowait(int fd)
{
	return read_flags(fd, RWF_NOWAIT);
}

/* If there is nothing it does not wait either. */
static inline long long read_waiting(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) ? read_flags(fd, 0) : -EAGAIN;
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

/* @program -1: none. @expected -1, or with XDP_FLAGS_REPLACE the one that is there. */
static inline int change_xdp(const char *dev, int program, uint32_t flags, int expected)
{
	struct {
		struct rtattr fd_head;
		int fd;
		struct rtattr flags_head;
		uint32_t flags;
		struct rtattr expected_head;
		int expected;
	} xdp = {
		{ RTA_LENGTH(sizeof(int)), IFLA_XDP_FD },	   program,
		{ RTA_LENGTH(sizeof(uint32_t)), IFLA_XDP_FLAGS },  flags,
		{ RTA_LENGTH(sizeof(int)), IFLA_XDP_EXPECTED_FD }, expected,
	};

	return link_talk(ns[0], RTM_NEWLINK, dev, 0, 0, IFLA_XDP | NLA_F_NESTED, &xdp, sizeof(xdp));
}

static inline int set_xdp(const char *dev, const struct bpf_insn *insns, int count, uint32_t flags)
{
	int program = load_program(BPF_PROG_TYPE_XDP, insns, count);
	int ret = change_xdp(dev, program, flags, -1);

	close(program);
	return ret;
}

/* The XDP program that returns this and does nothing else. */
static inline int returning(int value)
{
	static int fds[8];
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	if (!fds[value])
		fds[value] = load_program(BPF_PROG_TYPE_XDP, insns, 2);
	return fds[value];
}

/* Another file of the device whose programs come and go. */
static inline int other_file(const char *dev)
{
	static int fd;

	if (!fd) {
		fd = open_tun(ns[0]);
		if (with_ifreq(fd, TUNSETIFF, dev, IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE) < 0)
			die(dev);
	}
	return fd;
}
