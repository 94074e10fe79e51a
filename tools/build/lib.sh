# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by every script here: where things live, and how a step reports itself.
set -euo pipefail
export LC_ALL=C LANG=C
unset LANGUAGE LC_CTYPE LC_MESSAGES

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/scriptfs
out=$top/out
# shellcheck disable=SC2034 # for the scripts that source this
jobs=$(nproc)
mkdir -p "$cache" "$out/log"

# The compilers found through this path are ccache. Objects must not depend on where the clone or
# the cache is, on the day, or on the machine's name, or nothing would be found again.
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

# step [-q] NAME COMMAND...: run it with its output in a log file, and say how long it took; with -q
# only if it fails. The command may be a function: it ends at its first error. For that, step itself
# must not stand before || or && or in a condition.
step()
{
	local quiet='' name log begin=$SECONDS rc

	[ "$1" != -q ] || { quiet=1; shift; }
	name=$1 log=$out/log/${1// /-}.log
	shift
	[ "$quiet" ] || [ ! -t 2 ] || printf '==> %s ...\r' "$name" >&2
	set +e
	(set -e; "$@") >"$log" 2>&1 </dev/null
	rc=$?
	set -e
	if [ "$rc" -ne 0 ]; then
		say "==> $name ... FAILED (exit $rc) after $((SECONDS - begin)) s, its last lines:"
		grep -E 'error|Error|\*\*\*|fatal|FAILED' "$log" | tail -n 5 | sed 's/^/  ! /' >&2 || :
		tail -n 15 "$log" | sed 's/^/  | /' >&2
		say "    the whole log: $log"
		exit "$rc"
	fi
	[ "$quiet" ] || say "==> $name ... $((SECONDS - begin)) s"
}

# lock NAME: hold a lock of the cache until this shell ends. Says so when it has to wait.
lock()
{
	local fd

	exec {fd}>"$cache/$1.lock"
	flock -n "$fd" && return
	say "    waiting for another build ($1)"
	flock "$fd"
}

# forget_clones FILE...: remove the directories of these files, each of which names the clone that the
# directory was made for, where that clone is gone. In a root of fresh.sh no clone but this one can be
# seen, so nobody is judged there.
forget_clones()
{
	local file

	[ ! -e /etc/scriptfs-fresh-root ] || return 0
	for file; do
		[ ! -f "$file" ] || [ -d "$(cat "$file")" ] || rm -rf "${file%/*}"
	done
}
