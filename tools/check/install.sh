#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# install.sh: what a user of Debian 12 does, with stock kernels. Prints ok / not ok lines.
#
#   The packages are built, and lintian has nothing to say about them.
#   In a root with Debian's 6.1, `make install` and `make uninstall` do what they say. The packages are
#   installed, by which DKMS builds the module, and scriptfs is put into fstab and into a systemd unit, as
#   the manual says. Then Debian's 6.12 is installed.
#   A guest boots that root with 6.1, another with 6.12: both directories are mounted. The second one
#   purges the packages.
#
# apt, dpkg and DKMS work in a root on this machine, because a compiler in an emulator takes many minutes;
# guests boot what they made. The root without scriptfs is kept until there are newer kernels. It takes root
# and namespaces; elsewhere all but the packages is skipped.
# shellcheck disable=SC2317 # what is called by check, step and trap
. "$(dirname "$0")/../build/checks.sh"
. "$(dirname "$0")/../build/root.sh"

if [ "${1:-}" = enter ]; then
	root=$2
	shift 2
	mount_system "$root"
	chroot "$root" env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive "$@"
	# The first process of its namespace stays, to reap.
	exit
fi

home=$cache/install
packages=(dkms e2fsprogs initramfs-tools kmod openssl systemd-sysv udev
	linux-image-amd64 linux-headers-amd64)
newer=(linux-image-6.12-amd64 linux-headers-6.12-amd64)
root=''
trap '[ -z "$root" ] || rm -rf --one-file-system "$root"' EXIT

# in_root COMMAND...
in_root()
{
	unshare --mount --propagation private --pid --fork --kill-child "$0" enter "$root" "$@"
}

# What keeps the root small: of drivers, those of the guest. depmod, which reads all modules, is slow in an
# emulator, and so is a big initramfs.
lean()
{
	{
		printf 'path-exclude=%s\n' /usr/share/{doc,locale}'/*' \
			'/lib/modules/*/kernel/'{arch/x86/kvm,drivers,net,sound}'/*'
		printf 'path-include=/lib/modules/*/kernel/drivers/%s/*\n' block char virtio
	} >"$root/etc/dpkg/dpkg.cfg.d/lean"
	mkdir -p "$root/etc/initramfs-tools/conf.d"
	printf '%s\n' MODULES=list COMPRESS=gzip COMPRESSLEVEL=1 >"$root/etc/initramfs-tools/conf.d/guest"
	printf '%s\n' ext4 virtio_blk virtio_pci >"$root/etc/initramfs-tools/modules"
}

# The root without scriptfs, and in its /packages the newer kernel
make_root()
{
	local fd

	exec {fd}>"$roots/lock"
	flock "$fd"
	unpack_base "$root"
	exec {fd}>&-
	lean
	in_root apt-get -q -o APT::Update::Error-Mode=any update
	in_root apt-get -q -y --no-install-recommends install "${packages[@]}"
	in_root apt-get clean
	in_root apt-get -q -y --no-install-recommends --download-only install "${newer[@]}"
	mkdir "$root/packages"
	mv "$root"/var/cache/apt/archives/*.deb "$root/packages"
	# From here on nothing comes from the mirror.
	rm -rf "$root"/var/lib/apt/lists/*
	tar -C "$root" -cf "$tar.new" .
	find "$home" -name 'root-*.tar' -delete
	mv "$tar.new" "$tar"
}

# An empty directory for the root; no other run has one.
claim_root()
{
	mkdir -p "$home" "$roots"
	lock install
	root=$home/root
	rm -rf --one-file-system "$root"
	mkdir "$root"
}

built_for()
{
	in_root dkms status 2>/dev/null | tee "$root/tmp/status"
	[ "$(grep -c "^scriptfs/.*, $1\..*: installed$" "$root/tmp/status")" -eq 1 ]
	[ "$(find "$root/lib/modules" -path "*/$1.*/updates/dkms/scriptfs.ko*" | wc -l)" -eq 1 ]
}

# `make install` for 6.1, whose headers are in $old, and `make uninstall`
by_make()
{
	local release make=(make -C "$top" --no-print-directory DESTDIR="$root" KDIR="$old")

	release=$(cat "$old/include/config/kernel.release")
	"${make[@]}" install
	[[ $(in_root modinfo -k "$release" -n scriptfs) = */"$release"/updates/scriptfs.ko ]]
	in_root scriptfs-bench run --list | grep -c new-
	find "$root/usr/local/share/man" -name 'scriptfs*' | grep -c . | grep -x 2
	"${make[@]}" uninstall
	(! in_root modinfo -k "$release" -n scriptfs)
	nothing_found
}

