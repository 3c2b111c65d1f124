# SPDX-License-Identifier: GPL-2.0-only
# Kernels that are built here: uml-kasan and uml-lockdep. Sourced by prepare.

tarball=/usr/src/linux-source-6.12.tar.xz
# UML has the large code model, for which clang puts all data into sections that UML's linker script does
# not know. They lie outside of what the kernel takes for its data, and lockdep and kmemleak fail. Modules
# are loaded far away and need it so. (UML's vDSO has another model, where the option says nothing.)
builtin_flags="-mlarge-data-threshold=2147483647 -Wno-unused-command-line-argument"

# In uml-kasan's modules every call of KCOV's function loads its address itself, behind which cli/coverage
# finds the blocks that there are to be reached.
kcov_flags="-mllvm -disable-machine-cse -mllvm -disable-machine-licm"

# module_flags: for the modules of $name.
module_flags() { [ "$name" != uml-kasan ] || echo "$kcov_flags"; }

# fragments: the files in config/ that make up $name.
fragments() {
	echo "$here/config/base.config $here/config/net.config $here/config/debug.config" \
		"$here/config/${name#uml-}.config"
}

# kmake ARG...: make for $tree in ./build, its output in ./log. The name of this machine and the time do
# not get in. It ends when we are killed: a compilation takes minutes.
kmake() {
	setsid make -s -C "$tree" O="$PWD/build" ARCH=um LLVM="$llvm" CFLAGS_KERNEL="$builtin_flags" \
		CFLAGS_MODULE="$(module_flags)" \
		KBUILD_BUILD_USER=tuntests KBUILD_BUILD_HOST=guest \
		KBUILD_BUILD_TIMESTAMP="Thu Jan 1 00:00:00 UTC 1970" "$@" < /dev/null > log 2>&1 &
	child=$!
	trap 'kill -- -$child 2> /dev/null; exit 100' INT TERM HUP
	while kill -0 $child 2> /dev/null; do
		# $$ is the script, wherever in it we are.
		if ! kill -0 $$ 2> /dev/null; then
			kill -- -$child
			exit 100
		fi
		sleep 0.2
	done
	wait $child
}

# instrumented: make's variables for the objects in config/kcov.objects: coverage, and line numbers for
# its reports.
instrumented() {
	[ "$name" = uml-kasan ] || return 0
	words "$here/config/kcov.objects" |
		sed 's/.*/KCOV_INSTRUMENT_&=y\nCFLAGS_&=-gline-tables-only/'
}

# wanted: the lines of the fragments that say something.
wanted() { grep -hE '^(CONFIG_|# CONFIG_[A-Z0-9_]* is not set)' $(fragments); }

# dropped: the options asked for that ./build/.config does not have.
dropped() {
	wanted | while read -r line; do
		option=$(echo "$line" | grep -o 'CONFIG_[A-Z0-9_]*')
		case $line in
		'#'*) ! grep -q "^$option=" build/.config || echo "$option" ;;
		*) grep -qxF "$line" build/.config || echo "$option" ;;
		esac
	done
}

configure() {
	kmake tinyconfig || broken "cannot be configured"
	wanted >> build/.config
	kmake olddefconfig || broken "cannot be configured"
	dropped=$(dropped)
	[ -z "$dropped" ] || say "$name: $tree has no" $dropped
}

# broken WHAT: for a failed step, whose output is in ./log.
broken() {
	grep -E '[Ee]rror|\*\*\*' log | head -n 20 >&2 || true
	fail "$name: $tree $1"
}

compile() {
	mkdir -p build
	# The fragments may have changed.
	configured=$(wanted | hash)
	if [ "$(cat build/.configured 2> /dev/null)" != "$configured" ]; then
		configure
		echo "$configured" > build/.configured
	fi
	say "$name: compiling $tree (minutes, if not done before)"
	kmake $(instrumented) -j "$(nproc)" linux modules || broken "does not compile"
}

