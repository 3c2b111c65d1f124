// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/tx_read/plan.h"

#include <linux/if_ether.h>

#include "device/uapi.h"
#include "fuzz/targets/edit.h"

static uint16_t protocol_of(bool tap, const uint8_t *frame, size_t len)
{
	uint16_t type = tap && len >= ETH_HLEN ? edit_get_net16(frame + 12) : 0;

	if (!tap && len && frame[0] >> 4 == 6)
		return ETH_P_IPV6;
	return type <= ETH_P_ALL ? ETH_P_IP : type;
}

bool plan_read(const uint8_t *data, size_t size, struct plan *p)
{
	unsigned int ways = has_redirect ? WAYS : WAYS - 1;

	if (size < FRONT || size > FRONT + READER_FRAME)
		return false;
	*p = (struct plan){ .r = &readers[data[READER] % READERS],
			    .mask = edit_get16(data + MASK) };
	p->way = (data[WAY] & ~PLAN_ZEROCOPY) % ways;
	if (!has_redirect && p->way == WAY_REDIRECT)
		p->way = WAY_UDP;
	p->taken = model_offload(&kernel, p->mask, &p->active);
	p->port = p->r->port.model;
	p->port.tunnel_gso = p->active & TUN_F_UDP_TUNNEL_GSO;
	if (p->port.vnet_hdr) {
		p->port.vnet_size = VNET_SIZE_LEGACY + data[HEADER_SIZE] % 91;
		/* With a shorter one nothing can be read. */
		if (p->port.tunnel_gso && p->port.vnet_size < VNET_SIZE_HASH_TUNNEL)
			p->port.vnet_size = VNET_SIZE_HASH_TUNNEL;
		p->port.big_endian = kernel.cross_le && data[READER] & READER_BE;
	}
	p->buffer = 1 + edit_get16(data + BUFFER) % LARGE;
	p->pieces = 1 + (data[PIECES] & ~PLAN_TORN) % MOST;
	p->piece = data[PIECE];
	if (data[PIECES] & PLAN_TORN && p->piece < p->buffer)
		p->pieces = 0;
	p->data = data + HEADER;
	p->v = vnet_decode(data + HEADER, PORT_HEADER, false);
	p->frame = data + FRONT;
	p->len = size - FRONT;
	p->zerocopy = p->way == WAY_UDP && data[WAY] & PLAN_ZEROCOPY && !p->v.gso_type && p->len;
	p->protocol = protocol_of(p->port.tap, p->frame, p->len);
	return true;
}

size_t plan_assemble(const struct plan *p, uint8_t *out)
{
	return port_assemble(&p->r->in, p->data, PORT_HEADER + p->len, out);
}
