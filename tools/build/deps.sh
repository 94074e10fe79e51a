#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh [NAME]: install the missing packages of tools/build/packages, and with NAME those of
# packages.NAME; silent when none is missing.
. "$(dirname "$0")/lib.sh"

mapfile -t wanted < <(sed 's/#.*//; /^[[:space:]]*$/d' "$top/tools/build/packages" ${1:+"$top/tools/build/packages.$1"})
mapfile -t missing < <(
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
		sed -n 's/^installed //p' | sort -u |
		comm -13 - <(printf '%s\n' "${wanted[@]}" | sort -u))
[ "${#missing[@]}" -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || die "not root and no sudo; install: ${missing[*]}"
	root=(sudo)
fi
install_missing()
{
	"${root[@]}" apt-get update
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends "${missing[@]}"
}
say "    installing: ${missing[*]}"
step deps install_missing
