#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Print the path of an untouched v5.10 kernel tree; the first time, get it.
#
# It is Debian's linux-source-5.10, of an older suite than the machine's own. apt fetches it from the
# mirror the machine uses already, and checks it against Debian's signatures, in a state directory of
# its own: the machine's package lists stay what they are. KERNEL_SRC=DIR takes another tree.
. "$(dirname "$0")/lib.sh"

if [ -n "${KERNEL_SRC:-}" ]; then
	[ -f "$KERNEL_SRC/mm/filemap.c" ] || die "KERNEL_SRC=$KERNEL_SRC is no kernel tree"
	grep -qx 'PATCHLEVEL = 10' "$KERNEL_SRC/Makefile" || die "KERNEL_SRC=$KERNEL_SRC is not v5.10"
	cd "$KERNEL_SRC"
	[ ! -e .config ] || die "KERNEL_SRC=$KERNEL_SRC was built in: 'make mrproper' there first"
	pwd -P
	exit
fi

src=$cache/source/src
lock source
if [ -d "$src" ]; then
	echo "$src"
	exit
fi

# site LISTS GREP-OPTION: the address of a configured suite whose name does (-e) or does not (-v) say
# "security", by the package lists in that directory.
site()
{
	# shellcheck disable=SC2016 # the $(...) are apt's
	apt-get -o Dir::State::lists="$1" indextargets --format '$(ORIGIN)|$(RELEASE)|$(SITE)' \
		'Identifier: Packages' | grep '^Debian|' | cut -d'|' -f2- |
		grep "$2" '^[^|]*security' | cut -d'|' -f2 | sort -u | head -n 1
}

fetch()
{
	local apt=$cache/apt lists=/var/lib/apt/lists main security
	local key=/usr/share/keyrings/debian-archive-keyring.gpg
	# The _apt user cannot enter a home directory. Check-Valid-Until: mirrors may have stopped
	# signing a suite this old anew.
	local apt_get=(apt-get -q -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)"
		-o Acquire::Languages=none -o APT::Update::Error-Mode=any
		-o Acquire::Check-Valid-Until=false)

	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/own/partial" "$apt/cache/archives/partial"
	main=$(site "$lists" -v) || :
	if [ -z "$main" ]; then
		echo "no package lists on this machine, fetching our own to learn its mirror"
		lists=$apt/own
		"${apt_get[@]}" -o Dir::State::lists="$lists" update
		main=$(site "$lists" -v)
	fi
	security=$(site "$lists" -e) || :

	echo "deb [signed-by=$key] $main bullseye main" >"$apt/sources.list"
	[ -z "$security" ] ||
		echo "deb [signed-by=$key] $security bullseye-security main" >>"$apt/sources.list"
	apt_get+=(-o Dir::State::lists="$apt/lists" -o Dir::Etc::sourcelist="$apt/sources.list"
		-o Dir::Etc::sourceparts=/dev/null)
	"${apt_get[@]}" update
	cd "$apt"
	"${apt_get[@]}" download linux-source-5.10
}

unpack()
{
	local tmp=$cache/source/tmp

	rm -rf "$tmp"
	mkdir -p "$tmp"
	dpkg-deb --fsys-tarfile "$cache"/apt/linux-source-5.10_*.deb |
		tar -xO ./usr/src/linux-source-5.10.tar.xz |
		tar -xJ -C "$tmp" --strip-components=1
	mv "$tmp" "$src"
	rm -rf "$cache/apt"
}

step 'source fetch' fetch
step 'source unpack' unpack
echo "$src"
