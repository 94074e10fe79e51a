#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# module.sh stock|atomic|6.1|6.12|newest|debug-6.1|debug-6.12|DIR: build scriptfs out of a kernel tree, as a module for one of
# the unpatched kernels (see kernel.sh), or for the kernel whose build tree or headers are in DIR (with a
# slash in its name); print the path of scriptfs.ko.
. "$(dirname "$0")/lib.sh"

# What it is built from
source=(Kbuild debian/changelog fs include mm)

# fits DIR: end with a reason if no module can be built for that kernel
fits()
{
	local version series

	[ -d "$1" ] || die "there is no $1: install the kernel's headers, or say KDIR=DIR"
	[ -e "$1/include/generated/autoconf.h" ] ||
		die "$1 is no configured kernel tree: build it, or 'make modules_prepare' there"
	version=$(make -s --no-print-directory -C "$1" kernelversion)
	series=$(cut -d. -f1-2 <<<"${version%%-*}")
	case $series in
	5.10 | 6.1 | 6.12) ;;
	7.3) say "    $1 is Linux $version: scriptfs compiles for that, but is not tested there" ;;
	*) die "$1 is Linux $version: scriptfs is for v5.10, v6.1 and v6.12, and compiles for v7.3" ;;
	esac
	[ -e "$1/Module.symvers" ] ||
		say "    $1 has no Module.symvers: a kernel with CONFIG_MODVERSIONS will refuse the module"
}

# Type information, which tracing can do without, is made by pahole where the kernel's own is beside its
# headers. Debian's headers depend on pahole; others may have been copied here.
without_types()
{
	[ -f "$1/vmlinux" ] && ! command -v pahole >/dev/null &&
		grep -qx CONFIG_DEBUG_INFO_BTF_MODULES=y "$1/include/config/auto.conf"
}

compile()
{
	cd "$top"
	if [ "$anew" ]; then
		rm -rf "$home"
		mkdir -p "$home"
		cp -r --parents "${source[@]}" "$home"
		make -C "$kernel" M="$home" "${settings[@]}" -j"$jobs" modules
		return
	fi
	mkdir -p "$home"
	# What has changed is newer than any object, whenever it was edited.
	rsync -aR --no-times --checksum --delete --exclude '*.o' --exclude '*.ko' --exclude '*.mod*' \
		--exclude '.*.cmd' "${source[@]}" "$home"
	nice make -C "$kernel" M="$home" "${settings[@]}" -j"$jobs" modules
}

anew='' settings=(CONFIG_SCRIPTFS_FS=m)
case ${1:-} in
stock | atomic)
	kernel=$("$top/tools/build/kernel.sh" "$1")
	home=$("$top/tools/build/tree.sh" scriptfs)
	home=${home%/src}/module-$1
	;;
6.1 | 6.12 | newest | debug-6.1 | debug-6.12)
	kernel=$("$top/tools/build/kernel.sh" "$1")
	home=$out/module-$1
	;;
*/*)
	# What is there may be of another kernel.
	kernel=$1 home=$out/module anew=1
	fits "$kernel"
	if without_types "$kernel"; then
		say "    there is no pahole (apt install pahole): the module will have no type information (BTF)"
		settings+=(CONFIG_DEBUG_INFO_BTF_MODULES=)
	fi
	;;
*) die "usage: module.sh stock|atomic|6.1|6.12|newest|debug-6.1|debug-6.12|DIR" ;;
esac
lock "module-$(sha256sum <<<"$home" | cut -c1-12)"
step -q "${home##*/}" compile
echo "$home/fs/scriptfs/scriptfs.ko"
