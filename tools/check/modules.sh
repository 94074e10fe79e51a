#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# modules.sh: the module compiles for each of Debian's stock kernels without a warning, and all that it
# wants of them is exported; one ok / not ok line for each. The guest tests run it on 6.1 and 6.12.
# shellcheck disable=SC2317 # what is called by check
. "$(dirname "$0")/../build/checks.sh"

# compiles KERNEL: anew, or there would be no warnings to see
compiles()
{
	local kernel module

	kernel=$("$top/tools/build/kernel.sh" "$1")
	module=$out/check-module-$1
	rm -rf "$module"
	mkdir -p "$module"
	cp -r "$top"/{Kbuild,fs,mm,include} "$module"
	nice make -C "$kernel" M="$module" CONFIG_SCRIPTFS_FS=m -j"$jobs" modules 2>&1 | tee "$module/log"
	[ -s "$module/fs/scriptfs/scriptfs.ko" ]
	! grep -E '^(.*: )?warning: |WARNING: modpost' "$module/log" | grep -v 'pahole version'
}

for kernel in 6.1 6.12 newest; do
	check "module $kernel" compiles "$kernel"
done
exit "$failed"
