// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs by bpf(2). */
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/bpf.h"

int bpf_load_return(enum bpf_prog_type type, int32_t value)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = type,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t) "GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}
