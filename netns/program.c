// SPDX-License-Identifier: GPL-2.0-only
/* BPF programs, step by step. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/harness.h"
#include "netns/clock.h"
#include "netns/program.h"

/* What the registers hold all the time: a call spares 6 to 9. */
#define CONTEXT BPF_REG_6
#define SHARED	BPF_REG_7
#define RESULT	BPF_REG_8

/* What is shown of the verifier's log: its end says why. */
#define LOG_END 300

/* Not all machines read more where an IP header is aligned. */
#define META_SIZE sizeof(uint16_t)

#define SHARED_SIZE (PROGRAM_SHARED * sizeof(int64_t))

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static void add(struct program *p, struct bpf_insn insn)
{
	if (p->n == PROGRAM_MAX)
		TH_BAIL("a program of more than %d instructions", PROGRAM_MAX);
	p->code[p->n++] = insn;
}

static void set(struct program *p, int reg, int64_t value)
{
	add(p, (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = reg,
				  .imm = (int32_t)value });
	add(p, (struct bpf_insn){ .imm = value >> 32 });
}

static void copy(struct program *p, int to, int from)
{
	add(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to,
				  .src_reg = from });
}

static void set_map(struct program *p, int reg, int map, int pseudo)
{
	add(p, (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = reg,
				  .src_reg = pseudo, .imm = map });
	add(p, (struct bpf_insn){ 0 });
}

static int size_code(size_t size)
{
	return size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW;
}

static void load(struct program *p, int reg, int from, size_t offset, size_t size)
{
	add(p, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | size_code(size), .dst_reg = reg,
				  .src_reg = from, .off = offset });
}

static void load_shared(struct program *p, int reg, int i)
{
	load(p, reg, SHARED, i * sizeof(int64_t), sizeof(int64_t));
}

static void store_shared(struct program *p, int i, int reg)
{
	add(p, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = SHARED,
				  .src_reg = reg, .off = i * sizeof(int64_t) });
}

/* The registers 1 to 5, which hold the arguments, are lost. */
static void call(struct program *p, enum bpf_func_id helper)
{
	add(p, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper });
	copy(p, RESULT, BPF_REG_0);
}

void program_start(struct program *p, enum bpf_prog_type type)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = SHARED_SIZE,
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};
	int map = bpf(BPF_MAP_CREATE, &attr);
	void *shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	if (map < 0 || shared == MAP_FAILED)
		TH_BAIL("cannot have a BPF map: %s", strerror(errno));
	*p = (struct program){ .fd = -1, .map = map, .shared = shared, .type = type };
	copy(p, CONTEXT, BPF_REG_1);
	set_map(p, SHARED, map, BPF_PSEUDO_MAP_VALUE);
	set(p, RESULT, 0);
}

void program_count(struct program *p, int i)
{
	load_shared(p, BPF_REG_1, i);
	add(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1,
				  .imm = 1 });
	store_shared(p, i, BPF_REG_1);
}

void program_see(struct program *p, int i, size_t offset, size_t size)
{
	load(p, BPF_REG_1, CONTEXT, offset, size);
	store_shared(p, i, BPF_REG_1);
}

void program_set(struct program *p, int i, size_t offset, size_t size)
{
	load_shared(p, BPF_REG_1, i);
	add(p, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | size_code(size),
				  .dst_reg = CONTEXT, .src_reg = BPF_REG_1, .off = offset });
}

void program_see_between(struct program *p, int i, size_t start, size_t end)
{
	load(p, BPF_REG_1, CONTEXT, end, 4);
	load(p, BPF_REG_2, CONTEXT, start, 4);
	add(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_SUB | BPF_X, .dst_reg = BPF_REG_1,
				  .src_reg = BPF_REG_2 });
	store_shared(p, i, BPF_REG_1);
}

/* The helpers that copy bytes of a packet: (context, offset, memory, size). */
static void call_bytes(struct program *p, enum bpf_func_id helper, int i, int offset, int size)
{
	copy(p, BPF_REG_1, CONTEXT);
	set(p, BPF_REG_2, offset);
	copy(p, BPF_REG_3, SHARED);
	add(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_3,
				  .imm = i * sizeof(int64_t) });
	set(p, BPF_REG_4, size);
	set(p, BPF_REG_5, 0);
	call(p, helper);
}

void program_see_bytes(struct program *p, int i, int offset, int size)
{
	call_bytes(p, p->type == BPF_PROG_TYPE_XDP ? BPF_FUNC_xdp_load_bytes :
						     BPF_FUNC_skb_load_bytes, i, offset, size);
}

