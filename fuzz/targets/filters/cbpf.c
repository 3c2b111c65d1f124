// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/targets/filters/cbpf.h"

#include <string.h>

/* From here on an absolute load is none, but asks for something special. */
#define SPECIAL	     0x80000000
#define NAMED	     0xfffff000 /* ... by a number, SKF_AD_OFF */
#define NAMES	     64
#define SHIFTS	     32
#define MEM_SIZE     16

#define WITH_K_X(op) BPF_ALU | (op) | BPF_K, BPF_ALU | (op) | BPF_X
#define JUMP_K_X(op) BPF_JMP | (op) | BPF_K, BPF_JMP | (op) | BPF_X

const uint16_t cbpf_codes[CBPF_CODES] = {
	BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_H | BPF_ABS,
	BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_IND,
	BPF_LD | BPF_H | BPF_IND,
	BPF_LD | BPF_B | BPF_IND,
	BPF_LD | BPF_W | BPF_LEN,
	BPF_LD | BPF_IMM,
	BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN,
	BPF_LDX | BPF_B | BPF_MSH,
	BPF_LDX | BPF_IMM,
	BPF_LDX | BPF_MEM,
	BPF_ST,
	BPF_STX,
	BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA,
	BPF_RET | BPF_K,
	BPF_RET | BPF_A,
	BPF_ALU | BPF_NEG,
	BPF_JMP | BPF_JA,
	WITH_K_X(BPF_ADD),
	WITH_K_X(BPF_SUB),
	WITH_K_X(BPF_MUL),
	WITH_K_X(BPF_DIV),
	WITH_K_X(BPF_MOD),
	WITH_K_X(BPF_AND),
	WITH_K_X(BPF_OR),
	WITH_K_X(BPF_XOR),
	WITH_K_X(BPF_LSH),
	WITH_K_X(BPF_RSH),
	JUMP_K_X(BPF_JEQ),
	JUMP_K_X(BPF_JGT),
	JUMP_K_X(BPF_JGE),
	JUMP_K_X(BPF_JSET),
	/* the one that is drawn more often */
	BPF_RET | BPF_K,
};

static bool is_code(uint16_t code)
{
	for (size_t i = 0; i < CBPF_CODES; i++) {
		if (cbpf_codes[i] == code)
			return true;
	}
	return false;
}

static bool is_conditional(uint16_t code)
{
	return BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA;
}

/* An instruction that is @left instructions before the end. */
static bool is_valid(const struct sock_filter *i, size_t left)
{
	switch (i->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return i->k;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < SHIFTS;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < MEM_SIZE;
	case BPF_JMP | BPF_JA:
		return i->k < left;
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return i->k < NAMED || (i->k % 4 == 0 && i->k - NAMED < NAMES);
	}
	return is_conditional(i->code) ? i->jt < left && i->jf < left : is_code(i->code);
}

/* No cell of memory is read that is not written on every way that leads there. */
static bool is_written_first(const struct sock_filter *code, size_t n)
{
	uint16_t at[BPF_MAXINSNS], now = 0, bit;

	memset(at, 0xff, n * sizeof(*at));
	for (size_t i = 0; i < n; i++) {
		uint16_t class = BPF_CLASS(code[i].code);

		now &= at[i];
		bit = 1 << (code[i].k % MEM_SIZE);
		if (class == BPF_ST || class == BPF_STX)
			now |= bit;
		else if (class <= BPF_LDX && BPF_MODE(code[i].code) == BPF_MEM && !(now & bit))
			return false;
		if (class != BPF_JMP)
			continue;
		if (is_conditional(code[i].code)) {
			at[i + 1 + code[i].jt] &= now;
			at[i + 1 + code[i].jf] &= now;
		} else {
			at[i + 1 + code[i].k] &= now;
		}
		/* What comes next is reached by a jump alone. */
		now = UINT16_MAX;
	}
	return true;
}

bool cbpf_valid(const struct sock_filter *code, size_t n)
{
	if (!n || n > BPF_MAXINSNS || BPF_CLASS(code[n - 1].code) != BPF_RET)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_code(code[i].code) || !is_valid(&code[i], n - 1 - i))
			return false;
	}
	return is_written_first(code, n);
}

