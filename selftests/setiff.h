/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of area setiff share: devices of either type, and the flags they keep. */
#ifndef SELFTESTS_SETIFF_H
#define SELFTESTS_SETIFF_H

#include <stdio.h>

#include "device/tun.h"
#include "harness/harness.h"
#include "netns/link.h"
#include "netns/sysfs.h"

#define TIMEOUT_MS 2000
#define TYPE_MASK  (IFF_TUN | IFF_TAP)
/* The flags the driver keeps of those in TUNSETIFF. */
#define STORED                                                                                     \
	(IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS)

/*
 * The stored flags with IFF_NO_PI, which TUNGETIFF hides behind IFF_NOFILTER: by sysfs, or without
 * one by rtnetlink, as far as that tells them.
 */
static inline unsigned int stored_flags(const struct tun *t)
{
	unsigned int flags = tun_iff_flags(t->fd) & ~IFF_NOFILTER;
	struct link link;

	if (link_get(t->name, &link))
		TH_BAIL("no link %s: %s", t->name, strerror(errno));
	if (!link.data[TUN_LINK_PI])
		flags |= IFF_NO_PI;
	if (harness_feature("sysfs"))
		sscanf(sysfs_get(t->name, "tun_flags"), "%x", &flags);
	return flags;
}

/* A persistent device that no file is attached to. */
static inline void make_idle(const char *name, unsigned int flags)
{
	struct tun t = tun_create(name, flags);

	if (tun_set_persist(t.fd, 1))
		TH_BAIL("TUNSETPERSIST: %s", strerror(errno));
	tun_close(&t);
}

FIXTURE(setiff){};

FIXTURE_VARIANT(setiff)
{
	const char *name; /* of the first one without a name */
	unsigned int type, other_type, arphrd, txqueuelen;
	uint8_t address_len;
};

FIXTURE_VARIANT_ADD(setiff, tun){
	.name = "tun0",
	.type = IFF_TUN,
	.other_type = IFF_TAP,
	.arphrd = 65534,
	.txqueuelen = 500,
	.address_len = 0,
};

/* ether_setup() sets the queue length again after the driver did. */
FIXTURE_VARIANT_ADD(setiff, tap){
	.name = "tap0",
	.type = IFF_TAP,
	.other_type = IFF_TUN,
	.arphrd = 1,
	.txqueuelen = 1000,
	.address_len = 6,
};

#endif /* SELFTESTS_SETIFF_H */
