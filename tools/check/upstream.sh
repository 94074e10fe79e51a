#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# upstream.sh: the kernel's own mincore, splice and vm selftests on the kernel with the hook (base) against
# the one without (unhooked), test by test. What passes without it has to pass with it. What passes on
# neither says nothing about the hook, and is listed as skipped.
. "$(dirname "$0")/../build/lib.sh"

source=$("$top/tools/build/source.sh")
selftests=$source/tools/testing/selftests
home=$("$top/tools/build/tree.sh" scriptfs)
home=${home%/src}/upstream
bin=$home/bin
stage=$out/stage/upstream
logs=$out/test/upstream

# Tests that are not run, and why
skipped='vm.gup_benchmark: needs CONFIG_GUP_BENCHMARK
vm.hmm-tests: needs CONFIG_TEST_HMM and libhugetlbfs
vm.test_vmalloc.sh: needs CONFIG_TEST_VMALLOC
vm.khugepaged: needs CONFIG_DEBUG_VM
vm.va_128TBswitch: needs five-level page tables
vm.transhuge-stress: has no end and no verdict
vm.charge_reserved_hugetlb.sh: needs the hugetlb cgroup controller
vm.hugetlb_reparenting_test.sh: needs the hugetlb cgroup controller'

# Linked statically against the tested kernel's own headers.
build_tests()
{
	local test

	rm -rf "$bin"
	mkdir -p "$bin"
	kmake "$source" "$home/headers" x86_64 -s headers_install
	for test in mincore/mincore_selftest splice/default_file_splice_read splice/splice_read \
		vm/compaction_test vm/hugepage-mmap vm/hugepage-shm vm/map_fixed_noreplace \
		vm/map_hugetlb vm/map_populate vm/mlock-random-test vm/mlock2-tests \
		vm/mremap_dontunmap vm/on-fault-limit vm/protection_keys vm/thuge-gen \
		vm/userfaultfd vm/virtual_address_range; do
		gcc -w -static -I "$home/headers/usr/include" -o "$bin/${test#*/}" \
			"$selftests/$test.c" -lrt -lpthread -lcap
	done
	cp "$selftests"/splice/*.sh "$bin"
	truncate -s 32M "$home/ext4.img"
	PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 "$home/ext4.img"
	gzip -nf "$home/ext4.img"
	mv "$home/ext4.img.gz" "$bin"
	echo "$source" >"$bin/done"
}

# boot KERNEL REPORT NAMES: run them (all, if none is named) and leave $logs/REPORT.out
boot()
{
	local build initramfs

	build=$("$top/tools/build/kernel.sh" "$1")
	initramfs=$("$top/qemu/initramfs.sh" "$1" "$stage")
	"$top/qemu/boot.sh" -t 400 -a "guest.run=/guest/run-upstream guest.tests=$3" \
		-o "$logs/$2.out" -l "$logs/$2.console" "$build" "$initramfs" || :
	if ! grep -q '^END' "$logs/$2.out"; then
		echo "not ok - upstream $2: the guest did not get to the end"
		tail -n 20 "$logs/$2.console" | sed 's/^/#   /'
		echo "#   log: $logs/$2.out, $logs/$2.console"
		exit 1
	fi
	results "$logs/$2.out" >"$logs/$2.results"
}

# results FILE: print NAME pass|fail|skip|late for each test that ended, and for the parts of those tests
# that name their parts in a useful way
results()
{
	tr -d '\r' <"$1" | awk '
	function part(name, said) {
		gsub(/[^A-Za-z0-9_.]+/, "-", name)
		print test "." name, said
	}
	$1 == "START" {
		test = $2
	}
	$1 == "RESULT" {
		print $2, $3 == 0 ? "pass" : $3 == 4 ? "skip" : $3 == 137 ? "late" : "fail"
	}
	test == "mincore" && /^(not )?ok [0-9]+ / {
		said = /# SKIP/ ? "skip" : $1 == "ok" ? "pass" : "fail"
		sub(/^(not )?ok /, "")
		sub(/ *#.*/, "")
		sub(/^[0-9]+ (- )?(global[.])?/, "")
		part($0, said)
	}
	test == "splice.short_splice_read" && /^(ok|FAIL): .*(succeeded|failed|work|worked)$/ {
		said = $1 == "ok:" ? "pass" : "fail"
		sub(/^[^ ]* /, "")
		sub(/ (succeeded|correctly failed|should work|unexpectedly worked)$/, "")
		part($0, said)
	}'
}

# compare: print an ok / not ok line for each result of both kernels. What got worse goes to $logs/worse.
compare()
{
	: >"$logs/worse"
	awk -v worse="$logs/worse" '
	FILENAME == ARGV[1] {
		unhooked[$1] = $2
		order[++n] = $1
		next
	}
	{
		base[$1] = $2
	}
	END {
		for (i = 1; i <= n; i++) {
			name = order[i]
			is = name in base ? base[name] : "missing"
			title = "upstream " name
			sub(/[.]/, ": ", title)
			if (is == "pass")
				print "ok - " title
			else if (unhooked[name] != "pass")
				print "ok - " title " # SKIP without the hook too: " unhooked[name]
			else {
				print "not ok - " title ": passes without the hook, with it: " is
				print name >worse
			}
		}
	}' "$logs/unhooked.results" "$logs/base.results"
}

mkdir -p "$home" "$logs"
rm -f "$logs"/*
lock "upstream-$(sha256sum <<<"$home" | cut -c1-12)"
if [ "$(cat "$bin/done" 2>/dev/null)" != "$source" ] || [ "$0" -nt "$bin/done" ]; then
	step 'upstream selftests' build_tests
fi
rm -rf "$stage"
mkdir -p "$stage"
cp "$bin"/* "$stage"

boot unhooked unhooked ''
boot base base ''
compare >"$logs/verdict"
if [ -s "$logs/worse" ]; then
	# Some of these tests now and then lose a race against themselves, more often under emulation.
	cp "$logs/worse" "$logs/again"
	boot base base-again "$(sed 's/^mincore\..*/mincore/; s/^\(splice\.[^.]*\)\..*/\1/' "$logs/again" |
		sort -u | paste -sd,)"
	grep -xF -f <(sed 's/$/ pass/' "$logs/again") "$logs/base-again.results" >>"$logs/base.results" || :
	compare >"$logs/verdict"
	sed 's/^/# ran again on base: /' "$logs/again"
fi
cat "$logs/verdict"
while IFS=: read -r name reason; do
	echo "ok - upstream ${name/./: } # SKIP$reason"
done <<<"$skipped"
echo "# upstream: unhooked and base on $("$top/qemu/boot.sh" -p x x), $SECONDS s, output in $logs"
[ ! -s "$logs/worse" ]
