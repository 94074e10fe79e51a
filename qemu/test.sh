#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# test.sh VARIANT block|page [NAME...]: run guest selftests, all or the named, on that kernel (base, debug,
# atomic, kcsan, arm64, 6.1, 6.12, newest, debug-6.1 or debug-6.12) and with that io= path, and print one
# ok / not ok line for each.
#
# All tests share one guest. When it panics, hangs or falls silent, the running test has failed, with the
# last lines of the console, and another guest runs the rest.
# TEST_TIMEOUT=SECONDS limits one test (300, or 900 on a slow kernel). GUEST_ARGS is added to the guest's
# command line; a NAME=VALUE in it is in the environment of the tests.
. "$(dirname "$0")/../tools/build/lib.sh"
. "$(dirname "$0")/guest/trouble"

variant=${1:-} io=${2:-}
case $variant in
base | atomic | 6.1 | 6.12 | newest) limit=${TEST_TIMEOUT:-300} ;;
debug | kcsan | arm64 | debug-6.1 | debug-6.12) limit=${TEST_TIMEOUT:-900} ;;
*) die "no tests on '$variant'; there are base, atomic, 6.1, 6.12, newest, debug, kcsan, arm64," \
	"debug-6.1 and debug-6.12" ;;
esac
case $io in
block | page) ;;
*) die "io=$io: allowed are block and page" ;;
esac
shift 2
arguments="log_buf_len=4M guest.run=tests guest.io=$io guest.timeout=$limit"
# kcsan is slow too, but a test cannot tell.
[ "$variant" != kcsan ] || arguments+=' guest.scale=0.25'

build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" -s -t "$variant")
if [ $# -gt 0 ]; then
	pending=("$@")
else
	list=${initramfs%.cpio}.tests
	[ -s "$list" ] || die "no selftests in tools/testing/selftests/scriptfs"
	mapfile -t pending <"$list"
	# What does not depend on the path of the data runs with io=block alone, and what the pools have for
	# whom is not tried again in every combination with a kernel that is slow or has neither hook.
	no_path='names|exchange|handles|attributes|xattr|acl|idmapped'
	no_path+='|options|tmpfs_options|remount|lifecycle|users|crowded'
	pools='space|reserve|greedy|tree|room|compact|pressure|stranded'
	case $variant-$io in
	debug-page | atomic-block) elsewhere="$no_path|$pools" ;;
	# There are no large blocks to be had between what it keeps about each page.
	debug-block) elsewhere=crowded ;;
	*-page) elsewhere=$no_path ;;
	*) elsewhere='' ;;
	esac
	mapfile -t pending < <(printf '%s\n' "${pending[@]}" | grep -vxE "$elsewhere")
fi
bed=$("$top/qemu/boot.sh" -p "$build" "$initramfs")
logs=$out/test/$variant-$io${1:+-$1}
rm -rf "$logs"
mkdir -p "$logs"
failed=0 boots=0 begin=$SECONDS guest=''
# A guest does not end with the one who follows it.
trap '[ -z "$guest" ] || kill "$guest" 2>/dev/null || :' EXIT

# report NAME pass|fail|skip SECONDS REASON
report()
{
	local title="$variant io=$io $1"

	case $2 in
	pass) echo "ok - $title ($3 s)" ;;
	skip) echo "ok - $title # SKIP $4" ;;
	*)
		echo "not ok - $title: $4"
		# Why, for whoever sees only this: what the test noted, and what the module said of late.
		{
			grep -aE '^(not ok|#)' "$logs/$1.log" | tail -n 12
			grep -a 'scriptfs: ' "$logs/console-$boots.log" | tail -n 4
		} | sed 's/^/#   /' || :
		echo "#   log: $logs/$1.log, console: $logs/console-$boots.log"
		failed=1
		;;
	esac
}

# heard LINE: act on a line from the guest
heard()
{
	local word name what seconds reason

	read -r word name what seconds reason <<<"$1"
	case $word in
	START)
		current=$name
		: >"$logs/$name.log"
		;;
	RESULT)
		report "$name" "$what" "$seconds" "$reason"
		current=''
		finished+=("$name")
		;;
	END) ended=1 ;;
	*) [ -z "$current" ] || printf '%s\n' "$1" >>"$logs/$current.log" ;;
	esac
}

# follow PID FILE: read what the guest writes until it is gone, or silent for too long
follow()
{
	local line rest='' alive=1 silent=$SECONDS fd

	exec {fd}<"$2"
	while [ "$alive" ]; do
		kill -0 "$1" 2>/dev/null || alive=''
		while IFS= read -r line <&"$fd"; do
			heard "$rest$line"
			rest='' silent=$SECONDS
		done
		rest+=$line
		[ $((SECONDS - silent)) -lt $((limit + 120)) ] || break
		[ -z "$alive" ] || sleep 0.3
	done
	exec {fd}<&-
	stuck=''
	[ -z "$alive" ] || stuck="hung: nothing heard for $((SECONDS - silent)) s"
}

while [ "${#pending[@]}" -gt 0 ]; do
	boots=$((boots + 1))
	port=$logs/port-$boots.log console=$logs/console-$boots.log finished=()
	: >"$port"
	names=$(IFS=,; echo "${pending[*]}")
	"$top/qemu/boot.sh" -b "$bed" -o "$port" -l "$console" -t "$((7200 + limit))" \
		-a "$arguments guest.tests=$names ${GUEST_ARGS:-}" \
		"$build" "$initramfs" &
	guest=$!
	current='' ended=''
	follow "$guest" "$port"
	[ -z "$stuck" ] || kill "$guest"
	wait "$guest" 2>/dev/null || :
	guest=''

	mapfile -t pending < <(printf '%s\n' "${pending[@]}" |
		grep -vxF -f <(printf '%s\n' ${finished[@]+"${finished[@]}"}))
	[ -z "$ended" ] || break
	if [ -z "$current" ] && [ "${#finished[@]}" -gt 0 ] && [ "${#pending[@]}" -gt 0 ]; then
		continue
	fi
	name=${current:-${pending[0]:-end}}
	[ -n "$current" ] || : >"$logs/$name.log"
	tail -n 40 "$console" | sed 's/^/# console: /' >>"$logs/$name.log"
	reason=$(complaints <"$console" | tail -n 1 | sed 's/^\[[^]]*\] //' || :)
	report "$name" fail 0 "${stuck:-${reason:-the guest ended without a result}}"
	tail -n 12 "$console" | sed 's/^/#   | /'
	# A guest that did not get to a test will not the next time either.
	[ -n "$current" ] || break
	mapfile -t pending < <(printf '%s\n' "${pending[@]}" | grep -vxF "$name")
done
# Tests that no guest got to
for name in ${pending[@]+"${pending[@]}"}; do
	[ -n "$ended" ] && break
	[ -f "$logs/$name.log" ] || { : >"$logs/$name.log"; report "$name" fail 0 "not run: no guest came up"; }
done
echo "# guest tests $variant io=$io on $bed: $((SECONDS - begin)) s in $boots boot(s), logs in $logs"
exit "$failed"
