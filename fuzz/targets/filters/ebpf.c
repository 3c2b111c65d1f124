// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/ebpf.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <string.h>

#define MOVE	 (BPF_ALU64 | BPF_MOV)
#define CONTEXT	 BPF_REG_6 /* a call spares it */
#define DATA	 BPF_REG_2
#define DATA_END BPF_REG_3
#define BEHIND	 BPF_REG_4

const uint8_t ebpf_xdp_addresses[12] = { 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4 };

static size_t add(struct ebpf_code *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		  int32_t imm)
{
	c->insns[c->n] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm
	};
	return c->n++;
}

static void exit_with(struct ebpf_code *c, int32_t value)
{
	add(c, MOVE | BPF_K, BPF_REG_0, 0, 0, value);
	add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void ebpf_filter(const struct ebpf_filter *f, struct ebpf_code *c)
{
	c->n = 0;
	if (f->form == EBPF_CONSTANT)
		return exit_with(c, f->a);
	if (f->form == EBPF_LENGTH) {
		add(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_1,
		    offsetof(struct __sk_buff, len), 0);
		add(c, BPF_ALU | BPF_ADD | BPF_K, BPF_REG_0, 0, 0, f->a);
	} else {
		add(c, MOVE | BPF_X, CONTEXT, BPF_REG_1, 0, 0);
		add(c, BPF_LD | BPF_B | BPF_ABS, 0, 0, 0, f->at);
	}
	if (f->form == EBPF_CHOICE) {
		add(c, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, f->value);
		exit_with(c, f->b);
		exit_with(c, f->a);
	} else {
		add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
}

uint32_t ebpf_filter_run(const struct ebpf_filter *f, const uint8_t *packet, size_t len)
{
	if (f->form == EBPF_CONSTANT)
		return f->a;
	if (f->form == EBPF_LENGTH)
		return len + f->a;
	if (f->at >= len)
		return 0;
	if (f->form == EBPF_BYTE)
		return packet[f->at];
	return packet[f->at] == f->value ? f->a : f->b;
}

/* helper(ctx, @by), and a jump that ebpf_xdp() makes one to the end if that fails */
static void call(struct ebpf_code *c, int helper, int by)
{
	add(c, MOVE | BPF_X, BPF_REG_1, CONTEXT, 0, 0);
	add(c, MOVE | BPF_K, BPF_REG_2, 0, 0, by);
	add(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
	add(c, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, 0);
}

/* Leaves out @n instructions, -1 as above, if the frame has no @bytes bytes. */
static void need(struct ebpf_code *c, int bytes, int n)
{
	add(c, MOVE | BPF_X, BEHIND, DATA, 0, 0);
	add(c, BPF_ALU64 | BPF_ADD | BPF_K, BEHIND, 0, 0, bytes);
	add(c, BPF_JMP | BPF_JGT | BPF_X, BEHIND, DATA_END, n < 0 ? 0 : n, 0);
}

static void write_header(struct ebpf_code *c, uint16_t type)
{
	uint16_t value;

	need(c, ETH_HLEN, -1);
	for (int at = 0; at < ETH_HLEN; at += 2) {
		memcpy(&value, ebpf_xdp_addresses + at, at < 12 ? 2 : 0);
		if (at == 12)
			value = htons(type);
		add(c, BPF_ST | BPF_MEM | BPF_H, DATA, 0, at, value);
	}
}

static void redirect(struct ebpf_code *c, int ifindex)
{
	c->redirect = add(c, MOVE | BPF_K, BPF_REG_1, 0, 0, ifindex);
	add(c, MOVE | BPF_K, BPF_REG_2, 0, 0, 0);
	add(c, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect);
	add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void ebpf_xdp(const struct ebpf_xdp *x, int ifindex, struct ebpf_code *c)
{
	size_t drop;

	c->n = c->redirect = 0;
	add(c, MOVE | BPF_X, CONTEXT, BPF_REG_1, 0, 0);
	if (x->head)
		call(c, BPF_FUNC_xdp_adjust_head, x->head);
	if (x->tail)
		call(c, BPF_FUNC_xdp_adjust_tail, x->tail);
	add(c, BPF_LDX | BPF_MEM | BPF_W, DATA, CONTEXT, offsetof(struct xdp_md, data), 0);
	add(c, BPF_LDX | BPF_MEM | BPF_W, DATA_END, CONTEXT, offsetof(struct xdp_md, data_end), 0);
	if (x->header)
		write_header(c, x->type);
	if (x->byte) {
		need(c, x->at + 1, 1);
		add(c, BPF_ST | BPF_MEM | BPF_B, DATA, 0, x->at, x->value);
	}
	if (x->verdict == XDP_REDIRECT && x->to)
		redirect(c, ifindex);
	else
		exit_with(c, x->verdict);
	drop = c->n;
	/* What nothing leads to is not loaded. */
	if (x->head || x->tail || x->header)
		exit_with(c, XDP_DROP);
	for (size_t i = 0; i < drop; i++) {
		if (BPF_CLASS(c->insns[i].code) == BPF_JMP && !c->insns[i].off &&
		    (BPF_OP(c->insns[i].code) == BPF_JNE || BPF_OP(c->insns[i].code) == BPF_JGT))
			c->insns[i].off = drop - i - 1;
	}
}

static const char *const operations[16] = {
	"BPF_ADD", "BPF_SUB", "BPF_MUL", "BPF_DIV", "BPF_OR",  "BPF_AND",
	"BPF_LSH", "BPF_RSH", "BPF_NEG", "BPF_MOD", "BPF_XOR", "BPF_MOV",
};
static const char *const jumps[16] = {
	"BPF_JA",  "BPF_JEQ", "BPF_JGT", "BPF_JGE",  "BPF_JSET",
	"BPF_JNE", NULL,      NULL,	 "BPF_CALL", "BPF_EXIT",
};

/* What stands beside the class. */
static void print_rest(FILE *out, uint16_t code, bool calculates)
{
	static const char *const sizes[] = { "BPF_W", "BPF_H", "BPF_B", "BPF_DW" };
	static const char *const modes[8] = { "BPF_IMM", "BPF_ABS", "BPF_IND",
					      "BPF_MEM", "BPF_LEN", "BPF_MSH" };
	const char *const *names = BPF_CLASS(code) == BPF_JMP ? jumps : operations;

	if (code < 256 && calculates && names[code >> 4])
		fprintf(out, "%s | %s", names[code >> 4], BPF_SRC(code) ? "BPF_X" : "BPF_K");
	else if (code < 256 && BPF_CLASS(code) < BPF_ALU && modes[code >> 5])
		fprintf(out, "%s | %s", sizes[code >> 3 & 3], modes[code >> 5]);
	else
		fprintf(out, "%#x", code & ~7);
}

/* What eBPF has not got, or not so. */
static const char *classic_name(uint16_t code)
{
	switch (code) {
	case BPF_ST:
		return "BPF_ST";
	case BPF_STX:
		return "BPF_STX";
	case BPF_RET | BPF_K:
		return "BPF_RET | BPF_K";
	case BPF_RET | BPF_A:
		return "BPF_RET | BPF_A";
	case BPF_MISC | BPF_TAX:
		return "BPF_MISC | BPF_TAX";
	case BPF_MISC | BPF_TXA:
		return "BPF_MISC | BPF_TXA";
	}
	return NULL;
}

void ebpf_print_code(FILE *out, uint16_t code, bool classic)
{
	static const char *const classes[] = { "BPF_LD",  "BPF_LDX", "BPF_ST",	"BPF_STX",
					       "BPF_ALU", "BPF_JMP", "BPF_RET", "BPF_MISC" };
	unsigned int class = BPF_CLASS(code);
	bool wide = class == BPF_ALU64 && !classic;
	const char *name = classic ? classic_name(code) : NULL;

	if (name) {
		fputs(name, out);
		return;
	}
	fprintf(out, "%s | ", wide ? "BPF_ALU64" : classes[class]);
	print_rest(out, code, class == BPF_ALU || class == BPF_JMP || wide);
}

/* The name of a helper that is called. */
static const char *comment(const struct bpf_insn *i)
{
	if (i->code != (BPF_JMP | BPF_CALL))
		return "";
	if (i->imm == BPF_FUNC_redirect)
		return " /* bpf_redirect() */";
	return i->imm == BPF_FUNC_xdp_adjust_head ? " /* bpf_xdp_adjust_head() */" :
						    " /* bpf_xdp_adjust_tail() */";
}

void ebpf_print(FILE *out, const char *name, const struct ebpf_code *c)
{
	fprintf(out, "\t\tstatic struct bpf_insn %s[] = {\n", name);
	for (size_t i = 0; i < c->n; i++) {
		const struct bpf_insn *insn = &c->insns[i];

		fputs("\t\t\t{ ", out);
		ebpf_print_code(out, insn->code, false);
		fprintf(out, ", BPF_REG_%u, BPF_REG_%u, %d, %d },%s\n", insn->dst_reg,
			insn->src_reg, insn->off, insn->imm, comment(insn));
	}
	fputs("\t\t};\n", out);
}
