#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# corpus/: the seeds are what the targets make, and all of it, and every bug that was ever found, does what
# the model says on the running kernel and in uml-kasan.
. harness/test/tap.sh

targets=$(sed -n 's/^targets[[:space:]]*:= //p' Makefile)
exits "the programs build" 0 make -s $(for target in $targets; do echo "build/fuzz/$target-replay"; done)
for target in $targets; do
	mkdir "$work/$target"
	"build/fuzz/$target-replay" --seeds "$work/$target"
	ok "the seeds of $target are those that it makes (make corpus)" diff -r "corpus/seeds/$target" "$work/$target"
done
ok "no folder is left of a target that is gone" sh -c "! ls corpus/seeds corpus/regressions |
	grep -vxE 'corpus/.*:|$(echo $targets | tr ' ' '|')' | grep ."

# folders TARGET: what the corpus has of it.
folders() {
	for kind in seeds regressions; do
		[ ! -d "corpus/$kind/$1" ] || echo "$PWD/corpus/$kind/$1"
	done
}

build/tuntests run -o "$work/one" model.random.seed_1 > "$work/out" 2> "$work/err"
no_tun=$?
mkdir "$work/empty"
for target in $targets; do
	if [ $no_tun -eq 4 ]; then
		skip "$target on the running kernel" "$(sed -n 's/.*# SKIP //p' "$work/out" | head -n 1)"
	elif "build/fuzz/$target-replay" "$work/empty" > "$work/out" 2> "$work/err"; then
		exits "$target on the running kernel" 0 "build/fuzz/$target-replay" $(folders "$target")
	else
		skip "$target on the running kernel" "$(cat "$work/err")"
	fi
done

build/tuntests guest list 2> /dev/null | grep -q '^uml-kasan  *cached' || {
	skip "the same in uml-kasan" "uml-kasan is not in the cache (build/tuntests guest build uml-kasan)"
	done_testing
	exit
}
for target in $targets; do
	echo "build/fuzz/$target-replay $(echo $(folders "$target")) || echo bad $target"
done > "$work/all"
exits "all of it in uml-kasan" 0 timeout 300 guest/boot --append panic_on_warn=1 --file "$work/all" uml-kasan \
	-- sh "$work/all"
ok "... as the model says" sh -c "! grep '^bad ' '$work/out'"
exits "that of vhost without a copy" 0 timeout 300 guest/boot --append panic_on_warn=1 \
	--append vhost_net.experimental_zcopytx=1 uml-kasan -- "$PWD/build/fuzz/vhost-replay" $(folders vhost)
done_testing
