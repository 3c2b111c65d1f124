// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/print.h"

#include <arpa/inet.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "device/uapi.h"
#include "harness/harness.h"

void print_bytes(FILE *out, const char *name, const uint8_t *data, size_t size)
{
	fprintf(out, "\t\tstatic const unsigned char %s[] = {", name);
	for (size_t i = 0; i < size; i++)
		fprintf(out, "%s0x%02x,", i % 16 ? " " : "\n\t\t\t", data[i]);
	fputs(size ? "\n\t\t};\n" : " 0 };\n", out);
}

struct flag {
	const char *name;
	unsigned int value;
};

/* The names of the flags in @value, and what is left as a number. */
static void print_flags(FILE *out, unsigned int value, const struct flag *flags, size_t n)
{
	const char *between = "";

	for (size_t i = 0; i < n; i++) {
		if (!flags[i].value || (value & flags[i].value) != flags[i].value)
			continue;
		fprintf(out, "%s%s", between, flags[i].name);
		between = " | ";
		value &= ~flags[i].value;
	}
	if (value || !*between)
		fprintf(out, "%s%#x", between, value);
}

void print_vnet(FILE *out, const char *name, const struct vnet *v)
{
	static const struct flag flags[] = {
		{ "VIRTIO_NET_HDR_F_NEEDS_CSUM", VIRTIO_NET_HDR_F_NEEDS_CSUM },
		{ "VIRTIO_NET_HDR_F_DATA_VALID", VIRTIO_NET_HDR_F_DATA_VALID },
	}, /* UDP_L4 has bits of others, so it comes first */
		types[] = {
		{ "VIRTIO_NET_HDR_GSO_ECN", VIRTIO_NET_HDR_GSO_ECN },
		{ "5 /* VIRTIO_NET_HDR_GSO_UDP_L4 */", 5 },
		{ "VIRTIO_NET_HDR_GSO_TCPV6", VIRTIO_NET_HDR_GSO_TCPV6 },
		{ "VIRTIO_NET_HDR_GSO_UDP", VIRTIO_NET_HDR_GSO_UDP },
		{ "VIRTIO_NET_HDR_GSO_TCPV4", VIRTIO_NET_HDR_GSO_TCPV4 },
	};

	fprintf(out, "\t\tstatic const struct vnet_header %s = {\n\t\t\t.flags = ", name);
	print_flags(out, v->flags, flags, ARRAY_SIZE(flags));
	fputs(",\n\t\t\t.gso_type = ", out);
	print_flags(out, v->gso_type, types, ARRAY_SIZE(types));
	fprintf(out, ",\n\t\t\t.hdr_len = %u,\n\t\t\t.gso_size = %u,\n", v->hdr_len, v->gso_size);
	fprintf(out, "\t\t\t.csum_start = %u,\n\t\t\t.csum_offset = %u,\n", v->csum_start,
		v->csum_offset);
	if (v->num_buffers)
		fprintf(out, "\t\t\t.num_buffers = %u,\n", v->num_buffers);
	if (v->hash_value || v->hash_report)
		fprintf(out, "\t\t\t.hash_value = %#x,\n\t\t\t.hash_report = %u,\n", v->hash_value,
			v->hash_report);
	if (v->outer_th_offset || v->inner_nh_offset)
		fprintf(out, "\t\t\t.outer_th_offset = %u,\n\t\t\t.inner_nh_offset = %u,\n",
			v->outer_th_offset, v->inner_nh_offset);
	fputs("\t\t};\n", out);
}

void print_device(FILE *out, const struct port *p)
{
	const struct model_port *m = &p->model;

	fprintf(out, "device(\"%s\", %s%s%s%s%s, %u, %d)", p->t.name,
		m->tap ? "IFF_TAP" : "IFF_TUN", m->pi ? "" : " | IFF_NO_PI",
		m->vnet_hdr ? " | IFF_VNET_HDR" : "", m->napi ? " | IFF_NAPI" : "",
		m->napi_frags ? " | IFF_NAPI_FRAGS" : "", m->vnet_size, m->big_endian);
}

void print_seen(FILE *out, const struct model_port *m, const struct model_written *w)
{
	const struct vnet *v = &w->vnet;

	if (!m->watched || w->ret < 0)
		return;
	if (!w->seen || w->vnet_err) {
		fprintf(out, "\t\tCHECK(receive(), -%s);\n",
			harness_errno_name(w->seen ? w->vnet_err : EAGAIN));
		return;
	}
	fprintf(out, "\t\tCHECK(receive(), %zu);\n", w->len - (w->vlan ? 4 : 0));
	if (w->gro)
		fprintf(out, "\t\tCHECK(seen.flags & ~VIRTIO_NET_HDR_F_DATA_VALID, %#x);\n",
			v->flags & ~VIRTIO_NET_HDR_F_DATA_VALID);
	else
		fprintf(out, "\t\tCHECK(seen.flags, %#x);\n\t\tCHECK(seen.hdr_len, %u);\n",
			v->flags, v->hdr_len);
	fprintf(out, "\t\tCHECK(seen.gso_type, %#x);\n\t\tCHECK(seen.gso_size, %u);\n", v->gso_type,
		v->gso_size);
	fprintf(out, "\t\tCHECK(seen.csum_start, %u);\n\t\tCHECK(seen.csum_offset, %u);\n",
		v->csum_start, v->csum_offset);
	if (!w->vlan)
		fprintf(out, "\t\tCHECK(memcmp(seen_frame, frame + %zu, %zu), 0);\n",
			w->at - (m->pi ? 4 : 0) - m->vnet_size, w->len);
}

void print_write(FILE *out, const struct port *p, const uint8_t *data, size_t size,
		 const struct model_written *w)
{
	const struct model_port *m = &p->model;
	size_t pi = m->pi ? 4 : 0, front = pi + m->vnet_size;
	struct vnet v;

	if (size < front) {
		print_bytes(out, "bytes", data, size);
		fputs("\n\t\tCHECK(result(write(", out);
		print_device(out, p);
		fprintf(out, ", bytes, %zu)), -%s);\n", size, harness_errno_name(w->err));
		return;
	}
	if (m->vnet_size) {
		v = vnet_decode(data + pi, m->vnet_size, m->big_endian);
		print_vnet(out, "header", &v);
	}
	print_bytes(out, "frame", data + front, size - front);
	fputs("\n\t\tCHECK(write_frame(", out);
	print_device(out, p);
	fprintf(out, ", %d, %s, %u, %d, frame, %zu), ", m->pi ? data[2] << 8 | data[3] : -1,
		m->vnet_size ? "&header" : "NULL", m->vnet_size, m->big_endian, size - front);
	if (w->ret < 0)
		fprintf(out, "-%s);\n", harness_errno_name(w->err));
	else
		fprintf(out, "%zd);\n", w->ret);
	print_seen(out, m, w);
}
