#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Remove what was built for this clone: out/, its kernel trees and its build of scriptfs-bench. The
# downloaded source, unpatched kernels beside it and the compiler cache serve every clone and stay.
. "$(dirname "$0")/lib.sh"

for clone in "$cache"/tree/*/clone "$cache"/bench/build-*/clone; do
	if [ -f "$clone" ] && [ "$(cat "$clone")" = "$top" ]; then
		rm -rf "${clone%/clone}"
	fi
done
rm -rf "$out"
