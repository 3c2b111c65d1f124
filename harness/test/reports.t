#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The exact KTAP, JUnit XML and results.json that misbehaving tests lead to.
. harness/test/tap.sh

out=$work/run
demo_reports
is "failing tests exit 1" $? 1
is "KTAP on standard output is what it has to be" "$(cat "$work/demo.ktap")" \
	"$(cat harness/test/demo.ktap)"
ok "results.ktap says the same" diff "$out/results.ktap" "$work/out"
is "results.json is what it has to be" "$(cat "$work/demo.json")" "$(cat harness/test/demo.json)"
ok "results.json is JSON to a stranger" perl -MJSON::PP -0777 -ne 'decode_json($_)' "$out/results.json"
is "junit.xml is what it has to be" "$(cat "$work/demo.xml")" "$(cat harness/test/demo.xml)"
ok "junit.xml follows the schema" xmllint --noout --schema harness/test/junit.xsd "$out/junit.xml"
sed 's/ failures="[0-9]*"//' "$out/junit.xml" > "$work/bad.xml"
ok "... and the schema can tell" sh -c "! xmllint --noout --schema harness/test/junit.xsd '$work/bad.xml'"

# prove reads one level at a time: the areas, then the tests of the only area.
prove_summary() { prove --exec cat "$1" 2>&1 | grep -E 'Tests: |^  Failed test'; }
cp "$out/results.ktap" "$work/areas.tap"
is "prove sees a failed area" "$(prove_summary "$work/areas.tap" | sed 's/.*(/(/')" \
	"(Wstat: 0 Tests: 1 Failed: 1)
  Failed test:  1"
sed -n 's/^  //p' "$out/results.ktap" > "$work/tests.tap"
bad=$(grep -c '^not ok' "$work/tests.tap")
all=$(grep -cE '^(not )?ok [0-9]' "$work/tests.tap")
is "prove counts the tests and the failures" \
	"$(prove_summary "$work/tests.tap" | sed -n 's/.*(/(/p')" "(Wstat: 0 Tests: $all Failed: $bad)"
is "the plan is complete and comes first" "$(sed -n 's/^1\.\.//p' "$work/tests.tap")" "$all"
is "the last line counts" "$(tail -n 1 "$out/results.ktap")" \
	"# Totals: pass:10 fail:15 xfail:1 xpass:1 skip:4 error:3"

# The bad ones once more, before the last line.
is "each bad test is named again at the end" "$(sed -n 's/^# failed: \(demo[^:]*\): ..*/\1/p' "$out/results.ktap")" \
	"$(sed -n 's/^  not ok [0-9]* \([^ ]*\).*/\1/p' "$out/results.ktap")"
build/demo run -j 1 -o "$out" --strict --baseline none demo.passes demo.fails demo.skips > "$work/first"
again=$(sed -n 's/^# again: //p' "$work/first")
is "... with the command that runs them alone" "$again" \
	"build/demo run -v --strict --baseline 'none' demo.fails demo.skips"
sh -c "$again -o '$work/again'" > "$work/second"
is "... which does" "$(grep '^# failed' "$work/second")" "$(grep '^# failed' "$work/first")"
echo '{"schema": 1, "tests": []}' > "$work/none.json"
long=$work/$(printf './%.0s' $(seq 1000))none.json
build/demo run -o "$out" -b "$long" demo.fails demo.asserts > "$work/out"
ok "... and is not longer than a line may be" grep -q "^# again: .*none.json' # and 2 more\$" "$work/out"
build/demo run -o "$out" demo.passes > "$work/out"
ok "nothing bad, nothing to run again" sh -c "! grep -E '^# (failed|again)' '$work/out'"
demo_reports

# What was expected, at the top.
expected() { build/demo run -o "$work/again" "$@" demo.passes | sed -n 's/^# expected: //p'; }
is "the head says what is expected" "$(expected -b "$work/none.json")" "$work/none.json"
is "... also if that is everything" "$(expected -b none)" "everything passes"
exits "--baseline none takes no excuse" 1 build/demo run -o "$work/again" -b none demo.xfails
ok "... not of the test either" grep -q '^  not ok 2 demo.xfails.two$' "$work/out"

ok "a failed test's output and attachment are kept" sh -c \
	"grep -q 'printed to stdout' '$out/demo.fails/log' &&
	 [ \"\$(cat '$out/demo.fails/attachment.bin')\" = evidence ]"
ok "a passed test keeps nothing" test ! -e "$out/demo.passes"
build/demo run -o "$out" demo.passes demo.fails > /dev/null
ok "--json and --junit write copies" sh -c \
	"build/demo run -o '$out' --json '$work/a.json' --junit '$work/a.xml' demo.passes >/dev/null &&
	 cmp '$out/results.json' '$work/a.json' && cmp '$out/junit.xml' '$work/a.xml'"

is "a pipe gets no colour and no progress line" "$(tr -d '[:print:]\n\t' < "$work/out" | wc -c)" 0
script -qec "build/demo run -o '$out' demo.passes demo.fails" "$work/typescript" > /dev/null 2>&1
ok "a terminal gets colours" grep -q "$(printf '\033\\[32m')  ok 1 demo.passes" "$work/typescript"
ok "... and a progress line" grep -q "$(printf '\\[[0-9]/2\\] demo')" "$work/typescript"
done_testing
