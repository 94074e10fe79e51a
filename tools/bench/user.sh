#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# user.sh: scriptfs-bench's cases, by system calls, in a guest; leaves out/bench/user.json and
# user.log (its console). Needs KVM: under TCG times are the emulator's.
#
#   BED=kvm   ROUNDS=5   FILESYSTEMS='ramfs,tmpfs,tmpfs-huge,scriptfs'   CASES='GLOB,...'   SIZE=256M
. "$(dirname "$0")/../build/lib.sh"

rounds=${ROUNDS:-5}
filesystems=${FILESYSTEMS:-ramfs,tmpfs,tmpfs-huge,scriptfs}
cases=${CASES:-*}
size=${SIZE:-256M}
bench=$out/bench
stage=$out/stage/user

make_stage()
{
	rm -rf "$stage"
	mkdir -p "$stage" "$bench"
	cp "$program" "$stage/scriptfs-bench"
	cp "$top/tools/bench/guest/user" "$stage/main"
	printf "filesystems='%s'\ncases='%s'\nrounds=%s\nsize=%s\n" "$filesystems" "$cases" "$rounds" \
		"$size" >"$stage/settings"
}

measure()
{
	rm -f "$bench"/user.*
	"$top/qemu/boot.sh" -b "$bed" -m 4096 -s 2 -t 3600 -a guest.run=/guest/user/main \
		-o "$bench/user.out" -l "$bench/user.log" "$build" "$initramfs" || return
	tail -n 15 "$bench/user.out"
	! grep -E 'Kernel panic|BUG:|Oops|WARNING:' "$bench/user.log" || return
	grep -q '^finished$' "$bench/user.out"
}

program=$("$top/tools/bench/build.sh")
step 'user stage' make_stage
build=$("$top/tools/build/kernel.sh" base)
initramfs=$("$top/qemu/initramfs.sh" -s base "$stage")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
if [ "$bed" != kvm ] && [ -z "${BED:-}" ]; then
	say '==> scriptfs-bench in a guest ... skipped: no KVM here, and times under TCG say nothing'
	exit
fi
step "scriptfs-bench ($bed)" measure
"$program" collect --json "$bench/user.json" "$bench/user.out"
