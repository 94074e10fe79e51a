#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# real.sh: how much memory a real tree holds, put there by real programs, beside tmpfs: the kernel's source
# by cp, tar, rsync and git, and a kernel built from it in place. In a user-mode Linux that has this
# machine's programs and sees its files, without writing to any. Prints a table of bytes used by df at the
# peak, in the end, and after the tree was removed; fails if that is not nothing. Leaves out/real/.
#
#   WAYS='cp tar rsync git build'   FILESYSTEMS='tmpfs scriptfs'
#   OPTIONS=poem=256M,large=512M,size=4G     of the mount of scriptfs
#   TREE=DIR    another tree than the kernel's source; it cannot be built
#
# Takes some ten minutes a way, and 6 GiB of memory.
. "$(dirname "$0")/kbench.sh"

filesystems=$(FILESYSTEMS=${FILESYSTEMS:-tmpfs scriptfs} chosen_filesystems tmpfs scriptfs)
ways=${WAYS:-cp tar rsync git build}
options=${OPTIONS:-poem=256M,large=512M,size=4G}
source=${TREE:-$("$top/tools/build/source.sh")}
results=$out/real
input=$cache/real

for way in $ways; do
	case $way in
	cp | tar | rsync | git) ;;
	build) [ -z "${TREE:-}" ] || die "WAYS=build is for the kernel's source, not for TREE=$TREE" ;;
	*) die "WAYS=$way: allowed are cp, tar, rsync, git and build" ;;
	esac
done
[ -d "$source" ] || die "TREE=$source is no directory"

# What tar and git read is made once for each tree.
make_input()
{
	rm -rf "$input"
	mkdir -p "$input"
	tar -cf "$input/tree.tar" -C "$source" .
	git init -q "$input/git"
	git -C "$input/git" --work-tree="$source" -c core.excludesFile=/dev/null add -Af .
	git -C "$input/git" --work-tree="$source" -c user.name=scriptfs -c user.email=scriptfs@localhost \
		commit -qm tree
	echo "$source" >"$input/of"
}

# BusyBox, to go on with the root that the machine has. A kernel without block devices has no other way.
make_root()
{
	local root=$results/root

	rm -rf "$root"
	mkdir -p "$root"/{bin,host}
	cp /bin/busybox "$root/bin"
	ln -s busybox "$root/bin/sh"
	cat >"$root/init" <<-END
		#!/bin/sh
		busybox mount -t hostfs -o /,ro none /host
		exec busybox switch_root /host "$top/qemu/guest/bench/real"
	END
	chmod +x "$root/init"
	(cd "$root" && find . -mindepth 1 | sort | cpio --quiet -o -H newc -R 0:0) >"$results/initramfs"
}

run_guest()
{
	local code=0

	make_root
	settings "$results/settings" filesystems="$filesystems" ways="$ways" options="$options" \
		source="$source" input="$input" module="$build/fs/scriptfs/scriptfs.ko"
	timeout -k 10 7200 "$build/linux" mem=6144M initrd="$results/initramfs" \
		real.settings="$results/settings" con=null con0=null,fd:1 panic=-1 </dev/null 2>&1 |
		tr -d '\r' >"$results/console" || code=$?
	[ "$code" -ne 124 ] || die "the time ran out (log: $results/console)"
	! complaints <"$results/console" >&2 || die "the kernel complained (log: $results/console)"
	! grep -E '^(mount of )?[a-z]+( on [a-z]+)? failed$' "$results/console" >&2 ||
		die "not all was done (log: $results/console)"
	grep -qx finished "$results/console" || die "the guest ended early (log: $results/console)"
}

mkdir -p "$results"
tree=$("$top/tools/build/tree.sh" scriptfs)
build=${tree%/src}/uml-real
mkdir -p "$build"
lock "build-$(printf '%s' "$build" | sha256sum | cut -c1-12)"
step -q 'uml config' configure "$tree" "$build" um "$top/tools/bench/uml.config" "$top/tools/bench/real.config"
step -k "$build" 'kernel uml-real' kmake "$tree" "$build" um linux modules
lock real
[ "$(cat "$input/of" 2>/dev/null)" = "$source" ] || step 'real tree' make_input
step 'real trees' run_guest

awk '
$1 == "real" {
	if (!($2 in peak))
		order[++ways] = $2
	peak[$2, $3] = $4
	end[$2, $3] = $5
	left[$2, $3] = $6
	peak[$2] = 1
}
function times(of, way) {
	return of[way, "tmpfs"] && of[way, "scriptfs"] ? sprintf("%.3f", of[way, "scriptfs"] / of[way, "tmpfs"]) : "-"
}
END {
	format = "%-6s %-9s %14s %14s %14s\n"
	printf format, "way", "", "peak", "end", "removed"
	for (i = 1; i <= ways; i++) {
		way = order[i]
		for (f = 1; f <= 2; f++) {
			fs = f == 1 ? "tmpfs" : "scriptfs"
			if ((way, fs) in peak)
				printf format, way, fs, peak[way, fs], end[way, fs], left[way, fs]
			lost += left[way, fs]
		}
		printf format, "", "times", times(peak, way), times(end, way), ""
	}
	exit lost != 0
}' "$results/console" || die "something was still used after the tree was removed"
