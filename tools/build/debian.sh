#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# debian.sh 6.1|6.12|newest: print a directory with one of Debian's stock kernels, in the shape that
# kernel.sh leaves: the image is arch/x86/boot/bzImage, the modules are below mod/, and modules are built
# against it as against any build tree.
# debian.sh source-6.1|source-6.12: print the path of its source.
#
#   6.1, 6.12   of Debian 12 and its security updates
#   newest      of the backports of the release after it. Its tools want newer libraries than Debian 12
#               has, which are unpacked beside them; and it was made by a newer compiler.
#
# apt fetches the packages from the mirror that the machine uses, and checks Debian's signatures, in a
# state directory of its own: nothing is installed, and the machine's package lists stay as they are. Each
# version has a directory of its own. Once a week it looks for a newer one; without a network it takes what
# is there.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirror.sh"

kernel=${1:-}
metas=(linux-image-amd64 linux-headers-amd64) suites=(bookworm bookworm-security) others=()
case $kernel in
6.1) ;;
6.12) metas=(linux-image-6.12-amd64 linux-headers-6.12-amd64) ;;
newest)
	suites=(trixie trixie-backports)
	# libraries of kbuild's tools
	others=(libc6 libelf1t64 libssl3t64 libzstd1 zlib1g)
	;;
source-6.1 | source-6.12) metas=("linux-$kernel") others=("linux-$kernel") ;;
*) die "usage: debian.sh 6.1|6.12|newest|source-6.1|source-6.12" ;;
esac
home=$cache/debian/$kernel
apt=$home/apt tmp=$home/tmp

# Leave the packages in $apt/packages, and their version in $apt/version. If that version is here, there are
# no packages.
fetch()
{
	local main security suite site
	local key=/usr/share/keyrings/debian-archive-keyring.gpg
	# The _apt user cannot enter a home directory.
	local options=(-q -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)"
		-o Acquire::Languages=none -o APT::Update::Error-Mode=any)

	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/packages"
	find_mirror "$apt/own" apt-get "${options[@]}"
	for suite in "${suites[@]}"; do
		site=$main
		[[ $suite != *-security ]] || site=$security
		[ -z "$site" ] || echo "deb [signed-by=$key] $site $suite main"
	done >"$apt/sources.list"
	: >"$apt/status"
	options+=(-o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status"
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null)
	# apt takes nothing of backports by itself.
	[ "$kernel" != newest ] || options+=(-o APT::Default-Release="${suites[1]}")
	apt-get "${options[@]}" update

	apt-cache "${options[@]}" show --no-all-versions "${metas[-1]}" | sed -n 's/^Version: //p' >"$apt/version"
	[ -s "$apt/version" ] || { echo "error: the mirror has no ${metas[-1]}"; exit 1; }
	[ ! -d "$home/$(cat "$apt/version")" ] || return 0
	apt-cache "${options[@]}" depends --recurse --important "${metas[@]}" |
		grep -E '^linux-(image|base|binary|modules|headers|kbuild)-.*[0-9]' |
		grep -vxE -e "${metas[0]}|${metas[1]:-}|.*-unsigned" >"$apt/names" || :
	cd "$apt/packages"
	xargs apt-get "${options[@]}" download ${others[@]+"${others[@]}"} <"$apt/names"
}

unpack_source()
{
	mkdir -p "$tmp/src"
	dpkg-deb --fsys-tarfile "$apt"/packages/*.deb | tar -xO "./usr/src/linux-$kernel.tar.xz" |
		tar -xJ -C "$tmp/src" --strip-components=1
}

# unpack_kernel: and arrange it for the place that it gets
unpack_kernel()
{
	local deb release build place

	for deb in "$apt"/packages/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tmp" --exclude=./usr/share
	done
	place=$home/$(cat "$apt/version")
	build=$(find "$tmp/usr/src" -maxdepth 1 -name 'linux-headers-*-amd64')
	release=${build##*/linux-headers-}
	mkdir -p "$build/arch/x86/boot" "$build/mod/lib/modules"
	find "$tmp" -name 'vmlinuz*' -exec mv {} "$build/arch/x86/boot/bzImage" \;
	find "$tmp" -path "*/lib/modules/$release" -prune -exec mv -t "$build/mod/lib/modules" {} +
	rm -f "$build/mod/lib/modules/$release"/{build,source}
	/sbin/depmod -b "$build/mod" "$release"
	# The whole name, which the kernel has from elsewhere
	echo "$release" >"$build/include/config/kernel.release"

	sed -i "s|/usr/src/|$place&|" "$build/Makefile"
	# A module with BTF would need pahole, of the kernel's own version.
	rm -f "$build/vmlinux"
	if [ "$kernel" = newest ]; then
		lend_libraries "$tmp" "$place"
		older_compiler "$build"
	fi
}

# lend_libraries ROOT PLACE: make the tools of kbuild in ROOT run with the libraries beside them, in PLACE
lend_libraries()
{
	local file lib=$2/usr/lib/x86_64-linux-gnu

	find "$1"/usr/lib/linux-kbuild-* -type f -perm -100 | while read -r file; do
		[ "$(head -c 4 "$file" | tail -c 3)" = ELF ] || continue
		mv "$file" "$file.elf"
		cat >"$file" <<-END
			#!/bin/sh
			exec $lib/ld-linux-x86-64.so.2 --library-path $lib \\
				--argv0 "\$0" $2${file#"$1"}.elf "\$@"
		END
		chmod +x "$file"
	done
}

# older_compiler BUILD: have modules built by this machine's gcc; take out of the configuration what it
# does not know
older_compiler()
{
	sed -i 's/\(gcc\)-[0-9]*/\1/' "$1/.kernelvariables"
	sed -i -E '/CONFIG_CC_HAS_(MIN_FUNCTION_ALIGNMENT|ASSUME|NAMED_AS_FIXED_SANITIZERS)\b/d' \
		"$1/include/config/auto.conf" "$1/include/generated/autoconf.h"
}

# The version before this one stays: a guest may still run from it.
get()
{
	local version old

	fetch
	version=$(cat "$apt/version")
	old=$(cat "$home/current" 2>/dev/null) || :
	if [ ! -d "$home/$version" ]; then
		rm -rf "$tmp"
		mkdir -p "$tmp"
		case $kernel in
		source-*) unpack_source ;;
		*) unpack_kernel ;;
		esac
		find "$home" -mindepth 1 -maxdepth 1 -name '[0-9]*' ! -name "$old" -exec rm -rf {} +
		mv -T "$tmp" "$home/$version"
	fi
	rm -rf "$apt"
	echo "$version" >"$home/current"
}

mkdir -p "$home"
lock "debian-$kernel"
if [ ! -f "$home/current" ]; then
	step "kernel $kernel fetch" get
elif [ -n "$(find "$home/current" -mtime +7)" ]; then
	# Not in a condition, see step
	set +e
	(step -q "kernel $kernel fetch" get) 2>/dev/null
	rc=$?
	set -e
	[ "$rc" -eq 0 ] || say "    could not look for a newer kernel $kernel: taking $(cat "$home/current")"
	touch "$home/current"
fi
case $kernel in
source-*) echo "$home/$(cat "$home/current")/src" ;;
*) find "$home/$(cat "$home/current")/usr/src" -maxdepth 1 -name 'linux-headers-*-amd64' ;;
esac
