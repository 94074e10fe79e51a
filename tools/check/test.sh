#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# test.sh: run every check, and end with the line "N passed, N failed".
# test.sh guest VARIANT block|page [NAME...]: run these guest tests only. "Every check" leaves out kcsan,
# which needs one more kernel, arm64, which needs more packages, and what takes too long: the other path of
# 6.1 and 6.12, their debug kernels, and tests that qemu/test.sh says have been run elsewhere.
#
# Each part is a script that prints ok / not ok lines. This one counts them, and the processor time that
# each part and each kernel took.
. "$(dirname "$0")/../build/lib.sh"

begin=$SECONDS
mkdir -p "$out/test"
results=$(mktemp) cpu=$(mktemp)
trap 'rm -f "$results" "$cpu"' EXIT

# timed NAME COMMAND...: run it, and note "NAME user system", in seconds. In a shell of its own, because a
# part that ends in the background meanwhile would be counted again.
timed()
(
	TIMEFORMAT="$1 %U %S"
	shift
	{ time "$@" 2>&3; } 3>&2 2>>"$cpu"
)

# logged LOG COMMAND...
logged()
{
	local log=$1

	shift
	"$@" </dev/null 2>&1 | tee "$log"
}

# part NAME COMMAND...
part()
{
	local name=$1 start=$SECONDS rc=0 log=$out/test/$1.log

	shift
	echo "# ---- $name"
	timed "$name" logged "$log" "$@" || rc=$?
	grep -aE '^(not )?ok ' "$log" >>"$results" || rc="$rc, no result at all"
	if [ "$rc" != 0 ] && ! grep -aq '^not ok ' "$log"; then
		echo "not ok - $name: exit code $rc; see $log" | tee -a "$results"
	fi
	echo "# ---- $name: $((SECONDS - start)) s"
}

# ended: wait until one of those in running has ended, and show what it printed
ended()
{
	local pid

	wait -n -p pid "${!running[@]}" || :
	cat "$out/test/${running[$pid]}.out"
	unset "running[$pid]"
}

# two_at_a_time: run the parts of a list, NAME SCRIPT ARGUMENT... in each line, in its order and two at any
# time, as most guests keep one processor busy.
two_at_a_time()
{
	local line
	local -A running=()	# name of a part, by its process

	while read -r -a line; do
		[ "${#running[@]}" -lt 2 ] || ended
		part "${line[0]}" "$top/${line[1]}" "${line[@]:2}" >"$out/test/${line[0]}.out" </dev/null &
		running[$!]=${line[0]}
	done
	while [ "${#running[@]}" -gt 0 ]; do
		ended
	done
}

finish()
{
	local failed skipped

	failed=$(grep -c '^not ok ' "$results" || :)
	skipped=$(grep -c '^ok .*# SKIP' "$results" || :)
	echo
	awk '
	{
		printf "%s%s %.1f", (NR > 1) ? ", " : "# processor minutes: ", $1, ($2 + $3) / 60
		all += $2 + $3
	}
	END {
		printf ", all %.1f\n", all / 60
	}' "$cpu"
	grep -E '^not ok |^ok .*# SKIP' "$results" || :
	echo "# $((SECONDS - begin)) s, $skipped skipped, logs in $out/test and $out/log"
	echo "$(($(wc -l <"$results") - failed - skipped)) passed, $failed failed"
	[ "$failed" -eq 0 ]
}

if [ "${1:-}" = guest ]; then
	shift
	part "guest-$1-$2${3:+-$3}" "$top/qemu/test.sh" "$@"
	finish
	exit
fi

# Our own kernels are built one after the other, beside the parts; a part waits for the kernel it needs.
"$top/tools/build/tree.sh" scriptfs >/dev/null
kernels()
{
	local kernel

	for kernel in base debug unhooked atomic; do
		timed "kernel-$kernel" "$top/tools/build/kernel.sh" "$kernel" || :
	done
}
set -m	# a process group of its own
kernels >"$out/log/kernels.log" 2>&1 </dev/null &
kernels=$!
set +m
trap 'rm -f "$results" "$cpu"; kill -- "-$kernels" 2>/dev/null || :' EXIT

part source "$top/tools/check/source-test.sh"
part style "$top/tools/check/style.sh"
part kunit "$top/tools/check/kunit.sh"
part bench-unit "$top/tools/bench/unit.sh"
part modules "$top/tools/check/modules.sh"
# The longest first, so that at the end neither of two has to wait long for the other. Of the stock kernels
# each has one path, so that both kernels and both paths are seen in the time there is.
two_at_a_time <<END
guest-base-block	qemu/test.sh base block
guest-base-page		qemu/test.sh base page
guest-debug-block	qemu/test.sh debug block
guest-debug-page	qemu/test.sh debug page
guest-6.12-block	qemu/test.sh 6.12 block
guest-6.1-page		qemu/test.sh 6.1 page
guest-atomic-block	qemu/test.sh atomic block
upstream		tools/check/upstream.sh
hookcost		tools/check/hookcost.sh
bench-check		tools/bench/check.sh
END
finish