# collect BUILD: what a guest needs from there.
collect() {
	pick_modules "$1"
	cp "$1/linux" kernel
	cp "$1/.config" config
	cat "$1/include/config/kernel.release" > release
}

# make_built: from a source that does not change.
make_built() {
	compile
	collect build
	echo "$tree" > source
	# Without the objects it still serves for modules.
	find build -path build/scripts -prune -o \( -name '*.o' -o -name '*.a' -o -name '*.ko' -o \
		-name 'vmlinux*' -o -name linux -o -name '.*.cmd' \) -type f -print0 | xargs -0 rm -f
	rm -f log
}

# make_tree_entry DIR: from the user's tree, compiled in DIR.
make_tree_entry() {
	collect "$1/build"
}

make_source() {
	source=$tarball
	if [ ! -s "$source" ]; then
		fetch linux-source-6.12
		source=unpacked$tarball
	fi
	say "unpacking the source of Linux 6.12"
	tar -xf "$source" --strip-components=1 || fail "cannot unpack $source"
	rm -rf unpacked
}

# find_source: sets $tree to Debian's source in the cache.
find_source() {
	if [ -z "$update" ] && newest linux-source; then
		tree=$entry
		return
	fi
	if [ -s "$tarball" ]; then
		version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2> /dev/null) ||
			version=$(hash "$tarball")
	else
		version=$(apt_version linux-source-6.12)
		[ -n "$version" ] ||
			fail "$name: apt knows no package linux-source-6.12; give a source: KSRC=TREE"
	fi
	entry linux-source "$version" make_source
	choose linux-source
	tree=$entry
}

need_tools() {
	need "clang$llvm_suffix" "clang$llvm_suffix"
	need "ld.lld$llvm_suffix" "lld$llvm_suffix"
	need "llvm-ar$llvm_suffix" "llvm$llvm_suffix"
	need make make
	need flex flex
	need bison bison
	need bc bc
}

# build_tree: compiles $tree, the user's, in $build, a folder of its own that the next time begins with.
build_tree() {
	build=$cache/$name/tree-$(echo "$tree $llvm" | hash)
	mkdir -p "$build" || exit 2
	# Make trusts what it finds; what a killed one left cannot be trusted.
	if [ -e "$build/unfinished" ]; then
		say "$name: the last build of $tree was killed, so this one starts afresh"
		rm -rf "$build/build"
	fi
	used "$build"
	: > "$build/unfinished"
	status=0
	(cd "$build" && compile) || status=$?
	[ $status -ge 100 ] || rm "$build/unfinished"
	[ $status -eq 0 ] || exit 2
}

# prepare_tree: from KSRC. What was built is ours until it is copied.
prepare_tree() {
	[ -f "$KSRC/Kbuild" ] || fail "$name: KSRC=$KSRC is no kernel source"
	tree=$(realpath "$KSRC")
	mkdir -p "$cache/$name" 2> /dev/null || fail "cannot make $cache/$name"
	exec 7> "$cache/$name/.tree-lock"
	flock 7
	build_tree
	entry "$name" "$(find "$build/build" -name '*.ko' | sort | xargs cat "$build/build/linux" |
		hash)-$modules_key" make_tree_entry "$build"
	exec 7>&-
}

# built_key: of what is in this folder and makes $name.
built_key() {
	echo "$({ echo "$builtin_flags"; module_flags; words "$here/config/kcov.objects"; wanted; } | hash)-$modules_key"
}

prepare_built() {
	llvm=${LLVM:--19}
	case $llvm in -*) llvm_suffix=$llvm ;; *) llvm_suffix= ;; esac
	if [ -n "${KSRC:-}" ]; then
		need_tools
		prepare_tree
	else
		key=$(built_key)
		if [ -n "$update" ] || ! newest "$name" "-$key"; then
			need_tools
			find_source
			entry "$name" "${tree##*/}-$("clang$llvm_suffix" --version | hash)-$key" make_built
			choose "$name"
		fi
	fi
	print_guest uml "$entry/kernel"
}
