/* SPDX-License-Identifier: GPL-2.0-only */
/* What the areas about XDP share: each way to a program as variants of their fixtures. */
#ifndef SELFTESTS_XDP_WAY_H
#define SELFTESTS_XDP_WAY_H

#include "device/xdp.h"
#include "harness/harness.h"

/* The ways of a frame written to a TAP. The fixture's variants begin with flags and way. */
#define XDP_TAP_WAYS(fixture)                                                                      \
	FIXTURE_VARIANT_ADD(fixture, in_driver) { IFF_TAP, XDP_IN_DRIVER };                        \
	FIXTURE_VARIANT_ADD(fixture, in_driver_napi) { IFF_TAP | IFF_NAPI, XDP_IN_DRIVER };        \
	FIXTURE_VARIANT_ADD(fixture, as_skb) { IFF_TAP, XDP_AS_SKB };                              \
	FIXTURE_VARIANT_ADD(fixture, frags) { IFF_TAP | IFF_NAPI | IFF_NAPI_FRAGS, XDP_AS_SKB };   \
	FIXTURE_VARIANT_ADD(fixture, generic) { IFF_TAP, XDP_GENERIC }

#endif /* SELFTESTS_XDP_WAY_H */
