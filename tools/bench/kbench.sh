# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by icount.sh and uml.sh, the beds of the in-kernel driver: what they share.
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"

# shellcheck disable=SC2034 # for the scripts that source this
rounds=$(number ROUNDS 5)
program=$("$top/tools/bench/build.sh")

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
	mkdir -p "$3"
	rsync -rlpi --checksum "$top/tools/bench/kbench/" "$3/"
	nice make -C "$1" ARCH="$2" M="$3" -j"$jobs" modules
}

# shellcheck disable=SC2154 # filesystems: of the script that sources this
# make_stage SCRIPTFS.KO MODULE NAME=VALUE...: what the guest finds in /guest/kbench
make_stage()
{
	local scriptfs=$1 module=$2

	shift 2
	make_program_stage kbench rounds="$rounds" filesystems="${filesystems// /,}" "$@"
	cp "$module/kbench.ko" "$scriptfs" "$out/stage/kbench"
}

# memory_of CASE USUAL: MiB of the guest that it runs in, the usual ones unless it does not fit. They
# depend on nothing else, so that a count is the same on every machine.
memory_of()
{
	case $1 in
	grow-files-*-100000) echo 5120 ;;
	grow-files-*-1000000) echo 36864 ;;
	*) echo "$2" ;;
	esac
}

# each_guest USUAL FUNCTION CASE...: call "FUNCTION MIB CASES" for each guest that these cases take, the
# usual one first. One that would take more than half of this machine's free memory is left out with a
# line that says so.
each_guest()
{
	local usual=$1 function=$2 free mib name text
	local -A cases=()

	shift 2
	for name; do
		mib=$(memory_of "$name" "$usual")
		cases[$mib]+="${cases[$mib]:+ }$name"
	done
	free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
	for mib in $(printf '%s\n' "${!cases[@]}" | sort -n); do
		if [ "$mib" -le "$usual" ] || [ $((2 * mib)) -le "$free" ]; then
			"$function" "$mib" "${cases[$mib]}"
			continue
		fi
		text="a guest of $mib MiB wants $((2 * mib)) MiB free on this machine, there are $free"
		echo "info left-out ${cases[$mib]}: $text"
		say "==> ${cases[$mib]} ... skipped: $text"
	done
}

# show_samples OUTPUT CONSOLE: print what was measured; fail unless it came to its end
show_samples()
{
	local reason

	grep -E '^(info|sample) ' "$1" || :
	reason=$(complaints <"$2" ||
		sed -n 's/^failed //p' "$1" | grep . || grep -qx finished "$1" || tail -n 5 "$1")
	[ -z "$reason" ] || die "${reason%%$'\n'*} (logs: $1, $2)"
	grep -qx finished "$1" || die "the guest ended without a word (logs: $1, $2)"
}

# show_table BEGIN OUTPUT...: the table for people of these guests
show_table()
{
	local begin=$1

	shift
	[ $# -gt 0 ] && grep -q '^sample ' "$@" || return 0
	say "==> in-kernel driver ... $((SECONDS - begin)) s"
	"$program" collect "$@" >&2
}
