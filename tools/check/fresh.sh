#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# fresh.sh run|test: make that target in a root made from nothing: debootstrap's minimal Debian 12 with
# make, into which tools/build/packages are installed anew. A package missing from that list makes it
# fail, whatever this machine happens to have.
#
# In the root, this clone and the cache (source, compiled objects, kernels) are at the same paths as
# outside; of the machine's configuration only what apt needs is there. Mounts and processes are in
# namespaces that end with this program, however it ends. The root is a directory of the cache; if it
# cannot be removed, the next run removes it. The minimal root is made once a day, packages are
# downloaded when there are newer ones.
#
# Where that is impossible (not root, no namespaces, the mirror out of reach) it says so loudly, and
# makes the target on the machine itself.
# shellcheck disable=SC2317 # what is called by step, guarded and trap
. "$(dirname "$0")/../build/root.sh"

target=${1:-} stage=${2:-} root=${3:-} child=''
case $target in
run | test) ;;
*) die "usage: fresh.sh run|test" ;;
esac

# on_machine REASON: the target without a root of its own
on_machine()
{
	say '********************************************************************************'
	say "NO FRESH ROOT: $1."
	say "'make $target' runs on this machine itself, which may happen to have what is"
	say 'missing from tools/build/packages.'
	say '********************************************************************************'
	"$top/tools/build/deps.sh"
	# Called by make, T= has said its part.
	env -u MAKEFLAGS -u MAKEOVERRIDES -u T make --no-print-directory -C "$top" "$target"
	exit
}

# enter COMMAND...: run it in the root. Only this process has the mounts, so removing the root cannot
# reach through them.
enter()
{
	local name
	local -a settings=()

	mount_system "$root"
	bind "$root" "$cache"
	bind "$root" "$top"
	[ -z "${KERNEL_SRC:-}" ] || bind "$root" "$(cd "$KERNEL_SRC" && pwd -P)" ro
	case ${KERNEL_URL:-} in
	file:*) bind "$root" "$(realpath -m "/${KERNEL_URL#file:}")" ro ;;
	esac
	for name in XDG_CACHE_HOME CI TERM http_proxy https_proxy no_proxy KERNEL_SRC KERNEL_URL \
		KERNEL_SHA256 BED ROUNDS FILESYSTEMS KERNEL TOLERANCE TEST_TIMEOUT; do
		[ -z "${!name:-}" ] || settings+=("$name=${!name}")
	done
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="${HOME:-/root}" LC_ALL=C \
		${settings[@]+"${settings[@]}"} "$@"
	# The first process of its namespace stays, to reap.
	exit
}

# guarded COMMAND...: run it while no other run is in such a command
guarded()
{
	local fd

	exec {fd}>"$roots/lock"
	flock "$fd"
	"$@"
	exec {fd}>&-
}

# A run holds a lock on its root: a root without one is left over.
claim_root()
{
	local old

	for old in "$roots"/root.*; do
		[ ! -d "$old" ] || ! flock -n "$old" true || rm -rf --one-file-system "$old"
	done
	root=$(mktemp -d "$roots/root.XXXXXX")
	exec {held}<"$root"
	flock "$held"
	chmod 755 "$root"
}

# The minimal root, with the packages of earlier runs
prepare()
{
	unpack_base "$root"
	: >"$root/etc/scriptfs-fresh-root"	# see forget_clones
	mkdir -p "$roots/packages"
	cp -al "$roots/packages/." "$root/var/cache/apt/archives"
}

# Keep the current packages for the next run.
keep_packages()
{
	rm -rf "$root/packages"
	mkdir "$root/packages"
	find "$root/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec mv -t "$root/packages" {} +
	rm -rf "$roots/packages"
	mv -T "$root/packages" "$roots/packages"
}

case $stage in
prepare)
	guarded step 'fresh root' prepare
	exit
	;;
enter)
	shift 3
	enter "$@"
	;;
esac

# isolated STAGE...: that stage in namespaces of its own. Its processes end when their first one does,
# which ends with unshare (--kill-child), which ends with this shell (--pdeathsig), even by SIGKILL.
isolated()
{
	local rc=0

	setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child \
		"$0" "$target" "$@" <&0 &
	child=$!
	wait "$child" || rc=$?
	child=''
	return "$rc"
}

# in_root COMMAND...
in_root()
{
	isolated enter "$root" "$@"
}

finish()
{
	trap '' INT TERM HUP
	if [ -n "$child" ]; then
		kill -KILL "$child" 2>/dev/null || :
		wait "$child" 2>/dev/null || :
	fi
	[ -z "$root" ] || rm -rf --one-file-system "$root" || :
}

[ "$(id -u)" -eq 0 ] || on_machine 'that takes root'
have_namespaces || on_machine 'no namespaces here'
mkdir -p "$roots"
chmod 700 "$roots"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
guarded claim_root
forget_clones "$cache"/tree/*/clone "$cache"/bench/build-*/clone
isolated prepare "$root" || on_machine 'it could not be made, see above'
in_root apt-get -qq -o APT::Update::Error-Mode=any update || on_machine 'its apt cannot reach the mirror'
in_root "$top/tools/build/deps.sh"
in_root apt-get -qq autoclean >/dev/null
guarded keep_packages
say "==> make $target in a root of its own"
in_root make --no-print-directory -C "$top" "$target"
