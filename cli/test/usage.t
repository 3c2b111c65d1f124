#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Wrong use and broken surroundings: one clear line, exit status 2, and nothing lost.
. harness/test/tap.sh

out=$work/run

exits "no command" 2 build/tuntests
exits "an unknown command" 2 build/tuntests nosuch
ok "... is named" grep -q "no command 'nosuch'" "$work/err"
exits "an unknown option" 2 build/tuntests run --nosuch
exits "a test that is not there" 2 build/tuntests run nosuch
one_line "... is named in one line" "no test matches 'nosuch'"
exits "... also in list" 2 build/tuntests list open nosuch
one_line "... in one line" "no test matches 'nosuch'"
exits "a bad number" 2 build/tuntests run -j many
one_line "... is named with its range" "jobs takes a number from 1 to 1024, not 'many'"
exits "zero repetitions" 2 build/tuntests run --repeat 0
exits "a bad seed" 2 build/tuntests run --shuffle x
one_line "... is named" "shuffle takes a number or 'random', not 'x'"
exits "another bad seed" 2 build/tuntests run --seed x
one_line "... is named" "seed takes a number or 'random', not 'x'"

: > "$work/file"
exits "an output folder that is a file" 2 build/tuntests run -o "$work/file" open.node
one_line "... is named with the reason" "output folder $work/file: Not a directory"
exits "an output folder that cannot be made" 2 build/tuntests run -o /proc/nosuch/x open.node
one_line "... is named with the reason" "output folder /proc/nosuch/x: No such file or directory"
if [ "$(id -u)" = 0 ] && reachable; then
	exits "an output folder that cannot be written" 2 setpriv --reuid 65534 --clear-groups \
		build/tuntests run -o results open.node
	one_line "... is named with the reason" "output folder results: Permission denied"
fi

exits "a baseline that is not there" 2 build/demo run -o "$out" --baseline "$work/nosuch" demo.passes
one_line "... is named with the reason" "$work/nosuch: cannot read it: No such file or directory"
echo '{"schema": 1, "tests": [{"id": ' > "$work/cut.json"
exits "a baseline that is cut short" 2 build/demo run -o "$out" --baseline "$work/cut.json" demo.passes
one_line "... is named with the line" "$work/cut.json: not JSON: .* (line [12])"
echo '{"schema": 2, "tests": []}' > "$work/new.json"
exits "a baseline of another schema" 2 build/demo run -o "$out" --baseline "$work/new.json" demo.passes
one_line "... is named" "$work/new.json: not a results file of schema 1"
echo '{"schema": 1, "tests": [{"id": "a.b", "result": "maybe"}]}' > "$work/odd.json"
exits "a baseline with an unknown result" 2 build/demo run -o "$out" -b "$work/odd.json" demo.passes
one_line "... is named" "$work/odd.json: test 1 has no id or no known result"
ok "a bad baseline costs no run" test ! -e "$out/results.json"
exits "a copy that cannot be written" 2 build/demo run -o "$out" --json /proc/nosuch/x demo.passes
ok "... is named" grep -q 'cannot write /proc/nosuch/x' "$work/err"
ok "... and the results are kept all the same" grep -q '"result": "pass"' "$out/results.json"

exits "compare with one file" 2 build/demo compare "$work/cut.json"
exits "compare with a broken file" 2 build/demo compare "$out/results.json" "$work/cut.json"
one_line "... is named" "$work/cut.json: not JSON"

exits "a test that is skipped" 4 build/demo run -o "$out" demo.skips
exits "skipped tests only" 4 build/demo run -o "$out" demo.skips demo.needs_absent
exits "a skip beside a pass" 0 build/demo run -o "$out" demo.skips demo.passes
exits "a skip with --strict" 1 build/demo run -o "$out" --strict demo.skips demo.passes
ok "... says what is missing" grep -q '"reason": "skipped: kernel has no luck"' "$out/results.json"

# A full disk in the output folder: what was written before is kept, and it is said once.
if unshare -m true 2> /dev/null; then
	cat > "$work/full" <<-END
		mount -t tmpfs -o size=28k none "$work/disk" || exit 99
		build/demo run -j 1 -o "$work/disk" demo.passes demo.fails demo.asserts demo.expects_errno \
			demo.prints_rubbish demo.bails demo.crashes demo.box >/dev/null
		status=\$?
		cp -r "$work/disk" "$work/saved"
		exit \$status
	END
	sed -i 's/ demo.box//' "$work/full"
	mkdir "$work/disk"
	exits "a full disk" 2 unshare -m sh "$work/full"
	one_line "... is said once" "cannot write .*No space left on device; what was written before is kept"
	ok "... results.json is whole" perl -MJSON::PP -0777 -ne 'decode_json($_)' "$work/saved/results.json"
	ok "... with results" grep -q '"demo.passes".*"result": "pass"' "$work/saved/results.json"
