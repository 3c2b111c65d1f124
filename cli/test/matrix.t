#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# matrix: kernels side by side in matrix.json, and the page, as a browser shows it.
. harness/test/tap.sh

# kernel FOLDER RELEASE ID=RESULT[:REASON]...: a run's folder. The first letter of an ID is its area.
kernel() {
	kernel_dir=$1 kernel_release=$2
	shift 2
	mkdir -p "$kernel_dir"
	{
		printf '{"schema": 1, "kernel": {"release": "%s", "arch": "x86_64", ' "$kernel_release"
		printf '"features": {"napi": "not here"}}, "started": "2026-11-26T01:02:03Z", "tests": ['
		comma=
		for entry; do
			id=${entry%%=*} rest=${entry#*=}
			reason=${rest#*:}
			[ "$reason" != "$rest" ] || reason=
			printf '%s\n{"id": "%s", "area": "%.1s", "title": "title of %s", ' "$comma" "$id" \
				"$id" "$id"
			printf '"result": "%s", "reason": "%s", "duration_ms": 1.5, ' "${rest%%:*}" "$reason"
			printf '"behaviours": [7], "guards": ["CVE-1"], "evidence": ["%s/log"]}' "$id"
			comma=,
		done
		printf '\n]}\n'
	} > "$kernel_dir/results.json"
}

# field FILTER: what perl makes of the decoded matrix.json in $_.
field() { perl -MJSON::PP -0777 -nE 'binmode STDOUT, ":utf8"; $_ = decode_json($_); '"$1" "$m/matrix.json"; }

m=$work/m
kernel "$work/old" 6.9.0 a.same=pass a.broke=pass b.xfails=pass b.fixed=fail b.again=pass b.skips=pass \
	b.gone=pass
kernel "$work/middle" 6.12.9-cloud a.same=pass a.broke=xpass b.xfails=skip:nothing b.fixed=pass \
	b.again=fail b.skips=skip
kernel "$work/new" 6.12.10 a.same=pass a.broke="fail:a.c:3: no </script><!-- & \\u2028<b>" a.new=pass \
	b.xfails="xfail:missing fix cafe" b.fixed=pass b.again=pass b.skips=notrun
: > "$work/new/guest-console-1"
: > "$work/new/guest-console-10"
: > "$work/new/guest-console-2"
exits "three kernels, one with a failure" 1 build/tuntests matrix -o "$m" --from "$work/new" \
	--from "$work/old" --from "$work/middle"
is "... are summed up" "$(cat "$work/out")" "old (6.9.0): pass 6, fail 1
middle (6.12.9-cloud): pass 2, fail 1, xpass 1, skip 2
new (6.12.10): notrun 1, pass 4, fail 1, xfail 1
a.broke: worked in middle, broke in new
b.xfails: worked in old, broke in new
b.again: worked in old, broke in middle
tests: 8, kernels: 3, page: $m/matrix.html"
is "... in the order of their releases" "$(field 'say "$_->{name} $_->{release}" for @{$_->{kernels}}')" \
	"old 6.9.0
middle 6.12.9-cloud
new 6.12.10"
is "... each on a line with what is known of it" "$(grep '"name": "new"' "$m/matrix.json")" \
	'{"name": "new", "release": "6.12.10", "arch": "x86_64", "started": "2026-11-26T01:02:03Z",'\
' "totals": {"notrun": 1, "pass": 4, "fail": 1, "xfail": 1, "xpass": 0, "skip": 0, "error": 0,'\
' "timeout": 0, "crash": 0}, "features": {"napi": "not here"}, "folder": "../new/", "consoles":'\
' ["../new/guest-console-1", "../new/guest-console-2", "../new/guest-console-10"]}'
is "... with each test's results and since when" "$(grep '"id": "b.xfails"' "$m/matrix.json")" \
	'{"id": "b.xfails", "area": "b", "title": "title of b.xfails", "guards": ["CVE-1"],'\
' "behaviours": [7], "results": [{"result": "pass", "reason": "", "duration_ms": 1.5, "evidence":'\
' ["../old/b.xfails/log"]}, {"result": "skip", "reason": "nothing", "duration_ms": 1.5, "evidence":'\
' ["../middle/b.xfails/log"]}, {"result": "xfail", "reason": "missing fix cafe", "duration_ms": 1.5,'\
' "evidence": ["../new/b.xfails/log"]}], "worked_in": "old", "broke_in": "new"},'
is "... of every test, areas together" "$(field 'say join " ", $_->{id},
	map({ $_ ? $_->{result} : "-" } @{$_->{results}}), $_->{worked_in} // "-", $_->{broke_in} // "-"
	for @{$_->{tests}}')" "a.same pass pass pass - -
a.broke pass xpass fail middle new
a.new - - pass - -
b.xfails pass skip xfail old new
b.fixed fail pass pass - -
b.again pass fail pass old middle
b.skips pass skip notrun - -
b.gone pass - - - -"

kernel "$work/x/rc" 6.12.0-rc10 a.same=pass a.x="xfail:missing fix"
kernel "$work/y/rc" 6.12.0-rc9 a.same=pass
kernel "$work/final" 6.12.0 a.same=pass
kernel "$work/unknown" uml-debian a.same=skip
exits "nothing that is bad" 0 build/tuntests matrix -o "$work/x" --from "$work/unknown" \
	--from "$work/final" --from "$work/x/rc" --from "$work/y/rc/"
m=$work/x
is "... candidates before the release, without a version last, each with a name of its own" \
	"$(field 'say join " ", map { $_->{name} . ":" . $_->{folder} } @{$_->{kernels}}')" \
	"rc-2:../y/rc/ rc:rc/ final:../final/ unknown:../unknown/"
kernel "$work/unrun" 6.1.0 a.same=notrun
exits "a test that was not run" 1 build/tuntests matrix -o "$work/x" --from "$work/unrun"

exits "a folder that is not there" 2 build/tuntests matrix -o "$work/x" --from "$work/nosuch" running
one_line "... is named" "$work/nosuch: No such file or directory"
mkdir "$work/empty"
exits "a folder without results" 2 build/tuntests matrix -o "$work/x" --from "$work/empty"
one_line "... is named" "$work/empty/results.json: cannot read it: No such file or directory"
echo '{"schema": 1, "tests": [{"id": ' > "$work/empty/results.json"
exits "a folder whose results are cut short" 2 build/tuntests matrix -o "$work/x" --from "$work/empty"
one_line "... is named" "$work/empty/results.json: not JSON: "
ok "... and the old matrix is kept" grep -q '"name": "unrun"' "$work/x/matrix.json"
exits "an output folder that is a file" 2 build/tuntests matrix -o "$work/x/matrix.json/x" --from "$work/old"
one_line "... is named" "output folder $work/x/matrix.json/x: Not a directory"
exits "an output folder without a name" 2 build/tuntests matrix -o '' --from "$work/old"
one_line "... is named" "output folder : No such file or directory"
exits "an unknown option" 2 build/tuntests matrix --nosuch
exits "help" 0 build/tuntests matrix --help
ok "... shows how to use it" grep -q '^Usage: tuntests matrix' "$work/out"
ok "... as the manual page does" sh -c 'for option in $(grep -o -e "--[a-z][a-z]*" "$1"); do
	grep -q -e "${option#-}" cli/tuntests.1 || [ "$option" = --guest ] || exit 1; done' sh "$work/out"

# Runs: this kernel, a guest that is none (it runs the program beside it), and one that does not boot.
mkdir "$work/build" "$work/guest"
cp build/demo "$work/build/"
cat > "$work/guest/boot" <<'END'
#!/bin/sh
while [ "$1" != -- ]; do
	[ "$1" != --channel ] || channel=$2
	guest=$1
	shift
done
shift
# PROGRAM run --output /tmp/tuntests ...: that is a place in a guest, and this is none.
program=$1
shift 4
set -- "$program" run --output "$(dirname "$0")/in-guest" "$@"
echo booting
[ "$guest" = fake ] || { echo "no such kernel" >&2; exit 2; }
TUNTESTS_CHANNEL=$channel exec "$@" > /dev/null
END
chmod +x "$work/guest/boot"
m=$work/runs
exits "three runs" 1 "$work/build/demo" matrix -o "$m" -j 2 running fake "file /no such" -- demo.passes demo.fails
is "... have a column each" "$(field 'say join " ", $_->{id}, map { $_->{result} } @{$_->{results}}
	for @{$_->{tests}}')" "demo.passes pass pass notrun
demo.fails fail fail notrun"
is "... in folders of the matrix" "$(field 'say join " ", map { $_->{folder} } @{$_->{kernels}}')" \
	"running/ fake/ file--no-such/"
is "... the one that did not boot says why" "$(field 'say $_->{tests}[0]{results}[2]{reason}')" \
	"the guest did not boot: no such kernel"
ok "... and all the evidence is where it is said to be" sh -c "cd '$m' && cat \$(grep -o \
	-e '[a-z/-]*guest-console-[0-9]*' -e '[a-z]*/demo[a-z.]*/[a-z.]*' matrix.json) | grep -q booting"
ok "... progress is told on standard error" grep -q '^  not ok 2 demo.fails' "$work/err"
exits "a run in which all is well" 0 "$work/build/demo" matrix -o "$m" running -- demo.passes
exits "a test that is not there" 2 "$work/build/demo" matrix -o "$m" running -- nosuch
ok "... is named" grep -q "no test matches 'nosuch'" "$work/err"
"$work/build/demo" matrix -o "$m" running -- demo.hangs > "$work/log" 2>&1 &
pid=$!
wait_until grep -q 1..1 "$work/log"
kill -INT $pid
status=0
wait $pid || status=$?
is "Ctrl-C ends the run and the matrix" "$status $(pgrep -f "output $m/running")" "130 "

# nohup: a terminal that goes away costs nothing.
nohup "$work/build/demo" matrix -o "$m" running -- -t 60 demo.passes demo.sleeps_longer > "$work/nohup.log" 2>&1 &
pid=$!
wait_until grep -q '1\.\.1' "$work/nohup.log"
kill -HUP $pid
status=0
wait $pid || status=$?
is "SIGHUP under nohup ends nothing" "$status $(tail -n 1 "$work/nohup.log")" \
	"0 tests: 3, kernels: 1, page: $m/matrix.html"

# The page, as a browser shows it.
if ! command -v chromium > /dev/null; then
	skip "the page in a browser" "no chromium here"
	done_testing
fi
m=$work/m
# What the browser is to tell of the page, after what a test does with it.
cat > "$work/words" <<'END'
const shown = node => node.getClientRects().length > 0;
const all = selector => [...document.querySelectorAll(selector)].filter(shown);
const rowsShown = () => all("#matrix th[scope=row] code").map(node => node.textContent);
const seen = [];
END
cat > "$work/tell" <<'END'
seen.push("rows: " + rowsShown().join(" "),
	"areas: " + all("#matrix th[scope=rowgroup]").map(node => node.textContent).join(" "),
	"count: " + document.getElementById("count").textContent,
	...all("#detail").flatMap(node => node.innerText.split("\n")).map(text => text.trim())
		.filter(text => text).map(text => "detail: " + text),
	...all("#detail a").map(node => "link: " + node.getAttribute("href")),
	"focus: " + (document.activeElement.getAttribute("aria-label") || ""),
	"address: " + location.hash,
	"width: " + innerWidth,
	"scrolls sideways: " + (document.documentElement.scrollWidth > innerWidth));
/* The browser's own page, which on a phone is not this one. */
const page = parent.document;
page.body.append(Object.assign(page.createElement("pre"),
	{ textContent: "SEEN\n" + seen.join("\n") + "\nNEES\n" }));
END

# browse WIDTH FRAGMENT [SCRIPT]: opens the page, does what the SCRIPT says, and what is seen then goes to
# $work/seen.txt, console messages to $work/console. No window is narrower than 500; a frame may be.
browse() {
	browse_url=seen.html#$2
	{
		sed '/^<\/body>/,$d' "$m/matrix.html"
		echo '<script>'
		cat "$work/words"
		printf '%s\n' "${3-}"
		cat "$work/tell"
		printf '</script>\n</body>\n</html>\n'
	} > "$m/seen.html"
	if [ "$1" -lt 500 ]; then
		printf '<!DOCTYPE html><body><iframe src="%s" style="width: %dpx; height: 800px; border: 0"></iframe>\n' \
			"$browse_url" "$1" > "$m/phone.html"
		browse_url=phone.html
	fi
	rm -rf "$work/profile"
	timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --user-data-dir="$work/profile" --window-size=1280,800 \
		--allow-file-access-from-files --enable-logging=stderr --dump-dom "file://$m/$browse_url" \
		> "$work/dom" 2> "$work/log"
	sed -n '/SEEN$/,/^NEES/p' "$work/dom" | sed -e '1d;$d' -e 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' \
		> "$work/seen.txt"
	grep CONSOLE "$work/log" >> "$work/console"
}
# seen WORD: what was seen of it.
seen() { sed -n "s/^$1: //p" "$work/seen.txt"; }
desktop=1280 phone=360

browse $desktop ""
is "all rows are shown" "$(seen rows)" "a.same a.broke a.new b.xfails b.fixed b.again b.skips b.gone"
is "... under their areas" "$(seen areas)" "a b"
is "... and counted" "$(seen count)" "8 of 8 tests"
is "... in a window as wide as asked for" "$(seen width) $(seen 'scrolls sideways')" "1280 false"
is "no cell is open" "$(seen detail)" ""
ok "each kernel has its totals, release and date" grep -q '<th scope="row">middle</th><td>6.12.9-cloud</td>'\
'<td>x86_64</td><td class="whole">2026-11-26 01:02 UTC</td><td class="number" data-label="pass">2</td>' \
	"$work/dom"
ok "each cell says its result in a letter and in words" grep -q '<button type="button" class="badge xfail"'\
' aria-expanded="false" aria-label="b.xfails in new: xfail: missing fix cafe" title="[^"]*">x<' "$work/dom"

# A kernel that did not run a test is no difference; an area that is not there is none.
browse $desktop "differs=1" '
for (const fragment of ["differs=1", "area=a", "area=zzz", "result=skip", "result=bad", "result=broke",
	"q=FIX+cafe", "q=title%20of%20b.f", "area=b&differs=1&q=b.&result=pass", "q=none+of+this"]) {
	history.replaceState(null, "", "#" + fragment);
	dispatchEvent(new Event("hashchange"));
	seen.push("filter: " + [fragment, ...rowsShown()].join(" "));
}
'
is "the filters show what they name" "$(seen filter)" "differs=1 a.broke b.xfails b.fixed b.again b.skips
area=a a.same a.broke a.new
area=zzz a.same a.broke a.new b.xfails b.fixed b.again b.skips b.gone
result=skip b.xfails b.skips
result=bad a.broke b.fixed b.again
result=broke a.broke b.xfails b.again
q=FIX+cafe b.xfails
q=title%20of%20b.f b.fixed
area=b&differs=1&q=b.&result=pass b.xfails b.fixed b.again b.skips
q=none+of+this"
browse $desktop "area=a"
is "so when the page is opened, and other areas are left out" "$(seen rows), $(seen areas), $(seen count)" \
	"a.same a.broke a.new, a, 3 of 8 tests"

browse $desktop "area=a&cell=a.broke@new"
is "a cell's detail" "$(seen detail)" "F a.broke in new: fail
close
title of a.broke
a.c:3: no </script><!-- & $(printf '\342\200\250')<b>
kernel
6.12.10 x86_64
took
2 ms
since when
worked in middle, broke in new
guards
CVE-1
behaviours
7
evidence
log guest-console-1 guest-console-2 guest-console-10
all of the run
results.json"
is "... links the evidence" "$(seen link | tr '\n' ' ')" "../new/a.broke/log ../new/guest-console-1 \
../new/guest-console-2 ../new/guest-console-10 ../new/results.json "
is "... and stays in the address" "$(seen address)" "#area=a&cell=a.broke@new"
browse $desktop "area=b&cell=a.broke@new"
is "... but is not shown without its row" "$(seen detail)" ""
browse $desktop "cell=a.broke@nosuch"
is "a cell that is not there is none" "$(seen detail)$(seen address)" ""

browse $desktop "" '
const cell = document.querySelector("[aria-label^=\"b.fixed in old\"]");
cell.focus();
cell.click();'
is "a click opens a cell" "$(seen detail | head -n 1), $(seen address)" "F b.fixed in old: fail, #cell=b.fixed@old"
ok "... which says so" grep -q 'aria-expanded="true" aria-label="b.fixed in old' "$work/dom"
browse $desktop "cell=b.fixed@old" 'dispatchEvent(new KeyboardEvent("keydown", { key: "x" }));
document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));'
is "Escape closes it and leaves the focus there" "$(seen detail)$(seen focus)$(seen address)" "b.fixed in old: fail"
browse $desktop "cell=b.fixed@old" 'document.querySelector("[aria-label^=\"b.fixed in old\"]").click();'
is "a second click closes it" "$(seen detail)$(seen address)" ""
browse $desktop "area=b" '
filters.q.value = "gone";
filters.q.dispatchEvent(new Event("input", { bubbles: true }));'
is "typing filters" "$(seen rows), $(seen address)" "b.gone, #area=b&q=gone"

for fragment in "" "cell=a.broke@new" "differs=1&result=bad"; do
	browse $phone "$fragment"
	is "on a phone '$fragment' does not scroll sideways" "$(seen width) $(seen 'scrolls sideways')" "360 false"
done
is "... and filters" "$(seen rows)" "a.broke b.fixed b.again"
long=$(printf '%0200d' 0)
kernel "$work/long$long" "6.13.0-$long" "a.$long=fail:$long" a.same=pass
m=$work/l
build/tuntests matrix -o "$m" --from "$work/long$long" --from "$work/new" > /dev/null
browse $phone "cell=a.$long@long$long"
is "nor do names and reasons without an end" "$(seen detail | head -n 1 | cut -c1-9) $(seen 'scrolls sideways')" \
	"F a.00000 false"
is "the browser never complained" "$(cat "$work/console")" ""
done_testing
