#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# initramfs.sh [-s] [-t] VARIANT [DIR...]: print the path of an initramfs for that kernel (kernel.sh).
#
#   -s    a small one, without fio, whose many libraries are half of a debug kernel's boot
#   -t    with the static selftests as /guest/tests; NAME.tests beside NAME.cpio is their list
#
# The system is BusyBox, with the machine's own fio and GNU dd and their libraries (for comparisons), the
# kernel's modules, qemu/guest/ as /guest, and each DIR as /guest/<its name>. Of a stock kernel's modules
# it has those that qemu/modules names. Not compressed: under TCG inflating costs more than reading. For
# arm64, BusyBox is Debian's for that architecture, and fio and dd are left out.
. "$(dirname "$0")/../tools/build/lib.sh"

small='' tests=''
while getopts 'st' option; do
	case $option in
	s) small=1 ;;
	t) tests=1 ;;
	*) die "see the head of $0" ;;
	esac
done
shift $((OPTIND - 1))
variant=${1:?usage: initramfs.sh [-s] [-t] VARIANT [DIR...]}
shift
build=$("$top/tools/build/kernel.sh" "$variant")
cross=''
case $variant in
6.1 | 6.12 | newest) home=$out/guest-$variant ;;
arm64)
	home=$("$top/tools/build/tree.sh" scriptfs)
	home=${home%/src}/guest-arm64 cross=aarch64-linux-gnu- small=1
	;;
*)
	home=$("$top/tools/build/tree.sh" scriptfs)
	home=${home%/src}
	;;
esac
mkdir -p "$home"

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

# add_modules ROOT: of a stock kernel, those that qemu/modules names, with what they need; and in
# /guest/modules what is to be loaded at the start, in order.
add_modules()
{
	local root=$1 when name file
	local kmod=(/sbin/modprobe -d "$build/mod" -S "$release" --show-depends)

	find "$build/mod/lib/modules/$release" -maxdepth 1 \( -name 'modules.builtin*' -o -name modules.order \) \
		-exec cp -t "$root/lib/modules/$release" {} +
	while read -r when name; do
		"${kmod[@]}" "$name" | sed -n "s/^insmod \([^ ]*\).*/$when \1/p"
	done < <(sed 's/#.*//; /^$/d' "$top/qemu/modules") | awk '!seen[$2]++' >"$home/modules"
	while read -r when file; do
		name=${file#"$build/mod"}
		name=${name%.xz}
		mkdir -p "$root${name%/*}"
		case $file in
		*.xz) xz -dc "$file" >"$root$name" ;;
		*) cp "$file" "$root$name" ;;
		esac
		[ "$when" != start ] || echo "$name" >>"$root/guest/modules"
	done <"$home/modules"
	[ -s "$root/guest/modules" ]
}

lock "initramfs-$(sha256sum <<<"$home" | cut -c1-12)"
[ -f "$tools/system.cpio" ] || step 'initramfs tools' make_tools

release=$(cat "$build/include/config/kernel.release")
root=$home/initramfs
rm -rf "$root"
mkdir -p "$root/guest" "$root/lib/modules/$release"
cp -a "$top/qemu/guest/." "$root/guest/"
ln -s guest/init "$root/init"
if [ "$tests" ]; then
	tree=$("$top/tools/build/tree.sh" scriptfs)
	selftests=${tree%/src}/selftests$cross
	lock "selftests-$(sha256sum <<<"$selftests" | cut -c1-12)"
	step selftests make_selftests
	cp -a "$selftests/tests" "$root/guest/tests"
fi
case $variant in
6.1 | 6.12 | newest) step -q "modules $variant" add_modules "$root" ;;
*) (cd "$build/mod" && find lib/modules -type f | cpio --quiet -pd "$root") ;;
esac
case $variant in
atomic | 6.1 | 6.12 | newest | debug-6.1 | debug-6.12)
	# These kernels do not include the module.
	module=$("$top/tools/build/module.sh" "$variant")
	install -D -t "$root/lib/modules/$release/extra" "$module"
	strip --strip-debug "$root/lib/modules/$release/extra/scriptfs.ko"
	/sbin/depmod -b "$root" "$release"
	;;
esac
for dir; do
	cp -a "$dir" "$root/guest/"
done
{
	cat "$tools/system.cpio"
	[ "$small" ] || cat "$tools/fio.cpio"
	pack "$root"
} >"$home/initramfs.cpio"
# Named by its content: a guest may still run from an older one.
image=$home/initramfs-$variant-$(sha256sum <"$home/initramfs.cpio" | cut -c1-12)
find "$home" -maxdepth 1 -name "initramfs-$variant-*" -mmin +120 -delete
[ -z "$tests" ] || cp "$selftests/tests/list" "$image.tests"
mv "$home/initramfs.cpio" "$image.cpio"
echo "$image.cpio"
