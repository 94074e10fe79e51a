#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# hookcost.sh [KERNEL KERNEL]: other file systems do not pay for the hook. Calls of 4 KiB and 1 MiB that
# write new, write over and read, on ramfs and ext4, must cost the same number of instructions on
# the two kernels (tools/build/kernel.sh's names; by default: unhooked and base), to within TOLERANCE (0.1)
# percent. Prints an "ok" or "not ok" line each; ends with 1 if any is not ok.
#
# unhooked has the patched headers: a member of address_space_operations, and inline functions that only
# the hook calls. All objects of ramfs, ext4 and the page cache have the same instructions as in the stock
# kernel, but for offsets; `hookcost.sh stock unhooked` counts them, for the price of one more kernel.
#
# Both kernels run the same program in the same way in a guest whose clock counts instructions, and what
# counts is the cheapest of many short repetitions (see tools/bench/src/calls.cc), so a kernel measured
# twice differs by nothing. `hookcost.sh base base` shows that.
. "$(dirname "$0")/../bench/guest.sh"

tolerance=${TOLERANCE:-0.1}
kernels=("${1:-unhooked}" "${2:-base}")
stage=$out/stage/hookcost
bench=$out/hookcost

make_stage()
{
	rm -rf "$bench"
	make_program_stage hookcost
	make_ext4 "$stage/ext4.img" 16M	# small: unpacking it is slow under emulation
}

# shellcheck disable=SC2034 # of make_program_stage
program=$("$top/tools/bench/build.sh")
step 'hook cost stage' make_stage
for i in 0 1; do
	kernel=${kernels[i]}
	build=$("$top/tools/build/kernel.sh" "$kernel")
	initramfs=$("$top/qemu/initramfs.sh" "$kernel" "$stage")
	step "hook cost $kernel" boot "$i-$kernel" -b tcg-icount -m 1024 -t 300 \
		-a guest.run=/guest/hookcost/main "$build" "$initramfs"
done

# shellcheck disable=SC2016 # awk's own
awk -v tolerance="$tolerance" -v names="${kernels[*]}" '
$1 == "cost" {
	name = "hookcost-" $2 "-" $3
	if (FILENAME == ARGV[1])
		order[++n] = name
	value[name, FILENAME == ARGV[1]] = $4
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
}' "$bench/0-${kernels[0]}.out" "$bench/1-${kernels[1]}.out"
