// SPDX-License-Identifier: GPL-2.0-only
/* Making a sequence that shows a mismatch shorter, and writing it as a program. */
#include <stdlib.h>
#include <string.h>

#include "device/lockstep.h"
#include "device/program.h"
#include "harness/harness.h"

/* What follows is in the program too, so that it stands alone. */
__asm__(".pushsection .rodata\n"
	".globl op_program\n"
	".hidden op_program\n"
	"op_program:\n"
	".incbin \"device/op_program.h\"\n"
	".byte 0\n"
	".popsection\n");

/* @sequence without @n operations from @at on: true if it still has a mismatch, and then cut. */
static bool without(struct lockstep *ls, const struct model_abi *abi, struct sequence *sequence,
		    size_t at, size_t n)
{
	struct sequence less = { .count = sequence->count - n };
	size_t failed_at;

	less.ops = malloc(less.count * sizeof(*less.ops) + 1);
	if (!less.ops)
		TH_BAIL("a sequence of %zu operations: %s", less.count, strerror(errno));
	memcpy(less.ops, sequence->ops, at * sizeof(*less.ops));
	memcpy(less.ops + at, sequence->ops + at + n, (less.count - at) * sizeof(*less.ops));
	if (lockstep_replay(ls, abi, &less, &failed_at, NULL)) {
		free(less.ops);
		return false;
	}
	free(sequence->ops);
	*sequence = less;
	if (failed_at < sequence->count)
		sequence->count = failed_at + 1;
	return true;
}

void lockstep_shrink(struct lockstep *ls, const struct model_abi *abi, struct sequence *sequence)
{
	size_t failed_at;

	for (size_t n = sequence->count / 2; n; n /= 2) {
		for (size_t at = 0; at + n <= sequence->count;) {
			if (!without(ls, abi, sequence, at, n))
				at += n;
		}
	}
	lockstep_replay(ls, abi, sequence, &failed_at, NULL);
}

void lockstep_program(struct lockstep *ls, const struct model_abi *abi,
		      const struct sequence *sequence, FILE *out)
{
	struct op_result *results = calloc(sequence->count + 1, sizeof(*results));
	size_t failed_at, size;
	char *text;
	FILE *body = open_memstream(&text, &size);

	if (!results || !body)
		TH_BAIL("results of %zu operations: %s", sequence->count, strerror(errno));
	lockstep_replay(ls, abi, sequence, &failed_at, results);
	fputs("int main(void)\n{\n\tbegin();\n", body);
	for (size_t i = 0; i < sequence->count && i <= failed_at; i++) {
		if (results[i].known)
			op_print(body, &sequence->ops[i], &results[i]);
	}
	free(results);
	if (*ls->field)
		fprintf(body, "\tCHECK(link_field(ns[%u], \"%s\", \"%s\"), %lld);\n", ls->link_netns,
			ls->link, ls->field, (long long)ls->field_expected);
	fprintf(body, "\t/* %s */\n\treturn verdict();\n}\n", ls->mismatch);
	fclose(body);
	program_write(out, op_program, text);
	free(text);
}
