// SPDX-License-Identifier: GPL-2.0-only
/* Programs of all forms, and a frame. */
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

#define FULL 8 /* see plan.c */

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
	{ "tx_full", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_TX, FULL },
	{ "to_tap", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_TAP },
	{ "to_tap_full", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_TAP | FULL },
	{ "to_tap_edited", IN_DRIVER, GENERIC, 1, 0, 0, 0x88b5, 20, -4, XDP_REDIRECT, TO_TAP },
	{ "to_vnet", IN_DRIVER, FRAGS, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_VNET },
	{ "to_vnet_full", IN_DRIVER, IN_DRIVER, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_VNET | FULL },
	{ "to_no_file", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_NO_FILE },
	{ "to_down", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_DOWN },
	{ "to_missing", IN_DRIVER, GENERIC, 0, 0, 0, 0, 0, 0, XDP_REDIRECT, TO_MISSING },
};

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
static size_t number_seed(unsigned int n, uint8_t *data, const char **name)
{
	size_t row = 0;
	unsigned int sorts;

	for (; row < ARRAY_SIZE(number_seeds); row++, n -= sorts) {
		sorts = number_seeds[row].last - number_seeds[row].first + 1;
		if (n < sorts)
			break;
	}
	if (row == ARRAY_SIZE(number_seeds))
		return 0;
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
	static const char *const sorts[SORTS] = { "classic", "filter",	"steering", "xdp",
						  "xdp_skb", "generic", "tun",	    "frags" };
	static struct seed s;
	static char text[64];
	size_t at;

	if (n < ARRAY_SIZE(classic_seeds)) {
		*name = classic_seeds[n].name;
		at = classic_seed(n, data);
	} else {
		at = number_seed(n - ARRAY_SIZE(classic_seeds), data, name);
	}
	if (!at)
		return 0;
	snprintf(text, sizeof(text), "%s_%s", sorts[*data], *name);
	*name = text;
	seed_frame(n % 2, *data != GENERIC_TUN, &s);
	memcpy(data + at, s.frame.data, s.frame.len);
	return at + s.frame.len;
}
