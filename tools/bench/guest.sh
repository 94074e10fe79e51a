# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the scripts that measure in a guest of their own: what they share. Output goes to $bench,
# as NAME.out (all the guest said) and NAME.log (its console).
. "$(dirname "${BASH_SOURCE[0]}")/../build/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../../qemu/guest/trouble"

bench=$out/bench

# number NAME DEFAULT: the variable of that name, which must be a number from 1
number()
{
	local value=${!1:-$2}

	case $value in
	'' | 0* | *[!0-9]*) die "$1=$value: allowed is a number from 1" ;;
	esac
	echo "$value"
}

# chosen_filesystems NAME...: FILESYSTEMS, apart by spaces or commas, or all of these names, which are
# all that is allowed
chosen_filesystems()
{
	local fs chosen=${FILESYSTEMS:-$*}

	chosen=${chosen//,/ }
	for fs in $chosen; do
		case " $* " in
		*" $fs "*) ;;
		*) die "FILESYSTEMS=$fs: allowed are $*" ;;
		esac
	done
	echo "$chosen"
}

# settings FILE NAME=VALUE...: for the guest to source
settings()
{
	local file=$1 setting

	shift
	for setting; do
		printf "%s='%s'\n" "${setting%%=*}" "${setting#*=}"
	done >"$file"
}

# make_program_stage NAME NAME=VALUE...: what the guest finds in /guest/NAME, in $out/stage/NAME:
# scriptfs-bench, which the caller has in $program, guest/NAME as main, and its settings
# shellcheck disable=SC2154 # that one
make_program_stage()
{
	local name=$1 stage=$out/stage/$1

	shift
	rm -rf "$stage"
	mkdir -p "$stage"
	cp "$program" "$stage/scriptfs-bench"
	cp "$top/qemu/guest/bench/$name" "$stage/main"
	settings "$stage/settings" "$@"
}

# make_ext4 FILE SIZE: FILE.gz, a file system made here, where mke2fs is; the same each time
make_ext4()
{
	local uuid=00000000-0000-4000-8000-000000000001

	truncate -s "$2" "$1"
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -b 4096 -J size=4 \
		-E lazy_itable_init=0,lazy_journal_init=0,hash_seed=$uuid -U "$uuid" "$1"
	gzip -n "$1"
}

# boot NAME ARGUMENT...: boot.sh with these arguments; fails unless the guest came to its end, and
# without a complaint of the kernel's
boot()
{
	local said=$bench/$1.out console=$bench/$1.log

	mkdir -p "$bench"
	rm -f "$bench/$1".*
	shift
	"$top/qemu/boot.sh" -o "$said" -l "$console" "$@" || return
	tail -n 15 "$said"
	! complaints <"$console" || return
	! grep 'Out of memory' "$console" || return
	grep -q '^finished$' "$said"
}
