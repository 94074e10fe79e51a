#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# shell.sh [VARIANT]: an interactive guest of that kernel (base) with scriptfs on /mnt, and on base and on
# stock kernels with the repository on /host.
. "$(dirname "$0")/../tools/build/lib.sh"

variant=${1:-base} tests=(-t)
case $variant in
# They are compiled out of the v5.10 tree, which whoever wants a stock kernel need not have.
6.1 | 6.12 | newest) tests=() ;;
esac
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" ${tests[@]+"${tests[@]}"} "$variant")
say "==> guest shell: 'exit' ends it, Ctrl-A X kills it"
exec "$top/qemu/boot.sh" -i -d "$top" -a guest.run=shell "$build" "$initramfs"
