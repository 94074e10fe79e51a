# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by every script: where things live, how a step reports itself, how a kernel is made.
set -euo pipefail
export LC_ALL=C LANG=C
unset LANGUAGE LC_CTYPE LC_MESSAGES

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/scriptfs
out=$top/out
# shellcheck disable=SC2034 # for the scripts that source this
jobs=$(nproc)
# What is laid over a kernel tree, by its name there
# shellcheck disable=SC2034 # for the scripts that source this
overlay=(fs/scriptfs mm include Documentation tools/testing/selftests/scriptfs)
mkdir -p "$cache" "$out/log"

# The compilers in this path are ccache. Objects must not depend on where the clone or the cache is, on
# the date, or on the machine's name, or the cache would never have them.
export PATH=/usr/lib/ccache:$PATH
export CCACHE_DIR=$cache/ccache CCACHE_MAXSIZE=10G CCACHE_BASEDIR=$cache CCACHE_NOHASHDIR=1
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026' KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=scriptfs KBUILD_BUILD_HOST=scriptfs

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "${0##*/}: $*"
	exit 1
}

# step [-q] [-k BUILD] NAME COMMAND...: run it with its output in a log file, and say how long it took; with
# -q only if it fails. -k: the command makes a kernel in BUILD, so say on a terminal how far it is. The
# command may be a function: it ends at its first error. For that, step itself must not stand before ||
# or && or in a condition.
step()
{
	local quiet='' kernel_in='' name log begin=$SECONDS shown='' rc

	[ "$1" != -q ] || { quiet=1; shift; }
	[ "$1" != -k ] || { kernel_in=$2; shift 2; }
	name=$1 log=$out/log/${1// /-}.log
	shift
	: >"$log"
	if [ -z "$quiet" ] && [ -t 2 ]; then
		printf '==> %s ...' "$name" >&2
		[ -z "$kernel_in" ] || { show_objects "$name" "$log" "$kernel_in" & shown=$!; }
	fi
	set +e
	(set -e; "$@") >"$log" 2>&1 </dev/null
	rc=$?
	[ -z "$shown" ] || { kill "$shown"; wait "$shown" 2>/dev/null; }
	set -e
	[ "$quiet" ] || [ ! -t 2 ] || printf '\r\033[K' >&2
	if [ "$rc" -ne 0 ]; then
		say "==> $name ... FAILED (exit $rc) after $((SECONDS - begin)) s, its last lines:"
		head -n -15 "$log" | grep -E 'error|Error|\*\*\*|fatal|FAILED' | tail -n 5 | sed 's/^/  ! /' >&2 || :
		tail -n 15 "$log" | sed 's/^/  | /' >&2
		say "    the whole log: $log"
		exit "$rc"
	fi
	[ "$quiet" ] || say "==> $name ... $((SECONDS - begin)) s"
}

# show_objects NAME LOG BUILD: until killed, say how many objects that log of a kernel build has. Of how many
# is known only while BUILD has no kernel, and then from the number of symbols in its configuration.
show_objects()
{
	local begin=$SECONDS seconds about=0 made left nothing

	if [ ! -e "$3/vmlinux" ]; then
		about=$(($(grep -c '=[ym]$' "$3/.config") * 9 / 4))
		about=$((about - $(find "$3" -name '*.o' | wc -l)))
	fi
	exec {nothing}<> <(:)
	while kill -0 $$ 2>/dev/null; do
		made=$(grep -cE '^  (CC|AS) ' "$2" || :)
		seconds=$((SECONDS - begin)) left=''
		if [ "$made" -gt 0 ] && [ "$about" -gt "$made" ]; then
			left=$((seconds * (about - made) / made))
			left=$(printf ' of about %d, %d:%02d to go' "$about" $((left / 60)) $((left % 60)))
		fi
		printf '\r==> %s ... %d:%02d, %d objects%s\033[K' \
			"$1" $((seconds / 60)) $((seconds % 60)) "$made" "$left" >&2
		# A sleep would outlive this, and hold the locks.
		read -rt 1 -u "$nothing" || :
	done
}

# lock NAME: take a lock of the cache and hold it until this shell ends. Says so if it has to wait.
lock()
{
	local fd

	exec {fd}>"$cache/$1.lock"
	flock -n "$fd" && return
	say "    waiting for another build ($1)"
	flock "$fd"
}

# forget_clones FILE...: each file names the clone that its directory was made for; remove the directories
# whose clone is gone. Not in a root of fresh.sh, where other clones are out of sight.
forget_clones()
{
	local file

	[ ! -e /etc/scriptfs-fresh-root ] || return 0
	for file; do
		[ ! -f "$file" ] || [ -d "$(cat "$file")" ] || rm -rf "${file%/*}"
	done
}

# kmake TREE BUILD ARCH ARGUMENT...: make in that kernel tree; what is made goes to BUILD.
kmake()
{
	local tree=$1 build=$2 arch=$3 cross=''

	shift 3
	[ "$arch" != arm64 ] || cross=aarch64-linux-gnu-
	nice make -C "$tree" O="$build" ARCH="$arch" CROSS_COMPILE="$cross" -j"$jobs" "$@"
}

# configure TREE BUILD ARCH FRAGMENT...: lay these files of CONFIG_ lines over allnoconfig; the last line
# for a symbol counts. Does nothing when BUILD has that configuration.
configure()
{
	local tree=$1 build=$2 arch=$3

	shift 3
	mkdir -p "$build"
	# What comes later replaces what came before; kconfig would do so with a warning.
	cat "$@" | tac | awk -F= '!/^CONFIG_/ || !seen[$1]++' | tac >"$build/fragments.new"
	! cmp -s "$build/fragments.new" "$build/fragments" || return 0
	rm -f "$build/fragments"
	kmake "$tree" "$build" "$arch" KCONFIG_ALLCONFIG="$build/fragments.new" allnoconfig
	check_config "$build/.config" "$build/fragments.new"
	mv "$build/fragments.new" "$build/fragments"
}

# check_config CONFIG FRAGMENT: every symbol must be as it was asked for: kconfig drops what it cannot
# satisfy without a word.
check_config()
{
	local line name lost=0

	while read -r line; do
		name=${line%%=*}
		case $line in
		*=n) ! grep -q "^$name=" "$1" ;;
		*) grep -qxF "$line" "$1" ;;
		esac || { echo "error: $line did not survive: $(grep -w "$name" "$1")"; lost=1; }
	done < <(grep '^CONFIG_' "$2")
	return "$lost"
}