struct machine {
	uint32_t a, x, memory[MEM_SIZE];
	const uint8_t *packet;
	size_t len;
};

enum end { GOES_ON, RETURNED, UNKNOWN };

/* A big-endian number of the packet; behind its end the program returns 0. */
static enum end load(const struct machine *m, uint32_t at, unsigned int bytes, uint32_t *to)
{
	uint32_t value = 0;

	if (at >= SPECIAL)
		return UNKNOWN;
	if (at > m->len || bytes > m->len - at)
		return RETURNED;
	while (bytes--)
		value = value << 8 | m->packet[at++];
	*to = value;
	return GOES_ON;
}

static unsigned int load_size(uint16_t code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

static enum end load_a(struct machine *m, const struct sock_filter *i)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		m->a = i->k;
		return GOES_ON;
	case BPF_MEM:
		m->a = m->memory[i->k];
		return GOES_ON;
	case BPF_LEN:
		m->a = m->len;
		return GOES_ON;
	case BPF_IND:
		return load(m, m->x + i->k, load_size(i->code), &m->a);
	}
	return load(m, i->k, load_size(i->code), &m->a);
}

static enum end load_x(struct machine *m, const struct sock_filter *i)
{
	enum end end;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		m->x = i->k;
		return GOES_ON;
	case BPF_MEM:
		m->x = m->memory[i->k];
		return GOES_ON;
	case BPF_LEN:
		m->x = m->len;
		return GOES_ON;
	}
	/* four times the length in an IPv4 header */
	end = load(m, i->k, 1, &m->x);
	if (end == GOES_ON)
		m->x = (m->x & 15) * 4;
	return end;
}

/* A division by zero returns 0; a shift is by five bits of its number. */
static enum end calculate(struct machine *m, const struct sock_filter *i)
{
	uint32_t by = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		m->a += by;
		break;
	case BPF_SUB:
		m->a -= by;
		break;
	case BPF_MUL:
		m->a *= by;
		break;
	case BPF_DIV:
	case BPF_MOD:
		if (!by)
			return RETURNED;
		m->a = BPF_OP(i->code) == BPF_DIV ? m->a / by : m->a % by;
		break;
	case BPF_AND:
		m->a &= by;
		break;
	case BPF_OR:
		m->a |= by;
		break;
	case BPF_XOR:
		m->a ^= by;
		break;
	case BPF_LSH:
		m->a <<= by % SHIFTS;
		break;
	case BPF_RSH:
		m->a >>= by % SHIFTS;
		break;
	case BPF_NEG:
		m->a = -m->a;
	}
	return GOES_ON;
}

/* How many instructions a jump leaves out. */
static uint32_t jump(const struct machine *m, const struct sock_filter *i)
{
	uint32_t with = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return m->a == with ? i->jt : i->jf;
	case BPF_JGT:
		return m->a > with ? i->jt : i->jf;
	case BPF_JGE:
		return m->a >= with ? i->jt : i->jf;
	case BPF_JSET:
		return m->a & with ? i->jt : i->jf;
	}
	return i->k;
}

static enum end step(struct machine *m, const struct sock_filter *i, uint32_t *value)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		return load_a(m, i);
	case BPF_LDX:
		return load_x(m, i);
	case BPF_ST:
		m->memory[i->k] = m->a;
		return GOES_ON;
	case BPF_STX:
		m->memory[i->k] = m->x;
		return GOES_ON;
	case BPF_ALU:
		return calculate(m, i);
	case BPF_MISC:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		return GOES_ON;
	case BPF_RET:
		*value = BPF_RVAL(i->code) == BPF_A ? m->a : i->k;
		return RETURNED;
	}
	return GOES_ON;
}

bool cbpf_run(const struct sock_filter *code, size_t n, const uint8_t *packet, size_t len,
	      uint32_t *value)
{
	struct machine m = { .packet = packet, .len = len };
	enum end end = GOES_ON;

	*value = 0;
	for (size_t i = 0; i < n && end == GOES_ON; i++) {
		if (BPF_CLASS(code[i].code) == BPF_JMP)
			i += jump(&m, &code[i]);
		else
			end = step(&m, &code[i], value);
	}
	return end == RETURNED;
}
