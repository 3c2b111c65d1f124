#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# mutants/: each fix is there to be undone in the driver that uml-kasan was built from, its head says what the
# others need, and what a target found with it is a seed of that target.
. harness/test/tap.sh

command -v spatch > /dev/null || skip_all "spatch is not installed (package coccinelle)"
build/tuntests guest list 2> /dev/null | grep -q '^uml-kasan  *cached' ||
	skip_all "uml-kasan is not in the cache (build/tuntests guest build uml-kasan)"

targets=$(sed -n 's/^targets[[:space:]]*:= //p' Makefile)
source=$(guest/prepare uml-kasan | sed -n 's/^source=//p')
for fix in mutants/fixes/*.cocci; do
	name=$(basename "$fix" .cocci)
	of() { sed -n "s,^// $1: ,,p" "$fix"; }
	file=$(of File) target=$(of Target)
	mkdir "$work/$name"
	exits "$name is undone" 0 mutants/apply --patch "$name" "$work/$name"
	ok "... in $file" sh -c "! cmp -s '$source/$file' '$work/$name/${file##*/}'"
	ok "... and its head says what it is" sh -c "grep -q '^// Fix: .' '$fix' && grep -q '^// Undone: .' '$fix'"
	ok "... a module that guests load" grep -q "^$(of Module) " guest/modules.list
	[ -z "$target" ] || ok "... a target" sh -c "echo '$targets' | tr ' ' '\n' | grep -qx '$target'"
	ok "... and a test" sh -c "build/tuntests list '$(of Test)' || build/tuntests list '$(of Test).*'"
	for seed in corpus/regressions/*/"$name"; do
		[ ! -e "$seed" ] || is "... what found it is in the corpus of" "$target" "$(basename "${seed%/*}")"
	done
done

# Nothing to be undone, and nothing there.
mkdir -p "$work/mutants/fixes"
ln -s "$PWD/guest" "$work/guest"
cp mutants/apply mutants/lib.sh "$work/mutants"
sed 's/_MAX/_MAX_OF_NOTHING/; s/SKB_/NO_SKB_/' mutants/fixes/uso_checksum.cocci |
	sed 's/UDP_MAX_SEGMENTS/UDP_NO_SEGMENTS/' > "$work/mutants/fixes/nothing.cocci"
exits "a fix that is not there to be undone" 2 "$work/mutants/apply" --patch nothing "$work"
one_line "... is told" "nothing changes nothing in include/linux/virtio_net.h"
exits "a fix that nobody knows" 2 mutants/apply nosuch "$work/tun.ko"
one_line "... is told" "no fix nosuch"
exits "a module of another name" 2 mutants/apply stale_queue "$work/x.ko"
one_line "... is told" "tun.ko, not $work/x.ko"
done_testing
