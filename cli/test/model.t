#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `tuntests model`: the reference model against a kernel that does what it says, and one that lies.
. harness/test/tap.sh

exits "a number of steps that is none" 2 build/tuntests model --steps many
one_line "... is named with its range" "steps takes a number from 1 to 1000000000, not 'many'"
exits "a seed that is none" 2 build/tuntests model --seed -1
one_line "... is named" "seed takes a number or 'random', not '-1'"
exits "an argument" 2 build/tuntests model queue
ok "... is named" grep -q "model takes no argument 'queue'" "$work/err"

build/tuntests run -o "$work/one" model.random.seed_1 > "$work/out" 2> "$work/err"
if [ $? = 4 ]; then
	skip "the model" "$(sed -n 's/.*# SKIP //p' "$work/out" | head -n 1)"
	done_testing
	exit
fi

out=$work/run
exits "a kernel that does what the model says" 0 build/tuntests model -n 3000 -s 3 -o "$out"
ok "... and as many operations" grep -q '^# model: 3072 steps of seed 3$' "$work/out"
ok "... without a program" test ! -e "$out/program.c"

cc -shared -fPIC -o "$work/liar.so" cli/test/liar.c
exits "a kernel that lies" 1 env LD_PRELOAD="$work/liar.so" build/tuntests model -n 3000 -s 3 -o "$out"
ok "... what it said" grep -q 'TUNGETSNDBUF' "$out/model.random.seed_1/log"
ok "... and where the program is" grep -q "^# the shortest sequence that shows it: $out/program.c$" "$work/out"
ok "... which is short" sh -c "[ \$(sed -n '/^int main/,\$p' '$out/program.c' | wc -l) -lt 16 ]"
exits "... and compiles" 0 cc -Wall -Wextra -Werror -o "$work/program" "$out/program.c"
exits "... finds the true kernel right" 0 "$work/program"
exits "... and the liar wrong" 1 env LD_PRELOAD="$work/liar.so" "$work/program"
ok "... in a line of it" grep -q '^line [0-9]*: number is -2147483648, expected 2147483647' "$work/out"

rm -f "$out/program.c"
mkdir "$out/program.c"
exits "a program that cannot be written" 2 env LD_PRELOAD="$work/liar.so" \
	build/tuntests model -n 3000 -s 3 -o "$out"
ok "... is told" grep -q 'cannot write program.c: Is a directory' "$work/err"

done_testing
