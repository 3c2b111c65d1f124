#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# --shuffle, --repeat, patterns and time-outs.
. harness/test/tap.sh

out=$work/run

# The ids in the order in which they were started.
order() { sed -n 's/.*"id": "\([^"]*\)".*"started_ms": \([0-9.e+-]*\).*/\2 \1/p' "$out/results.json" | sort -g | cut -d' ' -f2; }

quick="demo.passes demo.variants demo.xfails demo.own_timeout demo.expected_signal demo.xpasses"
build/demo run -j 1 -o "$out" $quick > /dev/null
is "without --shuffle the order is that of the plan" "$(order)" \
	"$(sed -n 's/.*"id": "\([^"]*\)".*/\1/p' "$out/results.json")"
build/demo run -j 1 -o "$out" demo.passes demo.thread_fails > /dev/null
is "... but a test that waits begins before the others" "$(order | tail -n 1)" demo.passes
build/demo run -j 1 -o "$out" --shuffle 7 $quick > "$work/seven"
first=$(order)
build/demo run -j 1 -o "$out" --shuffle 7 $quick > /dev/null
is "one seed gives one order" "$(order)" "$first"
build/demo run -j 1 -o "$out" --shuffle 8 $quick > /dev/null
report $([ "$(order)" != "$first" ]; echo $?) "another seed gives another"
ok "the seed is printed" grep -q '^# order: --shuffle 7$' "$work/seven"
ok "... and kept" grep -q '"shuffle": 8' "$out/results.json"
ok "a random seed is printed too" sh -c \
	"build/demo run -o '$out' --shuffle random demo.passes | grep -q '^# order: --shuffle [0-9]*$'"

build/demo run -o "$out" demo.passes "demo.takes_*" > /dev/null
ok "a test that takes long is not in the plan" sh -c "! grep -q demo.takes_long '$out/results.json'"
ok "... with --long it is" sh -c \
	"build/demo run -o '$out' --long demo.passes 'demo.takes_*' | grep -q '^  ok . demo.takes_long'"
ok "... or if its id is given" sh -c \
	"build/demo run -o '$out' demo.passes demo.takes_long | grep -q '^  ok . demo.takes_long'"
exits "... without any other test to run it is an error" 2 build/demo run -o "$out" "demo.takes_*"
ok "... that says what to do" grep -q 'add --long' "$work/err"
ok "a dangerous one is in no plan" sh -c \
	"build/demo run -o '$out' --long demo.passes 'demo.d*' > /dev/null; ! grep -q demo.dangerous '$out/results.json'"
exits "... unless its id is given" 0 build/demo run -o "$out" demo.dangerous
is "list marks it" "$(build/demo list | grep -c ' \[takes long\]$')" 1
ok "tests have a seed" sh -c \
	"build/demo run -v -o '$out' demo.takes_long | grep -q 'seed 1$' && ! grep -q seed '$out/results.json'"
ok "... that may be given" sh -c \
	"build/demo run -v -o '$out' --seed 42 demo.takes_long | grep -q 'seed 42$'"
ok "... and is kept" grep -q '"seed": 42' "$out/results.json"
ok "... also in the command that runs the bad ones again" sh -c \
	"build/demo run -o '$out' --seed 42 demo.fails | grep -q '^# again: .* --seed 42 demo.fails$'"

build/demo run -o "$out" --repeat 5 demo.passes demo.fails > "$work/log"
ok "--repeat counts the runs" grep -q '"demo.passes".*"runs": 5, "passes": 5' "$out/results.json"
ok "... and the failures" grep -q '"demo.fails".*"runs": 5, "passes": 0' "$out/results.json"
is "... and reports each test once" "$(grep -cE '^  (not )?ok [0-9]* demo' "$work/log")" 2
# A runner that is killed between repetitions: what they brought is there.
build/demo run -o "$work/killed" --repeat 1000 demo.passes demo.fails demo.sleeps_longer > /dev/null &
pid=$!
ok "results.json shows repetitions while they go on" wait_until grep -q \
	'"demo.passes".*"result": "pass".*"runs": ' "$work/killed/results.json"
kill -KILL $pid
wait $pid 2> /dev/null
ok "... and keeps them when the runner is killed" grep -q '"demo.fails".*"result": "fail"' "$work/killed/results.json"
DEMO_MARK=$(shared_mark)
export DEMO_MARK
rm -f "$DEMO_MARK"
exits "one failure in many runs is a failure" 1 build/demo run -j 1 -o "$out" --repeat 5 demo.fails_once
ok "... and shown as such" grep -q '# passed 4 of 5 runs' "$work/out"
rm -f "$DEMO_MARK"

build/demo run -j 1 -o "$out" --ordered demo.xfails demo.passes 'demo.*thread_fails' > /dev/null
is "--ordered begins with what is named first" "$(order | tr '\n' ' ')" \
	"demo.xfails.one demo.xfails.two demo.passes demo.thread_fails "
exits "--first ends the run" 1 build/demo run -j 1 -o "$out" --first --ordered demo.passes demo.fails demo.xfails
is "... at the first failure" "$(order | tr '\n' ' ')" "demo.passes demo.fails "
is "... and what is left has not run" "$(grep -c '"notrun"' "$out/results.json")" 2
exits "... which an expected one is not" 0 build/demo run -j 1 -o "$out" --first --ordered demo.xfails demo.passes
exits "... and a skip only with --strict" 1 build/demo run -j 1 -o "$out" --first --strict --ordered demo.skips demo.passes
is "... is one" "$(grep -c '"notrun"' "$out/results.json")" 1

is "an area is a pattern" "$(build/demo list demo | wc -l)" "$(build/demo list | wc -l)"
is "a test's id is one for all its variants" "$(build/demo list demo.variants | wc -l)" 2
is "... and for one" "$(build/demo list demo.variants.two | wc -l)" 1
is "a shell pattern" "$(build/demo list '*.xf*' | awk '{ print $1 }' | tr '\n' ' ')" \
	"demo.xfails.one demo.xfails.two "
is "a number is the tests of a behaviour" "$(build/demo list 1 3 | awk '{ print $1 }' | tr '\n' ' ')" \
	"demo.passes demo.fails "
build/demo run -j 1 -o "$out" 2 > /dev/null
is "... in a run, too" "$(order)" demo.passes
ok "list --json is JSON" sh -c \
	"build/demo list --json | perl -MJSON::PP -0777 -ne 'exit(decode_json(\$_)->{tests}[0]{guards}[0] ne \"0123456789ab\")'"

features=$work/features
exits "what the probes said is kept" 0 build/demo run --features "$features" -o "$out" demo.passes
ok "... feature by feature" grep -qx "present 1" "$features"
sed -i 's/^present 1/present 0/' "$features"
exits "... and taken from there, be it right or not" 4 build/demo run --features "$features" -o "$out" demo.passes
sed -i '1s/ [^ ]*/ 7.7.7/' "$features"
exits "... but not from another kernel's" 0 build/demo run --features "$features" -o "$out" demo.passes
ok "... and that is made anew" grep -qx "present 1" "$features"
exits "... nor for a guest" 2 build/demo run --features "$features" --guest nosuch -o "$out" demo.passes

start=$(date +%s)
exits "a hanging test is killed in time" 1 build/demo run -t 1 -o "$out" demo.hangs
report $(($(date +%s) - start > 5)) "... and its children with it"
exits "a test's own time-out may be longer" 0 build/demo run -t 1 -o "$out" demo.sleeps_longer
done_testing
