// SPDX-License-Identifier: GPL-2.0-only
/* Writes of several pieces to devices with NAPI, where with IFF_NAPI_FRAGS each is a fragment. */
#include <errno.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/delivered.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"

/* An input: port, number of pieces, a length for each; PORT_HEADER bytes; the frame. */
#define MOST_PIECES 31
#define UNREADABLE  0x8000
#define REST	    0x7fff /* a length: what is left of the frame */
#define LONGEST	    69900  /* of a write */
#define WAIT_MS	    2000

static const struct {
	unsigned int flags;
	uint8_t header;
	bool big_endian;
} kinds[] = {
	/* The first ones are for all, the others for the owner of the machine. */
	{ IFF_TUN | IFF_NAPI | IFF_NO_PI, 0, false },
	{ IFF_TAP | IFF_NAPI | IFF_NO_PI, 0, false },
	{ IFF_TUN | IFF_NAPI, 12, false },
	{ IFF_TAP | IFF_NAPI, 0, false },
	{ IFF_TUN | IFF_NAPI | IFF_NO_PI, 10, false },
	{ IFF_TAP | IFF_NAPI | IFF_NO_PI, 24, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 0, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, 0, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 10, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 12, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, 24, false },
	{ IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS | IFF_NO_PI, 20, true },
};
#define PORTS ARRAY_SIZE(kinds)

static struct port ports[PORTS];
static size_t num_ports;
static int packet;

/* False if the kernel has not got it, or not for us. */
static bool open_port(struct port *p, size_t kind)
{
	char name[IFNAMSIZ];

	if ((kinds[kind].flags & IFF_NAPI_FRAGS && !fuzz_abi.init_net_admin) ||
	    (kinds[kind].big_endian && !fuzz_abi.kernel.cross_le))
		return false;
	snprintf(name, sizeof(name), "n%zu", kind);
	port_create_flags(p, name, kinds[kind].flags, kinds[kind].header);
	if (kinds[kind].big_endian && tun_set_vnet_be(p->t.fd, 1))
		TH_BAIL("TUNSETVNETBE on %s: %s", name, strerror(errno));
	p->model.big_endian = kinds[kind].big_endian;
	p->model.watched = true;
	port_up(p);
	return true;
}

static void begin(void)
{
	num_ports = 0;
	for (size_t i = 0; i < PORTS; i++)
		num_ports += open_port(&ports[num_ports], i);
	packet = packet_open(NULL, ETH_P_ALL, PACKET_VNET);
}

static void check(void)
{
	port_check_all(ports, num_ports);
}

static void end(void)
{
	port_close_all(ports, num_ports);
	close(packet);
}

/* A write as an input says it. */
struct shape {
	struct port *port;
	uint8_t bytes[LONGEST + PORT_ROOM + FUZZ_MAX_LEN];
	size_t given; /* of them from the input, the others are a pattern */
	size_t size;  /* of the write */
	struct iovec iov[MOST_PIECES];
	int count;
};

/* Bytes of an input in front of the frame. */
static size_t front_of(const uint8_t *data)
{
	return 2 + 2 * (data[1] % (MOST_PIECES + 1)) + PORT_HEADER;
}

static void cut(struct shape *s, const uint8_t *lengths)
{
	size_t at = 0;

	for (int i = 0; i < s->count; i++) {
		uint16_t word = lengths[2 * i] | lengths[2 * i + 1] << 8;
		size_t len = word & ~UNREADABLE;

		if (len == REST)
			len = s->given > at ? s->given - at : 0;
		if (len > LONGEST - at)
			len = LONGEST - at;
		s->iov[i] = (struct iovec){ word & UNREADABLE ? NULL : s->bytes + at, len };
		at += len;
	}
	s->size = at;
}

/* False if the input is too short to be one. */
static bool read_shape(const uint8_t *data, size_t size, struct shape *s)
{
	size_t front, at;

	if (size < 2 || size < front_of(data))
		return false;
	s->port = &ports[data[0] % num_ports];
	s->count = data[1] % (MOST_PIECES + 1);
	at = 2 + 2 * s->count;
	s->given = port_assemble(s->port, data + at, size - at, s->bytes);
	cut(s, data + 2);
	/* The pattern counts from the frame's start, as that of the program does. */
	front = tun_header_size(&s->port->t);
	for (size_t i = s->given; i < s->size; i++)
		s->bytes[i] = (i - front) ^ (i - front) >> 8;
	return true;
}

