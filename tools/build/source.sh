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

# The address of a configured suite whose name does (or does not) say "security".
site()
{
	# shellcheck disable=SC2016 # the $(...) are apt's
	apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(SITE)' 'Identifier: Packages' |
		grep "$@" -E '^Debian\|[^|]*security' | sed -n 's/^Debian|[^|]*|//p' | sort -u | head -n 1
}

fetch()
{
	local apt=$cache/apt main security
	local key=/usr/share/keyrings/debian-archive-keyring.gpg

	main=$(site -v)
	security=$(site)
	[ -n "$main" ] || { echo "error: apt has no Debian mirror configured"; return 1; }
	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb [signed-by=$key] $main bullseye main" >"$apt/sources.list"
	[ -z "$security" ] ||
		echo "deb [signed-by=$key] $security bullseye-security main" >>"$apt/sources.list"

	# A suite this old is no longer signed anew everywhere, hence Check-Valid-Until; the _apt user
	# cannot enter a home directory, hence the sandbox user.
	local apt_get=(apt-get -q -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache"
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
		-o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any)
	"${apt_get[@]}" update &&
		cd "$apt" && "${apt_get[@]}" download linux-source-5.10
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
