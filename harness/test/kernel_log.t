#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel's complaint fails the test in whose time it came. The demo writes such records to /dev/kmsg.
. harness/test/tap.sh

( : > /dev/kmsg ) 2>/dev/null && head -c 0 /dev/kmsg 2>/dev/null ||
	skip_all "cannot write and read /dev/kmsg"
out=$work/run

result() { sed -n "s/.*\"id\": \"$1\".*\"result\": \"\([a-z]*\)\".*/\1/p" "$out/results.json"; }

exits "a warning fails the run" 1 build/demo run -j 1 -o "$out" demo.warns
is "... as a failure of the test" "$(result demo.warns)" fail
ok "... whose reason quotes it" grep -q '"reason": "kernel log: WARNING: CPU: 0' "$out/results.json"
ok "... with the log as evidence" grep -q 'demo_function' "$out/demo.warns/kernel.log"

exits "of tests side by side" 1 build/demo run -j 8 -o "$out" demo.warns demo.innocent demo.passes
is "... the one that warns fails" "$(result demo.warns)" fail
is "... and those beside it do not" "$(result demo.innocent) $(result demo.passes)" "pass pass"
ok "... after a run of the suspects alone" grep -q \
	'^# the kernel complained in the time of demo.warns: running it alone' "$out/results.ktap"

# On standard output stands what the kernel complained of, not what it said of other tests' devices.
build/demo run -j 1 -o "$out" demo.warns_amid > "$work/out"
is "the report quotes the complaint without chatter" \
	"$(sed -n '/complained:/,/# see/p' "$work/out" | grep -v '# see')" "  # the kernel complained:
  # WARNING: CPU: 0 PID: 1 at demo/demo.c:3 demo_amid+0x1/0x2
  #  demo_caller+0x1/0x2"
ok "... and the evidence has all" grep -q 'tap7: entered' "$out/demo.warns_amid/kernel.log"
build/demo run -j 1 -o "$out" demo.logs_and_fails > "$work/out"
is "without a complaint it shows the end" "$(sed -n '/^  # end of the kernel log/,/# see/p' "$work/out" |
	grep -o 'tap[0-9]: demo' | tr '\n' ' ')" "tap4: demo tap5: demo tap6: demo tap7: demo tap8: demo "
ok "... and the evidence all" grep -q 'tap0: demo' "$out/demo.logs_and_fails/kernel.log"

# What happens once only cannot be pinned on one: who ran then has to be looked at.
DEMO_MARK=$(shared_mark)
export DEMO_MARK
rm -f "$DEMO_MARK"
exits "a warning that is not repeated" 1 build/demo run -j 8 -o "$out" demo.warns_once demo.innocent
is "... fails all that were running" "$(result demo.warns_once) $(result demo.innocent)" "fail fail"
ok "... and says so" grep -q 'in its time; not repeated alone' "$out/results.json"

rm -f "$DEMO_MARK"
build/demo run -j 8 -o "$out" demo.warns_in_process demo.innocent > "$work/out" 2>&1 &
run=$!
if [ "$(stat -Lc %i /proc/self/ns/pid)" = 4026531836 ]; then
	wait_until pgrep -x demo-warns > "$work/pid"
	echo "CPU: 0 UID: 0 PID: $(head -n 1 "$work/pid") Comm: demo-warns Not tainted 6.12" > /dev/kmsg
	touch "$DEMO_MARK"
	wait $run
	is "one that names a process fails its test alone" \
		"$(result demo.warns_in_process) $(result demo.innocent)" "fail pass"
	ok "... and says so" grep -q 'in its process; not repeated alone' "$out/results.json"
else
	touch "$DEMO_MARK"
	wait $run
	skip "a warning that names a process" "the log's numbers are of another namespace of processes"
fi
rm -f "$DEMO_MARK"

ok "the log is watched" grep -q '"kernel_log": "watched"' "$out/results.json"
if [ "$(id -u)" = 0 ] && reachable; then
	mkdir -m 777 "$work/nobody"
	chmod 755 "$work"
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all \
		sh -c 'head -c 0 /dev/kmsg && dd if=/dev/kmsg of=/dev/null count=1 iflag=nonblock' \
		> /dev/null 2>&1 && readable=1 || readable=0
	if [ $readable = 1 ]; then
		skip "a log that cannot be read is said once" "everybody may read /dev/kmsg here"
	else
		setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all \
			build/demo run -o "$work/nobody/run" demo.passes > "$work/out" 2>&1
		is "a log that cannot be read is said once" \
			"$(grep -c '^# kernel log: cannot read /dev/kmsg' "$work/out")" 1
		ok "... and in results.json" grep -q '"kernel_log": "cannot read /dev/kmsg' \
			"$work/nobody/run/results.json"
	fi
fi
exits "something else in place of the log" 0 unshare -m sh -c \
	"mount --bind /dev/null /dev/kmsg && exec build/demo run -o '$out' demo.passes"
ok "... is said too" grep -q 'cannot read /dev/kmsg: something else is there' "$out/results.ktap"
done_testing
