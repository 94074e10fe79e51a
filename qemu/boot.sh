#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Boot a guest. No other place knows QEMU's command line.
#
#   boot.sh [options] BUILD INITRAMFS     BUILD as tools/build/kernel.sh prints it
#   boot.sh -p BUILD INITRAMFS            print the fastest bed that works here: kvm or tcg
#
#   -b BED      kvm | tcg | tcg-icount (one CPU whose clock counts instructions, exactly repeatable);
#               default: the fastest that works
#   -m MIB      memory (3072)         -s CPUS     processors (2; tcg-icount always has one)
#   -a ARGS     more kernel command line; guest.run=... says what the guest does (qemu/guest/init)
#   -o FILE     what the guest writes to its virtio port (default: /dev/null)
#   -l FILE     its console (default: /dev/null)
#   -r FILE     the root file system, a disk that the guest may write to; default: the initramfs
#   -d DIR      shared with the guest over 9p as /host, read-only
#   -t SECONDS  end the guest after that long (600)
#   -i          interactive: the console is this terminal, no time limit
#
# If BUILD has an arm64 image, the guest is one, under TCG.
#
# Ends with 0 when the guest shut down or rebooted (which it also does on a panic: look at what it wrote),
# 124 when the time ran out.
. "$(dirname "$0")/../tools/build/lib.sh"

bed='' mem=3072 smp=2 append='' port=/dev/null console=/dev/null dir='' disk='' limit=600 interactive='' probe=''
while getopts 'b:m:s:a:o:l:r:d:t:ip' option; do
	case $option in
	b) bed=$OPTARG ;;
	m) mem=$OPTARG ;;
	s) smp=$OPTARG ;;
	a) append=$OPTARG ;;
	o) port=$OPTARG ;;
	l) console=$OPTARG ;;
	r) disk=$OPTARG ;;
	d) dir=$OPTARG ;;
	t) limit=$OPTARG ;;
	i) interactive=1 ;;
	p) probe=1 ;;
	*) die "see the head of $0" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -eq 2 ] || die "usage: boot.sh [options] BUILD INITRAMFS"
build=$1 initramfs=$2

# /dev/kvm may exist and be writable and a kernel still not come up under it (in a nested machine): only a
# guest that says so counts. The answer holds until this machine boots again.
fastest_bed()
{
	local answer said
	answer=$cache/bed-$(tr -d - </proc/sys/kernel/random/boot_id)

	if [ ! -s "$answer" ]; then
		said=$(mktemp)
		if [ -w /dev/kvm ] && "$0" -b kvm -m 512 -t 15 -a guest.run=probe -o "$said" \
			"$build" "$initramfs" 2>/dev/null && grep -q '^probe: up' "$said"; then
			echo kvm >"$answer.new"
		else
			echo tcg >"$answer.new"
		fi
		rm -f "$said"
		mv "$answer.new" "$answer"
	fi
	cat "$answer"
}

arm64=''
[ ! -f "$build/arch/arm64/boot/Image" ] || arm64=1 bed=${bed:-tcg}
[ -n "$bed" ] || bed=$(fastest_bed)
if [ -n "$probe" ]; then
	echo "$bed"
	exit
fi

# q35: in "pc", a debug kernel takes half a minute to work out the interrupt routing, a loop in ACPI
qemu=(qemu-system-x86_64 -M q35) image=$build/arch/x86/boot/bzImage tty=ttyS0
# Under TCG, a string copy with ERMS or FSRM is an instruction a byte, and nothing would be comparable.
cpu=max,-erms,-fsrm
if [ "$arm64" ]; then
	qemu=(qemu-system-aarch64 -M virt) image=$build/arch/arm64/boot/Image tty=ttyAMA0
	# v5.10 believes that a processor with LPA2 has no pages of 4 KiB.
	cpu=max,lpa2=off,pauth-impdef=on
fi
qemu+=(-nodefaults -no-user-config -no-reboot -m "$mem" -cpu "$cpu")
case $bed in
kvm) qemu+=(-accel kvm -smp "$smp") ;;
tcg) qemu+=(-accel 'tcg,thread=multi,tb-size=512' -smp "$smp") ;;
tcg-icount)
	qemu+=(-accel 'tcg,thread=single' -smp 1 -icount 'shift=0,sleep=off' -seed 1
		-rtc 'base=2026-01-01T00:00:00,clock=vm')
	;;
*) die "no bed named $bed" ;;
esac

# mitigations and address randomisation would only add noise
args="panic=-1 oops=panic mitigations=off nokaslr norandmaps"
[ "$arm64" ] || args+=" no_timer_check"
# a busy host must not look like a stuck guest
args+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=180"
[ "$bed" = kvm ] || [ "$arm64" ] || args+=" tsc=reliable"
# Under TCG the guest reads the host's TSC. On a busy host the calibration of its rate can be off five
# times over, and every time limit with it; the rate is half of bogomips.
khz=$(awk '/^bogomips/ { printf "%d", $3 * 500; exit }' /proc/cpuinfo)
[ "$bed" != tcg ] || [ "$arm64" ] || [ "${khz:-0}" -eq 0 ] || args+=" tsc_early_khz=$khz"
qemu+=(-kernel "$image" -initrd "$initramfs"
	-device virtio-rng-pci -device virtio-serial-pci
	-chardev "file,id=port,path=$port" -device 'virtserialport,chardev=port,name=scriptfs')
if [ -n "$disk" ]; then
	args+=' root=/dev/vda rw'
	qemu+=(-drive "file=$disk,format=raw,if=virtio,cache=unsafe")
fi
[ -z "$dir" ] || qemu+=(-virtfs "local,path=$dir,mount_tag=host,security_model=none,readonly=on")

if [ -n "$interactive" ]; then
	exec "${qemu[@]}" -nographic -serial mon:stdio -append "console=$tty quiet $args guest.bed=$bed $append"
fi
exec timeout -k 10 "$limit" "${qemu[@]}" -display none -serial "file:$console" \
	-append "console=$tty $args guest.bed=$bed $append" </dev/null
