#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# bench.sh: measure on every bed that this machine has, and report: a table here, and out/bench/:
# results.json, report.html. A part that fails is named with its log, and the others are
# reported all the same; then the exit code is 1.
#
#   PARTS='uml icount fio tree user latency scaling'   what to do, by default all of it:
#       uml      in-kernel calls in a user-mode Linux: time, at this machine's speed
#       icount   in-kernel calls where the guest's clock counts instructions; one round, as each
#                would give the same
#       fio      fio and dd in a guest, which is what make run does
#       tree     trees of files, and the memory that they hold; where the clock counts instructions
#       user     scriptfs-bench's cases, by system calls; where KVM works
#       latency  single writes, idle and under memory pressure
#       scaling  which locks writers and readers share
#   KERNEL=6.1|6.12   on that stock kernel, and not our own v5.10: all parts but uml and scaling, which
#                need a kernel of ours
#   ROUNDS=5     of uml, fio and user
#   CASES=GLOBS  of uml and icount (tools/bench/kbench/cases)
. "$(dirname "$0")/../build/lib.sh"

all='uml icount fio tree user latency scaling'
[ "${KERNEL:-base}" = base ] || all='icount fio tree user latency'
parts=${PARTS:-$all}
cases=${CASES:-new-* over-* read-* rnd* unlink-big append-100 copyrange-1M fallocate-1G poems-* storm-* grow-*}
bench=$out/bench
times=$cache/bench-seconds
failed=0
child=

# run PART: what it prints goes to its log
run()
{
	case $1 in
	uml) CASES=${CASES:-$cases many-*} "$top/tools/bench/uml.sh" >"$bench/uml.samples" ;;
	icount) ROUNDS=1 DRIVERS=kernel CASES=$cases "$top/tools/bench/icount.sh" >"$bench/icount.samples" ;;
	fio) "$top/tools/bench/run.sh" && cp "$out/run/results.json" "$bench/fio.json" ;;
	tree) ROUNDS=1 "$top/tools/bench/tree.sh" ;;
	user) CASES='' "$top/tools/bench/user.sh" ;;
	latency) "$top/tools/bench/latency.sh" ;;
	scaling) "$top/tools/bench/scaling.sh" ;;
	esac
}

# seconds PART: how long it took last time, or a guess
seconds()
{
	awk -v part="$1" '$1 == part { n = $2 } END { print n ? n : 300 }' "$times"
}

# left PART...: minutes that these will take
left()
{
	local part sum=0

	for part; do
		sum=$((sum + $(seconds "$part")))
	done
	echo $(((sum + 59) / 60))
}

# shellcheck disable=SC2317 # both are called when this ends
# started_by PID: what it started, and what those did
started_by()
{
	local pid

	while read -r pid; do
		echo "$pid"
		started_by "$pid"
	done < <(sed -n "s/^\([0-9]*\) (.*) . $1 .*/\1/p" /proc/[0-9]*/stat 2>/dev/null)
}

# End the part that runs, if one does. Its guest does not end with the script that waits for it, and is
# in a process group of its own.
# shellcheck disable=SC2046,SC2317 # many words
end_part()
{
	[ -z "$child" ] || kill "$child" $(started_by "$child") 2>/dev/null || :
}

# follow PART REST...: say how far it is while it runs
follow()
{
	local part=$1 begin=$SECONDS usual after

	shift
	usual=$(seconds "$part")
	after=$(left "$@")
	while kill -0 "$child" 2>/dev/null; do
		[ ! -t 2 ] || printf '\r==> %s ... %d of about %d s, then %d min to go ' \
			"$part" $((SECONDS - begin)) "$usual" "$after" >&2
		sleep 1
	done
	[ ! -t 2 ] || printf '\r%70s\r' '' >&2
}

# measure PART REST...
measure()
{
	local part=$1 begin=$SECONDS log=$out/log/bench-$1.log

	(run "$part") >"$log" 2>&1 </dev/null &
	child=$!
	follow "$@"
	if wait "$child"; then
		echo "$part $((SECONDS - begin))" >>"$times"
		grep -h ' \.\.\. skipped: ' "$log" >&2 || :
		say "==> $part ... $((SECONDS - begin)) s"
	else
		failed=1
		say "==> $part ... FAILED after $((SECONDS - begin)) s, its last lines:"
		tail -n 8 "$log" | sed 's/^/  | /' >&2
		say "    the whole log: $log"
	fi
	child=
}

read -ra rest <<<"$parts"
for part in "${rest[@]}"; do
	[[ " $all " = *" $part "* ]] || die "PARTS=$part: allowed are $all"
done

rm -rf "$bench"
mkdir -p "$bench"
touch "$times"
program=$("$top/tools/bench/build.sh")
trap end_part EXIT
say "==> bench: $parts: about $(left "${rest[@]}") min"
while [ ${#rest[@]} -gt 0 ]; do
	measure "${rest[@]}"
	rest=("${rest[@]:1}")
done

mapfile -t found < <(find "$bench" -name '*.samples' -o -name 'fio.json' -o -name 'tree.json' \
	-o -name 'user.json' -o -name 'latency.json' -o -name 'scaling.json' | sort)
[ ${#found[@]} -gt 0 ] || die 'nothing was measured'
"$program" collect --json "$bench/results.json" "${found[@]}"
"$program" report "$bench/results.json" --html "$bench/report.html"
say "==> $bench/results.json, $bench/report.html"
exit "$failed"
