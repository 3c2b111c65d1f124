#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Campaigns: on the running kernel for seconds, and with a kernel that lies.
. harness/test/tap.sh

make -s build/fuzz/ioctl_sequence build/fuzz/ioctl_sequence-replay build/fuzz/vnet_write \
	build/fuzz/vnet_write-replay > "$work/out" 2>&1 ||
	skip_all "no libFuzzer here (clang-19 with libclang-rt-19-dev)"
build/tuntests run -o "$work/one" model.random.seed_1 > "$work/out" 2> "$work/err"
[ $? != 4 ] || skip_all "$(sed -n 's/.*# SKIP //p' "$work/out" | head -n 1)"

fuzz="build/tuntests fuzz"
cc -shared -fPIC -o "$work/liar.so" cli/test/liar.c
exits "a target is needed" 2 $fuzz
ok "... which is said" grep -q "one target is needed" "$work/err"
exits "a target that is not there" 2 $fuzz -o "$work/x" nosuch
one_line "... is named" "no program .*/fuzz/nosuch-replay: No such file"
ok "... and has no folder" test ! -e "$work/x"
exits "an engine that is not there" 2 $fuzz -e nosuch vnet_write
ok "... is named" grep -q "there is no engine nosuch: libfuzzer, afl" "$work/err"
exits "a guest that shares nothing" 2 $fuzz --guest debian-6.12 vnet_write
one_line "... is named" "guest debian-6.12 cannot share a corpus"
exits "a time that is none" 2 $fuzz -t 0 vnet_write
ok "... is named" grep -q -- "--time needs a number from 1 to [0-9]*, not '0'" "$work/err"

exits "a path for a target" 2 $fuzz a/b
ok "... is named" grep -q "there is no target a/b" "$work/err"
exits "a folder that a shell would not take" 2 $fuzz --live -o "$work/it's" vnet_write
one_line "... is named" "no place for a quote, a blank or a line's end: .*/it's"


dir=$work/campaign
exits "a campaign on the running kernel" 0 timeout 120 $fuzz --live -t 8 -o "$dir" ioctl_sequence
ok "... has probed the kernel once" test -s "$dir/abi"
# Without KCOV the results of calls are counted.
feedback=edges
! grep -q "no coverage of the kernel" "$dir/job-0/console" || feedback=results
ok "... says what it counts" grep -q " [0-9]* $feedback, corpus" "$work/err"
ok "... and so does its page" grep -q "\"feedback\":\"$feedback\"" "$dir/index.html"
ok "... has a corpus" test "$(ls "$dir/corpus" | wc -l)" -ge 4
ok "... ran inputs" test "$(tail -n 1 "$dir/stats.csv" | cut -d, -f2)" -gt 10
ok "... has a page" grep -q '"target":"ioctl_sequence"' "$dir/index.html"
# page PATTERN: the last campaign's page has that, when a browser has run its script.
page() {
	if ! command -v chromium > /dev/null; then
		skip "the page in a browser: $1" "no chromium here"
		return
	fi
	rm -rf "$work/profile"
	timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --user-data-dir="$work/profile" --dump-dom \
		"file://$dir/index.html" > "$work/dom" 2> "$work/log"
	ok "the page in a browser: $1" grep -q "$1" "$work/dom"
}
page "ended: its time was up"
exits "the same folder again" 2 $fuzz --live -t 8 -o "$dir" ioctl_sequence
one_line "... is refused" "has a campaign already: --resume goes on with it"

# Killed, it goes on where it was.
before=$(tail -n 1 "$dir/stats.csv" | cut -d, -f2)
$fuzz --live --resume -o "$dir" ioctl_sequence > "$work/out" 2>&1 &
pid=$!
ok "it goes on" wait_until sh -c "[ \$(tail -n 1 '$dir/stats.csv' | cut -d, -f2) -gt $before ]"
kill -KILL $pid
wait $pid 2> /dev/null
ok "its page does not say that it has ended" grep -q '"end":null' "$dir/index.html"
ok "a killed campaign leaves no engine" wait_until sh -c "! pgrep -f '[b]uild/fuzz/ioctl_sequence.*$dir'"
exits "... and goes on" 0 timeout 120 $fuzz --live --resume -t 5 -o "$dir" ioctl_sequence
ok "... from where it was" test "$(tail -n 1 "$dir/stats.csv" | cut -d, -f2)" -gt "$before"

