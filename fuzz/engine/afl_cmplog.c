// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/engine/afl_cmplog.h"

#include "fuzz/engine/engine.h"

/* afl-compiler-rt's. */
extern void *__afl_cmp_map;
void __cmplog_ins_hook1(uint8_t a, uint8_t b, uint8_t attribute);
void __cmplog_ins_hook2(uint16_t a, uint16_t b, uint8_t attribute);
void __cmplog_ins_hook4(uint32_t a, uint32_t b, uint8_t attribute);
void __cmplog_ins_hook8(uint64_t a, uint64_t b, uint8_t attribute);

/*
 * The hooks tell one comparison from another by the address they are called from. So there are
 * calls of each at this many places, and a location of the kernel always takes the same. The empty
 * instruction keeps the compiler from making one call of them all.
 */
#define PLACE(hook, n)                                                                             \
	case n:                                                                                    \
		hook(a, b, 0);                                                                     \
		__asm__ volatile("" : : "i"(n));                                                   \
		break;
#define PLACES4(hook, n) PLACE(hook, n) PLACE(hook, n + 1) PLACE(hook, n + 2) PLACE(hook, n + 3)
#define PLACES16(hook, n)                                                                          \
	PLACES4(hook, n) PLACES4(hook, n + 4) PLACES4(hook, n + 8) PLACES4(hook, n + 12)
#define PLACES64(hook) PLACES16(hook, 0) PLACES16(hook, 16) PLACES16(hook, 32) PLACES16(hook, 48)

#define AT_PLACE(name, type, hook)                                                                 \
	static void name(type a, type b, unsigned int place)                                       \
	{                                                                                          \
		switch (place & 63) {                                                              \
			PLACES64(hook)                                                             \
		}                                                                                  \
	}
AT_PLACE(compare1, uint8_t, __cmplog_ins_hook1)
AT_PLACE(compare2, uint16_t, __cmplog_ins_hook2)
AT_PLACE(compare4, uint32_t, __cmplog_ins_hook4)
AT_PLACE(compare8, uint64_t, __cmplog_ins_hook8)

static void on_pair(uint64_t a, uint64_t b, unsigned int width, uint64_t location)
{
	unsigned int place = location * 0x9e3779b97f4a7c15 >> 58;

	if (width == 1)
		compare1(a, b, place);
	else if (width == 2)
		compare2(a, b, place);
	else if (width == 4)
		compare4(a, b, place);
	else
		compare8(a, b, place);
}

bool afl_cmplog(const uint8_t *data, size_t size)
{
	if (!__afl_cmp_map)
		return false;
	engine_compare(data, size, on_pair);
	return true;
}
