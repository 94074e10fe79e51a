#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# uml.sh: time of in-kernel calls into the file systems, in a user-mode Linux, which runs at the
# speed of this machine. Samples go to standard output, a table of medians to standard error.
# A sample is what the calls cost while nothing else had the processor: each stretch of 2 MiB or 20
# files counts as in the cheapest of three passes. Other users of the memory bus still show: look at
# how far the rounds are apart.
# The cases that end in -busy are the same beside programs that keep touching more memory than the caches
# hold, one for each processor, at the lowest priority. Before each pass they have all processors for a
# moment, so that it finds nothing of its own in any cache.
# Cases of 100000 files and more get a guest of their own with more memory (kbench.sh says how much), or
# are left out where that is more than half of what is free.
#
#   ROUNDS=5  CASES='new-* poems-*' (globs of the names in tools/bench/kbench/cases; default: all)
#   FILESYSTEMS='memcpy memcpy-nt ramfs tmpfs scriptfs scriptfs-page'
. "$(dirname "$0")/kbench.sh"

begin=$SECONDS
chosen=$(chosen_cases)
read -ra cases <<<"$chosen"
filesystems=$(chosen_filesystems memcpy memcpy-nt ramfs tmpfs scriptfs scriptfs-page)
logs=$out/uml
outputs=()
hogs=()
suffix='' pause=0
tree=$("$top/tools/build/tree.sh" scriptfs)
build=${tree%/src}/uml
module=${tree%/src}/kbench-uml

# make_root CASES: the guest's init and BusyBox are all the system it needs
make_root()
{
	local root=$out/stage/uml

	make_stage "$build/fs/scriptfs/scriptfs.ko" "$module" cases="${1// /,}" drivers=kernel file_size=$((256 << 20)) passes=3 \
		suffix="$suffix" pause="$pause"
	rm -rf "$root"
	mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,guest}
	cp /bin/busybox "$root/bin"
	ln -s busybox "$root/bin/sh"
	cp "$top/qemu/guest/init" "$root/init"
	cp -r "$out/stage/kbench" "$root/guest/kbench"
	(cd "$root" && find . -mindepth 1 | sort | cpio --quiet -o -H newc -R 0:0) >"$logs/initramfs"
}

# shellcheck disable=SC2317 # called by each_guest
run_guest()
{
	local output=$logs/guest-$1$suffix.out code=0

	step -q 'uml root' make_root "$2"
	timeout -k 10 3600 "$build/linux" mem="$1M" initrd="$logs/initramfs" con=null con0=null,fd:1 \
		panic=-1 guest.bed=uml guest.run=/guest/kbench/main </dev/null 2>&1 |
		tr -d '\r' >"$output" || code=$?
	[ "$code" -ne 124 ] || die "the time ran out (log: $output)"
	show_samples "$output" "$output"
	outputs+=("$output")
}

# shellcheck disable=SC2317 # called when this ends
end_hogs()
{
	[ ${#hogs[@]} -eq 0 ] || kill "${hogs[@]}" 2>/dev/null || :
	hogs=()
}

start_hogs()
{
	local i

	for ((i = jobs; i > 0; i--)); do
		nice -n 19 "$program" hog >/dev/null &
		hogs+=($!)
	done
}

# measure CASE...: in as many guests as they take
measure()
{
	[ $# -eq 0 ] || each_guest 4096 run_guest "$@"
}

mkdir -p "$build" "$logs"
lock "build-$(printf '%s' "$build" | sha256sum | cut -c1-12)"
step -q 'uml config' configure "$tree" "$build" um "$top/tools/bench/uml.config"
step -k "$build" 'kernel uml' kmake "$tree" "$build" um linux modules
step 'kbench module uml' build_module "$build" um "$module"
mapfile -t plain < <(printf '%s\n' "${cases[@]}" | sed '/-busy$/d')
mapfile -t busy < <(printf '%s\n' "${cases[@]}" | sed -n 's/-busy$//p')
measure "${plain[@]}"
if [ ${#busy[@]} -gt 0 ]; then
	suffix=-busy pause=100
	trap end_hogs EXIT
	start_hogs
	measure "${busy[@]}"
	end_hogs
fi
show_table "$begin" "${outputs[@]}"
