#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# refused.sh TREE: out of tree, a build of scriptfs for a kernel that it cannot work on must fail and say
# why. TREE is a kernel tree; the configurations are made up, and only the preprocessor runs.
. "$(dirname "$0")/../build/lib.sh"

tree=${1:?usage: refused.sh TREE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/generated"
lost=0

# expect REASON CONFIG...: with only these symbols set, the build fails for this reason alone, or for none
# if REASON is empty. A missing header stops the preprocessor too, but is no matter here.
expect()
{
	local want=$1 said

	shift
	printf '#define CONFIG_%s 1\n' "$@" >"$work/generated/autoconf.h"
	said=$(cpp -nostdinc -I "$work" -I "$tree/include" "$top/fs/scriptfs/compat/config.h" 2>&1 >/dev/null |
		sed -n 's/.*error: #error "scriptfs \(.*\)"$/\1/p') || :
	if [ "$(grep -c . <<<"$said")" -ne $((${#want} > 0)) ] || [[ $said != *"$want"* ]]; then
		echo "with $*: expected '$want', got '$said'"
		lost=1
	fi
}

expect '' MMU 64BIT XARRAY_MULTI FS_POSIX_ACL X86_64
expect '' MMU 64BIT XARRAY_MULTI FS_POSIX_ACL ARM64
expect CONFIG_MMU 64BIT XARRAY_MULTI FS_POSIX_ACL ARM64
expect 64-bit MMU XARRAY_MULTI FS_POSIX_ACL X86_64
expect CONFIG_XARRAY_MULTI MMU 64BIT FS_POSIX_ACL X86_64
expect CONFIG_FS_POSIX_ACL MMU 64BIT XARRAY_MULTI X86_64
expect CONFIG_HARDENED_USERCOPY_PAGESPAN MMU 64BIT XARRAY_MULTI FS_POSIX_ACL X86_64 HARDENED_USERCOPY_PAGESPAN
expect 'x86_64 and arm64' MMU 64BIT XARRAY_MULTI FS_POSIX_ACL RISCV
exit "$lost"
