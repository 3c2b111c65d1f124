// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/macvtap/model.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "device/model_vnet.h"
#include "device/uapi.h"

#define HEADROOM 2 /* in front of a frame, TAP_RESERVE */
#define TAG	 4

int tap_set_iff(struct tap_queue *q, unsigned int flags)
{
	if ((flags & ~(IFF_VNET_HDR | IFF_MULTI_QUEUE)) != (IFF_NO_PI | IFF_TAP))
		return EINVAL;
	q->vnet_hdr = flags & IFF_VNET_HDR;
	q->multi = flags & IFF_MULTI_QUEUE;
	return 0;
}

int tap_set_vnet_size(struct tap_queue *q, int size)
{
	if (size < VNET_SIZE_LEGACY)
		return EINVAL;
	q->vnet_size = size;
	return 0;
}

int tap_set_be(const struct model_kernel *k, struct tap_queue *q, bool on)
{
	if (!k->cross_le)
		return EINVAL;
	q->be = on;
	return 0;
}

/* It knows no tunnels, and takes bits for GSO without the one for checksums, to no effect. */
int tap_set_offload(const struct model_kernel *k, unsigned int mask, unsigned int *offload)
{
	const unsigned int tso = TUN_F_TSO4 | TUN_F_TSO6, uso = TUN_F_USO4 | TUN_F_USO6;

	if (mask & ~(TUN_F_CSUM | tso | TUN_F_TSO_ECN | TUN_F_UFO | (k->uso ? uso : 0)))
		return EINVAL;
	*offload = mask & TUN_F_CSUM ? mask : 0;
	return 0;
}

int tap_set_enabled(struct tap_queue *q, bool on)
{
	if (q->enabled == on)
		return EINVAL;
	q->enabled = on;
	return 0;
}

struct model_port tap_port(const struct tap_queue *q)
{
	return (struct model_port){
		.attached = true,
		.tap = true,
		.vnet_hdr = q->vnet_hdr,
		.vnet_size = q->vnet_hdr ? q->vnet_size : 0,
		.big_endian = !q->le && (q->be || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__),
		.up = true,
		.nonblock = true,
		.watched = true,
	};
}

/* tap_get_user(): 0 or the errno. The headers of a TAP's frames may be shorter than Ethernet's. */
static int take(const struct model_kernel *k, const struct model_port *p, struct model_cursor *c,
		struct model_header *h, struct model_skb *skb)
{
	int err = p->vnet_hdr ? model_vnet_get(k, p, c, h) : 0;

	if (err)
		return err;
	if (c->left < ETH_HLEN)
		return EINVAL;
	*skb = (struct model_skb){ .len = c->left, .headlen = c->left, .headroom = HEADROOM };
	return p->vnet_hdr && !model_vnet_to_skb(k, h, c, skb) ? EINVAL : 0;
}

void tap_write(const struct model_kernel *kernel, const struct tap_queue *q, const uint8_t mac[6],
	       const struct iovec *iov, struct tap_written *w)
{
	struct model_kernel k = *kernel;
	struct model_port p = tap_port(q);
	struct model_cursor c = { .iov = iov, .segments = 1, .left = iov->iov_len };
	struct model_header h = { 0 };
	struct model_skb skb = { 0 };
	uint8_t header[256] = { 0 };
	struct iovec parts[] = { { header, p.vnet_size },
				 { (uint8_t *)iov->iov_base + p.vnet_size,
				   iov->iov_len - p.vnet_size } };

	k.tunnel_gso = false;
	memset(w, 0, sizeof(*w));
	w->err = take(&k, &p, &c, &h, &skb);
	w->early = w->err && !skb.len;
	/* Without a checksum to say where the headers end, the kernel looks into the frame. */
	w->known = !h.gso_type || h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM || !skb.len;
	if (w->err || !w->known)
		return;
	w->gso = skb.gso_size;
	memcpy(p.mac, mac, sizeof(p.mac));
	/* Where the linear part ends makes no difference, and a TAP has a rule for it. */
	memcpy(header, iov->iov_base, p.vnet_size);
	header[2] = header[3] = 0;
	model_write(&k, &p, parts, 2, &w->seen);
	/* Each device on the way may pull headers together. */
	w->seen.gro = true;
}

ssize_t tap_read(const struct model_kernel *kernel, const struct tap_queue *q,
		 const struct model_packet *packet, uint8_t *buf, size_t size,
		 struct model_readout *out)
{
	struct model_kernel k = *kernel;
	struct model_port p = tap_port(q);
	size_t front = p.vnet_size + 2 * ETH_ALEN;

	k.tunnel_gso = false;
	model_read(&k, &p, packet, buf, size, out);
	if (!packet || !packet->vlan || size <= front || size > front + TAG)
		return 0;
	return size - front;
}
