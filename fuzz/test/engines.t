#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The fuzz targets under libFuzzer and AFL++: all that these are used for, on the running kernel, and
# what they make of a kernel that lies.
. harness/test/tap.sh

target=frame_write
build/tuntests run -o "$work/one" model.random.seed_1 > "$work/out" 2> "$work/err"
[ $? != 4 ] || skip_all "$(sed -n 's/.*# SKIP //p' "$work/out" | head -n 1)"
exits "they build" 0 make -s fuzz-programs

program=$PWD/build/fuzz/$target
mkdir "$work/seeds" "$work/short"
"$program-replay" --seeds "$work/seeds"
exits "a dictionary" 0 "$program-replay" --dictionary
cp "$work/out" "$work/dictionary"
# A frame too short to be lied about.
head -c 30 "$work/seeds/tun_ip4_udp" > "$work/short/frame"
cc -shared -fPIC -o "$work/liar.so" fuzz/test/liar.c
cc -shared -fPIC -o "$work/stuck.so" fuzz/test/stuck.c
cc -shared -fPIC -o "$work/disturbed.so" fuzz/test/disturbed.c
cd "$work" || exit 1

libfuzzer() {
	mkdir merged
	exits "libFuzzer: -runs" 0 "$program" -runs=1000 seeds
	ok "... has done them" grep -q 'Done 10[0-9][0-9] runs' err
	exits "libFuzzer: -dict" 0 "$program" -runs=100 -dict=dictionary short
	ok "... reads all of it" grep -q "Dictionary: $(wc -l < dictionary) entries" err
	exits "libFuzzer: -merge=1" 0 "$program" -merge=1 merged seeds
	ok "... keeps some of the seeds" test "$(ls merged | wc -l)" -gt 5
	ok "... and not all" test "$(ls merged | wc -l)" -lt "$(ls seeds | wc -l)"
	exits "libFuzzer: -fork=1" 0 "$program" -fork=1 -max_total_time=2 seeds
	ok "... has run inputs in other processes" grep -q 'job: 1' err
	exits "libFuzzer: a kernel that lies" 77 env LD_PRELOAD="$work/liar.so" "$program" \
		-runs=1000000 -max_len=46 -exact_artifact_path="$work/crash" short
	ok "... about what" grep -q 'model says: write of 4[1-5] bytes to f[0-3]' err
	exits "libFuzzer: -minimize_crash=1" 0 env LD_PRELOAD="$work/liar.so" "$program" \
		-minimize_crash=1 -runs=20000 -exact_artifact_path="$work/least" crash
	is "... to the shortest that is one" "$(wc -c < least)" 42
	exits "libFuzzer: -timeout" 70 env LD_PRELOAD="$work/stuck.so" timeout 60 "${program%/*}/ioctl_sequence" \
		-timeout=3 -seed=1 -artifact_prefix="$work/"
	ok "... says so" grep -q 'libFuzzer: timeout after [0-9]* seconds' err
	exits "libFuzzer: -timeout, and nothing takes long" 0 env LD_PRELOAD="$work/disturbed.so" "$program" \
		-timeout=1 -max_total_time=4 seeds
	ok "... nothing is disturbed" sh -c '! grep -q disturbed err'
	mkdir sequences
	"${program%/*}/ioctl_sequence-replay" --seeds sequences
	exits "libFuzzer: a target whose inputs can be divided" 0 "${program%/*}/ioctl_sequence" -runs=150 sequences
	ok "... has them joined" grep -q CustomCrossOver err
}

# A campaign of so many INPUTS, or until a crash, into found/NAME: campaign INPUTS NAME OPTION...
campaign() {
	inputs=$1 name=$2
	shift 2
	timeout 120 afl-fuzz -t 10000 -E "$inputs" -i seeds -o found "$@" -- "$program-afl" \
		> "$name.log" 2>&1
}
figure() { sed -n "s/^$2 *: //p" "found/$1/fuzzer_stats"; }

afl() {
	export AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_ALLOW_TMP=1 \
		AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
	exits "AFL++: afl-showmap" 0 afl-showmap -q -t 10000 -o map -- "$program-afl" < seeds/tap_ip4_udp
	ok "... sees something" test -s map
	exits "AFL++: afl-showmap of a folder" 0 afl-showmap -t 10000 -i seeds -o maps -- "$program-afl"
	is "... of each the same as of itself alone" "$(cat maps/tap_ip4_udp)" "$(cat map)"
	exits "AFL++: afl-cmin" 0 afl-cmin -t 10000 -i seeds -o least_seeds -- "$program-afl"
	ok "... keeps some" test "$(ls least_seeds | wc -l)" -gt 5
	ok "... and not all" test "$(ls least_seeds | wc -l)" -lt "$(ls seeds | wc -l)"

	AFL_CUSTOM_MUTATOR_LIBRARY="$program-mutator.so" campaign 5000 two -S two -c 0 -x dictionary &
	campaign 5000 one -M one
	wait
	for name in one two; do
		is "AFL++: instance $name is persistent and has its inputs in memory" \
			"$(figure $name target_mode)" "persistent shmem_testcase deferred "
		is "... and is stable" "$(figure $name stability)" 100.00%
		ok "... and has run its inputs" test "$(figure $name execs_done)" -ge 5000
	done
	ok "... one with CmpLog" grep -q 'Cmplog forkserver successfully started' two.log
	ok "... and the target's mutator" grep -q "mutator.so' installed successfully" two.log

	mv short/frame seeds/frame && find seeds -type f ! -name frame -delete
	export AFL_PRELOAD="$work/liar.so" AFL_BENCH_UNTIL_CRASH=1
	campaign 1000000 three -S three
	is "AFL++: a kernel that lies" "$(figure three saved_crashes)" 1
	exits "AFL++: afl-tmin" 0 afl-tmin -t 10000 -i found/three/crashes/id* -o least_crash -- "$program-afl"
	is "... to the shortest that is one" "$(wc -c < least_crash)" 42
}

if [ -x "$program" ]; then libfuzzer; else skip "libFuzzer" "no clang with its run-time library here"; fi
if [ -x "$program-afl" ]; then afl; else skip "AFL++" "no afl++ here"; fi

cd - > /dev/null || exit 1
if [ -x "$program-mutator.so" ]; then
	ok "a mutator's user builds" cc -o "$work/mutator" fuzz/test/mutator.c
	for target in $(sed -n 's/^targets[[:space:]]*:= //p' Makefile); do
		mkdir "$work/$target"
		"build/fuzz/$target-replay" --seeds "$work/$target"
		is "the mutator of $target makes three quarters of the changes" "$("$work/mutator" \
			"$PWD/build/fuzz/$target-mutator.so" "$work/$target/$(ls "$work/$target" | head -n 1)")" \
			"75% changed 0"
	done
fi
done_testing
