#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# bisect and bisect-run, with kernels that are none: a boot that makes the journal say what it is told.
# (A real kernel tree is for cli/test/bisect-tree.)
. harness/test/tap.sh

mkdir "$work/build" "$work/bin"
cp build/demo "$work/build/"
cp -r guest "$work/"
demo=$work/build/demo
out=$work/out.d
cat > "$work/guest/boot" <<END
#!/bin/sh
while [ "\$1" != -- ]; do
	[ "\$1" != --channel ] || channel=\$2
	guest=\$1
	shift
done
echo "\$guest" >> "$work/boots"
# What a kernel tree says of itself, or else what the list says of a kernel.
verdict=\$(cat "\${KSRC:-/nonexistent}/Kbuild" 2> /dev/null) ||
	verdict=\$(sed -n "s/^\$guest //p" "$work/verdicts")
if [ "\$verdict" = unbootable ]; then
	echo "prepare: \$guest: it does not compile" >&2
	exit 2
fi
rm -f "$work/journal"
TUNTESTS_CHANNEL=$work/journal "$demo" run -o "$work/in-guest" demo.passes > /dev/null
if [ "\$verdict" = deadly ]; then
	sed '/"event":"result"/,\$d' "$work/journal" >> "\$channel"
	echo "Kernel panic - not syncing: it was told to"
	exit 3
fi
sed "s/\"result\":\"pass\",\"reason\":\"[^\"]*\"/\"result\":\"\${verdict:-pass}\",\"reason\":\"as told\"/" \\
	"$work/journal" >> "\$channel"
END
# What apt knows: ten of a family in two flavours, and names that are not to be taken.
cat > "$work/bin/apt-cache" <<'END'
#!/bin/sh
[ "$1" = pkgnames ] || exit 1
for n in 10 9 8 7 6 5 4 3 2 1; do
	echo "linux-image-6.1.0-$n-cloud-amd64"
	echo "linux-image-6.1.0-$n-amd64"
done
echo linux-image-6.12.5+deb12-cloud-amd64
echo linux-image-6.1.0-4-cloud-amd64-unsigned
echo linux-image-6.12-cloud-amd64
END
cat > "$work/bin/dpkg" <<'END'
#!/bin/sh
echo amd64
END
chmod +x "$work/bin/apt-cache" "$work/bin/dpkg"
export PATH="$work/bin:$PATH"

# verdicts KERNEL=RESULT...: of which all others pass.
verdicts() {
	for verdict; do
		echo "debian-${verdict%=*} ${verdict#*=}"
	done > "$work/verdicts"
	: > "$work/boots"
}
# bisects NAME STATUS GOOD BAD
bisects() {
	exits "$1" "$2" "$demo" bisect --good "debian-$3" --bad "debian-$4" -o "$out" demo.passes
}
boots() { wc -l < "$work/boots"; }
# found: the lines on standard output that are no steps.
found() { grep -v -e '^testing' -e '^  ' "$work/out"; }
json() { perl -MJSON::PP -0777 -nE '$_ = decode_json($_); '"$1" "$out/bisect.json"; }
between() { "$work/guest/prepare" --between "$1" "$2" | tr '\n' ' '; }

# The names.
is "the kernels between two, in order" "$(between debian-6.1.0-8-cloud debian-6.12-cloud)" \
	"debian-6.1.0-8-cloud debian-6.1.0-9-cloud debian-6.1.0-10-cloud debian-6.12.5+deb12-cloud "
is "... and back, of the flavour that was given" "$(between debian-6.1 debian-6.1.0-8)" \
	"debian-6.1.0-10 debian-6.1.0-9 debian-6.1.0-8 "

# Halving.
verdicts 6.1.0-7-cloud=fail 6.1.0-8-cloud=fail 6.1.0-9-cloud=fail 6.1.0-10-cloud=fail
bisects "the first bad kernel" 0 6.1.0-1-cloud 6.1-cloud
is "... is found in few steps" "$(cat "$work/out")" "testing debian-6.1.0-1-cloud: good, 8 kernels left
testing debian-6.1.0-10-cloud: bad, 8 kernels left
  demo.passes: fail: as told