# What a full disk has left: seeds that are not all there, inputs without their bytes, a file without its head.
build/fuzz/ioctl_sequence-replay --seeds "$dir/corpus" > "$work/out" 2> "$work/err"
seed=$(ls "$dir/corpus" | grep -vxE '[0-9a-f]{40}' | head -n 1)
: > "$dir/corpus/$seed"
: > "$dir/seeding"
: > "$dir/corpus/0123456789012345678901234567890123456789"
cp "$dir/stats.csv" "$work/stats.csv"
: > "$dir/stats.csv"
exits "after a full disk it goes on" 0 timeout 120 $fuzz --live --resume -t 1 -o "$dir" ioctl_sequence
ok "... without what is no input" grep -q "1 inputs are not what their names say: removed" "$work/err"
ok "... which is gone" test ! -e "$dir/corpus/0123456789012345678901234567890123456789"
ok "... with all seeds" test -s "$dir/corpus/$seed" -a ! -e "$dir/seeding"
ok "... and its statistics have names" grep -q '^seconds,inputs' "$dir/stats.csv"
cp "$work/stats.csv" "$dir/stats.csv"
exits "another target in its folder" 2 $fuzz --live --resume -t 1 -o "$dir" vnet_write
one_line "... is refused" "$dir is a campaign of ioctl_sequence"

# Who ends an engine has found nothing; and two at a time would spoil each other's files.
nohup $fuzz --live --resume -t 8 -o "$dir" ioctl_sequence > "$work/log" 2>&1 &
pid=$!
ok "it goes on" wait_until pgrep -f "[b]uild/fuzz/ioctl_sequence .*$dir"
exits "a second one in its folder" 2 $fuzz --live --resume -t 1 -o "$dir" ioctl_sequence
one_line "... is refused" "a campaign is at work in $dir"
pkill -TERM -f "[b]uild/fuzz/ioctl_sequence .*$dir"
kill -HUP $pid
wait $pid
is "with its engine killed, and a hang-up under nohup, it ends in order" $? 0
ok "... and nothing is found" test ! -e "$dir/crashes"

# One whose time is up before its engine is begun.
cc -shared -fPIC -o "$work/late.so" cli/test/late.c
exits "a campaign that begins too late" 0 env LD_PRELOAD="$work/late.so" timeout 60 $fuzz --live --resume -t 1 \
	-o "$dir" ioctl_sequence

# A campaign that was killed while it kept a failure, before it did, and while a failure got its last names.
build/fuzz/ioctl_sequence-replay --seeds "$work" > "$work/out" 2> "$work/err"
mkdir "$dir/pending-7" "$dir/pending-8"
TUNTESTS_RECORDER=$dir/pending-8/sequence build/fuzz/ioctl_sequence-replay "$work/tun_with_pi" > "$work/out" 2>&1
echo "ERROR: libFuzzer: something" > "$dir/pending-8/console"
cp "$dir/pending-8/sequence" "$dir/job-0/recorder"
echo "ERROR: libFuzzer: something else" > "$dir/job-0/console"
# It had two jobs.
mkdir "$dir/job-1"
cp "$dir/job-0/recorder" "$dir/job-1/recorder"
echo "ERROR: libFuzzer: a third thing" > "$dir/job-1/console"
exits "what it left is settled" 1 timeout 120 $fuzz --live --resume -t 1 -o "$dir" ioctl_sequence
is "... all of it" "$(head -qn 1 "$dir"/crashes/*/report.txt | sort)" "ERROR: libFuzzer: a third thing
ERROR: libFuzzer: something
ERROR: libFuzzer: something else"
ok "... and nothing waits" test "$(echo "$dir"/pending-*)" = "$dir/pending-*"

