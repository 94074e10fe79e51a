#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# icount.sh: instructions of in-kernel calls into the file systems, in a guest whose clock counts
# instructions (any machine gives the same figures). Samples go to standard output, a table of
# medians less the memcpy limit of the same case to standard error.
#
#   ROUNDS=5  CASES='new-* poems-*' (globs of the names in tools/bench/kbench/cases; default: all)
#   DRIVERS='kernel kernel-user' (the calls' memory is the kernel's or a process's)
#   FILESYSTEMS='memcpy memcpy-nt ramfs tmpfs tmpfs-huge scriptfs scriptfs-page'
. "$(dirname "$0")/kbench.sh"

begin=$SECONDS
cases=$(chosen_cases)
filesystems=$(chosen_filesystems memcpy memcpy-nt ramfs tmpfs tmpfs-huge scriptfs scriptfs-page)
drivers=$(chosen_drivers)
logs=$out/icount
build=$("$top/tools/build/kernel.sh" base)
module=${build%/*}/kbench-base
step 'kbench module' build_module "$build" x86_64 "$module"
step -q 'kbench stage' make_stage "$out/stage/kbench" \
	"$build" "$module" bed=tcg-icount unit=instructions rounds="$rounds" \
	filesystems="$filesystems" \
	cases="$cases" drivers="$drivers" file_size=$((64 << 20)) passes=2
initramfs=$("$top/qemu/initramfs.sh" -s base "$out/stage/kbench")

rm -rf "$logs"
mkdir -p "$logs"
"$top/qemu/boot.sh" -b tcg-icount -m 3072 -t 3600 -a guest.run=/guest/kbench/main \
	-o "$logs/guest.out" -l "$logs/guest.log" "$build" "$initramfs"
show_samples "$logs/guest.out" "$logs/guest.log" "$begin" 1
