#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Guest kernels: what comes out of them, and that nothing stays behind.
. harness/test/tap.sh

command -v apt-cache > /dev/null || skip_all "no apt here"

none_left() { ! pgrep -f "$work/cache/tuntests/uml-debian" > /dev/null; }
no_folder() {
	[ -z "$(find /dev/shm "${TMPDIR:-/tmp}" -maxdepth 1 -name 'tuntests-guest.*' -newer "$work/cache" \
		-user "$(stat -c %u "$work/cache/tuntests")")" ]
}

# Usage.
exits "no guest" 2 guest/prepare
one_line "... says so" "no guest named"
exits "an unknown guest" 2 guest/prepare plan9
one_line "... is named" "no guest is named plan9"
exits "a kernel that is not there" 2 guest/prepare bzimage "$work/none"
one_line "... is named" "no kernel $work/none"
exits "a source that is none" 2 env KSRC="$work" guest/prepare uml-kasan
one_line "... is named" "KSRC=$work is no kernel source\|is not installed"
exits "no command" 2 guest/boot uml-debian
exits "a file for a guest that takes none" 2 guest/boot uml-debian /etc/passwd -- true
one_line "... is named" "guest uml-debian takes no file (/etc/passwd)"
exits "no place for a cache" 2 env HOME= XDG_CACHE_HOME= guest/prepare uml-debian
one_line "... is told" "neither HOME nor XDG_CACHE_HOME"
exits "cleaning what has no name" 2 guest/prepare --clean ""
one_line "... does not clean everything" "no guest is named ''"
exits "a list that cannot be written" 2 sh -c 'guest/prepare --list > /dev/full'
exits "an unknown option" 2 guest/boot --nothing 1 uml-debian -- true
exits "a time that is none" 2 guest/boot --timeout soon uml-debian -- true
for memory in "$work" /dev/null README.md; do
	exits "memory of $memory" 2 guest/boot --memory "$memory" uml-kasan -- true
	one_line "... is refused" "boot: $memory is no file for memory: its size has to be a power of two"
done
exits "a share that is no folder" 2 guest/boot --share README.md uml-debian -- true
one_line "... is named" "boot: README.md is no folder"
exits "guests are listed" 0 guest/prepare --list
for name in uml-debian uml-kasan uml-lockdep 'bzimage FILE'; do
	ok "... $name" grep -q "^$name" "$work/out"
done

# A console without end.
limited() { (console_limit=100 && . guest/run.sh && limited); }
{ seq 1 100000; echo end; } | limited > "$work/out"
ok "a console that is too long is cut" [ "$(wc -c < "$work/out")" -lt 70000 ]
ok "... and its end kept" sh -c "tail -n 1 '$work/out' | grep -x end && grep 'of the rest only the end' '$work/out'"
is "another is not" "$(seq 1 10 | limited)" "$(seq 1 10)"

# The cache.
export XDG_CACHE_HOME="$work/cache"
if [ "$(id -u)" = 0 ] && reachable; then
	chmod 755 "$work"
	mkdir -m 777 "$work/cache" "$work/share"
	as_user="setpriv --reuid 65534 --regid 65534 --clear-groups"
else
	mkdir "$work/cache" "$work/share"
	as_user=
fi
$as_user guest/prepare uml-debian > "$work/one" 2> "$work/one.err" &
$as_user guest/prepare uml-debian > "$work/two" 2> "$work/two.err" &
wait
if ! grep -q '^type=uml$' "$work/one"; then
	sed 's/^/# /' "$work/one.err"
	skip "guests" "uml-debian cannot be had"
	done_testing
fi
is "two builders at once have the same" "$(cat "$work/one")" "$(cat "$work/two")"
is "... one of them fetched it" "$(cat "$work/one.err" "$work/two.err" | grep -c user-mode-linux)" 1
is "... nothing half done is left" "$(find "$work/cache" -name '.tmp.*')" ""
mkdir "$work/cache/tuntests/uml-debian/.tmp.1"
rm "$work/cache/tuntests/uml-debian/current"
mv "$work/cache/tuntests/uml-debian/"6* "$work/aside"
$as_user guest/prepare uml-debian > "$work/three" 2> "$work/three.err" &
killed=$!
sleep 0.3
kill -KILL $killed
wait $killed 2> /dev/null
exits "after a builder was killed" 0 $as_user guest/prepare uml-debian
is "... the next has the same" "$(cat "$work/out")" "$(cat "$work/one")"
is "... and cleaned up" "$(find "$work/cache" -name '.tmp.*')" ""
rm -rf "$work/aside"