if make -s build/fuzz/ioctl_sequence-afl build/fuzz/ioctl_sequence-mutator.so > "$work/out" 2>&1; then
	exits "an engine that is not there" 2 env PATH="$work" $fuzz --live -e afl -t 5 -o "$work/no-afl" \
		ioctl_sequence
	ok "... is no failure of the kernel" grep -q "ioctl_sequence does not start (exit status 127)" "$work/err"
	dir=$work/afl
	# AFL++ goes on after a seed that fails, and says nothing of it in the end.
	exits "a seed that fails under AFL++" 1 env LD_PRELOAD="$work/liar.so" timeout 120 $fuzz --live --first \
		-e afl -t 1000 -o "$dir" ioctl_sequence
	ok "... is a failure like any other" grep -q "the kernel does not do what the model says" \
		"$dir"/crashes/*/report.txt
	ok "... made small" grep -q "nothing more can be left out" "$dir"/crashes/*/report.txt
	seed=$(ls "$dir/failing" | grep -v :)
	ok "... the seed is set aside" test -n "$seed" -a ! -e "$dir/corpus/$seed"
	ok "... in AFL++'s own folder, too" sh -c "! ls '$dir/afl/job0/queue' | grep ':$seed\$'"
	# Both engines' finds are in the one corpus, each by the name that libFuzzer would give it.
	dir=$work/shared
	mkdir -p "$dir/corpus"
	echo > "$dir/corpus/blank"
	exits "a campaign with AFL++" 0 timeout 120 $fuzz --live -e afl -t 6 -o "$dir" ioctl_sequence
	found=$(ls "$dir/corpus" | grep -c '^[0-9a-f]\{40\}$')
	ok "... has its finds in the corpus" test "$found" -ge 3
	is "... by their content" "$(cd "$dir/corpus" && sha1sum [0-9a-f]*[0-9a-f] | awk '$1 != $2')" ""
	build/fuzz/ioctl_sequence-replay --seeds "$dir/corpus"
	exits "... and goes on" 0 timeout 120 $fuzz --live --resume -e afl -t 6 -o "$dir" ioctl_sequence
	ok "... with what others have put there" sh -c "ls '$dir/afl/job0/queue' | grep sync:corpus"
else
	skip "a campaign with AFL++" "no AFL++ here (afl++)"
fi
# Installed, it has the programs that were built.
exits "make install" 0 make -s install DESTDIR="$work/dest" PREFIX=/usr
exits "a campaign of what is installed" 0 timeout 120 "$work/dest/usr/bin/tuntests" fuzz --live -t 2 \
	-o "$work/installed" ioctl_sequence
exits "... and a replay" 0 "$work/dest/usr/bin/tuntests" replay -t ioctl_sequence "$work/tun_with_pi"

# Engines that end before they have run an input: one with a report of the kernel's, one without a word.
mkdir -p "$work/fake/fuzz"
cp build/tuntests "$work/fake/tuntests"
printf '#!/bin/sh\n[ "$1" != --seeds ] || echo > "$2/seed"\n' > "$work/fake/fuzz/dies-replay"
printf '#!/bin/sh\necho "[    1.000000] BUG: KASAN: null-ptr-deref in tun_init+0x1/0x2"\nexit 3\n' \
	> "$work/fake/fuzz/dies"
chmod +x "$work/fake/fuzz/dies" "$work/fake/fuzz/dies-replay"
dir=$work/dies
exits "a kernel that reports something before the first input" 1 timeout 60 "$work/fake/tuntests" fuzz --live \
	-o "$dir" dies
ok "... which its page says" grep -q '"end":"the kernel fails before the first input"' "$dir/index.html"
ok "... ends the campaign, which says so" grep -q "dies: the kernel fails before the first input: see $dir/crashes" \
	"$work/err"
crash=$dir/crashes/$(ls "$dir/crashes" | head -n 1)
is "... as one failure" "$(cd "$crash" && echo *)" "kernel report.txt target times"
is "... by its name" "$(head -n 1 "$crash/report.txt")" "BUG: KASAN: null-ptr-deref in tun_init"
ok "... and its report says when" grep -qx 'It came before the first input\.' "$crash/report.txt"
printf '#!/bin/sh\nexit 3\n' > "$work/fake/fuzz/dies"
exits "a guest that dies before the first input, without a word" 2 timeout 60 "$work/fake/tuntests" fuzz --live \
	-o "$work/dumb" dies
