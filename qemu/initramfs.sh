#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# initramfs.sh [-s] VARIANT [DIR...]: print the path of an initramfs for that kernel (kernel.sh); with -s a
# small one, without fio, whose many libraries are half of a debug kernel's boot.
#
# The system is BusyBox, with the machine's own fio and GNU dd and their libraries (for comparisons), the
# kernel's modules, qemu/guest/ as /guest, the static selftests as /guest/tests, and each DIR as
# /guest/<its name>. Not compressed: under TCG inflating costs more than reading. For arm64, BusyBox is
# Debian's for that architecture, and fio and dd are left out.
. "$(dirname "$0")/../tools/build/lib.sh"

small=''
[ "${1:-}" != -s ] || { small=1; shift; }
variant=${1:?usage: initramfs.sh [-s] VARIANT [DIR...]}
shift
build=$("$top/tools/build/kernel.sh" "$variant")
tree=$("$top/tools/build/tree.sh" scriptfs)
home=${tree%/src} cross=''
if [ "$variant" = arm64 ]; then
	home=$home/guest-arm64 cross=aarch64-linux-gnu- small=1
	mkdir -p "$home"
fi

# add_program ROOT FILE: with the libraries it loads
add_program()
{
	local file

	for file in "$2" $(ldd "$2" | grep -o '/[^ ]*'); do
		[ -e "$1$file" ] || install -D "$(readlink -f "$file")" "$1$file"
	done
}

pack()
{
	(cd "$1" && find . -mindepth 1 | sort | cpio --quiet -o -H newc -R 0:0 --reproducible)
}

# This part changes only with the installed packages.
key=$(dpkg-query -W -f '${Package} ${Version}\n' fio coreutils busybox-static | sha256sum | cut -c1-12)
tools=$cache/initramfs/tools-$key busybox=/bin/busybox
if [ "$cross" ]; then
	busybox=$("$top/tools/build/busybox.sh" arm64)
	tools=$cache/initramfs/tools-arm64
fi
make_tools()
{
	local root

	root=$(mktemp -d)
	mkdir -p "$tools" "$root"/system/{bin,sbin,dev,proc,sys,tmp,mnt,host,root,etc,usr/bin,usr/sbin}
	cp "$busybox" "$root/system/bin/busybox"
	ln -s busybox "$root/system/bin/sh"
	if [ -z "$cross" ]; then
		add_program "$root/system" /bin/dd
		mv "$root/system/bin/dd" "$root/system/usr/bin/dd"
		add_program "$root/fio" /usr/bin/fio
		pack "$root/fio" >"$tools/fio.cpio"
	fi
	pack "$root/system" >"$tools/system.cpio"
	rm -rf "$root"
}

selftests=$home/selftests
make_selftests()
{
	local source=$tree/tools/testing/selftests/scriptfs flags=(OUTPUT="$selftests/obj")
	local name

	flags+=(USERLDFLAGS=-static COLLECTION=scriptfs CROSS_COMPILE="$cross")
	mkdir -p "$selftests/obj"
	rm -rf "$selftests/tests"
	mkdir "$selftests/tests"
	make -k -j"$jobs" -C "$source" "${flags[@]}" all || :
	make -s -C "$source" "${flags[@]}" emit_tests | sed -n 's/^scriptfs://p' >"$selftests/tests/list"
	while read -r name; do
		# A test that does not compile fails in the guest by its name; an older binary must not run.
		[ -f "$source/$name" ] || make -s -C "$source" "${flags[@]}" "$selftests/obj/$name" ||
			rm -f "$selftests/obj/$name"
		find "$selftests/obj/$name" "$source/$name" "$source/$name.dmesg" -maxdepth 0 -type f \
			-exec cp -t "$selftests/tests" {} + 2>/dev/null || :
		"${cross}strip" "$selftests/tests/$name" || :
	done <"$selftests/tests/list"
}

lock "initramfs-$(sha256sum <<<"$home" | cut -c1-12)"
[ -f "$tools/system.cpio" ] || step 'initramfs tools' make_tools
mkdir -p "$selftests/tests"
[ ! -f "$top/tools/testing/selftests/scriptfs/Makefile" ] || step selftests make_selftests

root=$home/initramfs
rm -rf "$root"
mkdir -p "$root/guest" "$root/lib/modules"
cp -a "$top/qemu/guest/." "$root/guest/"
ln -s guest/init "$root/init"
cp -a "$selftests/tests" "$root/guest/tests"
(cd "$build/mod" && find lib/modules -type f | cpio --quiet -pd "$root")
if [ "$variant" = atomic ]; then
	# The build of an unpatched kernel does not include the module.
	module=$("$top/tools/build/module.sh" "$variant")
	release=$(cat "$build/include/config/kernel.release")
	install -D -t "$root/lib/modules/$release/extra" "$module"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$root" "$release"
fi
for dir; do
	cp -a "$dir" "$root/guest/"
done
{
	cat "$tools/system.cpio"
	[ "$small" ] || cat "$tools/fio.cpio"
	pack "$root"
} >"$home/initramfs.cpio"
# Named by its content: a guest may still run from an older one.
image=$home/initramfs-$variant-$(sha256sum <"$home/initramfs.cpio" | cut -c1-12).cpio
find "$home" -maxdepth 1 -name "initramfs-$variant-*.cpio" -mmin +120 -delete
mv "$home/initramfs.cpio" "$image"
echo "$image"
