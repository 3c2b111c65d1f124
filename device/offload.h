/* SPDX-License-Identifier: GPL-2.0-only */
/* The bits of TUNSETOFFLOAD as features of the link. */
#ifndef DEVICE_OFFLOAD_H
#define DEVICE_OFFLOAD_H

#define OFFLOAD_FEATURES 7

/* The feature that stands for each bit of a mask. UFO has none: it is taken and does nothing. */
extern const struct offload_feature {
	unsigned int bits;
	const char *name; /* ethtool's */
} offload_features[OFFLOAD_FEATURES];

/* The mask that the active features of link @name amount to, and those that are asked for. */
unsigned int offload_active(const char *name);
unsigned int offload_requested(const char *name);

#endif /* DEVICE_OFFLOAD_H */
