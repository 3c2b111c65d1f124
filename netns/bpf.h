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
/* The same with flags: BPF_F_XDP_HAS_FRAGS, ... */
int bpf_load_flags(enum bpf_prog_type type, const struct bpf_insn *code, size_t n, uint32_t flags);
/* The same with a program that returns @value and does nothing else. */
int bpf_load_return(enum bpf_prog_type type, int32_t value);
/*
 * An XDP program that puts eight bytes of metadata in front of each frame and passes it, and drops
 * it where that cannot be done.
 */
int bpf_load_xdp_metadata(void);
/*
 * A map of devices for redirect_map(), with @entries empty entries: a descriptor, the caller's to
 * close. Ends the test if there can be none. The other puts @ifindex into one: 0, or -1 and errno.
 */
int bpf_devmap(uint32_t entries);
int bpf_devmap_set(int map, uint32_t key, uint32_t ifindex);
/*
 * An XDP program that goes on as the program in a slot of its own, and passes what comes while it
 * is empty. To change what is there costs less than to attach another program. Both descriptors are
 * the caller's to close. Ends the test if there can be none. The other fills the slot: 0, or -1
 * and errno.
 */
struct bpf_slot {
	int program, map;
};
struct bpf_slot bpf_slot_xdp(void);
/* The same for programs with these flags. */
struct bpf_slot bpf_slot_xdp_flags(uint32_t flags);
int bpf_slot_set(const struct bpf_slot *slot, int program);
/*
 * BPF_LINK_CREATE with @flags XDP_FLAGS_DRV_MODE, ...: attaches @program to a link for as long as
 * the descriptor is open that this gives. -1 and errno if that fails.
 */
int bpf_link_xdp(int program, int ifindex, uint32_t flags);
/* Attaches @program to the current network namespace as its flow dissector: 0, or -1 and errno. */
int bpf_attach_flow_dissector(int program);

#endif /* NETNS_BPF_H */
