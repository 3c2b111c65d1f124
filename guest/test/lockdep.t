#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# uml-lockdep has what it is there for: lockdep that is still at work after tests ran, kmemleak, and
# allocations that fail on request.
. harness/test/tap.sh

build/tuntests guest list 2> /dev/null | grep -q '^uml-lockdep  *cached' ||
	skip_all "uml-lockdep is not in the cache (build/tuntests guest build uml-lockdep)"

mkdir "$work/share"
# The inner run takes no journal: its verdicts are not what is looked at.
cat > "$work/share/look" <<'END'
cd "$1"
env -u TUNTESTS_CHANNEL build/tuntests run -o /tmp/run carrier persist > /tmp/run.ktap
echo "status $?"
tail -n 1 /tmp/run.ktap
cat /proc/lockdep_stats
echo scan > /sys/kernel/debug/kmemleak && echo "kmemleak scans"
[ -e /proc/self/make-it-fail ] && [ -e /proc/self/fail-nth ] && [ -d /sys/kernel/debug/failslab ] &&
	echo "failslab is there"
# Only allocations that may not sleep fail unless told otherwise; the first of the open gives ENOMEM.
echo N > /sys/kernel/debug/failslab/ignore-gfp-wait
sh -c 'echo 1 > /proc/self/fail-nth; : < /dev/net/tun' 2>&1 || echo "an open failed"
END
exits "it boots and runs tests" 0 timeout 170 guest/boot --share "$work/share" --timeout 160 uml-lockdep \
	-- sh "$work/share/look" "$PWD"
ok "... which are as expected" grep -qx 'status 0' "$work/out"
ok "... and lockdep is still at work" grep -q 'debug_locks: *1$' "$work/out"
ok "kmemleak scans" grep -qx 'kmemleak scans' "$work/out"
ok "failslab and fail-nth can be reached" grep -qx 'failslab is there' "$work/out"
ok "... and an allocation fails on request" grep -q 'an open failed' "$work/out"
done_testing
