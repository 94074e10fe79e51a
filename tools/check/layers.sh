#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# layers.sh: check that fs/scriptfs has no circles: each file may include only what is before it in one
# list. Prints an ok / not ok line.
# shellcheck disable=SC2317 # what is called by check
. "$(dirname "$0")/../build/checks.sh"

# Lowest first. A name stands for its source and its header, and NAME.h for the header alone, where
# others need what is in it long before the source can be. Tests are above all, compat/ is below.
layers='
	class piece.h unite span huge cut search magazine quarantine surplus poison pool reserve
	sb.h inode.h change wait table.h map table alloc trim shift compact publish gather mmap aops
	xattr attr fileattr
	faultin prefetch read splice nocache write fallocate remap file
	inode namei export
	param options sysfs super'

# rank FILE: where it is in the list
rank()
{
	case $1 in
	compat/[!.]* | compat/../../../mm/*) echo -1 ;;
	*_test.[ch]) echo "${#place[@]}" ;;
	*) echo "${place[$1]:-${place[${1%.[ch]}]:-}}" ;;
	esac
}

in_order()
{
	local name file header own its lost=0
	local -A place=()

	for name in $layers; do
		place[$name]=${#place[@]}
	done
	cd "$top/fs/scriptfs"
	for file in *.[ch] compat/*.[ch]; do
		own=$(rank "$file")
		[ "$own" ] || { echo "$file is in no layer"; lost=1; continue; }
		while read -r header; do
			[[ $file != compat/* ]] || header=compat/$header
			its=$(rank "$header")
			[ "$its" ] || { echo "$file: $header is in no layer"; lost=1; continue; }
			[ "$its" -le "$own" ] || { echo "$file includes $header, which is above it"; lost=1; }
		done < <(sed -n 's/^[[:space:]]*#[[:space:]]*include "\(.*\)".*/\1/p' "$file")
	done
	return "$lost"
}

check 'style layers of fs/scriptfs' in_order
exit "$failed"
