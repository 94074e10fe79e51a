#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# unit.sh: the unit tests of scriptfs-bench; one ok / not ok line for each.
# shellcheck source-path=SCRIPTDIR/../build
. "$(dirname "$0")/../build/checks.sh"

build=$("$top/tools/bench/build.sh" -b)
while read -r name; do
	check "bench-unit $name" "$build/bench-tests" --gtest_brief=1 --gtest_filter="$name"
done < <("$build/bench-tests" --gtest_list_tests |
	awk '/^[^ ]/ { suite = $1 } /^ / { print suite $1 }' | grep '\.')
exit "$failed"