testing debian-6.1.0-5-cloud: good, 4 kernels left
testing debian-6.1.0-7-cloud: bad, 1 kernel left
  demo.passes: fail: as told
testing debian-6.1.0-6-cloud: good, 0 kernels left
first bad: debian-6.1.0-7-cloud, last good: debian-6.1.0-6-cloud"
is "... and kept" "$(json 'say join " ", $_->{looks_for}, $_->{good}, $_->{bad}, @{$_->{between}},
	@{$_->{arguments}}; say join " ", @$_{qw(kernel verdict reason)} for @{$_->{steps}}')" \
	"first bad debian-6.1.0-6-cloud debian-6.1.0-7-cloud demo.passes
debian-6.1.0-1-cloud good 
debian-6.1.0-10-cloud bad demo.passes: fail: as told
debian-6.1.0-5-cloud good 
debian-6.1.0-7-cloud bad demo.passes: fail: as told
debian-6.1.0-6-cloud good "
for results in $(json 'say $_->{results} for @{$_->{steps}}'); do
	ok "... with $results" grep -q '"id": "demo.passes"' "$out/$results"
done
verdicts 6.1.0-1-cloud=timeout 6.1.0-2-cloud=xfail 6.1.0-3-cloud=deadly
bisects "the first good kernel, where failures of all sorts are bad" 0 6.1-cloud 6.1.0-1-cloud
is "... is found" "$(found)" "first good: debian-6.1.0-4-cloud, last bad: debian-6.1.0-3-cloud"
ok "... and why one was bad" grep -q '^  demo.passes: crash: the guest died: Kernel panic' "$work/out"
verdicts 6.1.0-2=xfail 6.1.0-1=xpass
bisects "neighbours" 0 6.1.0-1 6.1.0-2
is "... need only themselves" "$(boots)" 2

# Kernels of which nothing can be said.
verdicts 6.1.0-5-cloud=unbootable 6.1.0-6-cloud=skip 6.1.0-7-cloud=error 6.1.0-8-cloud=fail \
	6.1.0-9-cloud=fail 6.1.0-10-cloud=fail
bisects "kernels at the border that cannot be tested" 1 6.1.0-1-cloud 6.1-cloud
is "... are what is left" "$(found)" "first bad: debian-6.1.0-8-cloud, last good: debian-6.1.0-4-cloud
or one between them, which cannot be tested: debian-6.1.0-5-cloud debian-6.1.0-6-cloud debian-6.1.0-7-cloud"
is "... also in bisect.json" "$(json 'say "@{$_->{between}}"')" \
	"debian-6.1.0-5-cloud debian-6.1.0-6-cloud debian-6.1.0-7-cloud"
ok "... with the reason" grep -q '^  demo.passes: notrun: the guest did not boot: .*does not compile' \
	"$work/out"
verdicts 6.1.0-5-cloud=unbootable 6.1.0-3-cloud=fail 6.1.0-4-cloud=fail 6.1.0-6-cloud=fail \
	6.1.0-10-cloud=fail
bisects "one that is not at the border" 0 6.1.0-1-cloud 6.1-cloud
ok "... is passed over" grep -q '^testing debian-6.1.0-5-cloud: cannot say, ' "$work/out"
is "... and hides nothing" "$(found)" \
	"first bad: debian-6.1.0-3-cloud, last good: debian-6.1.0-2-cloud"

# Wrong ends and wrong use.
verdicts 6.1.0-1=fail 6.1.0-10=fail
bisects "a good end that is bad" 2 6.1.0-1 6.1
ok "... is told" grep -q 'debian-6.1.0-1 is not good: bad' "$work/err"
is "... before anything else is tried" "$(boots)" 1
bisects "a bad end that is good" 2 6.1.0-2 6.1.0-9
ok "... is told" grep -q 'debian-6.1.0-9 is not bad: good' "$work/err"
verdicts 6.1.0-9=skip
bisects "a bad end of which nothing can be said" 2 6.1.0-2 6.1.0-9
ok "... is told" grep -q 'debian-6.1.0-9 is not bad: cannot say' "$work/err"
bisects "one kernel" 2 6.1 6.1.0-10
one_line "... is no range" "debian-6.1 and debian-6.1.0-10 are one kernel, debian-6.1.0-10"
bisects "two flavours" 2 6.1 6.12-cloud
one_line "... are no range" "debian-6.1 and debian-6.12-cloud are of two flavours"
bisects "a kernel that apt does not know" 2 6.1 6.1.0-11
one_line "... is named" "debian-6.1.0-11: apt knows no such linux-image package"
exits "this kernel" 2 "$demo" bisect --good debian-6.1 --bad running demo.passes
one_line "... has no place among them" "running is no kernel of a distribution"
exits "no end" 2 "$demo" bisect --good debian-6.1 demo.passes
exits "no test" 2 "$demo" bisect --good debian-6.1 --bad debian-6.1.0-2
ok "... is told" grep -q 'bisect needs --good A, --bad B and a TEST' "$work/err"
exits "a test that is not there" 2 \
	"$demo" bisect --good debian-6.1 --bad debian-6.1.0-2 -o "$out" nosuch
