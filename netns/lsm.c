// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs on LSM hooks: the kernel's own type information says which hook is which. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/btf.h>

#include "harness/harness.h"
#include "netns/lsm.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* The whole file, the caller's to free(); NULL and errno. */
static void *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	size_t len = 0;
	struct stat st;
	char *data;
	ssize_t n = 1;

	if (fd < 0)
		return NULL;
	data = fstat(fd, &st) ? NULL : malloc(st.st_size);
	while (data && len < st.st_size && n > 0) {
		n = read(fd, data + len, st.st_size - len);
		len += n > 0 ? n : 0;
	}
	err = errno;
	close(fd);
	errno = err;
	return data;
}

/* The bytes behind a type, by kind. */
static size_t more_of(const struct btf_type *t)
{
	size_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	default:
		return 0;
	}
}

/* The number of the kernel's function @name, 0 and errno if it has none. Types count from 1. */
static uint32_t function_id(const char *name)
{
	const struct btf_header *h = read_file(KERNEL_BTF);
	const char *names, *at, *end;
	uint32_t id = 0, found = 0;

	if (!h)
		return 0;
	names = (const char *)h + h->hdr_len + h->str_off;
	at = (const char *)h + h->hdr_len + h->type_off;
	end = at + h->type_len;
	while (at < end && !found) {
		const struct btf_type *t = (const void *)at;

		id++;
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && !strcmp(names + t->name_off, name))
			found = id;
		at += sizeof(*t) + more_of(t);
	}
	free((void *)h);
	errno = found ? 0 : ENOENT;
	return found;
}

/* The first eight bytes of the thread's name, from now on like no other's. */
static uint64_t take_name(void)
{
	char name[16] = { 0 };
	uint32_t number;
	uint64_t key;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		TH_BAIL("getrandom: %s", strerror(errno));
	snprintf(name, sizeof(name), "%08x", number);
	if (prctl(PR_SET_NAME, name))
		TH_BAIL("PR_SET_NAME: %s", strerror(errno));
	memcpy(&key, name, sizeof(key));
	return key;
}

static int load(uint32_t hook_id, uint64_t name, int err)
{
	const struct bpf_insn code[] = {
		/* the current thread's name, to the stack */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -16 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 16 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_comm },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_3,
		  .src_reg = BPF_REG_10, .off = -16 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_4, .imm = name },
		{ .imm = name >> 32 },
		/* @err if it is the one, otherwise 0 */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_JNE | BPF_X, .dst_reg = BPF_REG_3,
		  .src_reg = BPF_REG_4, .off = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -err },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.expected_attach_type = BPF_LSM_MAC,
		.attach_btf_id = hook_id,
		.insns = (uintptr_t)code,
		.insn_cnt = ARRAY_SIZE(code),
		.license = (uintptr_t) "GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

int lsm_deny(const char *hook, int err)
{
	union bpf_attr attr = { .link_create.attach_type = BPF_LSM_MAC };
	char function[64];
	uint32_t id;
	int program, link;

	snprintf(function, sizeof(function), "bpf_lsm_%s", hook);
	id = function_id(function);
	if (!id)
		return -1;
	program = load(id, take_name(), err);
	if (program < 0)
		return -1;
	attr.link_create.prog_fd = program;
	link = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	err = errno;
	close(program);
	errno = err;
	return link;
}
