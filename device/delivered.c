// SPDX-License-Identifier: GPL-2.0-only
/* What a write() led to, and whether that is what the model says. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "device/delivered.h"
#include "device/uapi.h"

#define LONGEST 70000

static const bool host_is_be = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

void delivered_receive(int packet, struct delivered *d)
{
	static uint8_t buf[VNET_SIZE_LEGACY + LONGEST];
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))]
		__attribute__((aligned(_Alignof(struct cmsghdr))));
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_name = &d->info.from, .msg_namelen = sizeof(d->info.from), .msg_iov = &iov,
		.msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	n = recvmsg(packet, &msg, MSG_DONTWAIT | MSG_TRUNC);
	d->recv_err = n < 0 ? errno : 0;
	d->seen = n >= 0 || errno != EAGAIN;
	if (n < VNET_SIZE_LEGACY)
		return;
	d->vnet = vnet_decode(buf, VNET_SIZE_LEGACY, host_is_be);
	d->frame = buf + VNET_SIZE_LEGACY;
	d->len = n - VNET_SIZE_LEGACY;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == PACKET_AUXDATA)
		memcpy(&d->info.aux, CMSG_DATA(c), sizeof(d->info.aux));
}

size_t delivered_drain(int packet)
{
	struct delivered d;
	size_t longest = 0;

	do {
		d = (struct delivered){ 0 };
		delivered_receive(packet, &d);
		longest = d.len > longest ? d.len : longest;
	} while (d.seen);
	return longest;
}

ssize_t delivered_send(int packet, const struct sockaddr_ll *to, const struct vnet *v,
		       const void *frame, size_t len)
{
	uint8_t header[VNET_SIZE_LEGACY];
	struct iovec iov[2] = { { header, sizeof(header) }, { (void *)frame, len } };
	struct msghdr msg = {
		.msg_name = (void *)to, .msg_namelen = to ? sizeof(*to) : 0,
		.msg_iov = iov, .msg_iovlen = 2,
	};

	vnet_encode(v, header, sizeof(header), host_is_be);
	return sendmsg(packet, &msg, 0);
}

void delivered_take(struct packet_ring *ring, struct delivered *d)
{
	const struct tpacket2_hdr *frame = packet_ring_next(ring);
	const uint8_t *from = (const void *)frame;

	d->recv_err = 0;
	d->seen = frame;
	if (!frame)
		return;
	d->frame = from + frame->tp_mac;
	d->len = frame->tp_len;
	d->vnet = vnet_decode(d->frame - VNET_SIZE_LEGACY, VNET_SIZE_LEGACY, host_is_be);
	memcpy(&d->info.from, from + TPACKET_ALIGN(sizeof(*frame)), sizeof(d->info.from));
	d->info.aux.tp_status = frame->tp_status;
	d->info.aux.tp_vlan_tci = frame->tp_vlan_tci;
	d->info.aux.tp_vlan_tpid = frame->tp_vlan_tpid;
}

static bool same_vnet(const struct vnet *a, const struct vnet *b, bool gro)
{
	/* GRO checks checksums, and pulls headers together. */
	uint8_t flags = gro ? ~VIRTIO_NET_HDR_F_DATA_VALID : 0xff;

	return (a->flags & flags) == (b->flags & flags) && a->gso_type == b->gso_type &&
	       a->gso_size == b->gso_size && a->csum_start == b->csum_start &&
	       a->csum_offset == b->csum_offset && (gro || a->hdr_len == b->hdr_len);
}

/* The bytes, of which those of a tag may have been taken out. */
static bool same_bytes(const struct model_written *m, const uint8_t *written,
		       const struct delivered *d)
{
	size_t tag = m->vlan ? 4 : 0, front = m->vlan ? m->vlan_at : 0;

	return d->len == m->len - tag && !memcmp(d->frame, written, front) &&
	       !memcmp(d->frame + front, written + front + tag, m->len - tag - front);
}

static bool same_tag(const struct model_written *m, const struct delivered *d)
{
	const struct tpacket_auxdata *aux = &d->info.aux;

	if (!m->vlan)
		return !(aux->tp_status & TP_STATUS_VLAN_VALID);
	return aux->tp_status & TP_STATUS_VLAN_VALID && aux->tp_vlan_tci == m->vlan_tci &&
	       aux->tp_vlan_tpid == m->vlan_tpid;
}

const char *delivered_difference(const struct model_written *m, const uint8_t *written,
				 const struct delivered *d, bool watched)
{
	if (m->ret != d->ret || m->err != d->err)
		return "result";
	if (!watched)
		return NULL;
	if (m->seen != d->seen)
		return "delivery to a packet socket";
	if (!m->seen)
		return NULL;
	if (m->vnet_err != d->recv_err)
		return "result of recv()";
	if (m->vnet_err)
		return NULL;
	if (!same_vnet(&m->vnet, &d->vnet, m->gro))
		return "vnet header";
	if (!same_bytes(m, written, d))
		return "bytes";
	if (!same_tag(m, d))
		return "VLAN tag";
	if (htons(m->seen_protocol) != d->info.from.sll_protocol)
		return "protocol";
	return m->pkt_type != d->info.from.sll_pkttype ? "packet type" : NULL;
}
