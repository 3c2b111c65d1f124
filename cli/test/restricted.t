#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The suite where something is missing: no failure, and each skip says what is missing.
. harness/test/tap.sh

[ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null ||
	skip_all "needs root to build the restricted machines"

chmod 755 "$work"
mkdir -m 777 "$work/user"
mkdir "$work/dev" "$work/build"
# An ordinary user may not be able to reach this tree (below root's home, say).
cp build/tuntests "$work/build/"
cp -r results "$work/" 2> /dev/null
program=$work/build/tuntests
as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
world_node="mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200"
root_node="mount -t tmpfs none /dev/net && mknod -m 600 /dev/net/tun c 10 200"

passed() { grep -c '"result": "pass"' "$1/results.json"; }
# no_failure NAME DIR: results there, none of them bad.
no_failure() {
	ok "$1: no failure" sh -c "[ -s '$2/results.json' ] &&
		! grep -E '\"result\": \"(fail|error|timeout|crash|notrun)\"' '$2/results.json'"
}
# Every skip has a reason.
reasons() { ok "$1: each skip says why" sh -c "! grep '\"skip\", \"reason\": \"\"' '$2/results.json'"; }

unshare -m sh -c "$world_node && exec $as_nobody $program run -o '$work/user/rootless'" \
	> "$work/out" 2>&1
is "an ordinary user where /dev/net/tun is 0666: exit status" $? 0
no_failure "an ordinary user" "$work/user/rootless"
reasons "an ordinary user" "$work/user/rootless"
ok "... most tests run" test "$(passed "$work/user/rootless")" -ge 100
ok "... in a user namespace" grep -q 'sandbox: namespaces in a user namespace' "$work/out"

exits "... also by unshare -rn" 0 unshare -m sh -c \
	"$world_node && exec $as_nobody unshare -rn $program run -o '$work/user/unshare'"
no_failure "unshare -rn" "$work/user/unshare"

exits "an ordinary user where /dev/net/tun is 0600" 4 unshare -m sh -c \
	"$root_node && exec $as_nobody $program run -o '$work/user/0600'"
no_failure "... " "$work/user/0600"
ok "... and the skips say why" grep -q '"reason": "cannot open /dev/net/tun: Permission denied"' \
	"$work/user/0600/results.json"

exits "a machine without /dev/net/tun" 4 unshare -m sh -c \
	"mount -t tmpfs none /dev/net && exec build/tuntests run -o '$work/hidden'"
no_failure "no /dev/net/tun" "$work/hidden"
ok "... and the skips say so" grep -q '"reason": "cannot open /dev/net/tun: No such file' \
	"$work/hidden/results.json"

# Neither root's namespaces nor new user namespaces: the limit is set in a namespace of its own.
exits "user namespaces forbidden" 4 unshare -Ur sh -c \
	"echo 0 > /proc/sys/user/max_user_namespaces &&
	 exec setpriv --bounding-set=-all build/tuntests run -o '$work/forbidden' open"
no_failure "user namespaces forbidden" "$work/forbidden"
ok "... and the skips name the setting" grep -q \
	'"reason": "no namespaces for tests: /proc/sys/user/max_user_namespaces is 0"' \
	"$work/forbidden/results.json"

# As in a container without sysfs: it can neither be seen nor mounted.
mkdir "$work/top"
cat > "$work/container" <<END
set -e
mount -t tmpfs none "$work/top"
cd "$work/top"
for d in bin sbin lib lib64 usr etc; do
	[ ! -e /\$d ] || { mkdir \$d && mount --rbind /\$d \$d; }
done
mkdir dev proc tmp run src out old
mount --rbind /dev dev
# Not in a user namespace, which can make no device nodes: there the node outside is it.
if grep -q ' 4294967295\$' /proc/self/uid_map; then
	mount -t tmpfs none dev/net
	mknod -m 666 dev/net/tun c 10 200
fi
mount -t proc proc proc
mount --bind "$PWD" src
mount --bind "$work/user" out
pivot_root . old
umount -l old
exec setpriv --reuid 65534 --regid 65534 --clear-groups /src/build/tuntests run -o /out/container
END
exits "a container without sysfs" 0 unshare -m --propagation private sh "$work/container"
no_failure "no sysfs" "$work/user/container"
ok "... and the skips say so" grep -q \
	'"result": "skip", "reason": "/sys does not show the test.s network namespace"' \
	"$work/user/container/results.json"
ok "... most tests run" test "$(passed "$work/user/container")" -ge 100

# As a rootless container engine makes it: root of a user namespace without CAP_SYS_ADMIN, /proc/sys
# read-only, and /proc masked, so that the kernel lets nobody mount a fresh one.
sed -e '/^exec setpriv/d' "$work/container" > "$work/masked"
cat >> "$work/masked" <<END
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /dev/null /proc/timer_list
exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin /src/build/tuntests run -o /out/masked
END
exits "a container with masked /proc" 0 unshare -m sh -c "$world_node &&
	exec $as_nobody unshare -Urmpnf --propagation private sh '$work/masked'"
no_failure "masked /proc" "$work/user/masked"
reasons "masked /proc" "$work/user/masked"
ok "... most tests run" test "$(passed "$work/user/masked")" -ge 100

# The kernel makes no user namespaces for a process in a chroot.
exits "an ordinary user in a chroot" 4 unshare -m --propagation private sh -c "
	mount --bind / '$work/top' && mount --bind /dev '$work/top/dev' &&
	exec chroot --userspec 65534:65534 '$work/top' $program run -o '$work/user/chroot' open"
ok "... is told so" grep -q '"reason": "no namespaces for tests: .*chroot' "$work/user/chroot/results.json"

ok "no_ipv6 builds" cc -o "$work/no_ipv6" cli/test/no_ipv6.c
exits "a kernel without IPv6 sockets" 0 "$work/no_ipv6" build/tuntests run -o "$work/ipv4"
no_failure "no IPv6" "$work/ipv4"
ok "... and the skips say so" grep -q '"result": "skip", "reason": "kernel has no IPv6"' \
	"$work/ipv4/results.json"

mkdir "$work/empty"
exits "a machine without iproute2 and ethtool" 0 unshare -m sh -c \
	"for tool in ip tc bridge ethtool; do for dir in /usr/sbin /usr/bin /sbin /bin; do
		[ ! -x \$dir/\$tool ] || [ -L \$dir ] || mount --bind /dev/null \$dir/\$tool || exit 99
	 done; done
	 exec build/tuntests run -o '$work/toolless'"
no_failure "no iproute2" "$work/toolless"
ok "... and the skips say so" grep -q '"result": "skip", "reason": "ip (iproute2) is not installed"' \
	"$work/toolless/results.json"
done_testing
