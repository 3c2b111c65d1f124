// SPDX-License-Identifier: GPL-2.0-only
/* Raw frames into devices without a vnet header. */
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/frame.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"
#include "fuzz/targets/print.h"
#include "fuzz/targets/seed.h"

#define PORTS 4

static struct port ports[PORTS];

/* Port number bit 0: a TAP; bit 1: with PI. */
static void begin(void)
{
	char name[IFNAMSIZ];

	for (unsigned int i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		port_create(&ports[i], name, i & 1, i & 2, 0);
		port_up(&ports[i]);
	}
}

/* What all the writes together have counted. */
static void check(void)
{
	port_check_all(ports, PORTS);
}

static void end(void)
{
	port_close_all(ports, PORTS);
}

/* A type as far as the stack tells it from others. */
static uint16_t type_seen(uint16_t type)
{
	switch (type) {
	case ETH_P_IP:
	case ETH_P_IPV6:
	case ETH_P_ARP:
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return type;
	default:
		return type >= ETH_P_802_3_MIN;
	}
}

static int run(const uint8_t *data, size_t size)
{
	struct port *p;
	struct iovec iov;
	struct model_written w;
	ssize_t ret;

	if (!size)
		return -1;
	p = &ports[*data % PORTS];
	iov = (struct iovec){ (void *)(data + 1), size - 1 };
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	ret = write(p->t.fd, data + 1, size - 1);
	if (ret != w.ret || (ret < 0 && errno != w.err))
		fuzz_wrong("write of %zu bytes to %s: model %zd (%s), kernel %zd (%s)", size - 1,
			   p->t.name, w.ret, w.ret < 0 ? strerror(w.err) : "fine", ret,
			   ret < 0 ? strerror(errno) : "fine");
	fuzz_saw(*data % PORTS << 17 |
		 (ret < 0 ? (unsigned int)errno : 0x10000 | type_seen(w.protocol)));
	port_count(p, &w);
	return 0;
}

static void print(FILE *out, const uint8_t *data, size_t size)
{
	struct port *p = &ports[size ? *data % PORTS : 0];
	struct iovec iov = { (void *)(data + 1), size - 1 };
	struct model_written w;

	if (!size)
		return;
	model_write(&fuzz_abi.kernel, &p->model, &iov, 1, &w);
	print_write(out, p, data + 1, size - 1, &w);
}

static size_t written(const uint8_t *data, size_t size, uint8_t *out, int *fd)
{
	*fd = ports[*data % PORTS].t.fd;
	memcpy(out, data + 1, size - 1);
	return size - 1;
}

/* Everything but the port stands behind it. */
static size_t mutate(uint8_t *data, size_t size, size_t max, struct draw *draw)
{
	size_t pi;

	if (!size)
		data[size++] = 0;
	if (edit_chance(draw, 10))
		*data = draw->below(draw, PORTS);
	pi = *data & 2 ? 4 : 0;
	if (size < 1 + pi || edit_chance(draw, 10))
		return 1 + edit_raw(data + 1, size - 1, max - 1, draw);
	return 1 + pi + edit_frame(data + 1 + pi, size - 1 - pi, max - 1 - pi, *data & 1, draw);
}

static size_t seed(unsigned int n, uint8_t *data, const char **name)
{
	static char text[64];
	struct seed s;
	unsigned int port = n % PORTS;
	size_t at = 0;

	if (!seed_frame(n / PORTS, port & 1, &s))
		return 0;
	data[at++] = port;
	if (port & 2) {
		memcpy(data + at, (uint8_t[]){ 0, 0, s.type >> 8, s.type }, 4);
		at += 4;
	}
	memcpy(data + at, s.frame.data, s.frame.len);
	snprintf(text, sizeof(text), "%s%s_%s", port & 1 ? "tap" : "tun", port & 2 ? "_pi" : "",
		 s.name);
	*name = text;
	return at + s.frame.len;
}

const struct fuzz_target fuzz_target = {
	.name = "frame_write",
	.format = "1 byte: bit 0 TAP instead of TUN, bit 1 with a PI header; then what is written",
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
