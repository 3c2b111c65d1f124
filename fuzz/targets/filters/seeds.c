// SPDX-License-Identifier: GPL-2.0-only
/* Programs of all forms, and a frame. */
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/targets/edit.h"
#include "fuzz/targets/filters/plan.h"
#include "fuzz/targets/parts.h"
#include "fuzz/targets/seed.h"
#include "harness/harness.h"

#define STMT(code, k)	      BPF_STMT(code, k)
#define JUMP(code, k, jt, jf) BPF_JUMP(code, k, jt, jf)

static const struct {
	const char *name;
	struct sock_filter code[6];
	size_t n;
} classic_seeds[] = {
	{ "all", { STMT(BPF_RET | BPF_K, UINT32_MAX) }, 1 },
	{ "none", { STMT(BPF_RET | BPF_K, 0) }, 1 },
	{ "cut", { STMT(BPF_RET | BPF_K, 20) }, 1 },
	{ "length",
	  { STMT(BPF_LD | BPF_W | BPF_LEN, 0), STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
	    STMT(BPF_RET | BPF_A, 0) },
	  3 },
	{ "type",
	  { STMT(BPF_LD | BPF_H | BPF_ABS, 12), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 1),
	    STMT(BPF_RET | BPF_K, 64), STMT(BPF_RET | BPF_K, 0) },
	  4 },
	{ "behind_ip",
	  { STMT(BPF_LDX | BPF_B | BPF_MSH, 14), STMT(BPF_LD | BPF_H | BPF_IND, 16),
	    STMT(BPF_RET | BPF_A, 0) },
	  3 },
	{ "memory",
	  { STMT(BPF_LD | BPF_B | BPF_ABS, 14), STMT(BPF_ST, 3), STMT(BPF_LDX | BPF_MEM, 3),
	    STMT(BPF_ALU | BPF_MUL | BPF_X, 0), STMT(BPF_RET | BPF_A, 0) },
	  5 },
	{ "divided_by_0",
	  { STMT(BPF_LD | BPF_IMM, 7), STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
	    STMT(BPF_RET | BPF_K, 9) },
	  3 },
	{ "behind_end", { STMT(BPF_LD | BPF_W | BPF_ABS, 2000), STMT(BPF_RET | BPF_K, 9) }, 2 },
	{ "special",
	  { STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL),
	    STMT(BPF_RET | BPF_A, 0) },
	  2 },
	{ "empty", { { 0 } }, 0 },
	{ "no_end", { STMT(BPF_LD | BPF_IMM, 7) }, 1 },
	{ "jump_out", { JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), STMT(BPF_RET | BPF_K, 9) }, 2 },
	{ "unwritten", { STMT(BPF_LD | BPF_MEM, 3), STMT(BPF_RET | BPF_A, 0) }, 2 },
};

#define FULL   8 /* see plan.c */
#define NOWAIT 16
#define WAITS  32

