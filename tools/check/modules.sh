#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# modules.sh: the module compiles for each of Debian's stock kernels without a warning, and all that it
# wants of them is exported; one ok / not ok line for each. The guest tests run it on 6.1 and 6.12.
# shellcheck disable=SC2317 # what is called by check
. "$(dirname "$0")/../build/checks.sh"

# compiles KERNEL: anew, or there would be no warnings to see
compiles()
{
	rm -rf "$out/module-$1"
	"$top/tools/build/module.sh" "$1"
	! grep -E '^(.*: )?warning: |^WARNING: ' "$out/log/module-$1.log" | grep -v 'pahole version'
}

for kernel in 6.1 6.12 newest; do
	check "module $kernel" compiles "$kernel"
done
exit "$failed"
