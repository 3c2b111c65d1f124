#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in guests, with a guest that is none: a script that runs the program beside it and dies when and
# how it is told. (Real guests are tested in guest/test.)
. harness/test/tap.sh

mkdir "$work/build" "$work/guest"
cp build/demo "$work/build/"
cat > "$work/guest/boot" <<END
#!/bin/sh
# Dies when a test that is named in $work/deadly starts.
while [ "\$1" != -- ]; do
	[ "\$1" != --channel ] || channel=\$2
	[ "\$1" != --started ] || started=\$2
	guest=\$1
	shift
done
shift
# The guest's /tmp is its own.
for word; do
	shift
	[ "\$word" != /tmp/tuntests ] || word=$work/guest-tmp.\$\$
	set -- "\$@" "\$word"
done
echo "booting"
[ "\$guest" != prepares ] || sleep 2
: > "\$started"
case \$guest in
unbootable) echo "no such kernel" >&2; exit 2 ;;
mute) sleep 60 ;;
panics_early) echo "Kernel panic - not syncing: VFS: Unable to mount root fs"; exit 3 ;;
esac
echo \$\$ >> "$work/boots"
TUNTESTS_CHANNEL=\$channel TMPDIR=$work "\$@" > /dev/null &
pid=\$!
trap 'kill -KILL \$pid; exit 143' TERM
while kill -0 \$pid 2> /dev/null; do
	for id in \$(cat "$work/deadly"); do
		grep -q "\"start\",\"id\":\"\$id\"" "\$channel" || continue
		! grep -q "\"result\",\"test\":{\"id\":\"\$id\"" "\$channel" || continue
		kill -KILL \$pid
		if [ \$guest = full ]; then
			echo "boot: no room left"
			exit 2
		fi
		echo "BUG: unable to handle page fault for address: 0000000000000010"
		echo "Kernel panic - not syncing: Fatal exception"
		exit 3
	done
	sleep 0.01
done
wait \$pid
END
chmod +x "$work/guest/boot"
out=$work/run
guest_run() { "$work/build/demo" run --guest fake -o "$out" "$@"; }
result() { sed -n "s/.*\"id\": \"$1\".*\"result\": \"\([a-z]*\)\".*/\1/p" "$out/results.json"; }
gone() { ! pgrep -f "$work/build/demo" > /dev/null; }
boots() { wc -l < "$work/boots"; }

: > "$work/deadly"
: > "$work/boots"
exits "a run in a guest that lives" 1 guest_run demo.passes demo.fails demo.skips
is "... has the verdicts" "$(result demo.passes) $(result demo.fails) $(result demo.skips)" \
	"pass fail skip"
is "... from one boot" "$(boots)" 1
ok "... and the evidence" sh -c "grep -q 'printed to stdout' '$out/demo.fails/log' &&
	[ \"\$(cat '$out/demo.fails/attachment.bin')\" = evidence ]"
ok "... and describes the guest's kernel" grep -q "\"release\": \"$(uname -r)\"" "$out/results.json"
exits "all as expected" 0 guest_run demo.passes
exits "a test that takes long" 0 guest_run -v --long --seed 42 "demo.takes_*"
ok "... has the seed there, too" grep -q "seed 42" "$out/results.ktap"

echo demo.hangs > "$work/deadly"
: > "$work/boots"
exits "a test that brings its guest down" 1 guest_run -j 1 demo.passes demo.hangs demo.variants demo.fails
is "... crashed" "$(result demo.hangs)" crash
ok "... and says of what" grep -q \
	'"demo.hangs".*"reason": "the guest died: BUG: unable to handle page fault' "$out/results.json"
ok "... with the console as evidence" grep -q 'Kernel panic' "$out/demo.hangs/kernel.log"
is "... and the rest ran in a fresh guest" \
	"$(result demo.passes) $(result demo.fails) $(result demo.variants.two) $(boots)" "pass fail pass 2"
exits "... in tests side by side" 1 guest_run -j 8 demo.passes demo.hangs demo.sleeps_longer demo.fails
is "... the guilty one alone crashed" \
	"$(result demo.hangs) $(result demo.sleeps_longer.one) $(result demo.passes) $(result demo.fails)" \
	"crash pass pass fail"
ok "... results.json is whole" perl -MJSON::PP -0777 -ne 'decode_json($_)' "$out/results.json"

echo demo.hangs demo.sleeps_longer.one > "$work/deadly"
exits "two that bring it down" 1 guest_run -j 8 demo.passes demo.hangs demo.sleeps_longer
is "... are both found" \
	"$(result demo.hangs) $(result demo.sleeps_longer.one) $(result demo.sleeps_longer.two) $(result demo.passes)" \
	"crash crash pass pass"

echo demo.hangs > "$work/deadly"
exits "a guest that this machine cannot keep" 2 "$work/build/demo" run --guest full -o "$out" -j 1 \
	demo.passes demo.hangs demo.sleeps_longer
ok "... is told" grep -q 'guest full cannot go on: boot: no room left' "$work/err"
is "... is no test's fault" "$(result demo.passes) $(result demo.hangs) $(result demo.sleeps_longer.two)" \
	"pass notrun notrun"
is "... and what was not run says why" \
	"$(grep -c '"notrun".*"reason": "the guest cannot go on: boot: no room left"' "$out/results.json")" 3

: > "$work/deadly"
: > "$work/boots"
exits "two guests" 1 guest_run --guests 2 demo.passes demo.fails demo.variants demo.xfails
is "... share the work" "$(result demo.passes) $(result demo.fails) $(result demo.xfails.two) $(boots)" \
	"pass fail xfail 2"

exits "a guest that cannot be had" 2 "$work/build/demo" run --guest unbootable -o "$out" demo.passes
ok "... is told in one line" grep -q 'guest unbootable did not boot: no such kernel' "$work/err"
is "... and its tests are not run" "$(result demo.passes)" notrun
exits "a guest whose kernel does not come up" 1 "$work/build/demo" run --guest panics_early -o "$out" demo.passes
ok "... says how it died" grep -q '"reason": "the guest did not boot: Kernel panic - not syncing: VFS' \
	"$out/results.json"

start=$(date +%s)
exits "a guest whose kernel hangs" 1 "$work/build/demo" run --guest mute --boot-timeout 1 -o "$out" demo.passes
ok "... is given up in time" test $(($(date +%s) - start)) -lt 20
ok "... and that is said" grep -q '"reason": "the guest did not come up within 1 s"' "$out/results.json"
exits "what has to be prepared does not count" 0 "$work/build/demo" run --guest prepares --boot-timeout 1 \
	-o "$out" demo.passes
is "no mark is left" "$(ls "$out" | grep started)" ""

rm -f "$out/guest-journal-1"
"$work/build/demo" run --guest fake -o "$out" -t 60 demo.hangs > "$work/log" 2>&1 &
pid=$!
wait_until grep -q '"start","id":"demo.hangs"' "$out/guest-journal-1"
kill -INT $pid
status=0
wait $pid || status=$?
is "Ctrl-C ends a run in a guest" $status 130
ok "... and the guest" wait_until gone
rm -f "$out/guest-journal-1"
"$work/build/demo" run --guest fake -o "$out" -t 60 demo.hangs > "$work/log" 2>&1 &
pid=$!
wait_until grep -q '"start","id":"demo.hangs"' "$out/guest-journal-1"
kill -KILL $pid
wait $pid 2> /dev/null
ok "SIGKILL ends the guest too" wait_until gone
done_testing
