/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the stack counts as dropped what nobody takes. */
#ifndef DEVICE_UNTAKEN_H
#define DEVICE_UNTAKEN_H

#include <stdbool.h>

#include "device/tun.h"

/*
 * Writes a frame of a protocol that nobody knows to @t, a TAP with IFF_NO_PI that is up: true if
 * rx_dropped counts it, as __netif_receive_skb_core() does without a taker. In 6.12 a packet socket
 * that takes everything of all devices is one, whatever its namespace: then it is false, and the
 * same is to be expected of every other device of the machine.
 */
bool untaken_is_dropped(const struct tun *t);

#endif /* DEVICE_UNTAKEN_H */
