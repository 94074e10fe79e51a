#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# user.sh: scriptfs-bench's cases, by system calls, in a guest; leaves out/bench/user.json and
# user.log (its console). Needs KVM: under TCG times are the emulator's.
#
#   BED=kvm   ROUNDS=5   FILESYSTEMS='ramfs tmpfs tmpfs-huge scriptfs'   CASES='GLOB,...'   SIZE=256M
#   KERNEL=base   tools/build/kernel.sh's name for it
. "$(dirname "$0")/guest.sh"

variant=${KERNEL:-base}
rounds=$(number ROUNDS 5)
filesystems=$(FILESYSTEMS=${FILESYSTEMS:-ramfs tmpfs tmpfs-huge scriptfs} \
	chosen_filesystems ramfs tmpfs tmpfs-huge scriptfs scriptfs-page)
cases=${CASES:-*}
size=${SIZE:-256M}

measure()
{
	boot user -b "$bed" -m 4096 -s 2 -t 3600 -a guest.run=/guest/user/main "$build" "$initramfs"
}

program=$("$top/tools/bench/build.sh")
step 'user stage' make_program_stage user filesystems="${filesystems// /,}" cases="$cases" \
	rounds="$rounds" size="$size" files=
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" -s "$variant" "$out/stage/user")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
if [ "$bed" != kvm ] && [ -z "${BED:-}" ]; then
	say '==> scriptfs-bench in a guest ... skipped: no KVM here, and times under TCG say nothing'
	exit
fi
step "scriptfs-bench ($bed)" measure
"$program" collect --json "$bench/user.json" "$bench/user.out"
