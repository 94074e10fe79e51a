#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# icount.sh: instructions of in-kernel calls into the file systems, in a guest whose clock counts
# instructions (any machine gives the same figures). Samples go to standard output, tables of
# medians, and of them less the memcpy limit of the same case, to standard error.
# Cases of 100000 files and more get a guest of their own with more memory (kbench.sh says how much), or
# are left out where that is more than half of what is free.
#
#   ROUNDS=5  CASES='new-* poems-*' (globs of the names in tools/bench/kbench/cases; default: all)
#   DRIVERS='kernel kernel-user' (the calls' memory is the kernel's or a process's)
#   FILESYSTEMS='memcpy memcpy-nt ramfs tmpfs tmpfs-huge scriptfs scriptfs-page'
#   KERNEL=base|6.1|6.12
. "$(dirname "$0")/kbench.sh"

# shellcheck disable=SC2317 # called by each_guest
run_guest()
{
	local initramfs output=$logs/guest-$1.out console=$logs/guest-$1.log

	step -q 'kbench stage' make_stage "$scriptfs" "$module" cases="${2// /,}" \
		drivers="${drivers// /,}" file_size=$((64 << 20)) passes=2
	initramfs=$("$top/qemu/initramfs.sh" -s "$variant" "$out/stage/kbench")
	"$top/qemu/boot.sh" -b tcg-icount -m "$1" -t 3600 -a guest.run=/guest/kbench/main \
		-o "$output" -l "$console" "$build" "$initramfs"
	show_samples "$output" "$console"
	outputs+=("$output")
}

begin=$SECONDS
chosen=$(chosen_cases)
# Nothing else on the machine changes a count.
mapfile -t cases < <(tr ' ' '\n' <<<"$chosen" | sed '/-busy$/d')
[ ${#cases[@]} -gt 0 ] || die "CASES=$CASES: allowed are such that do not end in -busy, which are for uml.sh"
filesystems=$(chosen_filesystems memcpy memcpy-nt ramfs tmpfs tmpfs-huge scriptfs scriptfs-page)
drivers=$(chosen_drivers)
logs=$out/icount
outputs=()
variant=${KERNEL:-base}
build=$("$top/tools/build/kernel.sh" "$variant")
case $variant in
base) scriptfs=$build/fs/scriptfs/scriptfs.ko module=${build%/*}/kbench-base ;;
6.1 | 6.12) scriptfs=$("$top/tools/build/module.sh" "$variant") module=$out/kbench-$variant ;;
*) die "KERNEL=$variant: kbench is written for base, 6.1 and 6.12" ;;
esac
step 'kbench module' build_module "$build" x86_64 "$module"
rm -rf "$logs"
mkdir -p "$logs"
each_guest 3072 run_guest "${cases[@]}"
show_table "$begin" "${outputs[@]}"