static const struct {
	const char *name;
	enum sort first, last;
	uint8_t form, value;
	uint16_t at, type;
	int16_t head, tail;
	uint32_t a, b;
} number_seeds[] = {
	{ "none", FILTER, FILTER, EBPF_CONSTANT, 0, 0, 0, 0, 0, 0, 0 },
	{ "constant", FILTER, STEERING, EBPF_CONSTANT, 0, 0, 0, 0, 0, 0x10014, 0 },
	{ "byte", FILTER, STEERING, EBPF_BYTE, 0, 23, 0, 0, 0, 0, 0 },
	{ "behind_end", FILTER, STEERING, EBPF_BYTE, 0, 2000, 0, 0, 0, 0, 0 },
	{ "length", FILTER, STEERING, EBPF_LENGTH, 0, 0, 0, 0, 0, -10, 0 },
	{ "choice", FILTER, STEERING, EBPF_CHOICE, 0x45, 14, 0, 0, 0, 40, 1 },
	{ "aborted", IN_DRIVER, GENERIC_TUN, 0, 0, 0, 0, 0, 0, XDP_ABORTED, 0 },
	{ "pass", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_PASS, 0 },
	{ "tx", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_TX, 0 },
	{ "redirect", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, 0 },
	{ "unknown", IN_DRIVER, IN_DRIVER, 0, 0, 0, 0, 0, 0, 77, 0 },
	{ "shorter_pass", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, -20, XDP_PASS, 0 },
	{ "headless_pass", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, 20, 0, XDP_PASS, 0 },
	{ "longer_pass", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, -14, 8, XDP_PASS, 0 },
	{ "longer_tx", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, -30, 0, XDP_TX, 0 },
	{ "byte_pass", IN_DRIVER, GENERIC_TUN, 2, 99, 22, 0, 0, 0, XDP_PASS, 0 },
	{ "tx_nowait", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_TX, NOWAIT },
	{ "tx_waits", AS_SKB, FRAGS, 0, 0, 0, 0, 0, 0, XDP_TX, WAITS },
	{ "tx_full", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_TX, FULL },
	{ "to_tap", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_TAP },
	{ "to_tap_full", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_TAP | FULL },
	{ "to_tap_edited", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, 20, -4, XDP_REDIRECT, TO_TAP },
	{ "to_vnet", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_VNET },
	{ "to_vnet_full", IN_DRIVER, IN_DRIVER, 0, 0, 0, 0, 0, 0, XDP_REDIRECT,
	  TO_VNET | FULL | NOWAIT },
	{ "to_no_file", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_NO_FILE },
	{ "to_down", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_DOWN },
	{ "to_missing", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_MISSING },
};

static const struct {
	const char *name;
	uint8_t flags;
	size_t n;
	bool to; /* the one that the frame goes to is the last */
	uint8_t list[12][6];
} address_seeds[] = {
	{ "none", 0, 0, false, { { 0 } } },
	{ "other", 0, 1, false, { { 2, 9 } } },
	{ "exact", 0, 2, true, { { 2, 9 } } },
	{ "groups",
	  0,
	  10,
	  false,
	  { { 2, 1 },
	    { 2, 2 },
	    { 2, 3 },
	    { 2, 4 },
	    { 2, 5 },
	    { 2, 6 },
	    { 2, 7 },
	    { 2, 8 },
	    { 1, 1 },
	    { 1, 2 } } },
	{ "ninth", 0, 9, true, { { 2, 1 }, { 2, 2 }, { 2, 3 }, { 2, 4 } } },
	{ "all_groups", TUN_FLT_ALLMULTI, 1, false, { { 2, 9 } } },
};

#define STEP(mode, program) ((mode) | (program) << 2) /* see parse_step() */
#define DRIVER(program)	    STEP(2, program)
#define STACK(program)	    STEP(1, program)
enum { TAKE, PUT_PASS, PUT_DROP, PUT_BAD };
#define IF_NONE 0x10
#define REPLACE 0x20
#define OTHER	0x40
#define OWN	0x80

static const struct {
	const char *name;
	size_t n;
	uint8_t steps[MAX_STEPS];
} attach_seeds[] = {
	{ "driver", 3, { DRIVER(PUT_DROP), DRIVER(PUT_PASS), DRIVER(TAKE) } },
	{ "stack", 3, { STACK(PUT_DROP), STACK(PUT_PASS), STACK(TAKE) } },
	{ "both", 3, { STACK(PUT_PASS), DRIVER(PUT_DROP), STEP(0, TAKE) } },
	{ "hardware", 2, { STEP(3, PUT_PASS), STEP(3, TAKE) } },
	{ "replaced",
	  3,
	  { REPLACE | DRIVER(PUT_PASS), DRIVER(PUT_DROP), REPLACE | DRIVER(PUT_PASS) } },
	{ "if_none", 2, { IF_NONE | DRIVER(PUT_DROP), IF_NONE | DRIVER(PUT_PASS) } },
	{ "bad", 1, { DRIVER(PUT_BAD) } },
	{ "other_detached",
	  4,
	  { OTHER | DRIVER(PUT_DROP), OTHER | DRIVER(TAKE), DRIVER(PUT_PASS), OTHER | TAKE } },
	{ "all_detached",
	  4,
	  { OWN | OTHER | DRIVER(PUT_DROP), DRIVER(PUT_PASS), OWN | DRIVER(TAKE),
	    OTHER | STACK(PUT_DROP) } },
};

