// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/vhost/expect.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/targets/vhost/layout.h"
#include "netns/link.h"

unsigned int expect_front(const struct plan *plan)
{
	return plan->features & RINGS_OWN_HEADER ? 0 : plan_header(plan);
}

void expect_send(const struct plan *plan, const struct step *s, struct model_port *port,
		 struct model_written *w)
{
	static uint8_t buf[12 + RINGS_FRAME];
	unsigned int size = plan_header(plan);
	struct iovec iov = { buf, 0 };
	struct link link;

	*port = (struct model_port){ .attached = true,
				     .tap = true,
				     .up = true,
				     .nonblock = true,
				     .watched = true,
				     .napi = plan->how & RINGS_NAPI,
				     .detached = plan->how & RINGS_DETACHED };
	if (!(plan->features & RINGS_OWN_HEADER)) {
		port->vnet_hdr = true;
		port->vnet_size = size;
		memcpy(buf, s->header, size);
		iov.iov_len = size;
	}
	memcpy(buf + iov.iov_len, s->frame, s->len);
	iov.iov_len += s->len;
	if (!link_get(rings_name[rings_which(plan->features, plan->how)], &link))
		memcpy(port->mac, link.address, sizeof(port->mac));
	model_write(&fuzz_abi.kernel, port, &iov, 1, w);
	/* How much of it is in one piece is not as for a write(). */
	w->gro = true;
}

/* In a batch a program meets the frame in the driver, unless it is to be segmented. */
static bool in_driver(const struct plan *plan, const struct step *s)
{
	return !plan_alone(plan) && s->len >= ETH_HLEN &&
	       (plan->features & RINGS_OWN_HEADER || !s->vnet.gso_type);
}

static void count(struct model_written *w, unsigned int packets, unsigned int bytes,
		  unsigned int dropped)
{
	w->rx_packets = packets;
	w->rx_bytes = packets * bytes;
	w->rx_dropped = dropped;
}

/*
 * As an skb a frame that XDP takes is not counted. XDP comes before NAPI, which says EBUSY if the
 * queue is detached, and after everything else that is refused.
 */
enum fate expect_fate(const struct plan *plan, const struct step *s, struct model_written *w)
{
	bool driver = in_driver(plan, s), moves = plan->verdict == XDP_REDIRECT;
	int times = driver ? s->times : 0;

	count(w, w->rx_packets * s->times, w->rx_bytes, w->rx_dropped * s->times);
	if (plan->verdict < 0 || plan->verdict == XDP_PASS ||
	    (!driver && w->err && w->err != EBUSY))
		return FATE_WRITTEN;
	if ((moves && s->len <= RINGS_XDP_MOVED) || plan->verdict == XDP_TX) {
		count(w, times, s->len, 0);
		return moves ? FATE_MOVED : FATE_BACK;
	}
	count(w, 0, 0, times);
	return FATE_GONE;
}

/* In a batch fewer headers are refused, but no frame is taken that is shorter than its own. */
bool expect_known(const struct plan *plan, const struct step *s, const struct model_written *w)
{
	return plan_alone(plan) || w->seen || s->len < ETH_HLEN;
}

void expect_gain(struct gain *gain, const struct plan *plan, const struct step *s, enum fate fate,
		 const struct model_written *w)
{
	gain->packets += w->rx_packets;
	gain->bytes += w->rx_bytes;
	gain->dropped += w->rx_dropped;
	if (fate == FATE_WRITTEN && !expect_known(plan, s, w))
		gain->known = false;
}
