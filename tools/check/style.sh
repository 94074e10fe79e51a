#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# style.sh: check the sources without running them. Prints ok / not ok lines.
#
# The kernel's own tools (checkpatch, kernel-doc, sparse, W=1, coccinelle, get_abi) look at the kernel
# files and at the mailing-list series, shellcheck, docutils, clang-format and clang-tidy at the rest.
# shellcheck disable=SC2016,SC2317 # what is called by check, or expanded by another shell
. "$(dirname "$0")/../build/checks.sh"

tree=$("$top/tools/build/tree.sh" scriptfs)
home=${tree%/src}
build=$home/style
config=$top/qemu/config

# All that goes into a kernel tree, by its path there, and all scripts of the repository
cd "$top"
mapfile -t kernel_files < <(
	find "${overlay[@]}" -type f \
		\( -name '*.[ch]' -o -name '*.rst' -o -name '*.sh' -o -name Kconfig -o -name Makefile \
		-o -path '*/ABI/*' \) | sort)
mapfile -t code_files < <(printf '%s\n' "${kernel_files[@]}" | grep '^\(fs\|mm\|include\)/.*\.[ch]$')
mapfile -t all_files < <(find . -type f ! -path './.git/*' ! -path './out/*' | sed 's/^\.\///' | sort)
mapfile -t shell_files < <(
	for file in "${all_files[@]}"; do
		sed -n '/^#!.*\(ba\|da\|\/\)sh\|^# shellcheck shell=/{p;q}' "$file" | tr -d '\0' |
			grep -q . && echo "$file"
	done 2>/dev/null)

# in_parallel COMMAND... <names
in_parallel()
{
	xargs -r -d '\n' -P "$jobs" -n 1 "$@"
}

# quiet COMMAND...: run it, and fail if it prints anything
quiet()
{
	"$@" 2>&1 | (! grep .)
}

checkpatch()
{
	# In the tree: where checkpatch sees a .git, it wants modules of Python that few have.
	cd "$tree"
	printf '%s\n' "$@" | grep -v /compat/ |
		in_parallel perl scripts/checkpatch.pl --quiet --strict --show-types --no-summary --file
	printf '%s\n' "$@" | (grep /compat/ || :) |
		in_parallel perl scripts/checkpatch.pl --quiet --strict --show-types --no-summary \
			--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON --file
}