static size_t address_seed(unsigned int n, uint8_t *data, const uint8_t *frame)
{
	size_t count = address_seeds[n].n;

	data[0] = ADDRESSES;
	data[1] = address_seeds[n].flags;
	data[2] = count;
	memcpy(data + 3, address_seeds[n].list, count * 6);
	if (address_seeds[n].to)
		memcpy(data + 3 + 6 * (count - 1), frame, 6);
	return 3 + 6 * count;
}

static size_t attach_seed(unsigned int n, uint8_t *data)
{
	data[0] = ATTACHING;
	data[1] = attach_seeds[n].n - 1;
	memcpy(data + 2, attach_seeds[n].steps, attach_seeds[n].n);
	return 2 + attach_seeds[n].n;
}

static size_t classic_seed(unsigned int n, uint8_t *data)
{
	data[0] = CLASSIC;
	data[1] = classic_seeds[n].n;
	for (size_t i = 0; i < classic_seeds[n].n; i++) {
		const struct sock_filter *f = &classic_seeds[n].code[i];
		uint8_t *at = data + 2 + 8 * i;

		edit_put16(at, f->code);
		at[2] = f->jt;
		at[3] = f->jf;
		edit_put32(at + 4, f->k);
	}
	return 2 + 8 * classic_seeds[n].n;
}

/* The seeds of one row are those of its sorts. */
static size_t number_seed(unsigned int n, uint8_t *data, const char **name, unsigned int *left)
{
	size_t row = 0;
	unsigned int sorts;

	*left = 0;

	for (; row < ARRAY_SIZE(number_seeds); row++, n -= sorts) {
		sorts = number_seeds[row].last - number_seeds[row].first + 1;
		if (n < sorts)
			break;
	}
	if (row == ARRAY_SIZE(number_seeds)) {
		*left = n;
		return 0;
	}
	data[0] = number_seeds[row].first + n;
	data[1] = number_seeds[row].form;
	data[2] = number_seeds[row].value;
	edit_put16(data + 3, number_seeds[row].at);
	edit_put16(data + 5, number_seeds[row].type);
	edit_put16(data + 7, number_seeds[row].head);
	edit_put16(data + 9, number_seeds[row].tail);
	edit_put32(data + 11, number_seeds[row].a);
	edit_put32(data + 15, number_seeds[row].b);
	*name = number_seeds[row].name;
	return 1 + NUMBERS;
}

size_t target_seed(unsigned int n, uint8_t *data, const char **name)
{
	static const char *const sorts[SORTS] = { "classic",   "filter",   "steering", "xdp",
						  "xdp_skb",   "generic",  "tun",      "frags",
						  "addresses", "attaching" };
	unsigned int left;
	static struct seed s;
	static char text[64];
	size_t at;

	if (n < ARRAY_SIZE(classic_seeds)) {
		*name = classic_seeds[n].name;
		at = classic_seed(n, data);
	} else {
		at = number_seed(n - ARRAY_SIZE(classic_seeds), data, name, &left);
	}
	seed_frame(n % 2, true, &s);
	if (!at && left < ARRAY_SIZE(address_seeds)) {
		*name = address_seeds[left].name;
		at = address_seed(left, data, s.frame.data);
	} else if (!at && left - ARRAY_SIZE(address_seeds) < ARRAY_SIZE(attach_seeds)) {
		left -= ARRAY_SIZE(address_seeds);
		*name = attach_seeds[left].name;
		at = attach_seed(left, data);
	}
	if (!at)
		return 0;
	snprintf(text, sizeof(text), "%s_%s", sorts[*data], *name);
	*name = text;
	seed_frame(n % 2, *data != GENERIC_TUN, &s);
	memcpy(data + at, s.frame.data, s.frame.len);
	return at + s.frame.len;
}
