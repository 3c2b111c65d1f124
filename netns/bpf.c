// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs by bpf(2). */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/bpf.h"

int bpf_load(enum bpf_prog_type type, const struct bpf_insn *code, size_t n)
{
	union bpf_attr attr = {
		.prog_type = type,
		.insns = (uintptr_t)code,
		.insn_cnt = n,
		.license = (uintptr_t) "GPL",
	};

	int fd;

	/* The verifier gives up with EAGAIN when it sees a signal, such as an engine's timer. */
	do
		fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	while (fd < 0 && errno == EAGAIN);
	return fd;
}

int bpf_load_return(enum bpf_prog_type type, int32_t value)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(type, code, ARRAY_SIZE(code));
}

int bpf_load_xdp_metadata(void)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = -8 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_adjust_meta },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_0, .off = 8 },
		/* from data_meta to data there has to be room for what is written */
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_6,
		  .off = offsetof(struct xdp_md, data_meta) },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_6,
		  .off = offsetof(struct xdp_md, data) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_2 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_4, .imm = 8 },
		{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_3,
		  .off = 3 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .imm = 0x55555555 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
}

static int create_map(enum bpf_map_type type, uint32_t entries, const char *what)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint32_t),
		.max_entries = entries,
	};
	int map = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	if (map < 0)
		TH_BAIL("cannot have a BPF map of %s: %s", what, strerror(errno));
	return map;
}

static int set_entry(int map, uint32_t key, uint32_t value)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

int bpf_devmap(uint32_t entries)
{
	return create_map(BPF_MAP_TYPE_DEVMAP, entries, "devices");
}

int bpf_devmap_set(int map, uint32_t key, uint32_t ifindex)
{
	return set_entry(map, key, ifindex);
}

struct bpf_slot bpf_slot_xdp(void)
{
	struct bpf_slot slot = { .map = create_map(BPF_MAP_TYPE_PROG_ARRAY, 1, "programs") };
	/* The number of the only queue stands for 0: a constant would become a part of the code. */
	const struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = slot.map },
		{ 0 },
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_1,
		  .off = offsetof(struct xdp_md, rx_queue_index) },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	slot.program = bpf_load(BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
	if (slot.program < 0)
		TH_BAIL("no XDP program with a slot: %s", strerror(errno));
	return slot;
}

int bpf_slot_set(const struct bpf_slot *slot, int program)
{
	return set_entry(slot->map, 0, program);
}

int bpf_link_xdp(int program, int ifindex, uint32_t flags)
{
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = program,
			.target_ifindex = ifindex,
			.attach_type = BPF_XDP,
			.flags = flags,
		},
	};

	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

int bpf_attach_flow_dissector(int program)
{
	union bpf_attr attr = {
		.attach_bpf_fd = program,
		.attach_type = BPF_FLOW_DISSECTOR,
	};

	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr));
}
