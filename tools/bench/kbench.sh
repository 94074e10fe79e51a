# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by icount.sh and uml.sh, the beds of the in-kernel driver: what they share.
. "$(dirname "${BASH_SOURCE[0]}")/../build/lib.sh"

rounds=${ROUNDS:-5}
case $rounds in
'' | 0 | *[!0-9]*) die "ROUNDS=$rounds: allowed is a number from 1" ;;
esac

# chosen_cases: the names in kbench/cases that match one of the globs in CASES, in that order
chosen_cases()
{
	local -a globs=() names
	local glob name hits

	read -ra globs <<<"${CASES:-*}"
	mapfile -t names <"$top/tools/bench/kbench/cases"
	for glob in "${globs[@]}"; do
		hits=0
		for name in "${names[@]}"; do
			# shellcheck disable=SC2053 # a glob it is
			if [[ $name == $glob ]]; then
				echo "$name"
				hits=1
			fi
		done
		[ "$hits" = 1 ] || die "CASES=$glob: no such case; allowed are globs of: ${names[*]}"
	done | awk '!seen[$0]++' | paste -sd' '
}

# chosen_filesystems NAME...: FILESYSTEMS, or all of these names, which are all that is allowed
chosen_filesystems()
{
	local fs

	for fs in ${FILESYSTEMS:-$*}; do
		case " $* " in
		*" $fs "*) ;;
		*) die "FILESYSTEMS=$fs: allowed are $*" ;;
		esac
	done
	echo "${FILESYSTEMS:-$*}"
}

# chosen_drivers: DRIVERS, or both
chosen_drivers()
{
	local driver

	for driver in ${DRIVERS:-kernel kernel-user}; do
		case $driver in
		kernel | kernel-user) ;;
		*) die "DRIVERS=$driver: allowed are kernel (its own memory) and kernel-user (a process's)" ;;
		esac
	done
	echo "${DRIVERS:-kernel kernel-user}"
}

# build_module BUILD ARCH DIR: kbench.ko for the kernel in BUILD, made in DIR
build_module()
{
	local tree

	tree=$("$top/tools/build/tree.sh" scriptfs)
	mkdir -p "$3"
	rsync -rlpi --checksum "$top/tools/bench/kbench/" "$3/"
	nice make -C "$tree" O="$1" ARCH="$2" M="$3" -j"$jobs" modules
}

# make_stage DIR BUILD MODULE NAME=VALUE...: what the guest finds in /guest/kbench
make_stage()
{
	local stage=$1 build=$2 module=$3 setting

	shift 3
	rm -rf "$stage"
	mkdir -p "$stage"
	cp "$top/tools/bench/guest/kbench" "$stage/main"
	gcc -O2 -Wall -Wextra -Werror -static -o "$stage/user" "$top/tools/bench/kbench/user.c"
	cp "$module/kbench.ko" "$build/fs/scriptfs/scriptfs.ko" "$stage"
	for setting; do
		printf "%s='%s'\n" "${setting%%=*}" "${setting#*=}"
	done >"$stage/settings"
}

# show_samples OUTPUT CONSOLE BEGIN LESS: print what was measured; fail unless it came to its end. With
# LESS 1 the table for people has what is beyond the copy.
show_samples()
{
	local reason

	grep -E '^(info|sample) ' "$1" || :
	reason=$(grep -m 1 -E 'Kernel panic|BUG:|Oops|general protection|WARNING:' "$2" ||
		sed -n 's/^failed //p' "$1" | grep . || grep -qx finished "$1" || tail -n 5 "$1")
	[ -z "$reason" ] || die "$reason (logs: $1, $2)"
	grep -qx finished "$1" || die "the guest ended without a word (logs: $1, $2)"
	say "==> in-kernel driver ... $((SECONDS - $3)) s"
	grep '^sample ' "$1" | awk -v less="$4" -f "$top/tools/bench/kbench.awk" >&2
}
