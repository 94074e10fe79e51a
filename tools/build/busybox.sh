#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# busybox.sh ARCHITECTURE: print the path of Debian's static busybox for another architecture (arm64); get
# it the first time.
#
# apt fetches it from the mirror that the machine uses, and checks Debian's signatures, in a state
# directory of its own. Nothing is installed, and the machine's package lists stay as they are.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirror.sh"

architecture=${1:?usage: busybox.sh ARCHITECTURE}
home=$cache/busybox-$architecture

fetch()
{
	# shellcheck disable=SC2034 # set by find_mirror
	local apt=$home/apt main security suite
	local key=/usr/share/keyrings/debian-archive-keyring.gpg
	local apt_get=(apt-get -q -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)"
		-o Acquire::Languages=none -o APT::Update::Error-Mode=any)

	rm -rf "$home"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	find_mirror "$apt/own" "${apt_get[@]}"
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	echo "deb [signed-by=$key] $main $suite main" >"$apt/sources.list"
	: >"$apt/status"
	apt_get+=(-o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status"
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o APT::Architecture="$architecture" -o APT::Architectures::="$architecture")
	"${apt_get[@]}" update
	cd "$apt"
	"${apt_get[@]}" download "busybox-static:$architecture"
	dpkg-deb --fsys-tarfile busybox-static_*.deb | tar -xO ./bin/busybox >"$home/busybox.new"
	chmod +x "$home/busybox.new"
	rm -rf "$apt"
	mv "$home/busybox.new" "$home/busybox"
}

lock "busybox-$architecture"
[ -x "$home/busybox" ] || step "busybox $architecture" fetch
echo "$home/busybox"
