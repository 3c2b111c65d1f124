#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The processes of uml-kasan do not take along the shadow memory of its kernel (guest/shadow.c).
. harness/test/tap.sh

build/tuntests guest list 2> /dev/null | grep -q '^uml-kasan  *cached' ||
	skip_all "uml-kasan is not in the cache (build/tuntests guest build uml-kasan)"
kernel=$(guest/prepare uml-kasan | sed -n 's/^kernel=//p')

# kernels PID: the guest's kernel below it, then its processes, which are the same program.
kernels() {
	[ "$(readlink "/proc/$1/exe")" != "$kernel" ] || echo "$1"
	for child in $(pgrep -P "$1"); do kernels "$child"; done
}
resident_mib() { awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$1/status"; }
has_begun() { grep -qs begun "$work/share/has"; }

mkdir "$work/share"
guest/boot --share "$work/share" uml-kasan -- sh -c "echo begun > $work/share/has; sleep 60" > "$work/console" 2>&1 &
boot=$!
ok "a guest" wait_until has_begun
set -- $(kernels $boot)
ok "its kernel has used a hundred MiB" [ "$(resident_mib "$1")" -gt 100 ]
shift
ok "... and has processes" [ $# -gt 0 ]
for process; do
	ok "... of which none has much" [ "$(resident_mib "$process")" -lt 32 ]
done
kill $boot
wait $boot 2> /dev/null
done_testing
