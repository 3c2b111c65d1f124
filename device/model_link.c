// SPDX-License-Identifier: GPL-2.0-only
/* A device seen from the stack: link settings, and the packets that go through it. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <linux/if_ether.h>

#include "device/model.h"
#include "device/uapi.h"

int model_link_up(struct model *m, int netns, const char *name, bool up)
{
	struct model_device *d = model_device(m, netns, name);

	if (!d)
		return -ENODEV;
	d->up = up;
	return 0;
}

/* tun_queue_resize(): every queue keeps its oldest packets, those that are detached too. */
int model_link_txqueuelen(struct model *m, int netns, const char *name, uint32_t len)
{
	struct model_device *d = model_device(m, netns, name);

	if (!d)
		return -ENODEV;
	d->txqueuelen = len;
	for (struct model_file *f = m->files; f < m->files + MODEL_FILES; f++) {
		if (model_device_of(m, f) == d && f->packets > len)
			f->packets = len;
	}
	return 0;
}

/* The bounds are those of tun_net_initialize(), they are checked by dev_validate_mtu(). */
int model_link_mtu(struct model *m, int netns, const char *name, uint32_t mtu)
{
	struct model_device *d = model_device(m, netns, name);

	if (!d)
		return -ENODEV;
	if (mtu != d->mtu && (mtu < 68 || mtu > (d->tap ? 65535 - ETH_HLEN : 65535)))
		return -EINVAL;
	d->mtu = mtu;
	return 0;
}

/* tun_chr_poll(); sock_writeable() asks for less than half of the send buffer in use. */
int model_poll(const struct model *m, int file)
{
	const struct model_file *f = &m->files[file];
	int events = 0;

	if (f->device < 0)
		return POLLERR;
	if (f->packets)
		events |= POLLIN | POLLRDNORM;
	if (m->devices[f->device].up && f->sndbuf >> 1 > 1)
		events |= POLLOUT | POLLWRNORM;
	return events;
}

/* run_filter() */
static bool tx_filter_passes(const struct model_device *d, const uint8_t *frame)
{
	if (!d->exact)
		return true;
	for (size_t i = 0; i < d->exact; i++) {
		if (!memcmp(frame, d->addresses[i], 6))
			return true;
	}
	return frame[0] & 1 && d->hashed >> model_hash(frame) & 1;
}

/* What the filters leave of @len bytes, 0 for nothing. */
static uint32_t filtered(const struct model_device *d, const struct model_file *f,
			 const struct model_frame *p)
{
	uint32_t len = p->len;

	if (!tx_filter_passes(d, p->data))
		return 0;
	if (f->filter >= 0 && (uint32_t)model_programs[f->filter] < len)
		len = model_programs[f->filter];
	if (len && d->ebpf != -2 && (uint32_t)d->ebpf < len)
		len = d->ebpf;
	return len;
}

/* tun_net_xmit(): false if the packet is dropped. */
static bool transmit(struct model *m, struct model_device *d, const struct model_frame *p)
{
	struct model_file *f;
	uint32_t len;
	int file;

	if (!d->numqueues)
		return false;
	file = d->queues[d->steering == -2 ? 0 : (uint16_t)d->steering % d->numqueues];
	f = &m->files[file];
	len = filtered(d, f, p);
	if (!len || f->packets >= d->txqueuelen || f->packets == MODEL_PACKETS)
		return false;
	m->queued[file][f->packets] = *p;
	m->queued[file][f->packets++].len = len;
	return true;
}

/* packet_snd() and __dev_direct_xmit() */
int model_send(struct model *m, int netns, const char *name, const struct model_frame *p,
	       bool *known)
{
	struct model_device *d = model_device(m, netns, name);

	*known = !d || d->numqueues < 2 || d->steering != -2;
	if (!*known)
		return 0;
	if (!d)
		return -ENXIO;
	if (!d->up)
		return -ENETDOWN;
	if (p->len > d->mtu + (d->tap ? ETH_HLEN : 0))
		return -EMSGSIZE;
	if (d->carrier && transmit(m, d, p))
		return p->len;
	d->stats.tx_dropped++;
	return -ENOBUFS;
}

/*
 * What the data path looks at; the byte order is that of tun_is_little_endian(). Who uses the model
 * has a packet socket for everything, see watch_device() in op_run.c.
 */
static struct model_port port_of(const struct model *m, const struct model_file *f)
{
	const struct model_device *d = &m->devices[f->device];
	struct model_port port = {
		.attached = true,
		.tap = d->tap,
		.pi = !(d->flags & IFF_NO_PI),
		.vnet_hdr = d->flags & IFF_VNET_HDR,
		.vnet_size = d->vnet_size,
		.tunnel_gso = d->offload & TUN_F_UDP_TUNNEL_GSO,
		.big_endian = d->vnet_be && !d->vnet_le,
		.up = d->up,
		.napi = f->napi,
		.napi_frags = f->napi_frags,
		.detached = f->detached,
		.nonblock = true,
		.watched = true,
	};

	memcpy(port.mac, d->address, sizeof(port.mac));
	return port;
}

ssize_t model_write_file(struct model *m, int file, const uint8_t *buf, size_t len)
{
	struct model_file *f = &m->files[file];
	struct iovec iov = { (void *)buf, len };
	struct model_written w;
	struct model_port port;
	struct model_stats *s;

	if (f->device < 0)
		return -EBADFD;
	port = port_of(m, f);
	model_write(&m->abi.kernel, &port, &iov, 1, &w);
	s = &m->devices[f->device].stats;
	s->rx_packets += w.rx_packets;
	s->rx_bytes += w.rx_bytes;
	s->rx_dropped += w.rx_dropped;
	/* tap_netdev_ops has no counters of its own. */
	s->rx_frame_errors += w.rx_frame_errors;
	return w.ret < 0 ? -w.err : w.ret;
}

ssize_t model_read_file(struct model *m, int file, uint8_t *buf, size_t size)
{
	struct model_file *f = &m->files[file];
	struct model_frame *oldest = m->queued[file];
	struct model_packet packet = { 0 };
	struct model_readout out;
	struct model_port port;
	struct model_stats *s;

	if (f->device < 0)
		return -EBADFD;
	port = port_of(m, f);
	if (f->packets) {
		packet.data = oldest->data;
		packet.len = oldest->len;
		packet.protocol = oldest->protocol;
	}
	model_read(&m->abi.kernel, &port, f->packets ? &packet : NULL, buf, size, &out);
	s = &m->devices[f->device].stats;
	s->tx_packets += out.tx_packets;
	s->tx_bytes += out.tx_bytes;
	if (out.taken)
		memmove(oldest, oldest + 1, --f->packets * sizeof(*oldest));
	return out.ret < 0 ? -out.err : out.ret;
}
