#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scaling.sh: what N writers and readers cost each other in guests of 2 and 4 processors; prints the
# tables, leaves out/bench/: scaling.json (schema 2), scaling-SMP.out (all a guest said, with the
# `lock` lines), scaling-SMP.log (its console).
#
#   BED=kvm|tcg  FILESYSTEMS='ramfs tmpfs scriptfs'  CALLS=16384
#
# What is counted is locks, in a kernel that does so (tools/build/kernel.sh lockstat): for 1000
# calls, how often a lock was taken, how often from another processor (a cache line that had to
# come from there), and how often somebody had to wait, with the names of the locks. The first
# differs between runs only by what waiting itself takes. The other two depend on who meets whom
# when, and so does what a lock that each thread has for itself shows there: next to nothing,
# whatever the machine does. With few CALLS threads hardly meet. Times, which mean something only where processors are
# real, are the cases writers-N-own ... of `scriptfs-bench run`.
. "$(dirname "$0")/guest.sh"

filesystems=$(chosen_filesystems ramfs tmpfs scriptfs)
calls=$(number CALLS 16384)

# measure SMP THREADS
measure()
{
	rm -f "$bench/scaling.json"
	boot "scaling-$1" -b "$bed" -m 1536 -s "$1" -t 600 \
		-a "guest.run=/guest/scaling/main guest.threads=$2" "$build" "$initramfs"
}

program=$("$top/tools/bench/build.sh")
step 'scaling stage' make_program_stage scaling filesystems="${filesystems// /,}" calls="$calls"
build=$("$top/tools/build/kernel.sh" lockstat)
initramfs=$("$top/qemu/initramfs.sh" -s lockstat "$out/stage/scaling")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
step "scaling, 2 processors ($bed)" measure 2 1,2
step "scaling, 4 processors ($bed)" measure 4 4
"$program" collect --json "$bench/scaling.json" "$bench/scaling-2.out" "$bench/scaling-4.out"
