# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of mutants/ share. Sourced with $here set.

program=${0##*/}
fail() { printf '%s: %s\n' "$program" "$*" >&2; exit 2; }
say() { printf '%s: %s\n' "$program" "$*"; } >&2

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
