// SPDX-License-Identifier: GPL-2.0-only
/* The target for AFL++: persistent, inputs in shared memory, its map filled by KCOV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/engine/engine.h"

/* afl-compiler-rt's, which its compilers would use by macros. */
extern unsigned char *__afl_area_ptr;
extern unsigned int *__afl_fuzz_len;
extern unsigned char *__afl_fuzz_ptr;
extern unsigned int __afl_map_size;
extern int __afl_sharedmem_fuzzing;
void __afl_manual_init(void);
int __afl_persistent_loop(unsigned int inputs);

/* afl-fuzz looks for these in the program. */
extern const char *const afl_signatures[];
const char *const afl_signatures[] = { "##SIG_AFL_PERSISTENT##", "##SIG_AFL_DEFER_FORKSRV##" };
int __afl_sharedmem_fuzzing = 1;

/* A new process after so many inputs: what it did to the kernel stays, so that is for its own sake.
 */
#define INPUTS 1000000

int main(void)
{
	static uint8_t own[ENGINE_MAP_SIZE];

	if (!afl_signatures[0])
		return 2;
	/* The map is there once the fork server is; what is slow comes before. */
	engine_begin(own);
	__afl_manual_init();
	while (__afl_persistent_loop(INPUTS)) {
		memset(own, 0, sizeof(own));
		engine_run(__afl_fuzz_ptr, *__afl_fuzz_len);
		memcpy(__afl_area_ptr, own,
		       __afl_map_size < sizeof(own) ? __afl_map_size : sizeof(own));
		/* A map without a single counter would be taken for a program without instruments.
		 */
		__afl_area_ptr[0] |= 1;
	}
	return 0;
}
