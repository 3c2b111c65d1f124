#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What `make check` does where the running kernel cannot be tested.
. harness/test/tap.sh

# A program that is none: says what it was asked for, and exits as told for the probe, the guest, the run.
cat > "$work/program" <<END
#!/bin/sh
echo "\$*" >> "$work/asked"
case "\$*" in
"guest run "*) echo "boot: fetching" >&2; echo "boot: no kernel" >&2; exit \$GUEST ;;
*" open.node") echo "  ok 1 open.node # SKIP no luck"; exit \$PROBE ;;
esac
exit \$RUN
END
chmod +x "$work/program"
mkdir "$work/tmp"
# check PROBE GUEST RUN [ARGUMENT]...
check() {
	check_codes="PROBE=$1 GUEST=$2 RUN=$3"
	shift 3
	: > "$work/asked"
	env TMPDIR="$work/tmp" $check_codes cli/check "$work/program" "$@"
}
asked() { tail -n 1 "$work/asked"; }

for code in 0 1 2; do
	exits "a probe that ends with $code: the run decides" 1 check $code 0 1 -j 1 'set*'
	is "... on the running kernel" "$(asked)" "run -j 1 set*"
	is "... and nothing is said" "$(cat "$work/out" "$work/err")" ""
done
for code in 0 1 2; do
	exits "a probe that is skipped: the run in the guest decides ($code)" $code \
		check 4 0 $code -j 1 'set*' "a b"
done
is "... with all arguments" "$(asked)" "run --guest uml-debian -j 1 set* a b"
is "... and says so" "$(cat "$work/out")" "# not the running kernel (no luck) but the guest uml-debian:"
exits "no guest either" 0 check 4 2 4 setiff
is "... runs here" "$(asked)" "run setiff"
is "... and says why" "$(cat "$work/out")" "# no guest instead of the running kernel: boot: no kernel"
exits "a failure there is one" 1 check 4 2 1
for chosen in "--guest mine" --guest=mine --help; do
	exits "$chosen" 0 check 4 0 0 $chosen
	is "... is not meddled with" "$(cat "$work/asked")" "run $chosen"
done
is "nothing is left behind" "$(ls "$work/tmp")" ""

# The real one, for an ordinary user who has no device.
command -v apt-cache > /dev/null || { skip "the guest" "no apt here"; done_testing; }
tree=$work/tree
mkdir -p "$tree/cli" "$tree/build"
cp cli/check "$tree/cli/"
cp -r guest results "$tree/" 2> /dev/null
cp build/tuntests "$tree/build/"
if [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null; then
	chmod 755 "$work"
	mkdir -m 777 "$work/cache" "$work/user"
	# without_device COMMAND...
	without_device() {
		unshare -m sh -c 'mount -t tmpfs none /dev/net && exec setpriv --reuid 65534 --regid 65534 \
			--clear-groups "$@"' sh "$@"
	}
elif [ ! -w /dev/net/tun ]; then
	mkdir "$work/cache" "$work/user"
	without_device() { "$@"; }
else
	skip "the guest" "needs root to hide /dev/net/tun"
	done_testing
fi
cd "$tree" || exit 2
export XDG_CACHE_HOME="$work/cache"

mkdir "$work/bin"
printf '#!/bin/sh\nexit 100\n' | tee "$work/bin/apt-cache" "$work/bin/apt-get" > "$work/bin/dpkg-query"
chmod +x "$work/bin"/*
exits "no device, and apt knows nothing" 0 without_device env PATH="$work/bin:$PATH" \
	cli/check build/tuntests -o "$work/user/none" open.node
is "... says why there is no guest" "$(head -n 1 "$work/out")" "# no guest instead of the running kernel:\
 prepare: uml-debian: apt knows no package user-mode-linux (apt-get update; Debian only)"
ok "... and why the tests are skipped" grep -q 'open.node # SKIP cannot open /dev/net/tun' "$work/out"

if ! without_device guest/prepare uml-debian > /dev/null 2> "$work/err"; then
	sed 's/^/# /' "$work/err"
	skip "the guest" "uml-debian cannot be had"
	done_testing
fi
exits "no device" 0 without_device cli/check build/tuntests -o "$work/user/run" \
	--junit "$work/user/junit.xml" open setiff.no_type
ok "... the first line says where it runs" sh -c "head -n 1 '$work/out' | grep -q \
	'^# not the running kernel (cannot open /dev/net/tun: .*) but the guest uml-debian:$'"
ok "... tests pass there" grep -q '"open.node".*"result": "pass"' "$work/user/run/results.json"
is "... those asked for" "$(sed -n 's/.*"area": "\([a-z]*\)".*/\1/p' "$work/user/run/results.json" |
	sort -u | tr '\n' ' ')" "open setiff "
ok "... on another kernel" sh -c "grep '\"release\"' '$work/user/run/results.json' |
	grep -qv '\"release\": \"$(uname -r)\"'"
ok "... with JUnit" test -s "$work/user/junit.xml"
done_testing
