#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# kunit.sh: build scriptfs and its KUnit tests into a user-mode Linux, run them with the kernel's own
# kunit.py, and print one ok / not ok line for each test.
. "$(dirname "$0")/../build/lib.sh"
. "$(dirname "$0")/../../qemu/guest/trouble"

tree=$("$top/tools/build/tree.sh" scriptfs)
build=${tree%/src}/kunit
log=$out/log/kunit-run.log
mkdir -p "$build"
lock "build-$(printf '%s' "$build" | sha256sum | cut -c1-12)"
# Over what the benchmark's UML has, so that the compiler cache knows most of it
step -q 'kunit config' configure "$tree" "$build" um "$top/tools/bench/uml.config" \
	"$top/fs/scriptfs/.kunitconfig"
step -k "$build" kunit kmake "$tree" "$build" um linux

begin=$SECONDS rc=0
nice python3 "$tree/tools/testing/kunit/kunit.py" exec --build_dir="$build" --timeout=300 \
	>"$log" 2>&1 </dev/null || rc=$?
cp "$build/test.log" "$out/log/kunit-console.log"
# Each "# Subtest: SUITE" heads indented result lines of its own.
results=$(awk '
	/^ +# Subtest: / { suite = $3; next }
	/^ +(not )?ok [0-9]+ - / && suite {
		sub(/^ +/, "")
		sub(/ok [0-9]+ - /, "ok - kunit " suite ".")
		print
	}' "$build/test.log")
[ -z "$results" ] || printf '%s\n' "$results"
echo "# kunit: $((SECONDS - begin)) s, console: $out/log/kunit-console.log"
if [ "$rc" -ne 0 ] && ! grep -q '^not ok' <<<"$results"; then
	echo "not ok - kunit: kunit.py failed (exit $rc), see $log"
	tail -n 15 "$log" | sed 's/^/#   | /'
fi
# The tests provoke scriptfs's own reports, and there is no init to start after them.
if said=$(complaints <"$build/test.log" | grep -v 'scriptfs: \|No working init found'); then
	echo "not ok - kunit: the kernel complained: $(head -n 1 <<<"$said")"
	rc=1
fi
[ -n "$results" ] || { echo "not ok - kunit: no test ran"; rc=1; }
exit "$rc"