nothing_found()
{
	(! find "$root" -xdev -name '*scriptfs*' | grep .)
}

install_packages()
{
	cp "${debs[@]}" "$root/tmp"
	in_root sh -c 'apt-get -q -y --no-install-recommends install /tmp/*.deb'
	in_root cat /usr/share/man/man5/scriptfs.5.gz | gzip -t
	built_for 6.1
}

upgrade_kernel()
{
	in_root sh -c 'dpkg -i /packages/*.deb'
	built_for 6.1
	built_for 6.12
}

# A kernel that scriptfs is not for can be installed: it is left alone.
other_kernel()
{
	local modules=$root/lib/modules/9.9.0-other

	mkdir "$modules"
	ln -s "$(readlink "$root"/lib/modules/6.12.*/build)" "$modules/build"
	in_root /usr/lib/dkms/dkms_autoinstaller start 9.9.0-other
	[ "$(find "$modules" | wc -l)" -eq 2 ]
	rm -r "$modules"
}

# The examples of the manual: its line for fstab, and its unit for another directory
set_up_mounts()
{
	local manual=$root/manual name=etc/systemd/system/srv-unit.mount

	sed 's/\\-/-/g; s/large=50%/large=64M/' "$top/doc/man/scriptfs.5" >"$manual"
	grep '^scriptfs  /srv/scratch' "$manual" >>"$root/etc/fstab"
	sed -n '/^\[Unit\]/,/^WantedBy/p' "$manual" | sed 's/scratch/unit/' >"$root/$name"
	grep -q Where=/srv/unit "$root/$name"
	mkdir -p "$root"/srv/{scratch,unit}
	in_root systemctl enable srv-unit.mount
	rm "$manual"
}

make_image()
{
	cp -r "$top/qemu/guest" "$root/guest"
	rm -rf "$root/packages" "$root"/tmp/*
	rm -f "$image"
	mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,discard -d "$root" "$image" 3G
}

# guest KERNEL TASK: boot the image with that kernel, for qemu/guest/install
guest()
{
	local build=$out/install/$1

	rm -rf "$build"
	mkdir -p "$build/arch/x86/boot"
	cp "$root"/boot/vmlinuz-"$1".* "$build/arch/x86/boot/bzImage"
	cp "$root"/boot/initrd.img-"$1".* "$build/initrd"
	"$top/qemu/boot.sh" -r "$image" -t 600 -o "$build/said" -l "$build/console" \
		-a "systemd.run=\"/guest/install $1 $2\"" "$build" "$build/initrd" || :
	sed -n "s/^\(not \)\?ok - /&install $1: /p; /^# /p" "$build/said"
	! grep -q '^not ok' "$build/said" || failed=1
	grep -qx END "$build/said" && return
	failed=1
	echo "not ok - install $1: the guest did not come to its end; see $build/console"
	tail -n 12 "$build/console" | sed 's/^/#   | /'
}

# go_on: end here if something failed
go_on()
{
	[ "$failed" -eq 0 ] || exit "$failed"
}

mapfile -t debs < <("$top/tools/build/deb.sh")
[ "${#debs[@]}" -gt 0 ] || { echo 'not ok - install packages'; exit 1; }
check 'install lintian' lintian --allow-root --display-info --pedantic \
	--fail-on error,warning,info,pedantic "${debs[@]}"
have_namespaces || { echo 'ok - install # SKIP it takes root and namespaces'; exit "$failed"; }

old=$("$top/tools/build/debian.sh" 6.1)
new=$("$top/tools/build/debian.sh" 6.12)
tar=$home/root-$(sha256sum <<<"${packages[*]} ${newer[*]} ${old##*/} ${new##*/} $(declare -f lean)" |
	cut -c1-12).tar
image=$out/install/root.img
mkdir -p "$out/install"
claim_root
if [ -f "$tar" ]; then
	tar -C "$root" -xf "$tar"
else
	step 'install root' make_root
fi
check 'install by make' by_make
go_on
check 'install packages by apt' install_packages
go_on
check 'install mounts of the manual' set_up_mounts
check 'install a newer kernel' upgrade_kernel
check 'install another kernel' other_kernel
go_on
check 'install image' make_image
go_on
guest 6.1 boot
guest 6.12 purge
exit "$failed"
