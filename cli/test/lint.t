#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The sources: layout, licence lines, the second compiler, the rooms.
. harness/test/tap.sh

sources=$(find harness netns device selftests fuzz cli mutants -name '*.[ch]')
ok "each source has its SPDX line" sh -c "! grep -L SPDX-License-Identifier $(echo $sources) | grep ."
# A string that people look for is not broken.
ok "no line without a string is longer than 100 columns" sh -c "! for file in $(echo $sources); do
	expand \$file | grep -v '\"' | grep -E '^.{101,}' | sed \"s|^|\$file: |\"; done | grep ."
ok "no file of tests or of the fuzzer is longer than 700 lines" sh -c "! wc -l selftests/*.[ch] \$(find fuzz -name '*.[ch]') |
	awk '\$1 > 700 && \$2 != \"total\"' | grep ."
ok "nothing is left for later" sh -c "! grep -nE '\b(TODO|FIXME|XXX)\b' $(echo $sources)"

# A room may use only the rooms before it.
allowed=harness
for room in harness netns device selftests fuzz; do
	[ $room = harness ] || allowed="$allowed|$room"
	[ $room = fuzz ] && allowed="harness|netns|device|fuzz"
	ok "$room includes nothing of the rooms above it" sh -c \
		"! grep -rnE '#include \"' $room | grep -vE '#include \"($allowed)/'"
done

if command -v clang > /dev/null; then
	ok "clang compiles everything without a warning" make -s -j2 CC=clang B="$work/clang" \
		"$work/clang/tuntests" "$work/clang/unit" "$work/clang/demo" \
		$(sed -n 's/^targets[[:space:]]*:= //p' Makefile | tr ' ' '\n' | sed "s|.*|$work/clang/fuzz/&-replay|")
else
	skip "clang compiles everything without a warning" "no clang here"
fi
for script in $(grep -rlE '^#!/bin/sh' cli guest fuzz mutants harness .ci); do
	ok "$script is sound shell" sh -n "$script"
done
done_testing
