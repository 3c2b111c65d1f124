#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Building a guest from a tree (KSRC=), with a tree that is none: two builders at once, builders that are
# killed, a tree that does not compile. (Real kernels take minutes.)
. harness/test/tap.sh

command -v make > /dev/null || skip_all "no make here"
tree=$work/tree
mkdir -p "$tree" "$work/bin" "$work/cache"
for tool in clang-19 ld.lld-19 llvm-ar-19 flex bison bc busybox; do
	printf '#!/bin/sh\n' > "$work/bin/$tool"
done
chmod +x "$work/bin/"*
: > "$tree/Kbuild"
# Two at work in one folder are an error; objects that were there before show what make had to go by.
cat > "$tree/Makefile" <<'END'
tinyconfig:
	echo CONFIG_TINY=y > $(O)/.config
olddefconfig:
	sort -u -o $(O)/.config $(O)/.config
modules: linux
	mkdir -p $(O)/drivers $(O)/include/config
	cp tun.c $(O)/drivers/tun.ko
	echo 1.2.3 > $(O)/include/config/kernel.release
linux:
	mkdir $(O)/busy
	echo $$PPID >> $(O)/../makes
	echo unfinished > $(O)/linux
	[ -e slow ] && sleep 30 || sleep 0.5
	rmdir $(O)/busy
	grep -q good tun.c
	[ -e $(O)/object ] && echo again > $(O)/linux || echo first > $(O)/linux
	: > $(O)/object
END
echo good > "$tree/tun.c"
export XDG_CACHE_HOME="$work/cache"
prepare() { env PATH="$work/bin:$PATH" KSRC="$tree" guest/prepare uml-kasan; }
cached=$work/cache/tuntests/uml-kasan
busy() { [ -n "$(find "$cached" -name busy)" ]; }
none_left() { ! pgrep -f "make .*$tree" > /dev/null; }
kernel() { cat "$(sed -n 's/^kernel=//p' "$work/out")"; }

prepare > "$work/one" 2> "$work/one.err" &
prepare > "$work/two" 2> "$work/two.err" &
wait
is "two builders at once both have a guest" "$(cat "$work/one" "$work/two" | grep -c '^type=uml$')" 2
is "... one builds after the other" "$(cat "$cached"/tree-*/makes | wc -l)" 2
is "... and has it before the other begins" \
	"$(for guest in one two; do cat "$(sed -n 's/^kernel=//p' "$work/$guest")"; done | sort)" \
	"again
first"

for signal in KILL TERM INT; do
	: > "$tree/slow"
	setsid env --default-signal=INT PATH="$work/bin:$PATH" KSRC="$tree" guest/prepare uml-kasan \
		> /dev/null 2> "$work/log" &
	builder=$!
	ok "a builder at work" wait_until busy
	# Ctrl-C goes to the whole group.
	[ $signal = INT ] && kill -INT -$builder || kill -$signal $builder
	wait $builder 2> /dev/null
	ok "SIG$signal of it leaves no process" wait_until none_left
	rm "$tree/slow"
	exits "... and the next can build" 0 prepare
	ok "... and says that it starts afresh" grep -q 'starts afresh' "$work/err"
	is "... as it does" "$(kernel)" first
	exits "... while the one after it" 0 prepare
	is "... goes on with what is there" "$(kernel)" again
done

echo bad > "$tree/tun.c"
exits "a tree that does not compile" 2 prepare
ok "... is named" grep -q "uml-kasan: $tree does not compile" "$work/err"
echo good > "$tree/tun.c"
exits "... and mended, is built" 0 prepare
is "... from what is there" "$(kernel)" again
is "nothing half done is left" "$(find "$work/cache" -name '.tmp.*' -o -name unfinished)" ""
done_testing
