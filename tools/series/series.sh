#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# series.sh: write the mailing-list series to out/series/v5.10/. patches/series/steps says what goes into
# which patch; the messages and the cover letter are beside it.
#
# series.sh style   and run checkpatch over it
# series.sh check   and apply it to a pristine tree and build each step, scriptfs =y, =m and off
. "$(dirname "$0")/../build/checks.sh"

version=v5.10
patches=$top/patches/$version
messages=$top/patches/series
series=$out/series/$version

# Of the user's git, only name and address go into the series.
name=$(git -C "$top" config user.name || :)
email=$(git -C "$top" config user.email || :)
if [ -z "$name" ] || [ -z "$email" ]; then
	owner=$(sed -n 's/^+M:\t//p' "$patches"/*.patch | head -n 1)
	name=${owner% <*} email=${owner##*<} email=${email%>}
fi
date=$(git -C "$top" log -1 --format=%ct 2>/dev/null || date +%s)
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE="@$date +0000"
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email GIT_COMMITTER_DATE="@$date +0000"
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

tree=$("$top/tools/build/tree.sh" scriptfs)
pristine=$("$top/tools/build/tree.sh" stock)
home=${tree%/src}

# ---- writing

# MAINTAINERS as it must be with the files of the current directory: of the "F:" lines that the series
# adds, leave out those of files still to come, and name a directory file by file until its Makefile is
# there.
maintainers()
{
	{
		git ls-files -co --exclude-standard | sort
		echo
		cat "$pristine/MAINTAINERS"
		echo end of what was there
		cat "$final/MAINTAINERS"
	} | awk '
		part == 0 && $0 == ""			{ part = 1; next }
		part == 0				{ file[++files] = $0; there[$0] = 1; next }
		part == 1 && $0 == "end of what was there"	{ part = 2; next }
		part == 1				{ old[$0] = 1; was[++lines] = $0; next }
		!/^F:\t/ || $0 in old			{ now[++wanted] = $0; next }
		{
			path = substr($0, 4)
			if (path in there || (path "Makefile") in there) {
				now[++wanted] = $0
				added = 1
				next
			}
			for (i = 1; path ~ /\/$/ && i <= files; i++)
				if (index(file[i], path) == 1 && file[i] !~ /\/\.[^\/]*$/) {
					now[++wanted] = "F:\t" file[i]
					added = 1
				}
		}
		END {
			for (i = 1; added && i <= wanted; i++)
				print now[i]
			for (i = 1; !added && i <= lines; i++)
				print was[i]
		}'
}

# commit_step MESSAGE PATH...: copy the paths from $final into the repository here, and commit them
commit_step()
{
	local message=$1

	shift
	(cd "$final" && cp -a --parents "$@" "$repo")
	maintainers >"$scratch/maintainers"
	cat "$scratch/maintainers" >MAINTAINERS
	git add -A
	sed '/^---$/,$d; s/^Subject: //' "$message" | git commit -q -s -F -
}

write_series()
{
	local line step
	local -a paths

	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	repo=$scratch/repo final=$scratch/final
	mkdir -p "$repo" "$final"
	(
		lock "tree-${home##*/}"
		cp "$home/touched" "$scratch/touched"
		cd "$tree"
		xargs -d '\n' cp -a --parents -t "$final" <"$scratch/touched"
	)

	cd "$repo"
	git init -q -b scriptfs
	while read -r line; do
		[ ! -e "$pristine/$line" ] || (cd "$pristine" && cp -a --parents "$line" "$repo")
	done <"$scratch/touched"
	git add -Af
	git commit -q -m "$version"
	git tag base

	while read -r line; do
		step=${line%%:*}
		if [ "$step" = "$line" ]; then
			mapfile -t paths < <(sed -n 's/^+++ b\/\([^[:space:]]*\).*/\1/p' "$patches/$step.patch")
			commit_step "$patches/$step.patch" "${paths[@]}"
		else
			mapfile -t paths < <(
				cd "$final"
				shopt -s failglob
				# shellcheck disable=SC2086 # globs
				printf '%s\n' ${line#*:}
			)
			commit_step "$messages/$step.txt" "${paths[@]}"
		fi
		echo "$step: ${paths[*]}"
	done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$messages/steps")

	if git --work-tree="$final" status --porcelain -uall | grep .; then
		die "the above is in no step of patches/series/steps"
	fi
	git config branch.scriptfs.description "$(cat "$messages/cover-letter.txt")"
	rm -rf "$series"
	mkdir -p "$series"
	git format-patch -q --no-signature --cover-letter --cover-from-description=subject \
		-o "$series" base
}

