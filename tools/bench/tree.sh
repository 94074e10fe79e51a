#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tree.sh: trees of files in a guest: what copying, reading and removing them costs, and how much memory
# they hold. Prints the tables, leaves out/bench/: tree.json, tree.out (all the guest said), tree.log (its
# console).
#
#   BED=tcg-icount|kvm|tcg   ROUNDS=1   FILESYSTEMS='ramfs tmpfs tmpfs-huge scriptfs'
#   FILES=N                  in each tree; by default 64 MiB such as the kernel's source has
#   MEMORY=3072              MiB of the guest
#   KERNEL=base              tools/build/kernel.sh's name for it
#
# By default where the clock counts instructions, so one round is enough. The memory is the same on each.
. "$(dirname "$0")/guest.sh"

bed=${BED:-tcg-icount}
variant=${KERNEL:-base}
rounds=$(number ROUNDS 1)
memory=$(number MEMORY 3072)
files=${FILES:+$(number FILES 1)}
filesystems=$(FILESYSTEMS=${FILESYSTEMS:-ramfs tmpfs tmpfs-huge scriptfs} \
	chosen_filesystems ramfs tmpfs tmpfs-huge scriptfs scriptfs-page)

measure()
{
	boot tree -b "$bed" -m "$memory" -s 1 -t 3600 -a guest.run=/guest/user/main "$build" "$initramfs"
}

program=$("$top/tools/bench/build.sh")
step 'tree stage' make_program_stage user filesystems="${filesystems// /,}" cases='tree*' \
	rounds="$rounds" size=64M files="$files"
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" -s "$variant" "$out/stage/user")
step "trees of files ($bed)" measure
"$program" collect --json "$bench/tree.json" "$bench/tree.out"
