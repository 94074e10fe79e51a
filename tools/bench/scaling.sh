#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scaling.sh: what N writers and readers cost each other in guests of 2 and 4 processors; prints the
# tables, leaves out/bench/: scaling.json (schema 2), scaling-SMP.out (all a guest said, with the
# `lock` lines), scaling-SMP.log (its console).
#
#   BED=kvm|tcg  FILESYSTEMS='ramfs,tmpfs,scriptfs'  CALLS=16384
#
# What is counted is locks, in a kernel that does so (tools/build/kernel.sh lockstat): for 1000
# calls, how often a lock was taken, how often from another processor (a cache line that had to
# come from there), and how often somebody had to wait, with the names of the locks. The first
# differs between runs only by what waiting itself takes. The other two depend on who meets whom
# when, and so does what a lock that each thread has for itself shows there: next to nothing,
# whatever the machine does. With few CALLS threads hardly meet. Times, which mean something only where processors are
# real, are the cases writers-N-own ... of `scriptfs-bench run`.
. "$(dirname "$0")/../build/lib.sh"

filesystems=${FILESYSTEMS:-ramfs,tmpfs,scriptfs}
calls=${CALLS:-16384}
bench=$out/bench
stage=$out/stage/scaling

make_stage()
{
	rm -rf "$stage"
	mkdir -p "$stage" "$bench"
	cp "$program" "$stage/scriptfs-bench"
	cp "$top/tools/bench/guest/scaling" "$stage/main"
	printf "filesystems=%s\ncalls=%s\n" "$filesystems" "$calls" >"$stage/settings"
}

# measure SMP THREADS
measure()
{
	local said=$bench/scaling-$1

	rm -f "$said".*
	"$top/qemu/boot.sh" -b "$bed" -m 1536 -s "$1" -t 600 \
		-a "guest.run=/guest/scaling/main guest.threads=$2" \
		-o "$said.out" -l "$said.log" "$build" "$initramfs" || return
	tail -n 15 "$said.out"
	! grep -E 'Kernel panic|BUG:|Oops|WARNING:' "$said.log" || return
	grep -q '^finished$' "$said.out"
}

program=$("$top/tools/bench/build.sh")
step 'scaling stage' make_stage
build=$("$top/tools/build/kernel.sh" lockstat)
initramfs=$("$top/qemu/initramfs.sh" -s lockstat "$stage")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
step "scaling, 2 processors ($bed)" measure 2 1,2
step "scaling, 4 processors ($bed)" measure 4 4
"$program" collect --json "$bench/scaling.json" "$bench/scaling-2.out" "$bench/scaling-4.out"
