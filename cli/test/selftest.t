#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The scripts behind `make test` and `make bench`: what they make of failures.
. harness/test/tap.sh

script() { cat > "$work/$1.t"; }
last_line() { cli/selftest "$@" 2>&1 | tail -n 1; }
script good <<-'END'
	echo 1..2; echo ok 1; echo "ok 2 - x # SKIP no y"
END
script bad <<-'END'
	echo 1..2; echo not ok 1; echo ok 2; exit 1
END
script died <<-'END'
	echo ok 1; exit 3
END
script died_with_failure <<-'END'
	echo ok 1; echo not ok 2; exit 3
END
script died_of_signal <<-'END'
	echo 1..1; echo ok 1; kill -KILL $$
END
is "tests are counted" "$(last_line "$work/good.t")" "1 passed, 0 failed, 1 skipped"
is "a failure is one failure" "$(last_line "$work/good.t" "$work/bad.t")" "2 passed, 1 failed, 1 skipped"
is "a script that dies is one" "$(last_line "$work/good.t" "$work/died.t")" "2 passed, 1 failed, 1 skipped"
is "... also of a signal" "$(last_line "$work/died_of_signal.t")" "1 passed, 1 failed, 0 skipped"
is "... also beside others that failed, and itself" \
	"$(last_line "$work/bad.t" "$work/died.t" "$work/died_with_failure.t")" "3 passed, 4 failed, 0 skipped"
exits "the status says so too" 1 cli/selftest "$work/good.t" "$work/died.t"
ok "... and the script is named" grep -q "^failed: $work/died.t died$" "$work/out"
exits "all well" 0 cli/selftest "$work/good.t"

exits "a measurement" 0 cli/bench build/demo 1 demo.passes
ok "... is printed" grep -q '^parallel (default): ' "$work/out"
exits "a failed test is no measurement" 1 cli/bench build/demo 1 demo.passes demo.fails
ok "... and named" grep -q '^# failed: demo.fails: ' "$work/err"
ok "... with nothing measured" sh -c "! grep parallel '$work/out'"
done_testing
