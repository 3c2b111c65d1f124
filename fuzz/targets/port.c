// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/port.h"

#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "harness/harness.h"
#include "netns/link.h"

void port_create_flags(struct port *p, const char *name, unsigned int flags, int vnet_size)
{
	*p = (struct port){
		.model = {
			.attached = true,
			.tap = flags & IFF_TAP,
			.pi = !(flags & IFF_NO_PI),
			.vnet_hdr = vnet_size,
			.vnet_size = vnet_size,
			.up = true,
			.napi = flags & IFF_NAPI,
			.napi_frags = flags & IFF_NAPI_FRAGS,
			.nonblock = true,
		},
	};
	p->t = tun_create(name, flags | (vnet_size ? IFF_VNET_HDR : 0));
	if (vnet_size && tun_set_vnet_hdr_sz(&p->t, vnet_size))
		TH_BAIL("header of %d bytes on %s: %s", vnet_size, name, strerror(errno));
}

void port_create(struct port *p, const char *name, bool tap, bool pi, int vnet_size)
{
	port_create_flags(p, name, (tap ? IFF_TAP : IFF_TUN) | (pi ? 0 : IFF_NO_PI), vnet_size);
}

void port_set_be(struct port *p)
{
	if (tun_set_vnet_be(p->t.fd, 1))
		TH_BAIL("TUNSETVNETBE on %s: %s", p->t.name, strerror(errno));
	p->model.big_endian = true;
}

void port_up(struct port *p)
{
	struct link link;

	if (link_up(p->t.name) || link_get(p->t.name, &link))
		TH_BAIL("%s does not come up: %s", p->t.name, strerror(errno));
	memcpy(p->model.mac, link.address, sizeof(p->model.mac));
}

void port_close(struct port *p)
{
	tun_set_persist(p->t.fd, 1);
	tun_close(&p->t);
}

void port_count(struct port *p, const struct model_written *w)
{
	p->sum.rx_packets += w->rx_packets;
	p->sum.rx_bytes += w->rx_bytes;
	p->sum.rx_dropped += w->rx_dropped;
	p->sum.rx_frame_errors += w->rx_frame_errors;
}

static void compare(const struct port *p, const char *counter, uint64_t expected, uint64_t seen)
{
	if (expected != seen)
		fuzz_wrong("%s of %s: model %llu, kernel %llu", counter, p->t.name,
			   (unsigned long long)expected, (unsigned long long)seen);
}

void port_check(const struct port *p)
{
	struct rtnl_link_stats64 s = link_stats(p->t.name);

	compare(p, "rx_packets", p->sum.rx_packets, s.rx_packets);
	compare(p, "rx_bytes", p->sum.rx_bytes, s.rx_bytes);
	compare(p, "rx_dropped", p->sum.rx_dropped, s.rx_dropped);
	compare(p, "rx_frame_errors", p->sum.rx_frame_errors, s.rx_frame_errors);
}

size_t port_assemble(const struct port *p, const uint8_t *data, size_t size, uint8_t *out)
{
	/* The input's header is little-endian, so that it means the same anywhere. */
	struct vnet v = vnet_decode(data, PORT_HEADER, false);
	size_t at = 0;

	if (p->model.pi) {
		bool six = size > PORT_HEADER && data[PORT_HEADER] >> 4 == 6;

		memcpy(out, (uint8_t[]){ 0, 0, six ? 0x86 : 0x08, six ? 0xdd : 0x00 }, 4);
		at = 4;
	}
	if (p->model.vnet_hdr)
		vnet_encode(&v, out + at, p->model.vnet_size, p->model.big_endian);
	at += p->model.vnet_size;
	memcpy(out + at, data + PORT_HEADER, size - PORT_HEADER);
	return at + size - PORT_HEADER;
}

void port_wrong(const struct port *p, const char *what, const struct model_written *w,
		const struct delivered *d)
{
	const struct vnet *m = &w->vnet, *k = &d->vnet;

	fuzz_wrong("%s of a write to %s (header of %u bytes): model %zd (%s), kernel %zd (%s); "
		   "header behind it: model flags %#x type %#x hdr_len %u size %u checksum %u+%u, "
		   "kernel flags %#x type %#x hdr_len %u size %u checksum %u+%u",
		   what, p->t.name, p->model.vnet_size, w->ret, strerror(w->err), d->ret,
		   strerror(d->err), m->flags, m->gso_type, m->hdr_len, m->gso_size, m->csum_start,
		   m->csum_offset, k->flags, k->gso_type, k->hdr_len, k->gso_size, k->csum_start,
		   k->csum_offset);
}

void port_close_all(struct port *ports, size_t n)
{
	while (n--)
		port_close(&ports[n]);
}

void port_check_all(const struct port *ports, size_t n)
{
	for (size_t i = 0; i < n; i++)
		port_check(&ports[i]);
}
