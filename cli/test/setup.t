#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Set-up, and the template of a test.
. harness/test/tap.sh

command -v dpkg-query > /dev/null || skip_all "no dpkg here"

cp cli/setup "$work/setup"
echo "make # there" > "$work/there"
printf 'make # there\nno-such-package-tuntests # not there\nnor-this-one\n' > "$work/missing"

exits "nothing is missing" 0 cli/setup "$work/there"
is "... and nothing is said" "$(cat "$work/out" "$work/err")" ""
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work"
	as_user="setpriv --reuid 65534 --regid 65534 --clear-groups"
else
	as_user=
fi
exits "packages are missing, and no root" 2 $as_user "$work/setup" "$work/missing"
is "... prints the one line to run" "$(tail -n 1 "$work/err")" \
	"  sudo apt-get install --no-install-recommends no-such-package-tuntests nor-this-one"

# The lists name all that is used: a clean machine gets it from nowhere else.
for package in libmnl-dev libjansson-dev libxml2-dev pkg-config iproute2 ethtool; do
	ok "$package is in the list" grep -q "^$package " packages.txt
	ok "$package is in the README" grep -q "$package" README.md
done

cp -r Makefile cli "$work"
mkdir "$work/selftests"
exits "a template of a test" 0 sh -c "cd '$work' && cli/new zoo.lion"
ok "... compiles" cc -std=gnu11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -Wno-sign-compare \
	-fsyntax-only "$work/selftests/zoo.c"
{ cat "$work/selftests/zoo.c"; sed -n '/^TEST(survives_close/,/^}/p' README.md; } > "$work/readme.c"
ok "... and so does the README's test in it" cc -std=gnu11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror \
	-Wno-sign-compare -fsyntax-only "$work/readme.c"
exits "a second test in the file" 0 sh -c "cd '$work' && cli/new zoo.bear"
is "... is added to it" "$(grep -c '^TEST(' "$work/selftests/zoo.c")" 2
exits "a test that is there" 2 sh -c "cd '$work' && cli/new zoo.bear"
echo 'TEST(owl, .title = "")' > "$work/selftests/zoo.night.c"
exits "a test that another file of the area has" 2 sh -c "cd '$work' && cli/new zoo.owl"
exits "no name" 2 sh -c "cd '$work' && cli/new zoo"
exits "a bad name" 2 sh -c "cd '$work' && cli/new zoo.Bear-1"

cp "$work/selftests/zoo.c" "$work/zoo.c"
# A test that fails after traffic, to see its capture.
cat >> "$work/zoo.c" <<END

TEST(fails, .title = "a test that fails after a frame was written", .behaviours = { 123 })
{
	struct tun t = peer_create("z0", IFF_TUN | IFF_NO_PI);
	struct frame f;

	peer_udp(&t, &f, 4000, 4001, 10, 1);
	ASSERT_OK(tun_send(&t, NULL, &f));
	EXPECT_TRUE(false);
}
END
mkdir -p "$work/b"
ok "the program with it builds" sh -c "
	cc -std=gnu11 -D_GNU_SOURCE -I. -Wno-sign-compare -O1 $(pkg-config --cflags libmnl jansson libxml-2.0) \
		-o '$work/zoo' '$work/zoo.c' selftests/suite.c harness/*.c netns/*.c device/*.c cli/*.c fuzz/engine/recording.c \
		$(pkg-config --libs libmnl jansson libxml-2.0) -pthread"
"$work/zoo" run -o "$work/run" zoo.lion zoo.bear > "$work/out" 2>&1
status=$?
report $((status != 0 && status != 4)) "... and it passes, or skips where there is no TUN"

"$work/zoo" run -o "$work/run" zoo.fails > "$work/out" 2>&1
status=$?
if [ $status -eq 4 ]; then
	skip "a failed test's capture" "no TUN here"
elif ! command -v tshark > /dev/null; then
	skip "a failed test's capture" "no tshark here"
else
	is "a failed test's capture shows the frame" "$(tshark -r "$work/run/zoo.fails/traffic.pcapng" \
		-T fields -e frame.interface_name -e ip.src -e udp.dstport 2> /dev/null)" \
		"$(printf 'z0\t10.9.0.2\t4001')"
fi

ok "make install" make -s install DESTDIR="$work/dest" PREFIX=/usr
ok "... the program" "$work/dest/usr/bin/tuntests" --version
ok "... the manual page" test -s "$work/dest/usr/share/man/man1/tuntests.1"
is "... the kselftest list" \
	"$(cat "$work/dest/usr/libexec/kselftest/kselftest-list.txt")" "tuntests:run_tuntests"
done_testing
