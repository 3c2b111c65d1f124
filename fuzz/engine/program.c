// SPDX-License-Identifier: GPL-2.0-only
/* Inputs as a program in C that stands alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/lockstep.h"
#include "device/program.h"
#include "fuzz/engine/engine.h"
#include "harness/harness.h"

FUZZ_TEXT(fuzz_program, FUZZ_FILE("fuzz/targets/program.h"));

/* main() as it grows. */
static FILE *body;
static char *text;
static size_t size_of_text;

void engine_program_add(const uint8_t *data, size_t size)
{
	if (!body) {
		body = open_memstream(&text, &size_of_text);
		if (!body)
			TH_BAIL("a program: %s", strerror(errno));
		fputs("int main(void)\n{\n\tbegin();\n", body);
	}
	fputs("\t{\n", body);
	fuzz_target.print(body, data, size);
	fputs("\t}\n", body);
}

void engine_program_write(FILE *out)
{
	char *prologue;

	if (!body)
		return;
	fputs("\treturn verdict();\n}\n", body);
	fclose(body);
	if (asprintf(&prologue, "%s\n%s\n%s\n", op_program, fuzz_program,
		     fuzz_target.prologue ?: "") < 0)
		TH_BAIL("a program: %s", strerror(errno));
	program_write(out, prologue, text);
	free(prologue);
	free(text);
	body = NULL;
}
