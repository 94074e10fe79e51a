#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# hookcost.sh [KERNEL KERNEL]: other file systems do not pay for the hook. Calls of 4 KiB and 1 MiB that
# write new, write over and read, on ramfs and ext4, must cost the same number of instructions on
# the two kernels (tools/build/kernel.sh's names; by default: stock, unpatched, and base, patched),
# to within TOLERANCE (0.1) percent. Prints an "ok" or "not ok" line each; ends with 1 if any is not ok.
#
# Both kernels run the same program in the same way in a guest whose clock counts instructions, and what
# counts is the cheapest of many short repetitions (see meter.c), so a kernel measured
# twice differs by nothing. `hookcost.sh stock stock` shows that.
. "$(dirname "$0")/../build/lib.sh"

tolerance=${TOLERANCE:-0.1}
kernels=("${1:-stock}" "${2:-base}")
stage=$out/stage/hookcost
logs=$out/hookcost
uuid=00000000-0000-4000-8000-000000000001	# so that the file system is the same each time

make_stage()
{
	rm -rf "$stage" "$logs"
	mkdir -p "$stage" "$logs"
	cp "$top/tools/bench/guest/hookcost" "$stage/main"
	gcc -O2 -Wall -Wextra -Werror -static -o "$stage/meter" "$top/tools/bench/meter.c"
	# made here, where mke2fs is, and small: unpacking it is slow under emulation
	truncate -s 16M "$stage/ext4.img"
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -b 4096 -J size=4 \
		-E lazy_itable_init=0,lazy_journal_init=0,hash_seed=$uuid -U "$uuid" "$stage/ext4.img"
	gzip -n "$stage/ext4.img"
}

# measure NAME BUILD INITRAMFS: one boot; its figures go to $logs/NAME.out
measure()
{
	"$top/qemu/boot.sh" -b tcg-icount -m 1024 -t 300 -a guest.run=/guest/hookcost/main \
		-o "$logs/$1.out" -l "$logs/$1.log" "$2" "$3" || return
	tail -n 15 "$logs/$1.out"
	! grep -E 'Kernel panic|BUG:|Oops|WARNING:' "$logs/$1.log" || return
	grep -q '^finished$' "$logs/$1.out"
}

step 'hook cost stage' make_stage
for i in 0 1; do
	kernel=${kernels[i]}
	build=$("$top/tools/build/kernel.sh" "$kernel")
	initramfs=$("$top/qemu/initramfs.sh" "$kernel" "$stage")
	step "hook cost $kernel" measure "$i-$kernel" "$build" "$initramfs"
done

# shellcheck disable=SC2016 # awk's own
awk -v tolerance="$tolerance" -v names="${kernels[*]}" '
$1 == "cost" {
	split("new over read", what)
	for (i = 1; i <= 3; i++) {
		name = "hookcost-" $2 "-" what[i] "-" $3
		if (FILENAME == ARGV[1])
			order[++n] = name
		value[name, FILENAME == ARGV[1]] = $(3 + i)
	}
}
END {
	split(names, kernel, " ")
	for (i = 1; i <= n; i++) {
		was = value[order[i], 1]
		is = value[order[i], 0]
		percent = was > 0 ? 100 * (is - was) / was : 0
		good = was > 0 && is > 0 && percent <= tolerance && percent >= -tolerance
		printf "%s - %s # %s %.2f, %s %.2f instructions a call, %+.3f %%\n",
			good ? "ok" : "not ok", order[i], kernel[1], was, kernel[2], is, percent
		bad += !good
	}
	exit bad > 0 || n != 12
}' "$logs/0-${kernels[0]}.out" "$logs/1-${kernels[1]}.out"
