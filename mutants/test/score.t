#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# mutants/score: its tables, and then in a guest, with a few tests: a change that they see, one that they
# do not, one that is none, and that nothing begins where the control fails.
. harness/test/tap.sh

# line VERDICT BY SAID SECONDS RAN ID TEXT REPLACEMENT
line() { printf '%s\t%s\t%s\t%s\t%s\tuml-kasan\t%s\tdrivers/net/tun.c:7\t%s\t%s\t1.5\n' "$@"; }
{
	line test open.node 'got "1" \ 2' 4.0 12 tun.c/f/drop/1-a 'g(x)' '(void)0'
	line "does not compile" "" "" 2.0 0 tun.c/f/drop/1-b 'h(x)' '(void)0'
	line survived "" "" 6.0 99 tun.c/f/negate/1-c 'a || b' '!(a || b)'
	line hangs "" "" 60.0 3 tap.c/f/negate/1-d 'a' '!(a)'
	line "not loaded" "" "" 3.0 0 tap.c/f/lock/1-e 'lock(x)' '(void)0'
	line unreached "" "" 3.0 20 tap.c/f/errno/1-f 'EINVAL' 'EPERM'
} > "$work/results"
awk -F '\t' -v sites=10 -v seed=1 -v equivalent=2 -v locks=uml-kasan -f mutants/table.awk "$work/results" > "$work/table"
ok "the table counts by operator" grep -q '^| drop | 2 | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 100 % | 3.0 | 1.5 |$' "$work/table"
ok "... by file" grep -q '^| tap.c | 3 | 0 | 0 | 0 | 0 | 1 | 1 | 1 | 67 % | 22.0 | 1.5 |$' "$work/table"
ok "... and all" grep -q '^| all | 6 | 1 | 1 | 0 | 0 | 1 | 1 | 2 | 60 % | 13.0 | 1.5 |$' "$work/table"
ok "... without those that are equivalent" grep -q '^6 of 8 changes (seed 1), 2 more marked as equivalent' "$work/table"
ok "a survivor has its line and its change" grep -qF \
	'| drivers/net/tun.c:7 | `a \|\| b` | `!(a \|\| b)` | negate | 99 tests | tun.c/f/negate/1-c |' "$work/table"
ok "... and one that no test runs says so" grep -q '| errno | unreached | tap.c/f/errno/1-f |' "$work/table"
is "those that were seen are not there" "$(grep -c '^| drivers' "$work/table")" 2
awk -F '\t' -f mutants/json.awk "$work/results" > "$work/score.json"
ok "the same is JSON" perl -MJSON::PP -0777 -ne '
	$c = decode_json($_)->{changes};
	exit !(@$c == 6 && $c->[0]{said} eq "got \"1\" \\ 2" && $c->[3]{verdict} eq "hangs" && $c->[4]{operator} eq "lock")' \
	"$work/score.json"

build/tuntests list --json | awk -f mutants/words.awk > "$work/words"
is "each test has words" "$(cut -f 1 "$work/words")" "$(build/tuntests list | cut -d ' ' -f 1)"
ok "... of the catalogue, too" grep -q '^rtnetlink.mtu_limits.tun	.* min ' "$work/words"
printf '%s\t1\n' open.one open.two open.three read.one read.two > "$work/tests"
printf '%s\t%s\n' open.one " open the file" open.two " open the mtu" open.three " open the file" read.one " read the file" \
	read.two " read min mtu" > "$work/words"
near() { awk -v text="$1" -v around="$2" -f mutants/near.awk "$work/words" "$work/tests" | paste -sd ' '; }
is "tests about what is changed come early" "$(near MIN_MTU '')" "read.two open.one open.two open.three read.one"
is "... and those about what is around it" "$(near '' 'x = read(MTU);')" "read.two open.one open.two read.one open.three"
is "... what is changed says more" "$(near READ 'mtu')" "read.two open.one read.one open.two open.three"
is "nothing about it, and all stay where they are" "$(near 0 'if (x)')" "$(cut -f 1 "$work/tests" | paste -sd ' ')"

exits "an option that is no number" 2 mutants/score -n many
exits "an option that is not there" 2 mutants/score -x
exits "a file of coverage that is not there" 2 mutants/score -c "$work/nosuch"
one_line "... is told" "no file $work/nosuch"

[ -x build/mutate ] || { skip "changes in a guest" "build/mutate is not built (libclang-19-dev)"; done_testing; }
build/tuntests guest list 2> /dev/null | grep -q '^uml-kasan  *cached' ||
	{ skip "changes in a guest" "uml-kasan is not in the cache (build/tuntests guest build uml-kasan)"; done_testing; }

