#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tree.sh stock|scriptfs|unhooked: print the path of a kernel tree to build from.
#
# stock is the source as it came. scriptfs is a copy of it, one for each clone of this repository,
# with patches/v5.10 applied and the repository's own files laid over it. A file is written only
# where its content changes, so that after an edit make rebuilds what depends on it and no more.
#
# unhooked is scriptfs without the hook: the .c files that the patches change are as they came. A
# kernel built from it differs from the patched one in these files only, so the compiler cache has
# all others.
. "$(dirname "$0")/lib.sh"

case "${1:-}" in
stock) exec "$top/tools/build/source.sh" ;;
scriptfs | unhooked) ;;
*) die "usage: tree.sh stock|scriptfs|unhooked" ;;
esac

pristine=$("$top/tools/build/source.sh")
home=$cache/tree/$(printf '%s\n' "$top" "$pristine" | sha256sum | cut -c1-12)
tree=$home/src
patches=$top/patches/v5.10

copy_pristine()
{
	forget_clones "$cache"/tree/*/clone
	rm -rf "$tree" "$home/tmp"
	mkdir -p "$home"
	# Nothing writes into a file in place, so the trees can share files by hard links. A tree of the
	# user's own (KERNEL_SRC) is copied as it is when first used.
	case $pristine in
	"$cache"/*) cp -al "$pristine" "$home/tmp" ;;
	*) cp -a "$pristine" "$home/tmp" ;;
	esac
	echo "$top" >"$home/clone"
	: >"$home/touched"
	mv "$home/tmp" "$tree"
}

# Make every touched file in $stage, then copy those that differ.
refresh()
{
	local stage=$home/stage name file
	local -a names=()

	[ ! -f "$patches/series" ] ||
		mapfile -t names < <(sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$patches/series")
	rm -rf "$stage"
	mkdir -p "$stage"
	for name in ${names[@]+"${names[@]}"}; do
		sed -n 's/^+++ b\/\([^[:space:]]*\).*/\1/p' "$patches/$name"
	done | sort -u >"$home/patched"
	while read -r file; do
		[ ! -e "$pristine/$file" ] || (cd "$pristine" && cp -a --parents "$file" "$stage")
	done <"$home/patched"
	for name in ${names[@]+"${names[@]}"}; do
		echo "patch $name"
		patch -d "$stage" -p1 -F0 --no-backup-if-mismatch <"$patches/$name"
	done
	for file in "${overlay[@]}"; do
		[ ! -d "$top/$file" ] || (cd "$top" && rsync -a --relative "$file" "$stage/")
	done

	(cd "$stage" && find . -type f | sort) >"$home/now"
	comm -23 "$home/touched" "$home/now" | while read -r file; do
		rm -f "$tree/$file"
		[ ! -e "$pristine/$file" ] ||
			{ cp -a "$pristine/$file" "$tree/$file"; touch "$tree/$file"; }
	done
	cmp -s "$home/touched" "$home/now" || date +%s.%N >"$home/changed"
	sort -u "$home/touched" "$home/now" -o "$home/touched"
	# Without timestamps: a changed file is new to make, whatever its age in the repository.
	rsync -rlpi --checksum "$stage/" "$tree/" >"$home/written"
	! grep '^>f' "$home/written" || date +%s.%N >"$home/changed"
	mv "$home/now" "$home/touched"
}

unhook()
{
	local place=$home/unhooked file

	rm -rf "$place/tmp"
	mkdir -p "$place"
	cp -al "$tree" "$place/tmp"
	grep '\.c$' "$home/patched" | while read -r file; do
		cp -a --remove-destination "$pristine/$file" "$place/tmp/$file"
	done
	rm -rf "$place/src"
	mv "$place/tmp" "$place/src"
	cp "$home/changed" "$place/changed"
}

lock "tree-${home##*/}"
[ -d "$tree" ] || step 'tree copy' copy_pristine
step -q tree refresh
if [ "$1" = unhooked ]; then
	cmp -s "$home/changed" "$home/unhooked/changed" || step -q 'tree unhooked' unhook
	tree=$home/unhooked/src
fi
echo "$tree"
