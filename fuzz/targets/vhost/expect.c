// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/vhost/expect.h"

#include <linux/if_ether.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/targets/vhost/layout.h"
#include "netns/link.h"

void expect_send(const struct plan *plan, const struct step *s, struct model_port *port,
		 struct model_written *w)
{
	static uint8_t buf[12 + RINGS_FRAME];
	unsigned int size = plan_header(plan);
	struct iovec iov = { buf, 0 };
	struct link link;

	*port = (struct model_port){
		.attached = true, .tap = true, .up = true, .nonblock = true, .watched = true
	};
	if (!(plan->features & RINGS_OWN_HEADER)) {
		port->vnet_hdr = true;
		port->vnet_size = size;
		memcpy(buf, s->header, size);
		iov.iov_len = size;
	}
	memcpy(buf + iov.iov_len, s->frame, s->len);
	iov.iov_len += s->len;
	if (!link_get(rings_name[port->vnet_hdr], &link))
		memcpy(port->mac, link.address, sizeof(port->mac));
	model_write(&fuzz_abi.kernel, port, &iov, 1, w);
	/* How much of it is in one piece is not as for a write(). */
	w->gro = true;
}

/* In a batch fewer headers are refused, but no frame is taken that is shorter than its own. */
bool expect_known(const struct plan *plan, const struct step *s, const struct model_written *w)
{
	return plan->single || w->seen || s->len < ETH_HLEN;
}
