# SPDX-License-Identifier: GPL-2.0-only
# For the scripts *.t: TAP on standard output, a plan at the end. A script sources this from the top of
# the tree, calls the functions below, and ends with `done_testing`.

count=0
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# report STATUS NAME: one test point.
report() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failures=$((failures + 1))
		echo "not ok $count - $2"
	fi
}

# ok NAME COMMAND...: COMMAND succeeds.
ok() {
	ok_name=$1
	shift
	ok_status=0
	"$@" > "$work/ok.out" 2>&1 || ok_status=1
	[ $ok_status -eq 0 ] || sed 's/^/# /' "$work/ok.out"
	report $ok_status "$ok_name"
}

# is NAME GOT WANTED: the two texts are the same.
is() {
	if [ "$2" = "$3" ]; then
		report 0 "$1"
	else
		printf '%s\n' "$2" > "$work/got"
		printf '%s\n' "$3" > "$work/wanted"
		diff -u "$work/wanted" "$work/got" | sed 's/^/# /'
		report 1 "$1"
	fi
}

# exits NAME STATUS COMMAND...: COMMAND exits with STATUS; its output is kept in $work/out and $work/err.
exits() {
	exits_name=$1 exits_wanted=$2
	shift 2
	exits_status=0
	"$@" > "$work/out" 2> "$work/err" || exits_status=$?
	[ $exits_status -eq "$exits_wanted" ] || {
		echo "# exit status $exits_status, not $exits_wanted: $*"
		sed 's/^/# /' "$work/err"
	}
	report $((exits_status != exits_wanted)) "$exits_name"
}

# one_line NAME PATTERN: the last command's standard error was one line, matching the basic regex.
one_line() {
	[ "$(wc -l < "$work/err")" -eq 1 ] && grep -q "$2" "$work/err"
	one_line_status=$?
	[ $one_line_status -eq 0 ] || sed 's/^/# /' "$work/err"
	report $one_line_status "$1"
}

# skip NAME REASON: a test point that cannot be tried here.
skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# skip_all REASON: none of this script can be tried here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# wait_until COMMAND...: tries once in 50 ms, for 10 s at most, until COMMAND succeeds.
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		sleep 0.05
	done
}

# reachable: an ordinary user can get at this tree (it may be somewhere below /root).
reachable() { setpriv --reuid 65534 --regid 65534 --clear-groups test -r "$PWD/README.md" 2> /dev/null; }

# shared_mark: the name of a file that is not there, seen by the tests' sandboxes too (/tmp is not).
shared_mark() { mktemp -u /dev/shm/tuntests-demo.XXXXXXXX; }

# without_kernel_log COMMAND...: so that what others make the kernel say does not get into a report.
without_kernel_log() {
	if unshare -m true 2> /dev/null; then
		unshare -m sh -c 'mount --bind /dev/null /dev/kmsg && exec "$@"' sh "$@"
	else
		"$@"
	fi
}

# steady FILE...: results without what differs from run to run and from kernel to kernel.
steady() {
	sed -E -e 's/ on Linux .*, [0-9]+ at a time, sandbox: .*/ on Linux/' \
		-e 's/"(duration_ms|started_ms|duration_s)": [0-9.e+-]+/"\1": 0/g' \
		-e 's/"(release|version|arch|started)": "[^"]*"/"\1": ""/g' \
		-e 's/"jobs": [0-9]+/"jobs": 0/' \
		-e 's/ (time|timestamp|hostname)="[^"]*"/ \1=""/g' \
		-e 's/(name="kernel" value=)"[^"]*"/\1""/' \
		-e 's/^# expected: .*/# expected/' \
		-e 's/^# [0-9.]+ s, results in .*/# results/' \
		-e 's|# see .*/([^/]*/[^/]*)$|# see \1|' \
		-e 's/(demo\.c:)[0-9]+/\1N/g' "$@"
}

# demo_reports: runs the demo (but for the tests of the kernel's log, which not every machine lets us
# write, of more than one run, and those that not every run has) into $work/run; its steady reports
# become $work/demo.{ktap,json,xml}.
demo_reports() {
	without_kernel_log build/demo run -t 2 -o "$work/run" $(build/demo list | awk '{ print $1 }' |
		grep -v -e warns -e logs -e innocent -e once -e long -e dangerous) > "$work/out" 2> "$work/err"
	demo_status=$?
	steady "$work/out" | sed '/^# kernel log: cannot read/d' > "$work/demo.ktap"
	steady "$work/run/results.json" | sed -E 's/"(sandbox|kernel_log)": "[^"]*"/"\1": ""/g' \
		> "$work/demo.json"
	steady "$work/run/junit.xml" > "$work/demo.xml"
	return $demo_status
}

done_testing() {
	echo "1..$count"
	exit $((failures > 0))
}
