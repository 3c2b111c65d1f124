#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# compare and --baseline: what got worse, and what was expected.
. harness/test/tap.sh

# results FILE ID=RESULT[:REASON]...
results() {
	results_file=$1
	shift
	{
		printf '{"schema": 1, "tests": ['
		comma=
		for entry; do
			id=${entry%%=*} rest=${entry#*=}
			reason=${rest#*:}
			[ "$reason" != "$rest" ] || reason=
			printf '%s{"id": "%s", "result": "%s", "reason": "%s"}' "$comma" "$id" \
				"${rest%%:*}" "$reason"
			comma=', '
		done
		printf ']}\n'
	} > "$results_file"
}

results "$work/old" a.same=pass a.worse=pass a.better=fail a.gone=pass a.skip="skip:no x" \
	a.lost=pass a.gained="skip:no y" a.crash=xfail a.bad=fail
results "$work/new" a.same=pass a.worse="fail:it broke" a.better=pass a.new=pass a.skip="skip:no z" \
	a.lost="skip:no w" a.gained=pass a.crash="crash:killed by SIGSEGV" a.bad=timeout
exits "something worse" 1 build/demo compare "$work/old" "$work/new"
is "... is listed before all else" "$(cat "$work/out")" "worse:
  a.worse: pass -> fail (it broke)
  a.crash: xfail -> crash (killed by SIGSEGV)
no longer tested:
  a.lost: pass -> skip (no w)
better:
  a.better: fail -> pass
tested again:
  a.gained: skip -> pass
skipped for another reason:
  a.skip: skip -> skip (no z)
new tests:
  a.new: - -> pass
tests gone:
  a.gone: pass -> -"
exits "the same twice" 0 build/demo compare "$work/old" "$work/old"
is "... is no difference" "$(cat "$work/out")" "no difference in 9 tests"
results "$work/a" a.x=fail
results "$work/b" a.x=pass
exits "something better only" 0 build/demo compare "$work/a" "$work/b"
results "$work/a" a.x=pass
results "$work/b" a.x="skip:no x"
exits "a test that is skipped now: a feature may be lost" 1 build/demo compare "$work/a" "$work/b"
results "$work/b" a.x=notrun
exits "... or not run" 1 build/demo compare "$work/a" "$work/b"
results "$work/a" a.x="skip:no y"
results "$work/b" a.x="skip:no x"
exits "... but not one that was skipped before" 0 build/demo compare "$work/a" "$work/b"
results "$work/a" a.x=fail
results "$work/b" a.x=fail a.y="fail:new and broken"
exits "a new test that fails" 1 build/demo compare "$work/a" "$work/b"

out=$work/run
results "$work/baseline" demo.fails="xfail:missing fix 0123456789ab" demo.passes="xfail:missing fix cafe" \
	demo.asserts=pass
exits "a failure the baseline does not expect" 1 build/demo run -o "$out" -b "$work/baseline" \
	demo.fails demo.passes demo.asserts
ok "... is a failure" grep -q '"demo.asserts".*"result": "fail"' "$out/results.json"
ok "one it expects is an xfail with the missing fix" grep -q \
	'"demo.fails".*"result": "xfail", "reason": "missing fix 0123456789ab (harness/test/demo.c' "$out/results.json"
ok "a pass where it expects a failure is an xpass" grep -q \
	'"demo.passes".*"result": "xpass", "reason": "passes, where .*missing fix cafe' "$out/results.json"
exits "expected failures and better results" 0 build/demo run -o "$out" -b "$work/baseline" \
	demo.fails demo.passes
exits "a results.json can be a baseline" 0 build/demo run -o "$out" -b "$out/results.json" demo.fails
exits "the folder of a run can be compared" 0 build/demo compare "$out" "$out/results.json"
mkdir "$work/empty"
exits "a folder without results" 2 build/demo compare "$out" "$work/empty"
one_line "... is named" "$work/empty/results.json: cannot read it: No such file or directory"
done_testing
