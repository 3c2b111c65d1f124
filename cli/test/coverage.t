#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Coverage of the suite, the part that needs no guest: programs instead of drivers, what gcov says of them,
# the sums, which test touches a line, and what no test can reach.
. harness/test/tap.sh

exits "which test touches a line, unmeasured" 2 build/tuntests list --touching a.c:1 --from "$work/nosuch"
one_line "... says what measures it" "cannot read $work/nosuch: No such file or directory (.make coverage. makes it)"
mkdir "$work/suite"
tsv=$work/tests.tsv
printf '%s\t%s\t%s\n' open.node 12 'drivers/net/tun.c:7,10-20,33 drivers/net/tap.c:5' \
	persist.keeps_link_type 3 'drivers/net/tun.c:20' open.gone 4 'drivers/net/tun.c:20' poll.idle 9 '' > "$tsv"
touching() { build/tuntests list --from "$tsv" --touching "$@"; }
is "a line that tests touch" "$(touching drivers/net/tun.c:20)" "open.node
persist.keeps_link_type"
is "... some tests" "$(touching drivers/net/tun.c:20 persist)" persist.keeps_link_type
for line in tun.c:7 tun.c:10 tun.c:15 tun.c:33 tap.c:5; do
	is "one test touches $line" "$(touching drivers/net/$line)" open.node
done
for line in 1 9 21 34 333; do
	exits "no test touches line $line" 2 touching drivers/net/tun.c:$line
	one_line "... and it is said" "no test touches drivers/net/tun.c:$line"
done
exits "an unknown file" 2 touching net/tun.c:7
one_line "... is named" "nothing is known of net/tun.c:7"
for place in drivers/net/tun.c drivers/net/tun.c: :7 drivers/net/tun.c:0 drivers/net/tun.c:7x ''; do
	exits "'$place' is no place" 2 touching "$place"
	one_line "... which is said" "takes FILE:LINE, such as drivers/net/tun.c:1234, not '$place'"
done
exits "a pattern that matches nothing" 2 touching drivers/net/tun.c:20 nosuch
one_line "... is named" "no test matches 'nosuch'"
printf '%s\n' SF:drivers/net/tun.c DA:7,1 DA:21,0 end_of_record SF:drivers/net/tap.c DA:9,0 end_of_record \
	> "$work/suite/suite.info"
exits "a line of code that no test touches" 2 touching drivers/net/tun.c:21
one_line "... is told from" "no test touches drivers/net/tun.c:21"
exits "a line without code" 2 touching drivers/net/tun.c:9
one_line "... which is said" "there is no code in drivers/net/tun.c:9"

is "what no test can reach: five parts a line, each with its reason" "$(grep -v '^#' docs/unreachable |
	awk -F '\t' 'NF != 5 || $3 !~ /^(line|branch|function)$/ || $5 == ""')" ""
exits "counters go to a folder" 2 build/tuntests run --gcov "$work/nosuch" open.node
one_line "... that is there" "folder $work/nosuch: No such file or directory"
if [ ! -e /sys/kernel/debug/gcov ]; then
	exits "a kernel without counters" 2 build/tuntests run --gcov "$work" open.node
	one_line "... is told" "/sys/kernel/debug/gcov: No such file or directory"
fi

clang=$(command -v clang-19 || command -v clang)
if [ -z "$clang" ] || ! { command -v llvm-cov-19 || command -v llvm-cov; } > /dev/null; then
	skip "sums" "no clang, or no llvm-cov"
	done_testing
fi
# Two objects with one header; a header from elsewhere does not count.
kernel=$work/kernel
mkdir -p "$kernel/drivers/net" "$kernel/include" "$work/elsewhere"
echo 'static inline int other(int x) { return x ? 1 : 2; }' > "$work/elsewhere/other.h"
cat > "$kernel/include/both.h" <<'END'
static inline int both(int x)
{
	if (x == 1)
		return 10;
	if (x == 2)
		return 20;
	return other(x);
}
END
cat > "$kernel/drivers/net/one.c" <<'END'
#include <stdlib.h>
#include "other.h"
#include "both.h"
static int never(int x)
{
	return x ? 1 : 2;
}

int two(int x);
int main(int argc, char **argv)
{
	int x = atoi(argv[1]);
	if (x == 9)
		return never(x);
	if (x > 2)
		x = two(x);
	else if (x == 2 || argc > 2)
		x = both(x);
	else
		exit(0);
	return 0;
}
END
cat > "$kernel/drivers/net/two.c" <<'END'
#include "other.h"
#include "both.h"
int two(int x)
{
	return both(x - 2);
}
END
for file in one two; do
	ok "$file is compiled" sh -c "cd '$kernel' && $clang --coverage -I '$work/elsewhere' -I include \
		-c drivers/net/$file.c -o drivers/net/$file.o"
