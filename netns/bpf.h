/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs of a few instructions; netns/program.h is for those that do something. */
#ifndef NETNS_BPF_H
#define NETNS_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/bpf.h>

/*
 * Loads the @n instructions as a program of @type (BPF_PROG_TYPE_SOCKET_FILTER, _XDP, ...): a
 * descriptor, the caller's to close, or -1 and errno.
 */
int bpf_load(enum bpf_prog_type type, const struct bpf_insn *code, size_t n);
/* The same with a program that returns @value and does nothing else. */
int bpf_load_return(enum bpf_prog_type type, int32_t value);
/*
 * The same, but it counts its runs in *@map, another descriptor of the caller's, and bpf_runs()
 * tells how many there were.
 */
int bpf_load_counter(enum bpf_prog_type type, int32_t value, int *map);
uint64_t bpf_runs(int map);
/*
 * An XDP program that puts eight bytes of metadata in front of each frame and passes it, and drops
 * it where that cannot be done.
 */
int bpf_load_xdp_metadata(void);
/* The number by which the kernel knows @program. Ends the test if it cannot be had. */
uint32_t bpf_id(int program);
/* True if there still is a program with that number; false too if we may not ask. */
bool bpf_id_exists(uint32_t id);
/* Attaches @program to the current network namespace as its flow dissector: 0, or -1 and errno. */
int bpf_attach_flow_dissector(int program);

#endif /* NETNS_BPF_H */