# An ordinary user, for whom /dev/net/tun need not exist.
boot="$as_user guest/boot uml-debian"
exits "a command's exit status" 7 $boot -- sh -c 'echo here; exit 7'
ok "... and its output" grep -qx here "$work/out"
exits "the guest has a TUN device" 0 $boot -- ip tuntap add dev t0 mode tap
exits "arguments and environment" 0 $boot --env "A=b  'c" -- sh -c 'echo "<$A><$1><$2>"' sh "d  'e" ''
ok "... arrive as they are" grep -qx "<b  'c><d  'e><>" "$work/out"
exits "the host's files" 0 $boot --share "$work/share" -- sh -c "! touch '$PWD/x' 2> /dev/null &&
	echo written > '$work/share/file' && cp /proc/mounts '$work/share/mounts'"
is "... can be written where it was allowed" "$(cat "$work/share/file")" written
exits "what is written to the channel" 0 $as_user guest/boot uml-debian \
	--channel "$work/share/channel" -- sh -c "cat /bin/sh > \$TUNTESTS_CHANNEL"
ok "... comes as it is" cmp /bin/sh "$work/share/channel"

# A driver from the environment.
exits "a module that is no file" 2 env MODULE=/dev/zero $boot -- true
one_line "... is named" "no module /dev/zero"
cp guest/init "$work/share/nosuch.ko"
exits "a module that the guest does not have" 2 env MODULE="$work/share/nosuch.ko" $boot -- true
one_line "... is named" "guest uml-debian has no module nosuch.ko"
exits "two modules, one of which is no file" 2 env MODULE="$work/share/nosuch.ko /dev/zero" $boot -- true
one_line "... is named" "no module /dev/zero"

# As modprobe finds them.
exits "an option of a module" 0 $boot --append dummy.numdummies=2 -- test -e /sys/class/net/dummy1
exits "... from the environment" 0 env APPEND=dummy.numdummies=2 $boot -- test -e /sys/class/net/dummy1

# A shell answers to each line as it comes.
(
	wait_until grep -q '# $' "$work/shell"
	echo 'echo on $(uname -m)'
	wait_until grep -q '^on ' "$work/shell"
	echo 'exit 3'
) | $boot --timeout 60 --shell -- sh > "$work/shell" 2>&1 &
wait $!
is "a shell's exit status" $? 3

# Guests that die.
exits "a panic" 3 $boot -- sh -c 'echo before > /dev/console; echo c > /proc/sysrq-trigger; sleep 9'
ok "... is on the console" grep -q 'Kernel panic' "$work/out"
ok "... after what came before" grep -qx before "$work/out"
one_line "... and said" "the guest died"
exits "a hang" 124 $boot --timeout 3 -- sleep 60
one_line "... is said" "time is up after 3 s"
ok "... leaves no process" wait_until none_left

for signal in KILL INT TERM; do
	# A job in the background would ignore SIGINT.
	env --default-signal=INT $boot -- sh -c 'echo running; sleep 60' > "$work/console" 2>&1 &
	booter=$!
	wait_until grep -q running "$work/console"
	kill -$signal $booter
	wait $booter 2> /dev/null
	ok "SIG$signal of boot leaves no process" wait_until none_left
	ok "... and no folder" wait_until no_folder
done

exits "--clean" 0 $as_user guest/prepare --clean uml-debian
ok "... leaves nothing of it" test ! -e "$work/cache/tuntests/uml-debian"
exits "... and says when there is nothing" 2 $as_user guest/prepare --clean uml-debian
exits "... and stays in the cache" 2 $as_user guest/prepare --clean ../x
done_testing
