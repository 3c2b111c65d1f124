/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways on which what is written to a device meets its XDP program. */
#ifndef DEVICE_XDP_H
#define DEVICE_XDP_H

#include "device/tun.h"

enum xdp_way {
	XDP_IN_DRIVER, /* in the driver of a TAP, before there is an skb */
	XDP_AS_SKB,    /* in the driver, as an skb, where the first way cannot be gone */
	XDP_GENERIC,   /* in the stack, behind the driver: the only one that a TUN has */
};

/*
 * Attaches @program so that frames meet it on this way: XDP_AS_SKB by a send buffer that can be
 * full. With IFF_NAPI_FRAGS, XDP_IN_DRIVER is as XDP_AS_SKB. Ends the test if that fails.
 */
void xdp_attach(const struct tun *t, int program, enum xdp_way way);

#endif /* DEVICE_XDP_H */
