/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs, as far as tests need them. */
#ifndef NETNS_BPF_H
#define NETNS_BPF_H

#include <stdint.h>
#include <linux/bpf.h>

/*
 * Loads a program of @type (BPF_PROG_TYPE_SOCKET_FILTER, _XDP, ...) that returns @value and does
 * nothing else: a descriptor, the caller's to close, or -1 and errno.
 */
int bpf_load_return(enum bpf_prog_type type, int32_t value);

#endif /* NETNS_BPF_H */
