#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Which calls in a module's code are KCOV's.
. harness/test/tap.sh

[ "$(uname -m)" = x86_64 ] || skip_all "the code is x86-64's, not $(uname -m)'s"
cat > "$work/code.s" <<'END'
	.section .ltext, "ax", @progbits
first:
	movabs $__sanitizer_cov_trace_pc, %rbx
	call *%rbx	# a
	test %edi, %edi
	je 1f
	call *%rbx	# not
	movabs $__ubsan_handle_out_of_bounds, %rax
	call *%rax	# not
	jmp 2f
1:	call *%rbx	# b
	call *%rbx	# c
	mov %rdi, %rbx
	call *%rbx	# not
	ret
2:	call *%rbx	# d
	ret
second:
	call *%rbx	# not
	movabs $__sanitizer_cov_trace_pc, %r12
	call *%r12	# e
	xor %r12d, %r12d
	call *%r12	# not
	movabs $__sanitizer_cov_trace_pc, %rax
	call *%rax	# f
	call *%rax	# not
	ret
END
as -aln="$work/listing" -o "$work/code.o" "$work/code.s"
# found: their letters in what the assembler says of its source.
found() {
	objdump -d -r --no-show-raw-insn -j .ltext "$work/code.o" | awk -v module=code -f cli/kcov_blocks.awk |
		while read -r module behind call; do
			sed -n "s/^ *[0-9]* *$(printf %04x "$call") .*# //p" "$work/listing"
		done
}
is "KCOV's calls, of shared loads, but not what only UBSAN added or a register that is another's" \
	"$(found | paste -sd ' ')" "a b c d e f"
done_testing
