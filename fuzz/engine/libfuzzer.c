// SPDX-License-Identifier: GPL-2.0-only
/* The target for libFuzzer. */
#include <stdio.h>
#include <string.h>

#include "fuzz/engine/engine.h"

/* libFuzzer takes these bytes for counters of its own. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[ENGINE_MAP_SIZE];

/* libFuzzer's, declared nowhere. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
				 size_t other_size, uint8_t *out, size_t max, unsigned int seed);

/* One input of so many shows its comparisons too: that costs four system calls. */
#define COMPARE_EVERY 256

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	engine_begin(counters);
	return 0;
}

/* Into libFuzzer's table of recent compares, from which it takes values for its mutations. */
static void on_pair(uint64_t a, uint64_t b, unsigned int width, uint64_t location)
{
	(void)location;
	if (a == b)
		return;
	switch (width) {
	case 1:
		__sanitizer_cov_trace_cmp1(a, b);
		break;
	case 2:
		__sanitizer_cov_trace_cmp2(a, b);
		break;
	case 4:
		__sanitizer_cov_trace_cmp4(a, b);
		break;
	default:
		__sanitizer_cov_trace_cmp8(a, b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned int n;

	if (!(++n % COMPARE_EVERY))
		engine_compare(data, size, on_pair);
	return engine_fuzz(data, size);
}

/* A quarter is left to libFuzzer's own ways, so that no structure is taken for granted. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct draw draw = draw_random(seed);

	if (max > fuzz_target.max_len)
		max = fuzz_target.max_len;
	if (size > max)
		size = max;
	if (!fuzz_target.mutate || draw.below(&draw, 4) == 0)
		return LLVMFuzzerMutate(data, size, max);
	return fuzz_target.mutate(data, size, max, &draw);
}

static size_t append(uint8_t *out, size_t size, size_t max, const uint8_t *data, size_t n)
{
	if (n > max - size)
		n = max - size;
	memcpy(out + size, data, n);
	return size + n;
}

/* The beginning of one input, a piece of the other, and mostly nothing of the rest. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
				 size_t other_size, uint8_t *out, size_t max, unsigned int seed)
{
	struct draw draw = draw_random(seed);
	size_t at, from, to, n;

	if (!fuzz_target.cut)
		return 0;
	if (max > fuzz_target.max_len)
		max = fuzz_target.max_len;
	at = fuzz_target.cut(data, size, &draw);
	from = fuzz_target.cut(other, other_size, &draw);
	to = draw.below(&draw, 2) ? other_size : fuzz_target.cut(other, other_size, &draw);
	n = append(out, 0, max, data, at);
	if (to > from)
		n = append(out, n, max, other + from, to - from);
	return draw.below(&draw, 3) ? n : append(out, n, max, data + at, size - at);
}
