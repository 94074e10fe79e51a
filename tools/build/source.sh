#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Print the path of an untouched v5.10 kernel tree; the first time, get it from the first of these
# that has it:
#
#   Debian's linux-source-5.10, of an older release than the machine's: from whichever of its two suites
#   (the release and its security updates) the mirror still has. apt fetches it from the mirror that the
#   machine uses, and checks Debian's signatures, in a state directory of its own: the machine's package
#   lists stay as they are.
#
#   kernel.org's tarball of v5.10.252, with the checksum of kernel.org's signed list, which other
#   distributions pin too.
#
# KERNEL_URL=URL KERNEL_SHA256=SUM takes only that tarball of v5.10.y; file: works as http: and https: do.
# KERNEL_SRC=DIR takes a tree that exists.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirror.sh"

tarball_url=https://cdn.kernel.org/pub/linux/kernel/v5.x/linux-5.10.252.tar.xz
tarball_sha256=34b3fbe2c9eeb767fc7eea4b9516e0dd44b79401ceb13e41713096b8eb270afb

# is_v5_10 DIR
is_v5_10()
{
	[ -f "$1/mm/filemap.c" ] && grep -qx 'VERSION = 5' "$1/Makefile" &&
		grep -qx 'PATCHLEVEL = 10' "$1/Makefile"
}

if [ -n "${KERNEL_SRC:-}" ]; then
	is_v5_10 "$KERNEL_SRC" || die "KERNEL_SRC=$KERNEL_SRC is not v5.10"
	cd "$KERNEL_SRC"
	[ ! -e .config ] || die "KERNEL_SRC=$KERNEL_SRC was built in: 'make mrproper' there first"
	pwd -P
	exit
fi

home=$cache/source
if [ -n "${KERNEL_URL:-}" ]; then
	if [ "$KERNEL_URL" != "$tarball_url" ]; then
		[[ ${KERNEL_SHA256:-} =~ ^[0-9a-f]{64}$ ]] ||
			die "KERNEL_URL=$KERNEL_URL: KERNEL_SHA256= must say the checksum of that file"
		tarball_url=$KERNEL_URL tarball_sha256=$KERNEL_SHA256
	fi
	# Not to be mistaken for the usual one.
	home=$cache/source-${tarball_sha256:0:12}
fi
src=$home/src
lock source
if [ -d "$src" ]; then
	echo "$src"
	exit
fi

apt=$cache/apt tmp=$home/tmp

# Leave the package in $apt.
fetch_debian()
{
	local suite site main security
	local key=/usr/share/keyrings/debian-archive-keyring.gpg
	# The _apt user cannot enter a home directory. Check-Valid-Until: a suite this old may no longer
	# be signed anew.
	local apt_get=(apt-get -q -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)"
		-o Acquire::Languages=none -o APT::Update::Error-Mode=any
		-o Acquire::Check-Valid-Until=false)

	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	find_mirror "$apt/own" "${apt_get[@]}"
	apt_get+=(-o Dir::State::lists="$apt/lists" -o Dir::Etc::sourceparts=/dev/null
		-o APT::Get::List-Cleanup=false)
	for suite in bullseye bullseye-security; do
		site=$main
		[ $suite = bullseye ] || site=$security
		[ -n "$site" ] || continue
		echo "deb [signed-by=$key] $site $suite main" >"$apt/$suite.list"
		if "${apt_get[@]}" -o Dir::Etc::sourcelist="$apt/$suite.list" update; then
			cat "$apt/$suite.list" >>"$apt/sources.list"
		else
			echo "the mirror has no $suite"
		fi
	done
	[ -s "$apt/sources.list" ] || return 1
	cd "$apt"
	"${apt_get[@]}" -o Dir::Etc::sourcelist="$apt/sources.list" download linux-source-5.10
}

# Leave the tarball in $apt. apt's helper knows about proxies.
fetch_tarball()
{
	mkdir -p "$apt"
	case $tarball_url in
	file:*) cp "/${tarball_url#file:}" "$apt/linux.tar" ;;
	*) /usr/lib/apt/apt-helper -o APT::Sandbox::User="$(id -un)" \
		download-file "$tarball_url" "$apt/linux.tar" ;;
	esac
	sha256sum -c <<<"$tarball_sha256  $apt/linux.tar"
}

fetch()
{
	local rc

	rm -rf "$apt"
	if [ -z "${KERNEL_URL:-}" ]; then
		# Not in a condition, where a function would go on after an error
		set +e
		(set -e; fetch_debian)
		rc=$?
		set -e
		[ "$rc" -ne 0 ] || return 0
		echo "no linux-source-5.10 from Debian, trying $tarball_url"
	fi
	fetch_tarball
}

unpack()
{
	rm -rf "$tmp"
	mkdir -p "$tmp"
	if [ -f "$apt/linux.tar" ]; then
		tar -xf "$apt/linux.tar" -C "$tmp" --strip-components=1
	else
		dpkg-deb --fsys-tarfile "$apt"/linux-source-5.10_*.deb |
			tar -xO ./usr/src/linux-source-5.10.tar.xz |
			tar -xJ -C "$tmp" --strip-components=1
	fi
	is_v5_10 "$tmp" || { echo "error: what was fetched is not v5.10"; exit 1; }
	mv "$tmp" "$src"
	rm -rf "$apt"
}

step 'source fetch' fetch
[ ! -f "$apt/linux.tar" ] || say "    kernel source: ${tarball_url##*/}"
step 'source unpack' unpack
echo "$src"
