#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# install.sh PREFIX DESTDIR KDIR: put the module for the kernel whose headers or build tree are in KDIR into
# /lib/modules, and scriptfs-bench and the manual below PREFIX.
# install.sh -r PREFIX DESTDIR: remove them, and the module of every kernel.
#
# All of it is below DESTDIR, which may be empty. For machines without DKMS: with it, deb.sh makes packages.
. "$(dirname "$0")/lib.sh"

remove=''
[ "${1:-}" != -r ] || { remove=1; shift; }
prefix=${1:-} dest=${2:-} kernel=${3:-}
[[ $prefix = /* ]] || die "PREFIX=$prefix: allowed is an absolute path"
[[ ${dest:-/} = /* ]] || die "DESTDIR=$dest: allowed is an absolute path, or nothing"
PATH=$PATH:/sbin:/usr/sbin

# shared: what does not depend on a kernel and where it goes, a line each
shared()
{
	local file

	for file in doc/man/*; do
		echo "$file $dest$prefix/share/man/man${file##*.}/${file##*/}"
	done
	for file in tools/bench/fio/*; do
		echo "$file $dest$prefix/share/scriptfs-bench/fio/${file##*/}"
	done
}

# index RELEASE: have modprobe find what is there now. Below a DESTDIR that is no root there is nothing to
# find, and the index would be in the way of the system's own.
index()
{
	[ ! -e "$dest/lib/modules/$1/modules.builtin" ] || depmod -b "${dest:-/}" "$1"
}

uninstall()
{
	local module from to

	for module in "$dest"/lib/modules/*/updates/scriptfs.ko; do
		[ -e "$module" ] || continue
		rm -v "$module"
		rmdir --ignore-fail-on-non-empty "${module%/*}"
		module=${module%/updates/*}
		index "${module##*/}"
	done
	rm -fv "$dest$prefix/bin/scriptfs-bench"
	while read -r from to; do
		rm -fv "$to"
	done < <(shared)
	[ ! -d "$dest$prefix/share/scriptfs-bench" ] ||
		rmdir --ignore-fail-on-non-empty "$dest$prefix"/share/scriptfs-bench{/fio,}
}

put()
{
	local module program release from to

	module=$("$top/tools/build/module.sh" "$kernel")
	program=$("$top/tools/bench/build.sh")
	release=$(cat "$kernel/include/config/kernel.release")
	install -v -D -m 644 -t "$dest/lib/modules/$release/updates" "$module"
	strip --strip-debug "$dest/lib/modules/$release/updates/scriptfs.ko"
	index "$release"
	install -v -D "$program" "$dest$prefix/bin/scriptfs-bench"
	while read -r from to; do
		install -v -D -m 644 "$from" "$to"
	done < <(shared)
}

cd "$top"
if [ "$remove" ]; then
	uninstall
else
	[ -n "$kernel" ] || die "usage: install.sh PREFIX DESTDIR KDIR"
	put
fi
