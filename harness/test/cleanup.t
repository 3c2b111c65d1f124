#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Nothing stays behind: no process, device, namespace, mount or file, however a run ends.
. harness/test/tap.sh

out=$work/run

# What the host has: processes of this program, network devices, mounts, namespaces, files in /tmp.
processes() { pgrep -f -- "$out" || true; }
host() {
	ip -br link | awk '{ print $1 }'
	ip netns list 2>/dev/null
	cut -d' ' -f3- /proc/self/mountinfo
	readlink /proc/self/ns/*
	ls -d /tmp/demo-left-behind 2>/dev/null
}
gone() { [ -z "$(processes)" ]; }
running() { pgrep -f -c -- "$out" > "$work/n" && [ "$(cat "$work/n")" -gt 3 ]; }

host > "$work/before"

build/demo run -t 1 -o "$out" demo.hangs demo.crashes demo.leaks_child demo.leaves_things > "$work/log"
ok "after the end no process is left" gone
host > "$work/after"
is "... and no device, namespace, mount or file" "$(cat "$work/after")" "$(cat "$work/before")"
ok "the test that leaves things did make them" grep -q 'ok 4 demo.leaves_things$' "$work/log"

# start SIGNAL: a run that hangs, ended by SIGNAL once it is under way; its status in $status.
start() {
	build/demo run -t 60 -o "$out" demo.passes demo.hangs demo.leaves_things > "$work/log" 2>&1 &
	pid=$!
	wait_until running || echo "# the run did not start"
	wait_until grep -q 'ok 1 demo.passes' "$work/log" || echo "# no result"
	kill -"$1" $pid
	status=0
	wait $pid 2>/dev/null || status=$?
}

start INT
is "Ctrl-C ends the run as that signal does" $status 130
ok "no process is left after Ctrl-C" gone
ok "results.json is whole" perl -MJSON::PP -0777 -ne 'decode_json($_)' "$out/results.json"
ok "... with the results so far" grep -q '"demo.passes".*"result": "pass"' "$out/results.json"
ok "... and what did not end shows as notrun" grep -q '"demo.hangs".*"result": "notrun"' \
	"$out/results.json"
ok "... and the last line counts" sh -c "tail -n 1 '$out/results.ktap' | grep -q '^# Totals: pass:[12] '"
ok "... as do those that did end" grep -q '^  ok 3 demo.leaves_things' "$out/results.ktap"
ok "... and junit.xml is there" xmllint --noout --schema harness/test/junit.xsd "$out/junit.xml"

start TERM
is "SIGTERM ends the run as that signal does" $status 143
ok "no process is left after SIGTERM" gone

start KILL
ok "no process is left after SIGKILL of the runner" wait_until gone
ok "results.json of a killed runner is JSON" perl -MJSON::PP -0777 -ne 'decode_json($_)' \
	"$out/results.json"
# The last good results may be missing there, but not in the file with a line for each.
ok "... and what did not end" grep -q '"demo.hangs".*"result": "notrun"' "$out/results.json"
ok "results.jsonl has the results so far" grep -q '^{"id": "demo.passes".*"result": "pass".*}$' \
	"$out/results.jsonl"
ok "... in whole lines of JSON" perl -MJSON::PP -ne 'decode_json($_)' "$out/results.jsonl"
ok "... and so has results.ktap" grep -q '^  ok 1 demo.passes' "$out/results.ktap"

host > "$work/after"
is "the host is as it was after all that" "$(cat "$work/after")" "$(cat "$work/before")"
done_testing