ok "... which its page says" grep -q '"end":"it could not go on: dies does not start' "$work/dumb/index.html"
ok "... is named" grep -q "dies does not start (exit status 3): see $work/dumb/job-0/console" "$work/err"
ok "... and nothing is found" test ! -e "$work/dumb/crashes" -a ! -e "$work/dumb/pending-0"
exits "a guest that is not there" 2 $fuzz --guest uml-nosuch -t 1 -o "$work/no-guest" ioctl_sequence
ok "... is named" grep -q "guest uml-nosuch cannot share a corpus" "$work/err"

# A kernel that lies about one ioctl.
dir=$work/liar
exits "what a kernel does wrong is found, and ends the campaign" 1 env LD_PRELOAD="$work/liar.so" timeout 300 \
	$fuzz --live --first -t 1000 -o "$dir" ioctl_sequence
ok "... which its page says" grep -q '"end":"the first failure was found"' "$dir/index.html"
is "... as one failure" "$(ls "$dir/crashes" | wc -l)" 1
crash=$dir/crashes/$(ls "$dir/crashes" | head -n 1)
for file in report.txt input sequence repro.c kernel target times; do
	ok "... with its $file" test -s "$crash/$file"
done
ok "... and its report says when" grep -qx 'Found after [0-9]* s, [0-9]* inputs\.' "$crash/report.txt"
ok "... and what" grep -q "the kernel does not do what the model says" "$crash/report.txt"
cc -o "$work/repro" "$crash/repro.c"
exits "the program fails there" 1 env LD_PRELOAD="$work/liar.so" "$work/repro"
exits "... and not here" 0 "$work/repro"
exits "the sequence fails there" 1 env LD_PRELOAD="$work/liar.so" build/tuntests replay "$crash/sequence"
exits "... and not here" 0 build/tuntests replay "$crash/sequence"
exits "a reproducer can be written again" 0 build/tuntests reproducer "$crash/sequence"
ok "... the same" cmp "$work/out" "$crash/repro.c"
# Whoever makes it small is killed at first: it is made small all the same.
cp -s "$PWD/build/fuzz/ioctl_sequence" "$work/fake/fuzz/ioctl_sequence"
cat > "$work/fake/fuzz/ioctl_sequence-replay" <<END
#!/bin/sh
[ "\$1" != --shrink ] || mkdir "$work/killed" 2> /dev/null || exec "$PWD/build/fuzz/ioctl_sequence-replay" "\$@"
[ "\$1" != --shrink ] || kill -KILL \$\$
exec "$PWD/build/fuzz/ioctl_sequence-replay" "\$@"
END
chmod +x "$work/fake/fuzz/ioctl_sequence-replay"
exits "a failure, and who looks into it is killed" 1 env LD_PRELOAD="$work/liar.so" timeout 300 \
	"$work/fake/tuntests" fuzz --live --first -t 1000 -o "$work/killing" ioctl_sequence
ok "... once" test -d "$work/killed"
ok "... and it is made small" grep -q "made small: nothing more can be left out" "$work"/killing/crashes/*/report.txt
# No room to keep it: it is kept when there is.
mkdir "$work/small"
full='mount -t tmpfs -o size=9000k none "$1" || exit
	"$2" fuzz --live -t 5 -o "$1/c" ioctl_sequence
	[ $? = 2 ] && mount -o remount,size=100m "$1" && "$2" fuzz --live --resume -t 1 -o "$1/c" ioctl_sequence'
if unshare -m true 2> "$work/err"; then
	exits "a full disk" 1 env LD_PRELOAD="$work/liar.so" unshare -m sh -c "$full" sh "$work/small" build/tuntests
	ok "... is named" grep -q "cannot write .*/pending-0/best.part: No space left on device" "$work/err"
	ok "... and the failure is kept with more room" grep -q "made small: nothing more can be left out" "$work/err"
else
	skip "a full disk" "no mount namespace: $(cat "$work/err")"
fi
echo x > "$work/x"
exits "an input of no target" 2 build/tuntests replay "$work/x"
one_line "... is named" "$work/x does not say of which target it is: --target"
exits "an input that is not there" 2 build/tuntests replay "$work/nosuch"
one_line "... is named" "$work/nosuch: No such file"

done_testing
