#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance suite on the running kernel, and the unit tests: a test point for each of their tests.
. harness/test/tap.sh

# points PROGRAM: runs it and turns the tests of its KTAP into test points of this script.
points() {
	"$1" run -o "$work/run" > "$work/ktap" 2>&1
	points_status=$?
	report $((points_status != 0 && points_status != 4)) "$1 ends with status 0 (or 4: all skipped)"
	grep -vE '^  (KTAP|1\.\.|# Subtest)' "$work/ktap" | sed -n 's/^  //p' > "$work/points"
	while read -r line; do
		case $line in
		"ok "*) count=$((count + 1)); echo "ok $count - ${line#ok * }" ;;
		"not ok "*) count=$((count + 1)) failures=$((failures + 1)); echo "not ok $count - ${line#not ok * }" ;;
		*) echo "$line" ;;
		esac
	done < "$work/points"
}

host() { ip -br link; ip -br address; ip route; ip netns list; cut -d' ' -f3- /proc/self/mountinfo; }

host > "$work/before"
points build/unit
points build/tuntests
host > "$work/after"
is "the namespaces it was started in are as they were" "$(cat "$work/after")" "$(cat "$work/before")"

# What the reader of a failure relies on.
build/tuntests list --json > "$work/list.json"
ok "each conformance test expects something in a sentence" perl -MJSON::PP -0777 -ne '
	my @bad = grep { length $_->{title} < 15 } @{decode_json($_)->{tests}};
	print "$_->{id}\n" for @bad; exit @bad > 0' "$work/list.json"
done_testing
