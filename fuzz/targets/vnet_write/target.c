// SPDX-License-Identifier: GPL-2.0-only
/* Frames behind a vnet header of every size, and what the stack gets of them. */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"

/* An input begins with the number of a port and a header of this size, whatever the port's is. */
#define FRONT (1 + PORT_HEADER)

static const uint8_t sizes[] = { 10, 11, 12, 20, 24, 40 };
#define SIZES (sizeof(sizes))
#define KINDS 6 /* of ports of each size, see open_port() */
#define PORTS (SIZES * KINDS)

static struct port ports[PORTS];
static size_t num_ports;
static struct packet_ring ring; /* fd -1: none yet; without memory it is only a socket */
static bool ring_usable;

/* Kind bit 0: a TAP; then plain, with PI, big-endian headers. False if the kernel has not got it.
 */
static bool open_port(struct port *p, unsigned int kind, int size)
{
	bool tap = kind & 1, pi = kind >> 1 == 1, be = kind >> 1 == 2;
	char name[IFNAMSIZ];

	if (be && !fuzz_abi.kernel.cross_le)
		return false;
	snprintf(name, sizeof(name), "v%zu", num_ports);
	port_create(p, name, tap, pi, size);
	if (be)
		port_set_be(p);
	p->model.watched = true;
	port_up(p);
	return true;
}

static bool arrives(const struct port *p, const uint8_t *data, size_t len)
{
	return write(p->t.fd, data, len) == (ssize_t)len && packet_ring_next(&ring);
}

/*
 * In some kernels the ring takes no frame any more after one that PACKET_VNET_HDR cannot tell of:
 * its place is never free again. Such a frame, and one before and after it.
 */
static bool probe_ring(void)
{
	uint8_t data[VNET_SIZE_LEGACY + 256];
	struct seed seed;
	struct vnet v = { 0 };
	struct port p;
	bool usable;
	size_t len;

	port_create(&p, "probe", false, false, VNET_SIZE_LEGACY);
	port_up(&p);
	packet_ring_open(&ring, PACKET_VNET);
	seed_frame(0, false, &seed);
	len = VNET_SIZE_LEGACY + seed.frame.len;
	memcpy(data + VNET_SIZE_LEGACY, seed.frame.data, seed.frame.len);
	vnet_encode(&v, data, VNET_SIZE_LEGACY, false);
	usable = arrives(&p, data, len);
	v = frame_finish_gso(&seed.frame, 8);
	v.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	vnet_encode(&v, data, VNET_SIZE_LEGACY, false);
	usable = !arrives(&p, data, len) && usable;
	v = (struct vnet){ 0 };
	vnet_encode(&v, data, VNET_SIZE_LEGACY, false);
	usable = arrives(&p, data, len) && usable;
	packet_ring_close(&ring);
	port_close(&p);
	return usable;
}

static void begin(void)
{
	static bool probed;

	if (!probed)
		ring_usable = probe_ring();
	probed = true;
	num_ports = 0;
	for (size_t i = 0; i < PORTS; i++)
		num_ports += open_port(&ports[num_ports], i % KINDS, sizes[i / KINDS]);
	ring.fd = -1;
}

static void check(void)
{
	port_check_all(ports, num_ports);
}

static void end(void)
{
	port_close_all(ports, num_ports);
	if (ring.fd < 0)
		return;
	if (ring_usable)
		packet_ring_close(&ring);
	else
		close(ring.fd);
}

static size_t written(const uint8_t *data, size_t size, uint8_t *out, int *fd)
{
	const struct port *p = &ports[*data % num_ports];

	*fd = p->t.fd;
	return port_assemble(p, data + 1, size - 1, out);
}

/* Not before it is needed: without it the kernel has less to do, which is measured. */
static void open_ring(void)
{
	if (ring_usable)
		packet_ring_open(&ring, PACKET_VNET);
	else
		ring.fd = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

static void receive(struct model_written *w, struct delivered *d)
{
	if (ring_usable) {
		delivered_take(&ring, d);
		w->seen = w->seen && !w->vnet_err;
	} else if (w->seen || d->ret != w->ret) {
		/* A frame that should not be there is met by the next one that should. */
		delivered_receive(ring.fd, d);
	}
}

static int run(const uint8_t *data, size_t size)
{
	static uint8_t buf[PORT_ROOM + FUZZ_MAX_LEN];
	struct delivered d = { 0 };
	struct model_written w;
	struct port *p;
	const char *what;
	struct iovec iov = { buf, 0 };

	if (size < FRONT)
		return -1;
	if (ring.fd < 0)
		open_ring();
	p = &ports[*data % num_ports];
	iov.iov_len = port_assemble(p, data + 1, size - 1, buf);
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	d.ret = write(p->t.fd, buf, iov.iov_len);
	d.err = d.ret < 0 ? errno : 0;
	receive(&w, &d);
	what = delivered_difference(&w, buf + w.at, &d, true);
	if (what)
		port_wrong(p, what, &w, &d);
	fuzz_saw((uint32_t)d.err << 16 | d.vnet.gso_type << 8 | d.vnet.flags << 1 | p->model.tap);
	port_count(p, &w);
	return 0;
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static uint8_t buf[PORT_ROOM + FUZZ_MAX_LEN];
	struct iovec iov = { buf, 0 };
	struct model_written w;
	struct port *p;

	if (size < FRONT)
		return;
	p = &ports[*data % num_ports];
	iov.iov_len = port_assemble(p, data + 1, size - 1, buf);
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	print_write(out, p, buf, iov.iov_len, &w);
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	if (size < FRONT) {
		memset(data + size, 0, FRONT - size);
		size = FRONT;
	}
	if (edit_chance(draw, 10))
		*data = draw->below(draw, PORTS);
	return edit_header_or_frame(data, size, max, FRONT, 60, *data & 1, draw);
}

/* A checksum from so far behind that the skb cannot say it, with its headroom, in 16 bits. */
static size_t far_seed(uint8_t *data, const char **name)
{
	static struct frame f;
	struct vnet v = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 65534 };

	frame_start(&f);
	frame_ipv4(&f, "10.0.0.2", "10.0.0.1", IPPROTO_UDP);
	frame_pattern(&f, 65500, 1);
	frame_finish(&f);
	frame_pattern(&f, 65540 - f.len, 1);
	data[0] = 0;
	vnet_encode(&v, data + 1, PORT_HEADER, false);
	memcpy(data + FRONT, f.data, f.len);
	*name = "tun_far_csum";
	return FRONT + f.len;
}

static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static char text[64];
	static struct seed s;
	bool tap, gso;
	struct vnet v;

	if (!n--)
		return far_seed(data, name);
	tap = n & 1;
	gso = n & 2;
	if (!seed_frame(n / 4, tap, &s))
		return 0;
	v = seed_header(&s, gso ? 20 : 0);
	data[0] = tap;
	vnet_encode(&v, data + 1, PORT_HEADER, false);
	memcpy(data + FRONT, s.frame.data, s.frame.len);
	snprintf(text, sizeof(text), "%s_%s_%s", tap ? "tap" : "tun", s.name, gso ? "gso" : "csum");
	*name = text;
	return FRONT + s.frame.len;
}

const struct fuzz_target fuzz_target = {
	.name = "vnet_write",
	.format = "1 byte: number of the port (a header size; TUN or TAP; plain, with PI, or "
		  "big-endian); 24 bytes: the vnet header, little-endian, of which the port writes "
		  "as many as its size; then the frame",
	.max_len = FUZZ_MAX_LEN,
	.reset_inputs = 50000,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.print = print,
	.mutate = mutate,
	.written = written,
	.seed = seed,
};
