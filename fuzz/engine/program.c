// SPDX-License-Identifier: GPL-2.0-only
/* Inputs as a program in C that stands alone. */
#include "device/lockstep.h"
#include "fuzz/engine/engine.h"

__asm__(".pushsection .rodata\n"
	"fuzz_program:\n"
	".incbin \"fuzz/engine/program.h\"\n"
	".byte 0\n"
	".popsection\n");
extern const char fuzz_program[] __attribute__((visibility("hidden")));

void engine_program_begin(FILE *out)
{
	fprintf(out, "%s\n%s\n%s\nint main(void)\n{\n\tbegin();\n", op_program, fuzz_program,
		fuzz_target.prologue ?: "");
}

void engine_program_add(FILE *out, const uint8_t *data, size_t size)
{
	fputs("\t{\n", out);
	fuzz_target.print(out, data, size);
	fputs("\t}\n", out);
}

void engine_program_end(FILE *out)
{
	fputs("\treturn verdict();\n}\n", out);
}
