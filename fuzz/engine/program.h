/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the inputs of fuzz targets are made of, next to the operations above: devices, and frames
 * behind a vnet header.
 */
#include <limits.h>
#include <linux/if_link.h>
#include <linux/virtio_net.h>
#include <sys/uio.h>

#ifndef IFF_NAPI
#define IFF_NAPI 0x0010
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
static struct vnet_header seen;
static unsigned char seen_frame[70000];
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
 * The file of device @dev, which is made and brought up when it is first asked for. @header: the size
 * of its vnet header, 0 for none.
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

/*
 * writev() of a PI header of @protocol (-1 for none), the first @size bytes of @v, in this byte order,
 * and a frame.
 */
static inline long long write_frame(int fd, int protocol, const struct vnet_header *v, int size,
				    int big_endian, const void *frame, size_t len)
{
	struct tun_pi pi = { .proto = htons(protocol) };
	unsigned char header[256] = { 0 };
	struct vnet_header h = { 0 };
	struct iovec iov[] = { { &pi, protocol < 0 ? 0 : sizeof(pi) },
			       { header, size }, { (void *)frame, len } };

	if (v) {
		h = *v;
		h.hdr_len = swapped(v->hdr_len, big_endian);
		h.gso_size = swapped(v->gso_size, big_endian);
		h.csum_start = swapped(v->csum_start, big_endian);
		h.csum_offset = swapped(v->csum_offset, big_endian);
		h.num_buffers = swapped(v->num_buffers, big_endian);
	}
	memcpy(header, &h, sizeof(h));
	return result(writev(fd, iov, 3));
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
static inline int set_program(int fd, unsigned long request, const struct bpf_insn *insns, int count)
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