else
	skip "a full disk" "no private mount namespace here"
fi
ln -s real.json "$work/link.json"
build/demo run -o "$out" --json "$work/link.json" demo.passes > /dev/null
ok "a copy goes where a link leads" sh -c "[ -L '$work/link.json' ] && grep -q '\"demo.passes\"' '$work/real.json'"
mkfifo "$work/fifo"
exits "a pipe that nobody reads" 2 build/demo run -o "$out" --json "$work/fifo" demo.passes
one_line "... is named" "cannot write $work/fifo: No such device or address"
build/demo run -o "$out" demo.sleeps_longer.one > /dev/null &
wait_until grep -q notrun "$out/results.json"
exits "an output folder in use" 2 build/demo run -o "$out" demo.passes
one_line "... is named" "another run is writing to the output folder $out"
wait
exits "a full standard output" 2 sh -c "build/demo run -o '$out' demo.passes > /dev/full"
one_line "... is said" "cannot write standard output: No space left on device"
ok "... and the results are kept all the same" grep -q '"result": "pass"' "$out/results.json"
exits "few descriptors" 0 sh -c "ulimit -n 40 && build/demo run -o '$out' -j 1024 demo.passes demo.variants"
build/demo run -t 2 -o "$out" demo 2>/dev/null | head -n 1 > /dev/null
ok "a reader that goes away costs nothing" grep -q '^# Totals' "$out/results.ktap"

# What nobody gets to see is no success.
for arguments in list 'list --json' catalogue --help --version 'run --help' 'guest --help' 'matrix --help' \
	"compare $work/new-a.json $work/new-b.json"; do
	echo '{"schema": 1, "tests": [{"id": "a.b", "result": "pass"}]}' > "$work/new-a.json"
	echo '{"schema": 1, "tests": []}' > "$work/new-b.json"
	exits "'${arguments%% /*}' to a full device" 2 sh -c "build/tuntests $arguments > /dev/full"
	one_line "... is said" "cannot write standard output: No space left on device"
done

if [ -e /dev/net/tun ] && unshare -m true 2> /dev/null; then
	for node in /dev/null "$work/file"; do
		exits "$node in place of /dev/net/tun" 4 unshare -m sh -c "mount --bind $node /dev/net/tun &&
			exec build/tuntests run -o '$out' open.node"
		ok "... is told from the device" grep -q \
			'"skip", "reason": "/dev/net/tun is not the TUN device"' "$out/results.json"
	done
else
	skip "something else in place of /dev/net/tun" "none here, or no private mount namespace"
fi

is "list --areas counts the tests of each" "$(build/tuntests list --areas | awk '{ n += $2 } END { print n }')" \
	"$(build/tuntests list | wc -l)"
is "... of those that match" "$(build/tuntests list --areas open.node persist | wc -l)" 2
# Every test that the help, the README and the pages name is there. (catalogue.t knows its page.)
build/tuntests list --areas | awk '{ print $1 }' > "$work/areas"
{
	for command in "" run list compare catalogue guest matrix bisect bisect-run model fuzz replay; do build/tuntests $command --help; done
	cat README.md cli/tuntests.1 $(ls docs/*.md | grep -v catalogue.md)
} | grep -oE '\b[a-z_]+(\.[a-z0-9_*]+)+' | grep -vE '\.(c|h|t|md|json|csv)$' | sort -u > "$work/named"
while read -r id; do
	grep -qx "${id%%.*}" "$work/areas" || continue
	ok "there is a test $id, as some page says" build/tuntests list "$id"
done < "$work/named"
ok "... and some are named" grep -qx open.node "$work/named"

for command in "" run list compare catalogue; do
	exits "help of '$command'" 0 build/tuntests $command --help
	ok "... shows how to use it" grep -q '^Usage: tuntests' "$work/out"
done
exits "the version" 0 build/tuntests --version
ok "the manual page is well-formed" mandoc -T lint -W warning cli/tuntests.1
for option in $(build/tuntests run --help | grep -o -e '--[a-z-]*' | sort -u); do
	ok "the manual page knows $option" grep -q -- "$(echo "$option" | sed 's/-/./g')" cli/tuntests.1
done
done_testing