done
ok "... and linked" "$clang" --coverage -o "$work/program" "$kernel/drivers/net/one.o" "$kernel/drivers/net/two.o"
# run_as ID ARGUMENT...: a test's data, as a guest leaves them.
run_as() {
	id=$1
	shift
	"$work/program" "$@"
	mkdir -p "$work/tests/$id"
	mv "$kernel"/drivers/net/*.gcda "$work/tests/$id"
}
run_as load 1
run_as a.nothing 1
run_as a.two 2
run_as a.three 3
rm -r "$work/tests/a.nothing"/two.gcda
# A damaged file costs itself.
run_as a.cut 4
truncate -s 40 "$work/tests/a.cut/one.gcda"
result() { echo "{\"id\": \"$1\", \"title\": \"x\", \"result\": \"$2\", \"reason\": \"\", \"duration_ms\": $3, \"behaviours\": [1]}"; }
{
	result a.two fail 1.0
	result a.nothing pass 12.7
	result a.three pass 3
	result a.cut crash 4
	result a.skipped skip 5
	result a.two pass 2.4e1
} > "$work/results"
exits "the sums" 0 cli/coverage_sum "$kernel" "$work/tests" "$work/results" "$work/suite/suite.info" "$tsv"
one=drivers/net/one.c two=drivers/net/two.c
is "... a line for each test, with its last result" "$(grep -v a.cut "$tsv")" "$(printf '%s\t%s\t%s\n' \
	a.nothing 13 "$one:10,12-13,15,17,20" \
	a.three 3 "$one:10,12-13,15-16,21-22 $two:3,5 include/both.h:1,3-4,8" \
	a.two 24 "$one:10,12-13,15,17-18,21-22 include/both.h:1,3,5-6,8")"
info() { sed -n "/^SF:$(echo "$1" | sed 's,/,.,g')\$/,/^end_of_record/p" "$work/suite/suite.info"; }
is "... the files" "$(sed -n 's/^SF://p' "$work/suite/suite.info" | sort)" "$one
$two
include/both.h"
is "... functions" "$(info $one | grep -e ^FN)" "FN:4,never
FNDA:0,never
FN:10,main
FNDA:4,main
FNF:2
FNH:1"
is "... lines of a header, of all objects" "$(info include/both.h | grep -e ^DA -e ^L)" "DA:1,3
DA:3,3
DA:4,1
DA:5,2
DA:6,2
DA:7,0
DA:8,3
LF:7
LH:6"
# Which branch of two comes first is the compiler's.
is "... branches" "$(info $one | grep -e ^BRDA:13 -e ^BRDA:17 -e ^BR.: | sed 's/,0,[0-9],/ /' | sort)" "BRDA:13 0
BRDA:13 4
BRDA:17 0
BRDA:17 1
BRDA:17 2
BRDA:17 2
BRF:8
BRH:6"
if command -v lcov > /dev/null; then
	ok "lcov takes it" lcov -q --rc lcov_branch_coverage=1 --summary "$work/suite/suite.info"
else
	skip "lcov takes it" "no lcov here"
fi

# report LINE...: with these as UNREACHABLE.
report_with() {
	printf '%b\n' "# what no test can reach" "$@" > "$work/unreachable"
	cli/coverage_report "$work/suite/suite.info" "$kernel" "$work/unreachable"
}
# totals: those of the first file.
totals() { grep -A 2 "^$one *lines" "$work/out" | awk '{ $1 = $1; print }'; }
# missed: what it says of the first file's functions.
missed() { awk -v file="$one" '/^$/ { body = 1 } /^[a-z]/ { ours = $1 == file } body && ours' "$work/out"; }
exits "the report" 0 report_with
is "... counts" "$(totals)" "$one lines 10 of 13 76.9% 76.9%
branches 6 of 8 75.0% 75.0%
functions 1 of 2 50.0% 50.0%"
is "... says what was not reached" "$(missed | sed 's/branch [0-9]/branch N/')" "$one never, never called
     4 -                static int never(int x)
     6 -                	return x ? 1 : 2;

$one main
    13 branch N of 2    	if (x == 9)
    14 -                		return never(x);
    17 branch N of 4    	else if (x == 2 || argc > 2)"
exits "... and what cannot be" 0 report_with "$one\tnever\tfunction\t*\tis only for show" \
	"$one\tmain\tbranch\tif (x == 9)\tnobody gives a 9" "$one\tmain\tline\tif (x == 9) ... return\tthe same"
is "... is not counted" "$(totals)" "$one lines 10 of 13 76.9% 100.0%
branches 6 of 8 75.0% 85.7%
functions 1 of 2 50.0% 100.0%"
is "... nor shown" "$(missed | sed 's/branch [0-9]/branch N/')" "$one main
    17 branch N of 4    	else if (x == 2 || argc > 2)"
# wrong LINE PATTERN: an entry that is not so.
wrong() {
	exits "'$1'" 1 report_with "$1"
	one_line "... $2" "$work/unreachable: $2"
}
wrong "$one\tmain\tline\tx = both(x)\tis reached after all" "is reached"
wrong "$one\tmain\tbranch\tif (x > 2)\tis reached after all" "is reached"
wrong "$one\tmain\tfunction\t*\tis reached after all" "is reached"
wrong "$one\tmain\tline\tno such text\tis not there" "is not in the function"
wrong "$one\tmain\tline\treturn ... if (x == 9)\tis in no such order" "is not in the function"
exits "a text everywhere" 0 report_with "*\t*\tbranch\tif (x ==\tis for show"
is "... leaves branches out" "$(totals | sed -n 2p)" "branches 6 of 8 75.0% 100.0%"
wrong "*\t*\tbranch\tif (x == 3)\tis for show" "is reached, or nowhere"
wrong "$one\tnosuch\tline\tx\tis not there" "names no function of the file"
wrong "$one\tmain\tline\tif (x == 9)" "is no line of FILE"
done_testing
