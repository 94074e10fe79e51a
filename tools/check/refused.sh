#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# refused.sh TREE: out of tree, scriptfs must not build for a kernel that it cannot work on, and say
# why. TREE is a kernel tree; the configurations are made up, and only the preprocessor runs.
. "$(dirname "$0")/../build/lib.sh"

tree=${1:?usage: refused.sh TREE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/generated"
lost=0

# expect REASON CONFIG...: with these and nothing else a build ends for that one reason, or for none
# if it is empty. A header that is not found ends the preprocessor too, but that is not what is asked.
expect()
{
	local want=$1 said

	shift
	printf '#define CONFIG_%s 1\n' "$@" >"$work/generated/autoconf.h"
	said=$(cpp -nostdinc -I "$work" -I "$tree/include" "$top/fs/scriptfs/compat.h" 2>&1 >/dev/null |
		sed -n 's/.*error: #error "scriptfs \(.*\)"$/\1/p') || :
	if [ "$(grep -c . <<<"$said")" -ne $((${#want} > 0)) ] || [[ $said != *"$want"* ]]; then
		echo "with $*: expected '$want', got '$said'"
		lost=1
	fi
}

expect '' MMU 64BIT XARRAY_MULTI X86_64
expect '' MMU 64BIT XARRAY_MULTI ARM64
expect CONFIG_MMU 64BIT XARRAY_MULTI ARM64
expect 64-bit MMU XARRAY_MULTI X86_64
expect CONFIG_XARRAY_MULTI MMU 64BIT X86_64
expect CONFIG_HARDENED_USERCOPY_PAGESPAN MMU 64BIT XARRAY_MULTI X86_64 HARDENED_USERCOPY_PAGESPAN
expect 'x86_64 and arm64' MMU 64BIT XARRAY_MULTI RISCV
exit "$lost"
