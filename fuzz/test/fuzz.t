#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The fuzz targets without an engine: their seeds on the running kernel, and a kernel that lies.
. harness/test/tap.sh

targets=$(sed -n 's/^targets[[:space:]]*:= //p' Makefile)
programs=$(for target in $targets; do echo "build/fuzz/$target-replay"; done)
build/tuntests run -o "$work/one" model.random.seed_1 > "$work/out" 2> "$work/err"
[ $? != 4 ] || skip_all "$(sed -n 's/.*# SKIP //p' "$work/out" | head -n 1)"
exits "they build" 0 make -s $programs
mkdir "$work/empty"

for target in $targets; do
	mkdir "$work/$target"
	exits "$target writes its seeds" 0 "build/fuzz/$target-replay" --seeds "$work/$target"
	seeds=$(ls "$work/$target" | wc -l)
	ok "... more than one" test "$seeds" -gt 1
	# Status 2 is that of a kernel that lacks what the target is for, which it says in one line.
	"build/fuzz/$target-replay" "$work/empty" > "$work/out" 2> "$work/err"
	if [ $? = 2 ]; then
		one_line "$target says why it cannot be tried" "^$target: "
		skip "$target: the kernel does with them what the model says" "$(cat "$work/err")"
		continue
	fi
	exits "$target: the kernel does with them what the model says" 0 \
		env TUNTESTS_RECORDER="$work/record" "build/fuzz/$target-replay" "$work/$target"
	is "... with all of them" "$(grep -c ', as the model says, ' "$work/out")" "$seeds"
	mkdir "$work/split"
	exits "... which the recorder holds" 0 \
		"build/fuzz/$target-replay" --split "$work/split" "$work/record"
	is "... all" "$(ls "$work/split" | wc -l)" "$seeds"
	ok "... as they were" cmp "$work/split/000000" "$work/$target/$(ls "$work/$target" | head -n 1)"
	rm -rf "$work/split" "$work/record"
	"build/fuzz/$target-replay" --program "$work/$target" > "$work/program.c" 2> "$work/err"
	exits "$target: they are a program in C" 0 cc -Wall -Werror -o "$work/program" "$work/program.c"
	exits "... that finds the same" 0 "$work/program"
done

cc -shared -fPIC -o "$work/liar.so" cli/test/liar.c
exits "a kernel that lies" 134 env LD_PRELOAD="$work/liar.so" build/fuzz/ioctl_sequence-replay \
	"$work/ioctl_sequence"
ok "... about what" grep -q 'get_int(f\[[0-9]\], TUNGETSNDBUF)' "$work/err"

# What the probes said, kept for the next program.
replay="build/fuzz/ioctl_sequence-replay $work/ioctl_sequence"
abi=$work/abi
exits "the kernel is probed once" 0 env TUNTESTS_ABI="$abi" $replay
ok "... and what that says is kept" grep -q '^ownerless_closed [01]$' "$abi"
cp "$abi" "$work/kept"
exits "... and taken from there" 0 env TUNTESTS_ABI="$abi" $replay
is "... without a word" "$(grep abi "$work/err")" ""
sed -i '/^abi /{s/^abi //;y/123456789abcdef/000000000000000/;s/^/abi /}' "$abi"
exits "... be it right or not" 134 env TUNTESTS_ABI="$abi" $replay
for change in "1s/ [^ ]*/ 7.7.7/" '2s/[01]$/x/' '$d'; do
	sed "$change" "$work/kept" > "$abi"
	exits "what is of another kernel, or no such file ($change)" 0 env TUNTESTS_ABI="$abi" $replay
	ok "... is not taken" grep -q "ioctl_sequence: $abi: not of this kernel and program: it is probed again" "$work/err"
	is "... but made anew" "$(sed '$d' "$abi")" "$(sed '$d' "$work/kept")"
done