/* The frame comes from a softirq, which may be that of a thread. */
static void receive(bool expected, struct delivered *d)
{
	struct pollfd p = { .fd = packet, .events = POLLIN };

	if (expected)
		poll(&p, 1, WAIT_MS);
	delivered_receive(packet, d);
}

static int run(const uint8_t *data, size_t size)
{
	static struct shape s;
	struct delivered d = { 0 };
	struct model_written w;
	const char *what;
	struct port *p;

	if (!read_shape(data, size, &s))
		return -1;
	p = s.port;
	model_write(&fuzz_abi.kernel, &p->model, s.iov, s.count, &w);
	d.ret = s.count == 1 ? write(p->t.fd, s.iov->iov_base, s.iov->iov_len) :
			       writev(p->t.fd, s.iov, s.count);
	d.err = d.ret < 0 ? errno : 0;
	/* A frame that should not be there is met by the next one that should. */
	if (w.seen || d.ret != w.ret)
		receive(w.seen && d.ret > 0, &d);
	what = delivered_difference(&w, s.bytes + w.at, &d, true);
	if (what)
		port_wrong(p, what, &w, &d);
	fuzz_saw((uint32_t)d.err << 16 | d.vnet.gso_type << 8 | d.vnet.flags << 1 |
		 p->model.napi_frags);
	fuzz_saw(0x1000000 | d.err << 8 | s.count);
	port_count(p, &w);
	return 0;
}

static void print_lengths(FILE *out, const struct shape *s)
{
	fputs("\t\tstatic const unsigned short pieces[] = {", out);
	for (int i = 0; i < s->count; i++)
		fprintf(out, " %s%zu,", s->iov[i].iov_base ? "" : "UNREADABLE | ",
			s->iov[i].iov_len);
	fputs(s->count ? " };\n" : " 0 };\n", out);
}

/* The frame, of which the program fills in what is a pattern. */
static size_t print_frame(FILE *out, const struct shape *s, size_t front)
{
	size_t len = s->size > front ? s->size - front : 0;
	size_t given = s->given < s->size ? s->given - front : len;

	fprintf(out, "\t\tstatic unsigned char frame[%zu] = {", len + !len);
	for (size_t i = 0; i < given; i++)
		fprintf(out, "%s0x%02x,", i % 16 ? " " : "\n\t\t\t", s->bytes[front + i]);
	fputs(given ? "\n\t\t};\n" : " 0 };\n", out);
	if (given < len)
		fprintf(out, "\n\t\tpattern(frame, %zu, %zu);", given, len);
	return len;
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	static struct shape s;
	const struct model_port *m;
	struct model_written w;
	struct vnet v;
	size_t len;

	if (!read_shape(data, size, &s))
		return;
	m = &s.port->model;
	model_write(&fuzz_abi.kernel, m, s.iov, s.count, &w);
	if (m->vnet_hdr) {
		v = vnet_decode(s.bytes + (m->pi ? 4 : 0), m->vnet_size, m->big_endian);
		print_vnet(out, "header", &v);
	}
	print_lengths(out, &s);
	len = print_frame(out, &s, tun_header_size(&s.port->t));
	fputs("\n\t\tCHECK(write_pieces(", out);
	print_device(out, s.port);
	fprintf(out, ", %d, %s, %u, %d,\n\t\t\t\t   frame, %zu, pieces, %d), ",
		m->pi ? s.bytes[2] << 8 | s.bytes[3] : -1, m->vnet_hdr ? "&header" : "NULL",
		m->vnet_size, m->big_endian, len, s.count);
	print_result(out, w.ret, w.err);
	print_seen(out, m, &w);
}

/* A length that means something: a page, what the headers are long, nothing, the rest. */
static uint16_t draw_length(uint16_t old, struct draw *draw)
{
	static const uint16_t lengths[] = { 0,	1,  4,	10,   12,   13,	  14,	 24,	28,
					    34, 54, 64, 4095, 4096, 4097, 12288, 32766, REST };

	if (edit_chance(draw, 5))
		return old ^ UNREADABLE;
	if (edit_chance(draw, 60))
		return lengths[draw->below(draw, ARRAY_SIZE(lengths))];
	return edit_number(old, edit_chance(draw, 80) ? 8 : 15, draw);
}

