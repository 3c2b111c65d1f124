/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Classic BPF without the kernel: which programs are taken, and what they return. The rules are
 * those of Documentation/networking/filter.rst.
 */
#ifndef FUZZ_TARGETS_FILTERS_CBPF_H
#define FUZZ_TARGETS_FILTERS_CBPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/op.h"

/* The codes that there are. */
#define CBPF_CODES 50
extern const uint16_t cbpf_codes[CBPF_CODES];

/* True if the kernel takes the program. */
bool cbpf_valid(const struct sock_filter *code, size_t n);
/*
 * What a program that it takes returns for a packet; false if that cannot be said, because the
 * program asks for what the kernel knows of the packet besides its bytes.
 */
bool cbpf_run(const struct sock_filter *code, size_t n, const uint8_t *packet, size_t len,
	      uint32_t *value);

#endif /* FUZZ_TARGETS_FILTERS_CBPF_H */
