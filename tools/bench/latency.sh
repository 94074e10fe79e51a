#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# latency.sh: how long single fresh writes take in a guest, idle and while memory hogs make it swap;
# prints the tables, leaves out/bench/: latency.out (all the guest said, with the `latency` lines),
# latency.json (schema 2) and latency.log (its console).
#
#   BED=kvm|tcg|tcg-icount  FILESYSTEMS='ramfs tmpfs scriptfs'  RATE=1000  WRITES=5000  KERNEL=base
#
# Without KVM the bed is tcg-icount, and not tcg: a percentile of 1 in 1000 is made of the few calls
# that were disturbed, and under tcg most of those are disturbed by the host's other work. With
# icount the guest's clock counts instructions, so a stall of the host is not seen at all, and a
# call that reclaims or waits shows exactly what that took. The price is a single processor: the
# hogs run between the writes and not beside them, so waiting for a lock that another processor
# holds is not seen; and a hog that is in the kernel keeps the processor until it lets go of it,
# which shows in the "due" columns.
. "$(dirname "$0")/guest.sh"

variant=${KERNEL:-base}
filesystems=$(chosen_filesystems ramfs tmpfs scriptfs)
rate=$(number RATE 1000)
writes=$(number WRITES 5000)

make_stage()
{
	make_program_stage latency filesystems="${filesystems// /,}" rate="$rate" writes="$writes"
	make_ext4 "$out/stage/latency/ext4.img" 96M
}

measure()
{
	boot latency -b "$bed" -m 768 -s 2 -t 900 -a guest.run=/guest/latency/main \
		"$build" "$initramfs"
}

program=$("$top/tools/bench/build.sh")
step 'latency stage' make_stage
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" -s "$variant" "$out/stage/latency")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
[ -n "${BED:-}" ] || [ "$bed" = kvm ] || bed=tcg-icount
step "latency ($bed)" measure
"$program" collect --json "$bench/latency.json" "$bench/latency.out" >/dev/null
sed -n '/fresh writes of/,/^finished/{/^finished/!p}' "$bench/latency.out"