# ---- checking

# The one false positive is EMBEDDED_FILENAME in fs/Kconfig: the line that sources
# "fs/scriptfs/Kconfig" happens to contain the name "fs/Kconfig".
checkpatch()
{
	local -a files

	mapfile -t files < <(find "$series" -name '*.patch' ! -name '0000-*' | sort)
	# In a tree without .git; with it checkpatch wants modules of Python that few have.
	cd "$tree"
	# shellcheck disable=SC2016 # expanded by that shell
	printf '%s\n' "${files[@]}" | xargs -d '\n' -P "$jobs" -n 1 sh -c '
		set -- "$0"
		! grep -q "^+source \"fs/scriptfs/Kconfig\"" "$0" ||
			set -- --ignore EMBEDDED_FILENAME "$0"
		! grep -q "^+++ b/fs/scriptfs/compat/" "$0" ||
			set -- --ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON "$@"
		exec perl scripts/checkpatch.pl --quiet --strict --show-types --summary-file "$@"'
}

# Apply to a copy of the whole pristine source, in which git knows only the files that the series changes.
apply()
{
	local file

	if [ -d "$work/.git" ] && ! git -C "$work" checkout -qf base; then
		rm -rf "$work"
	fi
	if [ ! -d "$work" ]; then
		rm -rf "$work.new"
		mkdir -p "${work%/*}"
		cp -al "$pristine" "$work.new" 2>/dev/null || {
			rm -rf "$work.new"
			cp -a "$pristine" "$work.new"
		}
		mv "$work.new" "$work"
	fi
	cd "$work"
	rm -rf .git
	git init -q -b scriptfs
	sed -n 's/^--- a\/\([^[:space:]]*\).*/\1/p' "$series"/*.patch | sort -u >.git/changed
	while read -r file; do
		if [ -e "$pristine/$file" ]; then
			cmp "$file" "$pristine/$file"
			git add -f "$file"
		fi
	done <.git/changed
	git commit -q -m "$version"
	git tag base
	find "$series" -name '*.patch' ! -name '0000-*' -print0 | sort -z | xargs -0 git am -q
}

# build STEP CONFIG TARGET...: CONFIG is off, y or m. All in one directory: kbuild knows which objects
# depend on these few symbols.
build()
{
	local step=$1 config=$2 log
	local -a on=() make=(kmake "$work" "${work%/src}/build" x86_64)

	shift 2
	git -C "$work" checkout -q "$step"
	case $config in
	y) on=(SCRIPTFS_FS=y KUNIT=y SCRIPTFS_KUNIT_TEST=y) ;;
	m) on=(SCRIPTFS_FS=m) ;;
	esac
	rm -f "${make[2]}/fragments"	# the step may have other symbols
	configure "${make[@]:1}" "$top/tools/series/series.config" \
		<([ "${#on[@]}" -eq 0 ] || printf 'CONFIG_%s\n' "${on[@]}")
	log=$("${make[@]}" "$@" 2>&1) || { echo "$log"; exit 1; }
	echo "$log"
	(! grep -E '(fs|mm|include)/.*warning: ' <<<"$log")
}

build_steps()
{
	local step subject

	for step in $(git -C "$work" rev-list --reverse base..scriptfs); do
		subject=$(git -C "$work" log -1 --format=%s "$step")
		check "series builds without scriptfs: $subject" build "$step" off fs/ mm/
		# Before there is a symbol for it, there is nothing else to build.
		git -C "$work" grep -q scriptfs "$step" -- fs/Kconfig || continue
		check "series builds with scriptfs=y: $subject" build "$step" y vmlinux
		check "series builds with scriptfs=m: $subject" build "$step" m vmlinux modules
	done
}

# ----

work=$home/series/src
lock "series-${home##*/}"
case ${1:-} in
'')
	step series write_series
	say "    $(find "$series" -name '*.patch' | wc -l) files in $series"
	;;
style | check)
	check 'series is written' write_series
	[ "$failed" -eq 0 ] || exit 1
	if [ "$1" = check ]; then
		check 'series applies' apply
		[ "$failed" -eq 0 ] || exit 1
		build_steps
	fi
	check 'series checkpatch' checkpatch
	exit "$failed"
	;;
*)
	die "usage: series.sh [style|check]"
	;;
esac
