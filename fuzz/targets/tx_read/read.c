// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/tx_read/read.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/targets/edit.h"

#define GUARD 32 /* bytes around pieces of a buffer */

static void read_into(const struct plan *p, size_t size, int pieces, uint8_t fill, struct got *g)
{
	static uint8_t area[LARGE + (MOST + 1) * GUARD];
	uint8_t *at = area + GUARD, *to = g->bytes;
	struct iovec iov[MOST];

	memset(area, fill, sizeof(area));
	memset(g->bytes, fill, sizeof(g->bytes));
	for (int i = 0; i < pieces; i++) {
		size_t n = i < pieces - 1 && p->piece < size ? p->piece : size;

		iov[i] = (struct iovec){ at, n };
		at += n + GUARD;
		size -= n;
	}
	if (!pieces) {
		iov[0] = (struct iovec){ at, p->piece };
		iov[1] = (struct iovec){ NULL, size - p->piece };
	}
	g->fill = fill;
	g->ret = !pieces    ? readv(p->r->port.t.fd, iov, 2) :
		 pieces > 1 ? readv(p->r->port.t.fd, iov, pieces) :
			      read(p->r->port.t.fd, iov->iov_base, iov->iov_len);
	g->err = g->ret < 0 ? errno : 0;
	for (int i = 0; i < (pieces ? pieces : 1); i++) {
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
		to += iov[i].iov_len;
		memset(iov[i].iov_base, fill, iov[i].iov_len);
	}
	for (at = area; at < area + sizeof(area); at++) {
		if (*at != fill)
			fuzz_wrong("a read of %s writes outside of the buffer", p->r->port.t.name);
	}
}

size_t read_all(const struct plan *p, size_t size, int pieces, uint8_t fill,
		void (*each)(const struct plan *p, size_t n, const struct got *g))
{
	static struct got g;
	size_t n = 0;

	for (;; n++) {
		read_into(p, size, pieces, fill, &g);
		if (g.ret < 0 && g.err == EAGAIN)
			return n;
		if (n == READER_QUEUE)
			fuzz_wrong("%s gives more packets than there can be", p->r->port.t.name);
		each(p, n, &g);
	}
}

struct model_packet got_packet(const struct plan *p, const struct got *g)
{
	const struct model_port *m = &p->port;
	size_t pi = m->pi ? 4 : 0, front = pi + m->vnet_size;
	struct model_packet q = { .data = g->bytes + front, .len = g->ret - front };
	bool tunnel = m->vnet_hdr && g->bytes[pi + 1] & PLAN_TUNNEL;
	struct vnet v = { 0 };

	if (g->ret < (ssize_t)front)
		fuzz_wrong("a read of %s gives %zd bytes", p->r->port.t.name, g->ret);
	if (m->pi)
		q.protocol = edit_get_net16(g->bytes + 2);
	if (m->vnet_hdr)
		v = vnet_decode(g->bytes + pi, m->vnet_size, m->big_endian && !tunnel);
	q.gso_type = v.gso_type;
	q.gso_size = v.gso_size;
	q.hdr_len = v.hdr_len;
	q.partial = v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	q.data_valid = v.flags & VIRTIO_NET_HDR_F_DATA_VALID;
	q.csum_start = v.csum_start;
	q.csum_offset = v.csum_offset;
	q.tunnel_csum = v.flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM;
	if (tunnel) {
		q.outer_th_offset = v.outer_th_offset;
		q.inner_nh_offset = v.inner_nh_offset;
	}
	return q;
}