void program_store_bytes(struct program *p, int i, int offset, int size)
{
	call_bytes(p, p->type == BPF_PROG_TYPE_XDP ? BPF_FUNC_xdp_store_bytes :
						     BPF_FUNC_skb_store_bytes, i, offset, size);
}

/* The fields have the same names in both contexts, but not the same place. */
static void load_meta(struct program *p)
{
	bool xdp = p->type == BPF_PROG_TYPE_XDP;

	load(p, BPF_REG_1, CONTEXT, xdp ? offsetof(struct xdp_md, data_meta) :
					  offsetof(struct __sk_buff, data_meta), 4);
	load(p, BPF_REG_2, CONTEXT, xdp ? offsetof(struct xdp_md, data) :
					  offsetof(struct __sk_buff, data), 4);
	copy(p, BPF_REG_3, BPF_REG_1);
	add(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_3,
				  .imm = META_SIZE });
	/* The next two only if there are as many. */
	add(p, (struct bpf_insn){ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = BPF_REG_3,
				  .src_reg = BPF_REG_2, .off = 2 });
}

void program_see_meta(struct program *p, int i)
{
	load_meta(p);
	load(p, BPF_REG_4, BPF_REG_1, 0, META_SIZE);
	store_shared(p, i, BPF_REG_4);
}

void program_set_meta(struct program *p, int i)
{
	load_meta(p);
	load_shared(p, BPF_REG_4, i);
	add(p, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | size_code(META_SIZE),
				  .dst_reg = BPF_REG_1, .src_reg = BPF_REG_4 });
}

void program_call(struct program *p, enum bpf_func_id helper, int i)
{
	copy(p, BPF_REG_1, CONTEXT);
	load_shared(p, BPF_REG_2, i);
	call(p, helper);
}

void program_call_with(struct program *p, enum bpf_func_id helper, int64_t a, int64_t b)
{
	set(p, BPF_REG_1, a);
	set(p, BPF_REG_2, b);
	call(p, helper);
}

void program_redirect_map(struct program *p, int map, uint32_t key, uint64_t flags)
{
	set_map(p, BPF_REG_1, map, BPF_PSEUDO_MAP_FD);
	set(p, BPF_REG_2, key);
	set(p, BPF_REG_3, flags);
	call(p, BPF_FUNC_redirect_map);
}

void program_see_result(struct program *p, int i)
{
	store_shared(p, i, RESULT);
}

static int finish(struct program *p)
{
	static char log[65536];
	union bpf_attr attr = {
		.prog_type = p->type,
		.insns = (uintptr_t)p->code,
		.license = (uintptr_t) "GPL",
		.prog_flags = p->flags,
	};
	size_t len;

	add(p, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	attr.insn_cnt = p->n;
	p->fd = bpf(BPF_PROG_LOAD, &attr);
	if (p->fd >= 0)
		return p->fd;
	/* Once more, to be told why. */
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	log[0] = '\0';
	p->fd = bpf(BPF_PROG_LOAD, &attr);
	len = strlen(log);
	TH_LOG("BPF program: %s: %s", strerror(errno), log + (len > LOG_END ? len - LOG_END : 0));
	return p->fd;
}

int program_return(struct program *p, int32_t value)
{
	set(p, BPF_REG_0, value);
	return finish(p);
}

int program_return_shared(struct program *p, int i)
{
	load_shared(p, BPF_REG_0, i);
	return finish(p);
}

int program_return_result(struct program *p)
{
	copy(p, BPF_REG_0, RESULT);
	return finish(p);
}

uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = {
		.info.bpf_fd = fd,
		.info.info_len = sizeof(info),
		.info.info = (uintptr_t)&info,
	};

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		TH_BAIL("cannot ask for a BPF program's number: %s", strerror(errno));
	return info.id;
}

bool program_exists(uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };
	int fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);

	if (fd < 0 && errno != ENOENT)
		TH_BAIL("cannot ask for BPF program %u: %s", id, strerror(errno));
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool program_gone(uint32_t id, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;

	while (program_exists(id)) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return true;
}

void program_close(struct program *p)
{
	if (!p->shared)
		return;
	munmap((void *)p->shared, SHARED_SIZE);
	close(p->map);
	if (p->fd >= 0)
		close(p->fd);
}

bool program_wait(const struct program *p, int which, int64_t count, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;

	while (p->shared[which] < count) {
		if (!clock_left(deadline))
			return false;
		usleep(1000);
	}
	return true;
}
