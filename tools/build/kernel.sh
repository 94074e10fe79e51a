#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel.sh VARIANT: build that kernel and its modules, or get it; print the directory it is in.
#
#   base      patched, base.config and bench.config, scriptfs as a module
#   unhooked  the same without the hook in mm/, see tree.sh
#   debug, kcsan, lockstat    patched, base.config and that one
#   stock     the source as it came, base.config and bench.config
#   atomic    the source as it came, base.config and atomic.config
#   arm64     patched, for that architecture, base.config and arm64.config
#   6.1, 6.12, newest    Debian's stock kernels, nothing to build: see debian.sh
#   debug-6.1, debug-6.12    out of Debian's source, base.config, debug.config and newer.config
#
# The image is arch/x86/boot/bzImage or arch/arm64/boot/Image in that directory, the modules are installed
# below mod/. Concurrent callers wait for one build; a build with nothing to do takes seconds.
. "$(dirname "$0")/lib.sh"

variant=${1:-}
config=$top/qemu/config
fragments=("$config/base.config")
flavour=scriptfs arch=x86_64 image=bzImage
case $variant in
base) fragments+=("$config/bench.config") ;;
stock | unhooked) flavour=$variant fragments+=("$config/bench.config") ;;
atomic) flavour=stock fragments+=("$config/$variant.config") ;;
debug | kcsan | lockstat) fragments+=("$config/$variant.config") ;;
arm64)
	fragments+=("$config/arm64.config")
	arch=arm64 image=Image
	;;
6.1 | 6.12 | newest) exec "$top/tools/build/debian.sh" "$variant" ;;
debug-6.1 | debug-6.12)
	flavour=source-${variant#*-}
	fragments+=("$config/debug.config" "$config/newer.config")
	;;
*)
	die "no kernel '$variant'; there are 6.1, 6.12 and newest of Debian's, debug-6.1 and debug-6.12," \
		"and of v5.10 base, debug, kcsan, lockstat, unhooked, stock, atomic and arm64"
	;;
esac

case $flavour in
source-*) tree=$("$top/tools/build/debian.sh" "$flavour") ;;
*) tree=$("$top/tools/build/tree.sh" "$flavour") ;;
esac
# Beside the source, so that ccache sees the same relative paths in every tree; but nothing is built
# beside a tree of the user's own.
build=${tree%/src}/$variant
case $tree in
"$cache"/*) ;;
*) build=$cache/tree/$(printf '%s\n' "$tree" | sha256sum | cut -c1-12)/$variant ;;
esac
case $flavour in
scriptfs | unhooked) fragments+=("$config/scriptfs.config") ;;
esac
if [ "$flavour" = scriptfs ] && ! grep -q scriptfs "$tree/fs/Kconfig"; then
	unset 'fragments[-1]'
fi

compile()
{
	kmake "$tree" "$build" "$arch" "$image" modules
	kmake "$tree" "$build" "$arch" INSTALL_MOD_PATH="$build/mod" modules_install
}

# What the build is made of. tree.sh notes each change of the tree, and the stock source never changes. A
# tree of the user's own may change at any time: there make has to look.
inputs()
{
	cat "${fragments[@]}"
	gcc --version
	[ "$arch" != arm64 ] || aarch64-linux-gnu-gcc --version
	case $tree in
	"$cache/source"*/src | "$cache/debian"/*) ;;
	"$cache"/*) cat "${tree%/src}/changed" ;;
	*) date +%s.%N ;;
	esac
}

mkdir -p "$build"
lock "build-$(printf '%s' "$build" | sha256sum | cut -c1-12)"
inputs=$(inputs | sha256sum)
if [ "$inputs" != "$(cat "$build/made-of" 2>/dev/null)" ]; then
	rm -f "$build/made-of"
	step -q "kernel $variant config" configure "$tree" "$build" "$arch" "${fragments[@]}"
	step -k "$build" "kernel $variant" compile
	echo "$inputs" >"$build/made-of"
fi
echo "$build"