# What differs from kernel to kernel is in one place.
one_version()
{
	printf '%s\n' "${code_files[@]}" | grep -v /compat/ |
		(! xargs -d '\n' grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|linux/version\.h')
}

kernel_doc()
{
	cd "$tree"
	printf '%s\n' "${code_files[@]}" | in_parallel scripts/kernel-doc -none -v 2>&1 |
		(! grep -vE 'info: Scanning doc|^$')
}

builtin_tests()
{
	printf 'CONFIG_%s=y\n' SCRIPTFS_FS KUNIT SCRIPTFS_KUNIT_TEST PAGE_CACHE_RUN
}

# In a directory of its own: W=1 changes the command line, and would have the tested kernel compiled
# again. Objects that are there print no warning, so they are removed first.
compile()
{
	local -a make=(kmake "$tree" "$build" x86_64) objects

	configure "${make[@]:1}" "$config/base.config" <(builtin_tests)
	"${make[@]}" -s prepare
	rm -rf "$build/fs/scriptfs" "$build/mm/page_run.o"
	"${make[@]}" -k W=1 C=2 fs/scriptfs/ mm/page_run.o
	rm -rf "$build/kbench"
	cp -r "$top/tools/bench/kbench" "$build/kbench"
	read -ra objects < <(sed -n 's/^kbench-y := //p' "$build/kbench/Kbuild")
	"${make[@]}" -k W=1 C=2 M="$build/kbench" "${objects[@]}"
}

# arm64 has other headers, and caches that x86 knows nothing of.
configure_arm64()
{
	configure "$tree" "$build-arm64" arm64 "$config"/{base,arm64}.config <(builtin_tests)
	kmake "$tree" "$build-arm64" arm64 -s prepare
}

compile_arm64()
{
	rm -rf "$build-arm64/fs/scriptfs" "$build-arm64/mm/page_run.o"
	kmake "$tree" "$build-arm64" arm64 -k W=1 fs/scriptfs/ mm/page_run.o
}

no_warning()
{
	# arm64 compiles its vdso anew for whatever is to be built.
	sed "s|$tree/||g; s|\.\./src/||g; /^arch\/arm64\/kernel\/vdso\//d" "$1" |
		(! grep -E '(warning|error): |^fs/scriptfs/.*: note: ')
}

# A function that other files call is documented where it is defined.
documented()
{
	local name lost=0

	while read -r name; do
		grep -qE "^ \* $name(\(\))? - " "${code_files[@]}" || { echo "no kernel-doc: $name"; lost=1; }
	done < <(find "$build/fs/scriptfs" "$build/mm/page_run.o" -name '*.o' ! -name '*_test.o' \
		! -name scriptfs.o -exec nm --defined-only {} + | sed -n 's/^[^ ]* T //p' |
		grep -vxE 'init_module|cleanup_module' | sort -u)
	return "$lost"
}

# Every semantic patch with a report mode, bar those that need an OCaml compiler.
coccinelle()
{
	local place=$build/cocci

	rm -rf "$place"
	mkdir -p "$place"
	cp --parents "${code_files[@]}" "$place"
	# Not in the kernel tree, whose .cocciconfig wants git.
	cd "$place"
	grep -rl --include='*.cocci' '^virtual report' "$tree/scripts/coccinelle" |
		xargs grep -L 'script:ocaml' | sort >list
	in_parallel sh -c 'nice timeout 120 spatch -D report --no-show-diff --very-quiet \
		$(sed -n "s|^///* *Options: *||p" "$1") --cocci-file "$1" \
		-I "$0/arch/x86/include" -I "$0/include" --dir . 2>"${1##*/}.err" ||
		echo "spatch failed: $1: $(cat "${1##*/}.err")"' "$tree" <list >said
	wc -l <list
	(! grep . said)
}

shell_scripts()
{
	printf '%s\n' "${shell_files[@]}" | in_parallel shellcheck -x
}

cxx_format()
{
	find "$top"/tools/{lib,bench/src,bench/tests} -name "*.[ch]*" -print0 |
		xargs -0 clang-format --dry-run --Werror
}

# clang-tidy spends nearly all of its time in the headers of others, so it looks at the large units that
# CMake makes. What was clean is not looked at again.
cxx_tidy()
{
	local build clean

	build=$("$top/tools/bench/build.sh" -b)
	clean=$cache/bench/tidy-$(cd "$top/tools" && cat .clang-tidy CMakeLists.txt {lib,bench}/CMakeLists.txt \
		lib/*.{cc,h} bench/src/*.{cc,h} | sha256sum | cut -c1-12)
	[ ! -e "$clean" ] || return 0
	sed -n 's/^ *"file": "\(.*\)".*/\1/p' "$build/compile_commands.json" | grep -v -- -tests.dir |
		in_parallel nice clang-tidy --quiet --config-file="$top/tools/.clang-tidy" -p "$build"
	find "$cache/bench" -maxdepth 1 -name 'tidy-*' -mtime +7 -exec rm -r {} +
	touch "$clean"
}

licences()
{
	local file line lost=0

	for file in "${kernel_files[@]}" "${shell_files[@]}" tools/{lib,lib/tests,bench/src,bench/tests}/*.*; do
		case $file in
		Documentation/ABI/*) continue ;;
		esac
		line=$(head -n 2 "$file")
		case $line in
		*'SPDX-License-Identifier: GPL-2.0-only'*) ;;
		*) echo "no SPDX line: $file"; lost=1 ;;
		esac
	done
	return "$lost"
}

# The brackets keep the pattern from matching itself.
no_leftovers()
{
	(! grep -nwE 'TO[D]O|FIX[M]E|X[X]X' "${kernel_files[@]}")
}

rst()
{
	printf '%s\n' "${kernel_files[@]}" | grep '\.rst$' |
		in_parallel sh -c '/usr/bin/python3 -m docutils --halt=5 --exit-status=2 "$0" /dev/null'
}

# Links in our documents lead somewhere.
links()
{
	local from to lost=0

	while IFS=: read -r from to; do
		[ -e "$(dirname "$from")/${to%%#*}" ] || { echo "$from: no $to"; lost=1; }
	done < <(grep -oHE '\]\([^):]+\)' ./*.md doc/*.md | sed 's/:\](\(.*\))$/:\1/')
	while IFS=: read -r from to; do
		[ -e "$tree/$to" ] || { echo "$from: no $to"; lost=1; }
	done < <(grep -ohHE 'Documentation/[A-Za-z0-9/_.-]*[A-Za-z0-9]' "${kernel_files[@]}")
	return "$lost"
}

# The manual is troff without mistakes, and has all options of the mount and all commands of the program.
manual()
{
	local program page name lost=0

	program=$("$top/tools/bench/build.sh")
	for page in doc/man/*; do
		man --warnings --encoding=UTF-8 --troff-device=utf8 --ditroff --local-file "$page" 2>&1 >/dev/null | (! grep .) || lost=1
	done
	while read -r page name; do
		grep -qE "^\.BR? (.*[ ,])?$name(=.*)?\$" "doc/man/$page" || { echo "$page: no $name"; lost=1; }
	done < <(sed -n 's/^.*__fsparam([^"]*"\([^"]*\)".*/scriptfs.5 \1/p' fs/scriptfs/options.c
		"$program" --help | sed -n '/^Subcommands/,$s/^  \([a-z]*\) .*/scriptfs-bench.1 \1/p')
	return "$lost"
}

# get_abi takes lines that it does not understand for text, so check the tags as well.
abi()
{
	awk '
	/^[^ \t]/ && !/^(What|Date|KernelVersion|Contact|Description|Users):/ { print FILENAME ": " $0; bad = 1 }
	/^What:/ && !what { whats++; what = 1 }
	!/^What:/ { what = 0 }
	/^(Date|Contact|Description):/ { tags++ }
	END { exit bad || tags != 3 * whats }' Documentation/ABI/*/*
	cd "$tree"
	quiet perl scripts/get_abi.pl --dir "$top/Documentation/ABI" validate
}

for place in "${overlay[@]}"; do
	mapfile -t files < <(printf '%s\n' "${kernel_files[@]}" | grep "^$place/")
	check "style checkpatch $place" checkpatch "${files[@]}"
done
check 'style checkpatch tools/bench' checkpatch "$top"/tools/bench/kbench/{,compat/}*.[ch]
check 'style kernel versions in compat/ only' one_version
check 'style kernel-doc' kernel_doc
check 'style compile' compile
check 'style sparse and W=1' no_warning "$out/log/style-compile.log"
check 'style configure for arm64' configure_arm64
check 'style compile for arm64' compile_arm64
check 'style warnings for arm64' no_warning "$out/log/style-compile-for-arm64.log"
check 'style kernel-doc of shared functions' documented
check 'style refused configurations' "$top/tools/check/refused.sh" "$tree"
check 'style coccinelle' coccinelle
check 'style shellcheck' shell_scripts
check 'style clang-format' cxx_format
check 'style clang-tidy' cxx_tidy
check 'style licences' licences
check 'style leftovers' no_leftovers
check 'style rst' rst
check 'style links' links
check 'style manual' manual
check 'style sysfs ABI' abi
"$top/tools/check/layers.sh" || failed=1
"$top/tools/series/series.sh" style || failed=1
exit "$failed"
