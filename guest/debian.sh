# SPDX-License-Identifier: GPL-2.0-only
# Kernels that Debian has built: user-mode-linux and linux-image-*. Sourced by prepare.

# make_uml_debian: linux and modules, from the installed package or a fetched one.
make_uml_debian() {
	if [ "$(uml_installed)" ]; then
		top=
	else
		fetch user-mode-linux
		top=unpacked
	fi
	release=$(ls "$top/usr/lib/uml/modules")
	pick_modules "$top/usr/lib/uml/modules/$release"
	cp "$top/usr/bin/linux.uml" kernel
	echo "$release" > release
	rm -rf unpacked
}

uml_installed() {
	dpkg-query -W -f '${db:Status-Status} ${Version}' user-mode-linux 2> /dev/null |
		sed -n 's/^installed //p'
}

prepare_uml_debian() {
	if [ -n "$update" ] || ! newest uml-debian "-$modules_key"; then
		key=$(uml_installed)
		[ -n "$key" ] || key=$(apt_version user-mode-linux)
		[ -n "$key" ] ||
			fail "uml-debian: apt knows no package user-mode-linux (apt-get update; Debian only)"
		entry uml-debian "$key-$modules_key" make_uml_debian
		choose uml-debian
	fi
	print_guest uml "$entry/kernel"
}

# debian_packages: all linux-image packages that can be booted, newest last, each after its guest's names:
# that of the family, which means the newest package, and that of the package alone. The packages are
# linux-image-6.1.0-56-cloud-amd64 and linux-image-6.12.117+deb12-rt-amd64.
debian_packages() {
	arch=$(dpkg --print-architecture)
	apt-cache pkgnames linux-image- 2> /dev/null |
		grep -E "^linux-image-[0-9]+\.[0-9]+\.[0-9][^-]*(-[0-9]+)?(-cloud|-rt)?-$arch\$" | sort -V |
		sed -E "s/^linux-image-(([0-9]+\.[0-9]+)\.[^-]*(-[0-9]+)?(-cloud|-rt)?)-$arch\$/debian-\2\4 debian-\1 &/"
}

# find_package NAME: the package of that guest, after the guest's name that no other package has.
find_package() {
	debian_packages | awk -v name="$1" '$1 == name || $2 == name { p = $2 " " $3 } END { print p }' |
		grep . || fail "$1: apt knows no such linux-image package (apt-get update)"
}

# flavour NAME: -cloud, -rt or nothing.
flavour() { echo "$1" | sed -nE 's/.*(-cloud|-rt)$/\1/p'; }

# between A B: the guests from one to the other in the order of their versions, A first.
between() {
	[ -n "$1" ] && [ -n "$2" ] || fail "--between takes two guests"
	for end; do
		case $end in debian-[0-9]*) ;; *) fail "$end is no kernel of a distribution (debian-...)" ;; esac
	done
	[ "$(flavour "$1")" = "$(flavour "$2")" ] || fail "$1 and $2 are of two flavours"
	one=$(find_package "$1") && other=$(find_package "$2") || exit 2
	[ "$one" != "$other" ] || fail "$1 and $2 are one kernel, ${one% *}"
	debian_packages | awk -v one="${one% *}" -v other="${other% *}" -v wanted="$(flavour "$1")" '
		{ flavour = $1; sub(/^debian-[0-9.]+/, "", flavour) }
		flavour != wanted { next }
		$2 == one || $2 == other { ends++ }
		ends { name[n++] = $2 }
		ends == 2 { exit }
		END {
			for (i = 0; i < n; i++)
				print name[name[0] == one ? i : n - 1 - i]
		}'
}

make_debian() {
	fetch "$1"
	release=${1#linux-image-}
	[ -s "unpacked/boot/vmlinuz-$release" ] || fail "package $1 has no boot/vmlinuz-$release"
	pick_modules "unpacked/lib/modules/$release"
	mv "unpacked/boot/vmlinuz-$release" kernel
	echo "$release" > release
	rm -rf unpacked
}

prepare_debian() {
	if [ -n "$update" ] || ! newest "$name" "-$modules_key"; then
		package=$(find_package "$name") || exit 2
		package=${package#* }
		key=$(apt_version "$package")
		entry "$name" "$package-$key-$modules_key" make_debian "$package"
		choose "$name"
	fi
	print_guest qemu "$entry/kernel"
}

# make_own DIR: the modules for a kernel of the user's own.
make_own() {
	pick_modules "$1"
}

# prepare_own FILE: bzimage or vmlinux.
prepare_own() {
	[ -n "$1" ] || fail "$name: no file given"
	[ -s "$1" ] || fail "$name: no kernel $1"
	image=$(realpath "$1")
	if [ -n "${MODULES:-}" ]; then
		[ -d "$MODULES" ] || fail "$name: MODULES=$MODULES is no folder"
		source=$(realpath "$MODULES")
		entry "$name" "$(find "$source" -name '*.ko*' -printf '%p %s %T@\n' | hash)-$modules_key" \
			make_own "$source"
	else
		entry "$name" none make_own /dev/null
	fi
	case $name in
	vmlinux) print_guest qemu "$image" ;;
	bzimage) print_guest qemu "$image" ;;
	esac
}
