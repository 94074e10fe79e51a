#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: compare scriptfs with ramfs and tmpfs in a guest, print the table, leave out/run/:
# results.json, table.txt, fio/*.json, dd/*.txt, guest.log (its console), guest.out (all it said).
#
#   BED=kvm|tcg|tcg-icount   where (default: kvm if a guest boots under it, else tcg-icount, where
#                            figures are instructions and the same on every machine)
#   ROUNDS=5  FILESYSTEMS='ramfs tmpfs tmpfs-huge scriptfs-page scriptfs'  KERNEL=base
. "$(dirname "$0")/guest.sh"

rounds=$(number ROUNDS 5)
filesystems=$(chosen_filesystems ramfs tmpfs tmpfs-huge scriptfs-page scriptfs)
variant=${KERNEL:-base}
run=$out/run
guest=

make_stage()
{
	make_program_stage compare rounds="$rounds" filesystems="${filesystems// /,}"
	cp -r "$top/tools/bench/fio" "$out/stage/compare"
}

# Show what the guest says that it does.
follow()
{
	local step=

	while kill -0 "$guest" 2>/dev/null; do
		step=$(sed -n 's/^step //p' "$run/guest.out" | tail -n 1)
		[ ! -t 2 ] || printf '\r==> comparison (%s) ... %-40s' "$bed" "$step" >&2
		sleep 1
	done
	[ ! -t 2 ] || printf '\r%70s\r' '' >&2
}

# fail REASON [STEP]: why there is no result; the step is the last one that the guest spoke of.
fail()
{
	local step=${2:-}

	[ -n "$step" ] || step=$(sed -n 's/^step //p' "$run/guest.out" | tail -n 1)
	say "==> comparison ($bed) ... FAILED after $((SECONDS - begin)) s"
	say "    step:   ${step:-booting the guest}"
	say "    reason: $1"
	say "    logs:   $run/guest.log (console), $run/guest.out"
	exit 1
}

# keep_files: those that the guest printed
keep_files()
{
	mkdir -p "$run/fio" "$run/dd"
	awk -v folder="$run" '
	/^end / && $2 == name { name = "" }
	name { print >(folder "/" name) }
	/^file / { name = $2 }' "$run/guest.out"
}

# explain: what people need to know to read the table
explain()
{
	sed -n 's/^info fio /fio: /p; s/^info dd /dd: /p; /^Files of /p' "$run/guest.out"
	cat <<-'end'
	new: fio's open() creates the file, each call extends it. over, read, rndover, rndread: a file that is
	there. The cost of the system call and fio's own are included, starting and ending a job is not. dd-new
	reads /dev/zero, which clears a page more. poems: 1000 files (tmpfs-huge: 100), each whole. unlink-big:
	one file, the whole call.
	end
}

program=$("$top/tools/bench/build.sh")
step 'comparison stage' make_stage
build=$("$top/tools/build/kernel.sh" "$variant")
initramfs=$("$top/qemu/initramfs.sh" "$variant" "$out/stage/compare")
bed=${BED:-$("$top/qemu/boot.sh" -p "$build" "$initramfs")}
[ -n "${BED:-}" ] || [ "$bed" = kvm ] || bed=tcg-icount

rm -rf "$run"
mkdir -p "$run"
touch "$run/guest.out" "$run/guest.log"
begin=$SECONDS
trap '[ -z "$guest" ] || kill "$guest" 2>/dev/null || :' EXIT
"$top/qemu/boot.sh" -b "$bed" -m 3072 -s 1 -t 1800 -a guest.run=/guest/compare/main \
	-o "$run/guest.out" -l "$run/guest.log" "$build" "$initramfs" &
guest=$!
follow
code=0
wait "$guest" || code=$?
guest=

panic=$(complaints <"$run/guest.log" || :)
[ "$code" -ne 124 ] || fail 'the time ran out'
[ "$code" -eq 0 ] || fail "QEMU ended with exit code $code"
[ -z "$panic" ] || fail "${panic%%$'\n'*}"
if ! grep -q '^finished$' "$run/guest.out"; then
	sed '/^file /,/^end /d' "$run/guest.out" | tail -n 15 | sed 's/^/  | /' >&2
	fail "$(sed -n 's/^EXIT /the comparison ended with exit code /p' "$run/guest.out" | grep . ||
		echo 'the guest ended without a word')"
fi
keep_files
reason=$("$program" collect --json "$run/results.json" "$run/guest.out" 2>&1 >"$run/table.txt") ||
	fail "$(tail -n 1 <<<"$reason")" 'reading what the guest measured'
explain >>"$run/table.txt"
say "==> comparison ($bed) ... $((SECONDS - begin)) s"
cat "$run/table.txt"