ok "... is named" grep -q "no test matches 'nosuch'" "$work/err"
exits "an output folder that is a file" 2 \
	"$demo" bisect --good debian-6.1 --bad debian-6.1.0-2 -o "$out/bisect.json" demo.passes
one_line "... is named" "output folder $out/bisect.json"
for command in bisect bisect-run; do
	exits "help of $command" 0 "$demo" $command --help
	for option in $(grep -o -e '--[a-z][a-z]*' "$work/out" | sort -u); do
		ok "... $option is in the manual page" grep -q -e "${option#-}" cli/tuntests.1
	done
done

# A tree for git, whose Kbuild says what its kernel does.
if ! command -v git > /dev/null; then
	skip "git bisect run" "no git here"
	done_testing
fi
mkdir "$work/tree"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
in_tree() { (cd "$work/tree" && "$@"); }
# commit VERDICT
commit() {
	echo "$1" > "$work/tree/Kbuild"
	in_tree git add Kbuild
	in_tree git -c user.name=x -c user.email=x@localhost commit -q --allow-empty -m "$1"
}
step() { in_tree "$demo" bisect-run demo.passes; }
in_tree git init -q
commit pass
exits "a good commit" 0 step
head=$(in_tree git rev-parse --short=12 HEAD)
is "... says so" "$(cat "$work/out")" "$head: good"
ok "... keeps its results in git's own folder" \
	grep -q '"result": "pass"' "$work/tree/.git/tuntests-bisect/$head/results.json"
is "... and the tree clean" "$(in_tree git status --porcelain)" ""
for verdict in fail deadly; do
	commit $verdict
	exits "a commit with $verdict" 1 step
done
for verdict in skip unbootable; do
	commit $verdict
	exits "a commit with $verdict" 125 step
done
ok "... says why" grep -q '^  demo.passes: notrun: .*does not compile' "$work/out"
exits "no test" 128 in_tree "$demo" bisect-run
exits "a test that is not there" 128 in_tree "$demo" bisect-run nosuch
exits "an unknown option" 128 in_tree "$demo" bisect-run --nosuch
exits "a folder that is no kernel tree" 128 sh -c "cd '$work' && '$demo' bisect-run demo.passes"
one_line "... is told" "this folder is no kernel source"
exits "KSRC that is none" 128 env KSRC="$work/nosuch" "$demo" bisect-run demo.passes
one_line "... is told" "$work/nosuch is no kernel source"
exits "a guest that is not built from a tree" 128 "$demo" bisect-run --guest uml-debian demo.passes
grep -q "uml-debian is not built from a kernel tree" "$work/err"
report $? "... is told"
mkdir "$work/plain"
: > "$work/plain/Kbuild"
exits "a kernel tree without git" 128 sh -c "cd '$work/plain' && '$demo' bisect-run demo.passes"
one_line "... is told" "not a git repository"

for verdict in pass pass unbootable pass fail fail; do commit $verdict; done
first=$(in_tree git rev-parse HEAD~1)
in_tree git bisect start HEAD HEAD~5 > /dev/null 2>&1
exits "git bisect run" 0 in_tree git bisect run "$demo" bisect-run demo.passes
is "... finds the first bad commit" "$(in_tree git rev-parse refs/bisect/bad)" "$first"
is "... past the one that does not compile" "$(in_tree git bisect log | grep -c '^git bisect skip')" 1
done_testing