# A sequence in which one call of one input is wrong.
mkdir "$work/shrink"
TUNTESTS_RECORDER="$work/shrink/best" build/fuzz/ioctl_sequence-replay "$work/ioctl_sequence" > "$work/out" 2>&1
exits "the sequence becomes smaller" 0 env LD_PRELOAD="$work/liar.so" build/fuzz/ioctl_sequence-replay \
	--shrink "$work/shrink"
ok "... which is said" grep -q "ioctl_sequence: 1 inputs, [0-9]* bytes: .*model says .*kernel says" "$work/out"
build/fuzz/ioctl_sequence-replay --program "$work/shrink/best" > "$work/program.c" 2> "$work/err"
cc -o "$work/program" "$work/program.c"
exits "... as a program that fails" 1 env LD_PRELOAD="$work/liar.so" "$work/program"
exits "... and on a kernel that does not lie passes" 0 "$work/program"
ok "... in a few lines" test "$(sed -n '/^int main/,$p' "$work/program.c" | wc -l)" -lt 24
rm "$work/shrink/position"
exits "what does not fail is not made smaller" 1 build/fuzz/ioctl_sequence-replay --shrink "$work/shrink"
ok "... which is said" grep -q "1 inputs do not fail again" "$work/out"

exits "a file that is not there" 2 build/fuzz/frame_write-replay "$work/nosuch"
ok "... is named" grep -q "frame_write: $work/nosuch: No such file or directory" "$work/err"

# What is no input, or not one of this target.
replay=build/fuzz/frame_write-replay
# says NAME STATUS LINE COMMAND...: ends with that status, and the line is on standard error.
says() {
	says_name=$1 says_line=$3
	exits "$1" "$2" timeout 10 $(shift 3; printf '%s\n' "$@")
	ok "... is said" grep -qF -- "$says_line" "$work/err"
}
TUNTESTS_RECORDER="$work/record" build/fuzz/vnet_write-replay "$work/vnet_write" > "$work/out" 2>&1
says "another target's recording" 2 "record: a recording of the target vnet_write" $replay "$work/record"
head -c 100 "$work/record" > "$work/cut"
says "a recording cut within its first input" 2 "cut: 0 of $(ls "$work/vnet_write" | wc -l) inputs are whole" \
	build/fuzz/vnet_write-replay "$work/cut"
head -c 1000 "$work/record" > "$work/cut"
says "one cut later" 0 " of $(ls "$work/vnet_write" | wc -l) inputs are whole" build/fuzz/vnet_write-replay "$work/cut"
mkfifo "$work/pipe"
says "a pipe" 2 "pipe: Invalid argument" $replay "$work/pipe"
truncate -s 3G "$work/huge"
says "a huge file" 2 "huge: File too large" $replay "$work/huge"
says "no number" 2 "--time needs a number from 0.001 to 86400, not 'nan'" $replay --time nan
says "rounds that are none" 2 "--rounds needs a number from 1 to 100, not '3x'" $replay --rounds 3x
says "rounds of no time" 2 "--bare and --rounds need --time" $replay --rounds 3
says "a target that has no write() to be timed" 2 "no write() that could be timed alone" \
	build/fuzz/ioctl_sequence-replay --time 1 --bare
for option in --dictionary "--program $work/frame_write" "--locations /dev/full $work/frame_write"; do
	exits "${option%% *} to a full device" 2 sh -c "$replay $option > /dev/full"
	ok "... is said" grep -q "No space left on device" "$work/err"
done
# The operations make the program another user's and root's again, and the kernel forgets what to tell it.
build/tuntests replay -t ioctl_sequence $(yes "$work/ioctl_sequence" | head -n 2000) > "$work/log" 2>&1 &
pid=$!
ok "a replay begins" wait_until sh -c "[ \$(grep -c 'as the model says' '$work/log') -gt 8 ]"
kill -KILL $pid
ok "... and killed leaves no program" wait_until sh -c "! pgrep -f '[i]octl_sequence-replay $work'"
done_testing
