#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# source-test.sh: source.sh finds the kernel in each of its origins, and refuses what is wrong; debian.sh
# gets a stock kernel, and a newer one when it is time. The mirror is a directory (file:) and the kernels
# have a few files, so it takes seconds and no network.
# shellcheck disable=SC2317 # what is called by check
. "$(dirname "$0")/../build/checks.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$work/mirror
sum=$(printf '0%.0s' {1..64})

# make_tree NAME PATCHLEVEL: make $work/NAME.tar.xz, whose Makefile has that name
make_tree()
{
	mkdir -p "$work/$1/mm"
	printf 'VERSION = 5\nPATCHLEVEL = %s\nEXTRAVERSION = %s\n' "$2" "$1" >"$work/$1/Makefile"
	: >"$work/$1/mm/filemap.c"
	tar -cJf "$work/$1.tar.xz" -C "$work" "$1"
}

# release SUITE: (re)write the Release file of what lies below it
release()
{
	cd "$mirror/dists/$1"
	{
		printf 'Origin: Debian\nSuite: %s\nCodename: %s\nComponents: main\n' "$1" "$1"
		printf 'Architectures: amd64\nDate: %s\nSHA256:\n' "$(date -Ru)"
		find main -type f | while read -r file; do
			echo " $(sha256sum <"$file" | cut -d' ' -f1) $(stat -c %s "$file") $file"
		done
	} >Release
}

# add_package SUITE NAME VERSION [DEPENDS]: with what is in $work/root, which is empty then
add_package()
{
	local dir=$mirror/dists/$1/main/binary-amd64 root=$work/root deb=$mirror/$1-$2-$3.deb

	mkdir -p "$dir" "$root/DEBIAN"
	printf '%s\n' "Package: $2" "Version: $3" 'Architecture: all' ${4:+"Depends: $4"} \
		'Maintainer: nobody <nobody@localhost>' 'Description: a test' >"$root/DEBIAN/control"
	dpkg-deb --build "$root" "$deb"
	{
		cat "$root/DEBIAN/control"
		echo "Filename: ${deb##*/}"
		echo "Size: $(stat -c %s "$deb")"
		echo "SHA256: $(sha256sum <"$deb" | cut -d' ' -f1)"
		echo
	} >>"$dir/Packages"
	rm -rf "$root"
	release "$1"
}

# add_suite SUITE NAME VERSION: with NAME.tar.xz in a package of that version
add_suite()
{
	mkdir -p "$work/root/usr/src"
	cp "$work/$2.tar.xz" "$work/root/usr/src/linux-source-5.10.tar.xz"
	add_package "$1" linux-source-5.10 "$3"
}

# add_kernel NAME VERSION: a stock kernel of that name among the security updates, as Debian packs them
add_kernel()
{
	local name=$1 src=$work/root/usr/src

	mkdir -p "$work/root/boot" "$work/root/lib/modules/$name-amd64/kernel"
	echo "image $name" >"$work/root/boot/vmlinuz-$name-amd64"
	add_package bookworm-security "linux-image-$name-amd64" "$2" kmod
	mkdir -p "$src/linux-headers-$name-amd64/include/config"
	echo "include /usr/src/linux-headers-$name-common/Makefile" >"$src/linux-headers-$name-amd64/Makefile"
	add_package bookworm-security "linux-headers-$name-amd64" "$2" \
		"linux-headers-$name-common (= $2), linux-kbuild-$name"
	mkdir -p "$src/linux-headers-$name-common"
	printf 'all:\n\t@echo made by %s\n' "$name" >"$src/linux-headers-$name-common/Makefile"
	add_package bookworm-security "linux-headers-$name-common" "$2"
	add_package bookworm-security "linux-kbuild-$name" "$2"
	add_package bookworm-security linux-image-6.12-amd64 "$2" "linux-image-$name-amd64 (= $2)"
	add_package bookworm-security linux-headers-6.12-amd64 "$2" "linux-headers-$name-amd64 (= $2)"
}

# A machine with its suite and the security one configured, package lists, and an apt that takes unsigned
# ones. The scripts are copies that take the tarball of this directory.
make_machine()
{
	mkdir -p "$work/clone/tools/build" "$work/lists/partial" "$work/apt.d"
	cp "$top"/tools/build/{lib,mirror,source,debian}.sh "$work/clone/tools/build"
	sed -i "s|^tarball_url=.*|tarball_url=file:$work/pinned.tar.xz|
		s|^tarball_sha256=.*|tarball_sha256=$(sha256sum <"$work/pinned.tar.xz" | cut -d' ' -f1)|" \
		"$work/clone/tools/build/source.sh"
	sed -i "s|/var/lib/apt/lists|$work/lists|" "$work/clone/tools/build/mirror.sh"
	printf 'deb file:%s %s main\n' "$mirror" bookworm "$mirror" bookworm-security >"$work/sources.list"
	cat >"$work/apt.conf" <<-END
		Dir::Etc::sourcelist "$work/sources.list";
		Dir::Etc::sourceparts "$work/apt.d";
		Dir::Etc::parts "$work/apt.d";
		Acquire::AllowInsecureRepositories "true";
		APT::Get::AllowUnauthenticated "true";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
	END
	add_suite bookworm old 1
	add_suite bookworm-security old 1
	APT_CONFIG=$work/apt.conf apt-get -o Dir::State::lists="$work/lists" update
}

