#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# module.sh stock|atomic: build scriptfs for that unpatched kernel (see kernel.sh) as a module of its
# own, outside of any kernel tree; print the path of scriptfs.ko.
. "$(dirname "$0")/lib.sh"

case ${1:-} in
stock | atomic) ;;
*) die "usage: module.sh stock|atomic" ;;
esac
source=$("$top/tools/build/source.sh")
kernel=$("$top/tools/build/kernel.sh" "$1")
home=$("$top/tools/build/tree.sh" scriptfs)
home=${home%/src}/module-$1

compile()
{
	mkdir -p "$home"
	rsync -a --checksum --delete --relative "$top/./fs/scriptfs" "$top"/./mm/page_run.c \
		"$top"/./include/linux/*.h "$home" --exclude '*.o' --exclude '.*.cmd'
	kmake "$source" "$kernel" x86_64 M="$home/fs/scriptfs" CONFIG_SCRIPTFS_FS=m modules
}

lock "module-$(sha256sum <<<"$home" | cut -c1-12)"
step -q "module $1" compile
echo "$home/fs/scriptfs/scriptfs.ko"
