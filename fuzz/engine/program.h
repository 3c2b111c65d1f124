/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the inputs of fuzz targets are made of, next to the operations above: devices, and frames
 * behind a vnet header.
 */
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

/*
 * writev() of a PI header of @protocol (-1 for none), the first @size bytes of @v, in this byte
 * order, and a frame.
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

/* For checks that give a text: NULL if there is nothing to say. */
static inline int complain(const char *text)
{
	if (text)
		puts(text);
	return text != NULL;
}
