# SPDX-License-Identifier: GPL-2.0-only
# Of what `objdump -d -r --no-show-raw-insn` says of MODULE (-v module=): a line "MODULE OFFSET CALL" for each of KCOV's
# locations, where it returns to and its call; but for those in front of a report of UBSAN's. The calls go through
# a register. Which have the address of KCOV's function is followed through the code: branches may share one load
# of it.

# The register of 64 bits that one with this name is a part of.
function whole(name) {
	gsub(/[%*]/, "", name)
	if (name ~ /^r[0-9]/)
		sub(/[dwb]$/, "", name)
	else if (name ~ /^[re]?[abcd]x$|^[abcd][lh]$/)
		name = "r" substr(name, match(name, /[abcd][xlh]$/), 1) "x"
	else if (name ~ /^[re]?(si|di|bp|sp)l?$/)
		name = "r" substr(name, match(name, /(si|di|bp|sp)l?$/), 2)
	return name
}
function forget(names,  n, name) {
	n = split(names, name, " ")
	while (n)
		delete has[name[n--]]
}
function forget_all(  name) { for (name in has) delete has[name] }
/^[0-9a-f]+ <.*>:$/ { forget_all() }
/^ *[0-9a-f]+:\t/ {
	at = $1
	sub(/:/, "", at)
	if (call) {
		if (block)
			print block
		block = module " 0x" at " " call
	}
	call = loaded = ""
	n = split(into[at], name, " ")
	while (n)
		has[name[n--]]
	if ($2 ~ /^j/) {
		for (register in has)
			into[$3] = into[$3] " " register
		if ($2 == "jmp")
			forget_all()
	} else if ($2 ~ /^ret/ || $2 == "ud2") {
		forget_all()
	} else if ($2 == "call") {
		if ($3 ~ /^\*%/ && whole($3) in has)
			call = "0x" at
		forget("rax rcx rdx rsi rdi r8 r9 r10 r11")
	} else if ($2 !~ /^(cmp|test|push|bt$)/) {
		to = $3
		sub(/.*,/, "", to)
		if (to ~ /^%/)
			forget(whole(to))
		if ($2 == "movabs")
			loaded = whole(to)
	}
}
/R_X86_64_64\t__sanitizer_cov_trace_pc$/ && loaded { has[loaded] }
/R_X86_64_64\t__ubsan_handle_/ { block = "" }
END {
	if (block)
		print block
}
