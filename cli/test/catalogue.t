#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The catalogue: its form, and that it and the tests know each other. Each check is seen to fail, too.
. harness/test/tap.sh

exits "the catalogue keeps to its form, each behaviour has a test or a reason why not" 0 \
	build/tuntests catalogue --check
cp "$work/err" "$work/faults"
build/tuntests catalogue > "$work/page"
ok "docs/catalogue.md is what the program prints (if not: make catalogue)" cmp docs/catalogue.md "$work/page"

# check FAULT NAME: a check of $work/copy.json tells of FAULT, which is not there in the catalogue itself.
check() {
	exits "$2" 1 build/tuntests catalogue --check "$work/copy.json"
	ok "... is told" sh -c 'grep -qF "catalogue: $1" "$2" && ! grep -qF "catalogue: $1" "$3"' sh "$1" \
		"$work/err" "$work/faults"
}

# change PERL: $work/copy.json is the catalogue after what PERL does to it: $c, its groups @g, and those
# of the first group's behaviours @b.
change() {
	perl -MJSON::PP -0777 -e '
		my $c = decode_json(<STDIN>);
		our @g; *g = $c->{groups};
		our @b; *b = $g[0]{behaviours};
		eval("$ARGV[0]; 1") or die $@;
		print encode_json($c)' "$1" < docs/catalogue.json > "$work/copy.json"
}

# broken FAULT NAME PERL: after PERL a check tells of FAULT.
broken() {
	change "$3"
	check "$1" "$2"
}

broken 'the file: unknown key "more"' "an unknown key of the file" '$c->{more} = 1'
broken 'the file: no "constants"' "a missing key" 'delete $c->{constants}'
broken 'the file: not of schema 1' "another schema" '$c->{schema} = 2'
broken 'the file: "groups" is empty' "an empty list" '$c->{groups} = []'
broken 'a constant: no "value"' "a constant without a value" 'delete $c->{constants}[0]{value}'
broken 'group 1: unknown key "more"' "an unknown key of a group" '$g[0]{more} = 1'
broken 'group 2: no object' "a group that is none" '$g[1] = 7'
broken "group 2: 'A' is there twice" "two groups with one id" '$g[1]{id} = "A"'
broken 'the behaviour after 1: unknown key "more"' "an unknown key of a behaviour" '$b[1]{more} = 1'
broken 'the behaviour after 1: no "expected"' "a behaviour that expects nothing" 'delete $b[1]{expected}'
broken 'the behaviour after 1: "sentence" is empty' "an empty sentence" '$b[1]{sentence} = ""'
broken 'the behaviour after 1: "note" is empty' "a text of two lines" '$b[1]{note} = "a\nb"'
broken 'the behaviour after 1: "id" is empty, or not' "a number that is a text" '$b[1]{id} = "2"'
broken 'behaviour 0: a number from 1' "the number 0" '$b[0]{id} = 0'
broken 'behaviour 28: it is there twice' "a number in two groups" 'push @b, $g[1]{behaviours}[0]'
broken 'behaviour 1: it stands behind 2' "numbers that do not ascend" '@b[0, 1] = @b[1, 0]'
broken "behaviour 1: its source is 'felt'" "an unknown source" '$b[0]{source} = "felt"'
broken 'behaviour 1: no "feature"' "a difference without a feature" '$b[0]{differences} = [{expected => "x"}]'
broken "behaviour 1: no FEATURE is called 'nosuch'" "a difference with an unknown feature" \
	'$b[0]{differences} = [{expected => "x", feature => "nosuch"}]'
broken "open.node: there is no behaviour 1" "a number that only a test has" 'shift @b'
broken 'behaviour 1: it has a test and is "untested"' "a reason although there is a test" \
	'$b[0]{untested} = "cannot be"'
broken 'behaviour 9000: no test' "a behaviour without a test" 'push @b, {%{$b[0]}, id => 9000}'
change 'push @b, {%{$b[0]}, id => 9000, untested => "cannot be"}'
build/tuntests catalogue --check "$work/copy.json" 2> "$work/err"
is "... is none with a reason" "$(cat "$work/err")" "$(cat "$work/faults")"
change '1'
build/tuntests catalogue --check "$work/copy.json" 2> "$work/err"
is "an unchanged copy has no other faults" "$(cat "$work/err")" "$(cat "$work/faults")"
exits "tests that check nothing" 1 build/demo catalogue --check
ok "... are named" grep -q 'demo.asserts: it checks no behaviour' "$work/err"
ok "... and no others" sh -c "! grep -q 'demo.passes: it checks' '$work/err'"

sed 's/^{"schema": 1,/{"schema": 1, "schema": 1,/' docs/catalogue.json > "$work/copy.json"
exits "a key that is there twice" 2 build/tuntests catalogue --check "$work/copy.json"
one_line "... is named with its line" "copy.json: not JSON: .*(line 1)"
head -n 50 docs/catalogue.json > "$work/copy.json"
exits "a file that is cut short" 2 build/tuntests catalogue --check "$work/copy.json"
one_line "... is named with its line" "copy.json: not JSON: .*(line 5[01])"
exits "a file that is not there" 2 build/tuntests catalogue --check "$work/nosuch"
one_line "... is named" "nosuch: No such file or directory"
exits "a file without --check" 2 build/tuntests catalogue "$work/copy.json"
ok "... is named" grep -q "catalogue takes no argument '$work/copy.json'" "$work/err"
exits "a folder" 2 build/tuntests catalogue --check "$work"
one_line "... is named" "$work: a folder, not a file"
exits "an unknown option" 2 build/tuntests catalogue --nosuch
exits "help" 0 build/tuntests catalogue --help
ok "... shows how to use it" grep -q '^Usage: tuntests catalogue' "$work/out"

# json FILE PERL: what PERL makes of the decoded list in $_.
json() { perl -MJSON::PP -0777 -nE '$_ = decode_json($_); '"$2" "$1"; }

build/tuntests list --json > "$work/list.json"
is "list --json has each behaviour with the tests that name it" "$(json "$work/list.json" '
	my %ids;
	for my $t (@{$_->{tests}}) { push @{$ids{$_}}, $t->{id} for @{$t->{behaviours}} }
	for my $b (@{$_->{behaviours}}) {
		say $b->{id} if "@{$ids{$b->{id}} // []}" ne "@{$b->{tests}}";
	}')" ""
is "... all of them" "$(json "$work/list.json" 'say scalar @{$_->{behaviours}}')" \
	"$(grep -c '^{"id": [0-9]' docs/catalogue.json)"
is "... with all that is known" "$(json "$work/list.json" '
	my ($b) = grep { $_->{id} == 9 } @{$_->{behaviours}};
	say join " ", sort keys %$b')" "differences expected group id sentence source tests"
build/tuntests list --json open.node > "$work/list.json"
is "... or those of the tests asked for" "$(json "$work/list.json" '
	say "$_->{group} $_->{id}: @{$_->{tests}}" for @{$_->{behaviours}}')" "A 1: open.node"
is "a number is a pattern for the tests of that behaviour" "$(build/tuntests list 5 6 |
	awk '{ print $1 }')" open.read_write_unattached
exits "the number of no behaviour" 2 build/tuntests list open.node 9999
one_line "... is named" "no test checks behaviour 9999"
exits "... also by run" 2 build/tuntests run 9999
one_line "... in one line" "no test checks behaviour 9999"
done_testing
