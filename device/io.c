// SPDX-License-Identifier: GPL-2.0-only
/* Packets through the device file. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/capture.h"
#include "netns/clock.h"

/* The largest vnet header that tun_send() and tun_recv() have room for. */
#define VNET_ROOM 256

static size_t pi_size(const struct tun *t)
{
	return t->flags & IFF_NO_PI ? 0 : sizeof(struct tun_pi);
}

static void capture(const struct tun *t, enum capture_direction direction, const void *frame,
		    size_t len)
{
	if (len)
		capture_frame(t->name, tun_is_tap(t) ? CAPTURE_ETHERNET : CAPTURE_RAW, direction,
			      frame, len);
}

/* @len bytes as they are in the file: without PI and vnet header they are the frame. */
static void capture_raw(const struct tun *t, enum capture_direction direction, const void *buf,
			ssize_t len)
{
	size_t headers = tun_header_size(t);

	if (len > 0 && len > headers)
		capture(t, direction, (const uint8_t *)buf + headers, len - headers);
}

ssize_t tun_write(const struct tun *t, const void *buf, size_t len)
{
	ssize_t ret = write(t->fd, buf, len);

	capture_raw(t, CAPTURE_INBOUND, buf, ret);
	return ret;
}

/* True if a read will not wait: a packet is there, or an error. */
static bool wait_readable(int fd, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, clock_left(deadline));
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

ssize_t tun_read(const struct tun *t, void *buf, size_t size, int timeout_ms)
{
	ssize_t ret;

	if (!wait_readable(t->fd, timeout_ms)) {
		errno = EAGAIN;
		return -1;
	}
	ret = read(t->fd, buf, size);
	capture_raw(t, CAPTURE_OUTBOUND, buf, ret);
	return ret;
}

static uint16_t protocol_of(const struct tun *t, const uint8_t *frame, size_t len)
{
	if (tun_is_tap(t))
		return len >= ETH_HLEN ? frame[12] << 8 | frame[13] : 0;
	if (len && frame[0] >> 4 == 4)
		return ETHERTYPE_IP;
	return len && frame[0] >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
}

ssize_t tun_send_hdr(const struct tun *t, const struct tun_pi *pi, const struct vnet *vnet,
		     const void *frame, size_t len)
{
	struct tun_pi own_pi = { .proto = htons(protocol_of(t, frame, len)) };
	struct vnet zero = { 0 };
	uint8_t header[VNET_ROOM];
	struct iovec iov[3];
	int n = 0;
	ssize_t ret;

	if (t->vnet_size > sizeof(header))
		TH_BAIL("a vnet header of %zu bytes needs tun_write()", t->vnet_size);
	if (pi_size(t))
		iov[n++] = (struct iovec){ (void *)(pi ?: &own_pi), sizeof(*pi) };
	if (t->vnet_size) {
		vnet_encode(vnet ?: &zero, header, t->vnet_size, t->vnet_be);
		iov[n++] = (struct iovec){ header, t->vnet_size };
	}
	iov[n++] = (struct iovec){ (void *)frame, len };

	ret = writev(t->fd, iov, n);
	if (ret >= 0)
		capture(t, CAPTURE_INBOUND, frame, len);
	return ret;
}

ssize_t tun_send(const struct tun *t, const struct vnet *vnet, const struct frame *f)
{
	return tun_send_hdr(t, NULL, vnet, f->data, f->len);
}

bool tun_recv(const struct tun *t, struct tun_packet *p, int timeout_ms)
{
	size_t headers = tun_header_size(t);
	ssize_t len = tun_read(t, p->raw, sizeof(p->raw), timeout_ms);

	if (len < 0 && errno == EAGAIN)
		return false;
	if (len < 0)
		TH_BAIL("cannot read from %s: %s", t->name, strerror(errno));
	if (len < headers)
		TH_BAIL("a read from %s gave %zd bytes, its headers are %zu", t->name, len,
			headers);

	p->raw_len = len;
	p->pi = (struct tun_pi){ 0 };
	p->vnet = (struct vnet){ 0 };
	memcpy(&p->pi, p->raw, pi_size(t));
	if (t->vnet_size)
		p->vnet = vnet_decode(p->raw + pi_size(t), t->vnet_size, t->vnet_be);
	p->data = p->raw + headers;
	p->len = len - headers;
	return true;
}

bool tun_recv_proto(const struct tun *t, struct tun_packet *p, uint8_t l4_proto, int timeout_ms,
		    struct parsed *parsed)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct parsed own;

	if (!parsed)
		parsed = &own;
	while (tun_recv(t, p, clock_left(deadline))) {
		if (frame_parse(p->data, p->len, tun_is_tap(t), parsed) &&
		    parsed->l4_proto == l4_proto)
			return true;
	}
	return false;
}
