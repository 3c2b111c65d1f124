/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the inputs of fuzz targets are made of, next to the operations above: devices, and frames
 * behind a vnet header.
 */
#include <linux/virtio_net.h>
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
	int on = 1, room = 4 << 20;

	enter(ns[0]);
	watcher = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (watcher < 0 || setsockopt(watcher, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(watcher, (void *)&all, sizeof(all)))
		die("packet socket");
	setsockopt(watcher, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
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

/* For checks that give a text: NULL if there is nothing to say. */
static inline int complain(const char *text)
{
	if (text)
		puts(text);
	return text != NULL;
}
