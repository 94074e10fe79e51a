# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the scripts that work in a root of their own, as root: lib.sh, how a minimal Debian 12 is made,
# and what it needs to be entered.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/mirror.sh"

roots=$cache/fresh

# have_namespaces: can this process have mounts and processes of its own?
have_namespaces()
{
	[ "$(id -u)" -eq 0 ] &&
		unshare --mount --propagation private --pid --fork --kill-child mount -t proc proc /proc 2>/dev/null
}

# make_base: debootstrap's minimal Debian 12 with make, as a tar
make_base()
{
	local proxy_http='' proxy_https=''

	if ! command -v wget >/dev/null || ! command -v debootstrap >/dev/null; then
		apt-get -q update
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
			wget debootstrap
	fi
	eval "$(apt-config shell proxy_http Acquire::http::Proxy proxy_https Acquire::https::Proxy)"
	[ -z "$proxy_http" ] || export http_proxy=$proxy_http
	[ -z "$proxy_https" ] || export https_proxy=$proxy_https
	rm -rf "$roots/base"
	debootstrap --variant=minbase --include=make bookworm "$roots/base" "$main"
	rm -f "$roots"/base/var/cache/apt/archives/*.deb "$roots"/base/var/lib/apt/lists/*_*
	tar -C "$roots/base" -cf "$roots/base.tar.new" .
	rm -rf "$roots/base"
	mv "$roots/base.tar.new" "$roots/base.tar"
}

# unpack_base ROOT: put a minimal Debian 12 there, which is made once a day, with an apt set up like the
# machine's. Only for who holds a lock on $roots/lock.
unpack_base()
{
	local main security etc=$1/etc

	find_mirror "$roots/lists" apt-get -q -o Acquire::Languages=none
	[ -n "$(find "$roots/base.tar" -mtime -1 2>/dev/null)" ] || make_base
	tar -C "$1" -xf "$roots/base.tar"
	cp -L /etc/resolv.conf /etc/hosts "$etc"
	{
		echo "deb $main bookworm main"
		echo "deb $main bookworm-updates main"
		[ -z "$security" ] || echo "deb $security bookworm-security main"
	} >"$etc/apt/sources.list"
	{
		apt-config dump Acquire | grep -iE '^Acquire::(https?|Retries|Check-|Allow|ForceIPv)' || :
		if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
			cp /etc/ssl/certs/ca-certificates.crt "$etc/apt/ca.crt"
			echo 'Acquire::https::CaInfo "/etc/apt/ca.crt";'
		fi
		echo 'APT::Sandbox::User "root";'
	} >"$etc/apt/apt.conf.d/90machine"
	echo force-unsafe-io >"$etc/dpkg/dpkg.cfg.d/fresh"
}

# bind ROOT PATH [ro]: show it at the same path in ROOT, if it exists
bind()
{
	[ -e "$2" ] || return 0
	if [ -d "$2" ]; then
		mkdir -p "$1$2"
	else
		mkdir -p "$1$(dirname "$2")"
		[ -e "$1$2" ] || : >"$1$2"
	fi
	mount --bind "$2" "$1$2"
	[ -z "${3:-}" ] || mount -o remount,bind,ro "$1$2"
}

# mount_system ROOT: what a system has in /proc, /sys and /dev, for this mount namespace; and the way in
# which the machine's apt gets at its mirror
mount_system()
{
	local node name

	# A root that is a mount can have namespaces of its own.
	mount --bind "$1" "$1"
	mount -t proc proc "$1/proc"
	mount -t sysfs -o ro sysfs "$1/sys"
	mount -t tmpfs -o mode=755 tmpfs "$1/dev"
	mkdir "$1/dev/pts" "$1/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
	mount -t tmpfs tmpfs "$1/dev/shm"
	ln -s pts/ptmx "$1/dev/ptmx"
	ln -s /proc/self/fd "$1/dev/fd"
	for node in null zero full random urandom tty kvm; do
		bind "$1" "/dev/$node"
	done
	for name in auth.conf auth.conf.d keyrings trusted.gpg.d; do
		bind "$1" "/etc/apt/$name" ro
	done
}
