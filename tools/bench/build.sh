#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# build.sh: build scriptfs-bench, a static program, and print its path; with -b build the unit tests
# too, and print the path of the build tree (for ctest, and compile_commands.json).
#
# The program is named by what it was built from, so another clone with the same sources finds it.
. "$(dirname "$0")/../build/lib.sh"

source=$top/tools
home=$cache/bench
build=$home/build-$(sha256sum <<<"$top" | cut -c1-12)
# All that it is built with, so that there is one list. What is missing CMake says better.
mapfile -t packages < <(sed -n '/^# scriptfs-bench$/,/^$/{/^[a-z]/p}' "$top/tools/build/packages")
[ "${#packages[@]}" -gt 0 ] || die 'tools/build/packages has no part "scriptfs-bench"'
key=$({
	cd "$source"
	find CMakeLists.txt lib bench/CMakeLists.txt bench/src -type f ! -path 'lib/tests/*' | sort | xargs sha256sum
	dpkg-query -W -f '${Package} ${Version}\n' g++ libc6-dev "${packages[@]}" 2>/dev/null || :
} | sha256sum | cut -c1-12)
program=$home/scriptfs-bench-$key

# make_bench TARGET...
make_bench()
{
	forget_clones "$home"/build-*/clone
	mkdir -p "$build"
	echo "$top" >"$build/clone"
	CCACHE_BASEDIR=$top nice cmake -G Ninja -S "$source" -B "$build" \
		-DCMAKE_CXX_COMPILER=g++
	CCACHE_BASEDIR=$top nice ninja -C "$build" "$@"
	strip -o "$build/stripped" "$build/bench/scriptfs-bench"
	mv "$build/stripped" "$program"
	find "$home" -maxdepth 1 -name 'scriptfs-bench-*' -mtime +7 -delete
}

mkdir -p "$home"
lock "bench-${build##*-}"
case ${1:-} in
-b)
	step -q 'bench build' make_bench all
	echo "$build"
	;;
*)
	[ -x "$program" ] || step -q 'bench build' make_bench scriptfs-bench
	echo "$program"
	;;
esac
