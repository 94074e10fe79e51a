#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh: count the instructions of the calls that matter, and compare them with those in
# baseline.json. Prints an "ok" or "not ok" line; ends with 1 when a case takes over TOLERANCE (2)
# percent more than it did.
#
#   check.sh        the check
#   check.sh -w     write baseline.json, when a change is meant (and commit it with that change)
#
# The guest's clock counts instructions, so the machine and what else it does are of no matter. Other
# compilers are: where this one is not the baseline's, differences say nothing.
. "$(dirname "$0")/../build/lib.sh"

cases='new-4K new-64K new-1M over-4K over-64K over-1M read-4K read-64K read-1M rndover-4K rndread-4K'
cases+=' unlink-big fallocate-1G append-100 copyrange-1M poems-32K-* poems-1K-* storm-creat'
baseline=$top/tools/bench/baseline.json
bench=$out/bench
tolerance=${TOLERANCE:-2}

# shellcheck disable=SC2317 # called by step
measure()
{
	KERNEL=base ROUNDS=1 CASES=$cases FILESYSTEMS='memcpy ramfs scriptfs' \
		"$top/tools/bench/icount.sh" >"$bench/check.samples"
	"$program" collect -q --json "$bench/check.json" "$bench/check.samples"
}

mkdir -p "$bench"
program=$("$top/tools/bench/build.sh")
step 'bench check' measure
if [ "${1:-}" = -w ]; then
	# which machine it was does not matter
	sed 's/"cpu": .*,/"cpu": "any",/; s/"cores": .*/"cores": 1/' "$bench/check.json" >"$baseline"
	say "==> ${baseline#"$top/"} is what was measured just now: git diff shows what that changes"
	exit
fi

rc=0
"$program" compare --check --tolerance "$tolerance" "$baseline" "$bench/check.json" \
	>"$bench/check.txt" || rc=$?
sed 's/^/# /' "$bench/check.txt"
if [ "$rc" -eq 0 ]; then
	echo "ok - bench-check # within $tolerance % of tools/bench/baseline.json"
else
	echo "not ok - bench-check # $bench/check.txt; if that is meant: make bench-baseline"
fi
exit "$rc"
