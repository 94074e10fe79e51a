#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# latency.sh: how long single fresh writes take in a guest, idle and while memory hogs make it swap;
# prints the tables, leaves out/bench/: latency.out (all the guest said, with the `latency` lines),
# latency.json (schema 2) and latency.log (its console).
#
#   BED=kvm|tcg|tcg-icount  FILESYSTEMS='ramfs,tmpfs,scriptfs'  RATE=1000  WRITES=5000  KERNEL=base
#
# Without KVM the bed is tcg-icount, and not tcg: a percentile of 1 in 1000 is made of the few calls
# that were disturbed, and under tcg most of those are disturbed by the host's other work. With
# icount the guest's clock counts instructions, so a stall of the host is not seen at all, and a
# call that reclaims or waits shows exactly what that took. The price is a single processor: the
# hogs run between the writes and not beside them, so waiting for a lock that another processor
# holds is not seen; and a hog that is in the kernel keeps the processor until it lets go of it,
# which shows in the "due" columns.
. "$(dirname "$0")/../build/lib.sh"

variant=${KERNEL:-base}
filesystems=${FILESYSTEMS:-ramfs,tmpfs,scriptfs}
rate=${RATE:-1000}
writes=${WRITES:-5000}
bench=$out/bench
stage=$out/stage/latency

make_stage()
{
	rm -rf "$stage"
	mkdir -p "$stage" "$bench"
	cp "$program" "$stage/scriptfs-bench"
	cp "$top/tools/bench/guest/latency" "$stage/main"
	printf "filesystems=%s\nrate=%s\nwrites=%s\n" "$filesystems" "$rate" "$writes" >"$stage/settings"
	truncate -s 96M "$stage/ext4.img"
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -b 4096 -J size=4 \
		-E lazy_itable_init=0,lazy_journal_init=0 "$stage/ext4.img"
	gzip -n "$stage/ext4.img"
}

measure()
{
	rm -f "$bench"/latency.*
	"$top/qemu/boot.sh" -b "$bed" -m 768 -s 2 -t 900 -a guest.run=/guest/latency/main \
		-o "$bench/latency.out" -l "$bench/latency.log" "$build" "$initramfs" || return
	tail -n 15 "$bench/latency.out"
	! grep -E 'Kernel panic|BUG:|Oops|WARNING:|Out of memory' "$bench/latency.log" || return
	grep -q '^finished$' "$bench/latency.out"
}

program=$("$top/tools/bench/build.sh")
step 'latency stage' make_stage
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" -s "$variant" "$stage")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
[ -n "${BED:-}" ] || [ "$bed" = kvm ] || bed=tcg-icount
step "latency ($bed)" measure
"$program" collect --json "$bench/latency.json" "$bench/latency.out" >/dev/null
sed -n '/fresh writes of/,/^finished/{/^finished/!p}' "$bench/latency.out"
