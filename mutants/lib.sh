# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of mutants/ share. Sourced with $here set.

program=${0##*/}
fail() { printf '%s: %s\n' "$program" "$*" >&2; exit 2; }
say() { printf '%s: %s\n' "$program" "$*"; } >&2

# number OPTION VALUE: from 1 on.
number() {
	case $2 in '' | *[!0-9]* | 0* | ??????????*) fail "$1 needs a number from 1 to 999999999, not '$2'" ;; esac
}

# folder PATH: makes it; mkdir has said why if it cannot.
folder() { mkdir -p "$1" || exit 2; }

# need PROGRAM PACKAGE
need() { command -v "$1" > /dev/null || fail "$1 is not installed (package $2)"; }

# find_fix NAME: sets $fix to its file.
find_fix() {
	fix=$here/fixes/$1.cocci
	[ -f "$fix" ] || fail "no fix $1 ($(ls "$here/fixes" | sed 's/\.cocci$//' | tr '\n' ' ' | sed 's/ $//'))"
}

# of KEY: what the head of $fix says.
of() { sed -n "s,^// $1: ,,p" "$fix"; }

# compile_once: $module is the driver with $name undone, compiled only if the fix has changed since.
compile_once() {
	[ "$module" -nt "$fix" ] && return
	mkdir -p "${module%/*}"
	"$here/apply" "$name" "$module"
}