export TESTS='persist.off_deletes persist.stays vhost_zerocopy.pieces vhost_zerocopy.most_pieces'
driver=$work/score/uml-kasan
exits "what is needed to compile" 0 mutants/driver uml-kasan "$driver"
# id OPERATOR TEXT: of the first such site.
id() { awk -F '\t' -v op="/$1/" -v text="$2" 'index($1, op) && $4 == text { print $1; exit }' "$driver/sites"; }
seen=$(id drop 'tun->flags |= IFF_PERSIST')
unseen=$(id drop 'tun->sndbuf = sndbuf')
printf 'persist.stays.tun\t1\tdrivers/net/tun.c:1-2\n' > "$work/tests.tsv"

exits "two changes" 1 mutants/score -c none -m 60 -o "$work/score" "$seen" "$unseen"
ok "the control comes first" grep -q '^persist.stays.tun	pass' "$driver/control.results"
is "a change is seen by a test" "$(cut -f 1 "$work/score/changes/$seen")" test
ok "... which has a name" grep -q "^$(cut -f 2 "$work/score/changes/$seen")	pass" "$driver/control.results"
is "... and another is not" "$(cut -f 1,5 "$work/score/changes/$unseen")" "survived	8"
ok "... which the table has" grep -qF "| \`tun->sndbuf = sndbuf\` | \`(void)0\` | drop | 8 tests | $unseen |" "$work/out"
touch -d @0 "$work/score/changes/$seen"
exits "once more, with half of them to be seen" 0 mutants/score -c none -m 50 -o "$work/score" "$seen" "$unseen"
is "... nothing is done again" "$(stat -c %Y "$work/score/changes/$seen")" 0
printf '%s\tpersist.stays.tap\n%s\tpersist.stays.tap\n' "$seen" "$unseen" > "$work/seen"
exits "by the test that is known to see it" 0 env SEEN="$work/seen" mutants/try "$driver" "$work/result" "$seen"
is "... nothing else runs" "$(cut -f 1,2,5 "$work/result")" "test	persist.stays.tap	1"
exits "... or does not" 0 env SEEN="$work/seen" mutants/try "$driver" "$work/result" "$unseen"
is "... and all have to" "$(cut -f 1,5 "$work/result")" "survived	9"
exits "by the coverage" 0 mutants/try -c "$work/tests.tsv" "$driver" "$work/result" "$unseen"
is "... tests of which it knows nothing run, the others if they run the line" "$(cut -f 1,5 "$work/result")" "survived	7"
awk '{ print $0 "\t1\tdrivers/net/tun.c:1-2" }' "$driver"/tests* | cut -f 1,3,4 > "$work/tests.tsv"
exits "... and if none does" 0 mutants/try -c "$work/tests.tsv" "$driver" "$work/result" "$unseen"
is "... some do, to see that the module loads" "$(cut -f 1,5 "$work/result")" "unreached	6"
exits "what only a vhost_net that does not copy shows" 0 mutants/try "$driver" "$work/result" \
	"$(id bound 'iov_iter_npages(&i, INT_MAX) <= MAX_SKB_FRAGS')"
is "... is seen with one" "$(cut -f 1,2 "$work/result" | sed 's/most_//')" "test	vhost_zerocopy.pieces"
exits "what is left when the module is unloaded" 0 mutants/try "$driver" "$work/result" \
	"$(id tun_cleanup/drop 'misc_deregister(&tun_miscdev)')"
is "... is in the way when it is loaded again" "$(cut -f 1 "$work/result")" report
is "... and all that use it could be unloaded" "$(grep -ac 'cannot unload' "$work/result.console")" 0
exits "an id that is not there" 2 mutants/try "$driver" "$work/result" nosuch
one_line "... is told" "has no nosuch"

exits "the same with the kernel's own tests" 1 mutants/score -k -m 100 -o "$work/score" "$unseen"
ok "... of which some pass" grep -q '^tun.delete_detach_close	' "$driver/others"
is "... and do not see it" "$(cut -f 1 "$work/score/kselftest-changes/$unseen")" survived

# Drivers with a bug as the good ones: first only their source, then what was compiled of them, too.
rm "$driver/tests" "$work/score/changes/$unseen"
sed -i 's/tun->flags |= IFF_PERSIST;/;/' "$driver/work.origin/tun/tun.c"
exits "a driver that is not what was compiled" 2 mutants/score -o "$work/score" "$unseen"
ok "... is no control" grep -q 'the drivers do not become the same again' "$work/err"
(cd "$(cat "$driver/build")" && eval "$(sed "s,DIR/,$driver/work.origin/,g" "$driver/tun.compile")") 2> "$work/cc"
exits "a control that fails" 2 mutants/score -o "$work/score" "$unseen"
ok "... is told" grep -q 'the control fails: persist\.' "$work/err"
ok "... and nothing is tried" test ! -e "$work/score/changes/$unseen"
done_testing
