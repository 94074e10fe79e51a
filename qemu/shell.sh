#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# shell.sh [VARIANT]: an interactive guest of that kernel (base) with scriptfs on /mnt, and on base and on
# stock kernels with the repository on /host.
. "$(dirname "$0")/../tools/build/lib.sh"

variant=${1:-base}
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" -t "$variant")
say "==> guest shell: 'exit' ends it, Ctrl-A X kills it"
exec "$top/qemu/boot.sh" -i -d "$top" -a guest.run=shell "$build" "$initramfs"
