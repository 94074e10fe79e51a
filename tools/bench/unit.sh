#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# unit.sh: the unit tests of what is written in C++, by CTest; one ok / not ok line for each.
. "$(dirname "$0")/../build/lib.sh"

build=$("$top/tools/bench/build.sh" -b)
log=$out/log/bench-unit.log
rc=0
ctest --test-dir "$build" -j"$jobs" --no-tests=error --output-on-failure >"$log" 2>&1 || rc=$?
# " 3/90 Test  #3: Suite.Name ......   Passed    0.01 sec"
sed -n 's/^ *[0-9]*\/[0-9]* Test  *#[0-9]*: \([^ ]*\) .* Passed .*/ok - bench-unit \1/p
	s/^ *[0-9]*\/[0-9]* Test  *#[0-9]*: \([^ ]*\) .*/not ok - bench-unit \1/p' "$log"
[ "$rc" -eq 0 ] || tail -n 40 "$log" | sed 's/^/# /'
exit "$rc"
