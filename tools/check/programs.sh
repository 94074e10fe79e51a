#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# programs.sh MINUTES 6.1|6.12 block|page [NAME...]: have programs of Debian 12 work on scriptfs, in a guest
# with that stock kernel, for so long altogether: those that qemu/guest/programs knows, all or the named.
# Prints an ok / not ok line for each. After each the files go, and all memory, all inodes have to be back,
# and the kernel must not have complained.
#
# The guest's root is a minimal Debian with these programs, which is made once and shared with it read-only.
# It takes root and namespaces to make.
# shellcheck disable=SC2317 # what is called by step
. "$(dirname "$0")/../build/root.sh"

if [ "${1:-}" = enter ]; then
	root=$2
	shift 2
	mount_system "$root"
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive "$@"
	# The first process of its namespace stays, to reap.
	exit
fi

packages=(bonnie++ dbench fio gcc git libc6-dev make postgresql sqlite3 stress-ng)
usage='usage: programs.sh MINUTES 6.1|6.12 block|page [NAME...]'
[[ "${1:-} ${2:-} ${3:-}" =~ ^[1-9][0-9]*\ 6\.(1|12)\ (block|page)$ ]] || die "$usage"
minutes=$1 kernel=$2 io=$3
shift 3
guest=$top/qemu/guest
mapfile -t known < <(sed -n 's/^program_\([a-z_]*\)()$/\1/p' "$guest/programs")
names=("$@")
[ "${#names[@]}" -gt 0 ] || names=("${known[@]}")
for name in "${names[@]}"; do
	grep -qx "$name" <(printf '%s\n' "${known[@]}") || die "no program '$name'; there are ${known[*]}"
done

# in_root COMMAND...
in_root()
{
	unshare --mount --propagation private --pid --fork --kill-child "$0" enter "$root.new" "$@"
}

# A root with the packages, and the source of Lua in /usr/src for the compiler
make_root()
{
	local fd

	rm -rf --one-file-system "$home"
	mkdir -p "$root.new"
	exec {fd}>"$roots/lock"
	flock "$fd"
	unpack_base "$root.new"
	exec {fd}>&-
	sed -n 's/^deb \(.* bookworm main\)/deb-src \1/p' "$root.new/etc/apt/sources.list" \
		>"$root.new/etc/apt/sources.list.d/source.list"
	in_root apt-get -q -o APT::Update::Error-Mode=any update
	in_root apt-get -q -y --no-install-recommends install "${packages[@]}"
	in_root sh -c 'cd /usr/src && apt-get -q source --download-only lua5.4'
	in_root apt-get clean
	rm -rf "$root.new"/var/lib/apt/lists/*
	mv "$root.new" "$root"
}

home=$cache/programs root=$home/root-$(sha256sum <<<"${packages[*]}" | cut -c1-12)
mkdir -p "$roots"
lock programs
if [ ! -d "$root" ]; then
	have_namespaces || { echo 'ok - programs # SKIP it takes root and namespaces'; exit; }
	step 'root with programs' make_root
fi

build=$("$top/tools/build/kernel.sh" "$kernel")
initramfs=$("$top/qemu/initramfs.sh" -s "$kernel")
logs=$out/test/programs-$kernel-$io
mkdir -p "$logs"
: >"$logs/said"
seconds=$((60 * minutes / ${#names[@]}))
# What has no time limit of its own, such as a compiler, may take longer.
"$top/qemu/boot.sh" -m 4096 -d "$root" -t $((60 * minutes + 1800)) -o "$logs/said" -l "$logs/console" \
	-a "guest.run=/guest/run-programs guest.io=$io guest.seconds=$seconds guest.programs=$(
		IFS=,
		echo "${names[*]}"
	)" "$build" "$initramfs" || :

failed=0
for name in "${names[@]}"; do
	line=$(grep -aE "^RESULT $name " "$logs/said") || line="RESULT $name 1 the guest did not get to the end of it"
	read -r _ _ rc reason <<<"$line"
	if [ "$rc" -eq 0 ]; then
		echo "ok - programs $kernel io=$io $name ($reason)"
		continue
	fi
	failed=1
	echo "not ok - programs $kernel io=$io $name: $reason"
	sed -n "/^START $name\$/,/^RESULT $name /p" "$logs/said" | tail -n 12 | sed 's/^/#   /'
	echo "#   log: $logs/said, console: $logs/console"
done
if grep -qx END "$logs/said"; then
	echo "ok - programs $kernel io=$io unmount and rmmod"
else
	failed=1
	echo "not ok - programs $kernel io=$io unmount and rmmod; see $logs/said and $logs/console"
fi
exit "$failed"
