#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Kernels that die, made from the driver: whatever they do, results.json is complete, the deadly test has
# the blame, and all others have the verdicts that they have with the driver as it is.
. harness/test/tap.sh

build/tuntests guest list 2> /dev/null | grep -q '^uml-kasan  *cached' ||
	skip_all "uml-kasan is not in the cache (build/tuntests guest build uml-kasan)"

# A cache of our own tells our guests from others', and serves an ordinary user.
if [ "$(id -u)" = 0 ] && reachable; then
	as_user="setpriv --reuid 65534 --regid 65534 --clear-groups"
	mode=777
else
	as_user=
	mode=700
fi
chmod 755 "$work"
mkdir -m $mode "$work/runs"
guest/prepare uml-kasan > "$work/guest" || skip_all "uml-kasan cannot be prepared"
part() { sed -n "s/^$1=//p" "$work/guest"; }
entry=$(dirname "$(part kernel)")
cache=$work/cache/tuntests
mkdir -p "$cache/uml-kasan/${entry##*/}" "$cache/busybox/here"
cp -r "$entry/kernel" "$entry/modules" "$entry/release" "$cache/uml-kasan/${entry##*/}"
ln -s "${entry##*/}" "$cache/uml-kasan/current"
cp "$(part busybox)" "$cache/busybox/here/busybox"
ln -s here "$cache/busybox/current"
chmod -R a+rX "$cache"
[ $mode = 700 ] || find "$cache" -type d -exec chmod 777 {} +

# driver SORT: makes $work/SORT/tun.ko.
driver() {
	mkdir "$work/$1"
	guest/test/broken-driver "$1" < "$(part source)/drivers/net/tun.c" > "$work/$1/tun.c" &&
		guest/module uml-kasan "$work/$1/tun.c" "$work/$1/tun.ko"
}

# run_with MODULE|none OPTION...: into $out.
run_with() {
	module=$1
	shift
	[ "$module" = none ] && module= || module=$work/$module/tun.ko
	$as_user env XDG_CACHE_HOME="$work/cache" MODULE="$module" timeout 150 \
		build/tuntests run --guest uml-kasan -o "$out" "$@"
}
verdicts() { sed -n 's/.*"id": "\([^"]*\)".*"result": "\([a-z]*\)".*/\1 \2/p' "$out/results.json"; }
reason() { sed -n "s/.*\"id\": \"$1\".*\"reason\": \"\([^\"]*\)\".*/\1/p" "$out/results.json"; }
none_left() { ! pgrep -f "$work/cache/tuntests" > /dev/null; }
no_folder() { ! find /dev/shm "${TMPDIR:-/tmp}" -maxdepth 1 -name 'tuntests-guest.*' -newer "$work/guest" \
	-user "$(stat -c %u "$out")" | grep .; }
nothing_left() {
	ok "... no process is left" wait_until none_left
	ok "... nor a folder" wait_until no_folder
}

deadly=linktype.debug.tap
out=$work/runs/whole
exits "the driver as it is" 0 run_with none linktype carrier
verdicts > "$work/whole"
ok "... has verdicts for all" sh -c "! grep -v -e ' pass' -e ' skip' -e ' xfail' '$work/whole'"
ok "... and passes what will be deadly" grep -qx "$deadly pass" "$work/whole"

for sort in panic hang load-panic load-hang; do
	ok "a driver to $sort" driver $sort
done

out=$work/runs/panic
exits "a panic in one test of many at a time" 1 run_with panic linktype carrier
is "... is a crash, and all others have their verdicts" "$(verdicts)" \
	"$(sed "s/^$deadly .*/$deadly crash/" "$work/whole")"
is "... with the reason" "$(reason $deadly | sed 's/\[.*\] *//')" \
	"the guest died: Kernel panic - not syncing: broken on purpose"
ok "... and the console" grep -q 'broken on purpose' "$out/$deadly/kernel.log"
nothing_left

# One at a time: each hang takes the silence that a guest is granted.
out=$work/runs/hang
exits "a hang in one test" 1 run_with hang -j 1 -t 10 linktype.debug linktype.debug_ethtool
is "... is a timeout, and all others have their verdicts" "$(verdicts)" \
	"$(sed -n -e "s/^$deadly .*/$deadly timeout/" -e '/^linktype.debug\(_ethtool\)*\./p' "$work/whole")"
ok "... with a reason" sh -c "echo '$(reason $deadly)' | grep '^the guest hung'"
nothing_left

out=$work/runs/load-panic
exits "a panic when the module is loaded" 1 run_with load-panic linktype carrier
is "... is no verdict on any test" "$(verdicts)" "$(sed 's/ .*/ notrun/' "$work/whole")"
one_line "... is told" "guest uml-kasan did not boot: .*broken on purpose"
is "... is each test's reason" "$(reason $deadly | sed 's/\[.*\] *//')" \
	"the guest did not boot: Kernel panic - not syncing: broken on purpose"
nothing_left

out=$work/runs/load-hang
exits "a hang when the module is loaded" 1 run_with load-hang --boot-timeout 20 linktype carrier
is "... is no verdict on any test" "$(verdicts)" "$(sed 's/ .*/ notrun/' "$work/whole")"
nothing_left

out=$work/runs/garbage
head -c 100000 /dev/urandom > "$work/garbage"
cp "$work/garbage" "$cache/uml-kasan/current/kernel"
exits "a kernel that is none" 1 run_with none linktype carrier
is "... is no verdict on any test" "$(verdicts)" "$(sed 's/ .*/ notrun/' "$work/whole")"
one_line "... is told" "guest uml-kasan did not boot: "
nothing_left
done_testing