# get CACHE [NAME=VALUE...]: the path that source.sh prints
get()
{
	local home=$work/cache-$1

	shift
	env -u KERNEL_SRC -u KERNEL_URL -u KERNEL_SHA256 "$@" APT_CONFIG="$work/apt.conf" \
		XDG_CACHE_HOME="$home" "$work/clone/tools/build/source.sh"
}

# gets NAME: debian.sh prints a directory with the kernel of that name, whose headers are where they say
gets()
{
	local build

	build=$(APT_CONFIG="$work/apt.conf" XDG_CACHE_HOME="$work/cache-debian" \
		"$work/clone/tools/build/debian.sh" 6.12)
	grep -x "image $1" "$build/arch/x86/boot/bzImage"
	grep -x "$1-amd64" "$build/include/config/kernel.release"
	[ -e "$build/mod/lib/modules/$1-amd64/modules.dep" ]
	make -C "$build" | grep -x "made by $1"
}

# later COMMAND...: run it as if the kernel had been got long ago
later()
{
	touch -d '8 days ago' "$work/cache-debian/scriptfs/debian/6.12/current"
	"$@"
}

# is NAME CACHE [NAME=VALUE...]: source.sh prints the tree of that name, twice, and leaves nothing else
is()
{
	local name=$1 tree

	shift
	tree=$(get "$@")
	grep -x "EXTRAVERSION = $name" "$tree/Makefile"
	[ "$(get "$@")" = "$tree" ]
	[ ! -e "$work/cache-$1/scriptfs/apt" ]
}

# refuses WORDS CACHE [NAME=VALUE...]: source.sh fails with that message
refuses()
{
	local words=$1 said

	shift
	if said=$(get "$@" 2>&1); then
		echo "went through: $said"
		return 1
	fi
	grep -F -- "$words" <<<"$said"
}

# with SUITES COMMAND...: run it with only these suites of the old release on the mirror
with()
{
	local suite

	rm -rf "$mirror"/dists/bullseye*
	for suite in $1; do
		add_suite "${suite%=*}" "${suite#*=}" "${version[${suite#*=}]}"
	done
	shift
	"$@"
}

declare -A version=([old]=5.10.200-1 [new]=5.10.201-1)
make_tree old 10
make_tree new 10
make_tree pinned 10
make_tree other 10
make_tree wrong 11
checksum=$(sha256sum <"$work/other.tar.xz" | cut -d' ' -f1)
both='bullseye=old bullseye-security=new'
url=file://$work/other.tar.xz

check 'source a mirror in a directory' make_machine
check 'source both suites, the newer one' with "$both" is new both
check 'source without the security suite' with bullseye=old is old main
check 'source with the security suite alone' with bullseye-security=new is new security
check 'source without either, the tarball' with '' is pinned neither
check 'source KERNEL_URL' with "$both" is other url KERNEL_URL="$url" KERNEL_SHA256="$checksum"
check 'source KERNEL_URL beside the usual one' with "$both" is new url
check 'source KERNEL_URL, wrong checksum' refuses 'did NOT match' bad \
	KERNEL_URL="$url" KERNEL_SHA256="$sum"
check 'source KERNEL_URL, no checksum' refuses 'KERNEL_SHA256=' bad KERNEL_URL="$url"
check 'source KERNEL_URL, another kernel' refuses 'is not v5.10' bad \
	KERNEL_URL="file:$work/wrong.tar.xz" \
	KERNEL_SHA256="$(sha256sum <"$work/wrong.tar.xz" | cut -d' ' -f1)"
check 'source KERNEL_SRC' is other src KERNEL_SRC="$work/other"
check 'source KERNEL_SRC, another kernel' refuses 'is not v5.10' src KERNEL_SRC="$work/wrong"
check 'source stock kernel, a mirror' add_kernel 6.12.1+x 6.12.1-1
check 'source stock kernel' gets 6.12.1+x
check 'source stock kernel, a newer one' add_kernel 6.12.2+x 6.12.2-1
check 'source stock kernel, not looked for each time' gets 6.12.1+x
check 'source stock kernel, looked for now and then' later gets 6.12.2+x
check 'source stock kernel, no mirror' mv "$mirror" "$mirror.gone"
check 'source stock kernel, without a mirror' later gets 6.12.2+x
exit "$failed"
