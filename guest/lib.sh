# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of guest/ share: messages, the cache, modules. Sourced with $here set.

program=${0##*/}
fail() { printf '%s: %s\n' "$program" "$*" >&2; exit 2; }
say() { printf '%s: %s\n' "$program" "$*" >&2; }

# A command that failed has told why. It is no verdict on a kernel.
trap '[ $? -ne 1 ] || exit 2' EXIT

case ${XDG_CACHE_HOME:-} in
/*) cache=$XDG_CACHE_HOME/tuntests ;;
*)
	[ -n "${HOME:-}" ] || fail "no place for guests: neither HOME nor XDG_CACHE_HOME is set"
	cache=$HOME/.cache/tuntests
	;;
esac

# words FILE...: the first word of each line that is no comment.
words() { sed -e 's/#.*//' "$@" | awk 'NF { print $1 }'; }

# hash [FILE...]: 12 digits of the content, or of standard input.
hash() { cat "$@" | sha256sum | cut -c1-12; }

need() {
	command -v "$1" > /dev/null || fail "$1 is not installed (package $2)"
}

# used ENTRY: notes the time.
used() { touch "$1" 2> /dev/null || true; }

# forget FOLDER: removes what has not been used for some days, now that something newer is there.
forget() { find "$1" -mindepth 1 -maxdepth 1 -type d -mtime +3 -exec rm -rf {} +; }

# entry FOLDER KEY MAKER [ARG...]: sets $entry to the cache's FOLDER/KEY. If it is not there, runs
# `MAKER ARG...` in an empty directory, which gets that name when MAKER succeeds. The lock is held by
# everything MAKER starts: what a killed builder left running ends before the next one begins.
entry() {
	entry=$cache/$1/$2
	[ ! -d "$entry" ] || { used "$entry"; return 0; }
	need flock util-linux
	mkdir -p "$cache/$1" 2> /dev/null || fail "cannot make $cache/$1"
	(
		flock 8 || fail "cannot lock $cache/$1"
		[ ! -d "$entry" ] || exit 0
		# Of builds that were killed: nobody else can be at work here.
		rm -rf "$cache/$1"/.tmp.*
		partial=$cache/$1/.tmp.$$
		trap 'rm -rf "$partial"' EXIT
		trap 'exit 2' INT TERM HUP
		mkdir "$partial"
		shift 2
		(cd "$partial" && "$@") || exit 2
		mv "$partial" "$entry"
		used "$entry"
		forget "${entry%/*}"
	) 8> "$cache/$1/.lock" || exit 2
}

# newest FOLDER [END]: sets $entry to the entry last chosen by choose; fails if there is none, or if its
# name does not end in END.
newest() {
	entry=$(readlink "$cache/$1/current" 2> /dev/null) || return 1
	case $entry in *"${2:-}") ;; *) return 1 ;; esac
	entry=$cache/$1/$entry
	[ -d "$entry" ] && used "$entry"
}

# choose FOLDER: what newest will give is $entry.
choose() {
	ln -sfn "${entry##*/}" "$cache/$1/.current.$$"
	mv -T "$cache/$1/.current.$$" "$cache/$1/current"
}

# apt_version PACKAGE: its newest version and the digits of its content, or nothing.
apt_version() {
	apt-cache show --no-all-versions "$1" 2> /dev/null | awk '
		$1 == "Version:" { version = $2 }
		$1 == "SHA256:" { sum = substr($2, 1, 12) }
		END { if (version) print version "-" sum }'
}

# fetch PACKAGE: unpacks it below ./unpacked, without installing it.
fetch() {
	say "fetching $1"
	# As root apt would want a directory that its own user can write.
	apt-get -q -o APT::Sandbox::User="$(id -un)" download "$1" > apt.log 2>&1 ||
		fail "cannot fetch package $1: $(tail -n 1 apt.log)"
	dpkg-deb -x "$1"_*.deb unpacked || fail "cannot unpack package $1"
	rm -f "$1"_*.deb apt.log
}

make_busybox() {
	fetch busybox-static
	mv unpacked/bin/busybox . && rm -r unpacked
}

# find_busybox: sets $busybox to a statically linked one.
find_busybox() {
	busybox=$(command -v busybox) && ! ldd "$busybox" > /dev/null 2>&1 && return 0
	if ! newest busybox; then
		busybox_version=$(apt_version busybox-static)
		[ -n "$busybox_version" ] ||
			fail "no busybox: install busybox-static, or let apt know it (apt-get update)"
		entry busybox "$busybox_version" make_busybox
		choose busybox
	fi
	busybox=$entry/busybox
}

make_preload() {
	"${CC:-cc}" -shared -fPIC -O2 -o "$library.so" "$here/$library.c" || fail "cannot compile $here/$library.c"
}

# find_preload CONFIG: prints what is to be preloaded into a user-mode-linux of that configuration on this
# processor, or nothing.
find_preload() {
	libraries=
	! grep -q '^flags.* amx_tile' /proc/cpuinfo || libraries=xstate
	! grep -qs '^CONFIG_KASAN=y' "$1" || libraries="$libraries shadow"
	preload=
	for library in $libraries; do
		entry "$library" "$(hash "$here/$library.c")" make_preload
		preload="$preload $entry/$library.so"
	done
	echo "${preload# }"
}

# add_module NAME: copies it, plain, to ./modules after what it depends on. Uses ./index, the list of
# the modules' files.
add_module() {
	add_path=$(awk -v name="$1" 'BEGIN { gsub("-", "_", name) }
		{ n = $0; sub(".*/", "", n); sub("\\.ko.*", "", n); gsub("-", "_", n) }
		n == name { print; exit }' index)
	[ -n "$add_path" ] || return 0
	add_file=$(basename "$add_path" | sed 's/\.ko.*/.ko/')
	[ ! -e "modules/$add_file" ] || return 0
	case $add_path in
	*.xz) xz -dc "$add_path" ;;
	*.zst) zstd -qdc "$add_path" ;;
	*.gz) gzip -dc "$add_path" ;;
	*) cat "$add_path" ;;
	esac > "modules/$add_file" || fail "cannot unpack module $add_path"
	for add_needed in $(tr '\0' '\n' < "modules/$add_file" | sed -n 's/^depends=//p' | tr , ' '); do
		# A function's variables are everybody's in sh: each level gets a shell.
		(add_module "$add_needed") || return
	done
	echo "$add_file" >> modules/load
}

# pick_modules DIR: the modules of modules.list from below DIR, to ./modules; ./modules/load names them
# in the order of loading.
pick_modules() {
	mkdir modules
	: > modules/load
	find "$1" -name '*.ko*' > index
	for pick_name in $(words "$here/modules.list"); do
		add_module "$pick_name" || exit 2
	done
	rm index
}