/* One piece more, less, or with another length. The new size of the input. */
static size_t edit_pieces(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	unsigned int count = data[1] % (MOST_PIECES + 1), n = draw->below(draw, count + 1);
	uint8_t *at = data + 2 + 2 * n;
	uint16_t len;

	if (n < count && edit_chance(draw, 50)) {
		len = draw_length(at[0] | at[1] << 8, draw);
	} else if (n < count && edit_chance(draw, 50)) {
		memmove(at, at + 2, size - (at + 2 - data));
		data[1] = count - 1;
		return size - 2;
	} else if (count < MOST_PIECES && size + 2 <= max) {
		memmove(at + 2, at, size - (at - data));
		data[1] = count + 1;
		size += 2;
		len = draw_length(REST, draw);
	} else {
		return size;
	}
	at[0] = len;
	at[1] = len >> 8;
	return size;
}

static bool is_tap(uint8_t port)
{
	return ports[port % num_ports].model.tap;
}

static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t front;

	if (size < 2 || size < front_of(data)) {
		memset(data, 0, 2 + PORT_HEADER);
		size = 2 + PORT_HEADER;
	}
	if (edit_chance(draw, 10))
		*data = draw->below(draw, PORTS);
	if (edit_chance(draw, 40))
		return edit_pieces(data, size, max, draw);
	front = front_of(data);
	if (edit_chance(draw, 30)) {
		edit_header(data + front - PORT_HEADER, data + front, size - front, is_tap(*data),
			    draw);
		return size;
	}
	return front + edit_frame(data + front, size - front, max - front, is_tap(*data), draw);
}

/* The ways a frame is cut in the seeds. */
static const struct {
	const char *name;
	uint8_t count;
	uint16_t lengths[MOST_PIECES];
} cuts[] = {
	{ "whole", 1, { REST } },
	{ "ethernet", 2, { 14, REST } },
	{ "headers", 4, { 14, 20, 8, REST } },
	{ "empty_first", 3, { 0, 34, REST } },
	{ "empty", 3, { 34, 0, REST } },
	{ "two_pages", 3, { 54, 4096, 4096 } },
	{ "above_page", 2, { 54, 4097 } },
	{ "long_first", 2, { 12288, 100 } },
	{ "unreadable", 2, { 34, UNREADABLE | 20 } },
	{ "most", 18, { 34, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "too_many", 19, { 34, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } },
	{ "too_long",
	  17,
	  { 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096,
	    4096, 4096, 4096 } },
};

/* Each cut on four kinds of device; which frame is in it follows from its number. */
static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static const uint8_t kind[] = { 6, 8, 1, 0 };
	static const char *const kind_name[] = { "frags", "frags_vnet", "tap", "tun" };
	static char text[80];
	static struct seed s;
	unsigned int i = n / 4;
	struct vnet v = { 0 };
	size_t at = 2;

	if (i >= ARRAY_SIZE(cuts) || !seed_frame(i, n % 4 != 3, &s))
		return 0;
	if (s.frame.l4 >= 0 && (s.frame.l4_proto == 6 || s.frame.l4_proto == 17))
		v = frame_finish_partial(&s.frame);
	data[0] = kind[n % 4];
	data[1] = cuts[i].count;
	for (int k = 0; k < cuts[i].count; k++) {
		data[at++] = cuts[i].lengths[k];
		data[at++] = cuts[i].lengths[k] >> 8;
	}
	vnet_encode(&v, data + at, PORT_HEADER, false);
	at += PORT_HEADER;
	memcpy(data + at, s.frame.data, s.frame.len);
	snprintf(text, sizeof(text), "%s_%s_%s", kind_name[n % 4], cuts[i].name, s.name);
	*name = text;
	return at + s.frame.len;
}

const struct fuzz_target fuzz_target = {
	.name = "napi_frags",
	.format = "1 byte: number of the port (TUN or TAP, with IFF_NAPI_FRAGS or without, PI, a "
		  "header); 1 byte: number of pieces; for each 2 bytes, little-endian: its length, "
		  "32767 for what is left of the frame, and bit 15 if it cannot be read; 24 bytes: "
		  "the vnet header, little-endian; then the frame, which a pattern goes on",
	.max_len = FUZZ_MAX_LEN,
	.reset_inputs = 50000,
	.begin = begin,
	.end = end,
	.check = check,
	.run = run,
	.print = print,
	.mutate = mutate,
	.seed = seed,
};
